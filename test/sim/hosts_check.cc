/* sim/hosts_check.cc: what two hosts that share a pid file promise each other. */
#include <algorithm>

#include "sim/hosts.h"

extern "C" {
#include "platform/identity.h"
}

namespace sim {

namespace {

constexpr int64_t kHourMs = INT64_C(60) * 60 * 1000, kDayMs = 24 * kHourMs;
constexpr int64_t kSlackMs = kHourMs; /* it was dated before we saw that */

std::string BootOf(const hpr_identity &identity) {
  hpr_identity_text text;
  hpr_identity_print(&identity, &text);
  return text.boot;
}

std::string Describe(const std::string &boot, int32_t pid) {
  return std::to_string(pid) + " of host " + std::to_string(Kernel::HostOf(boot));
}

long Count(const Server &server, int error) {
  return std::count_if(server.warnings.begin(), server.warnings.end(),
                       [&](const Warning &it) { return it.error == error; });
}

} // namespace

void Hosts::Break(const std::string &what) {
  if (broken_.empty()) broken_ = what;
}

std::string Hosts::Broken() const {
  if (!broken_.empty()) return broken_;
  if (!disk_.broken.empty()) return disk_.broken;
  if (!reader_.broken().empty()) return reader_.broken();
  for (const auto &host : hosts_)
    if (!host->truth.broken().empty())
      return "host " + std::to_string(host->number) + ": " + host->truth.broken();
  return "";
}

/* --- rows ----------------------------------------------------------------------------------- */

Hosts::Host *Hosts::HostOf(const std::string &boot) const {
  return hosts_[Kernel::HostOf(boot)].get();
}

std::map<Hosts::Key, Hosts::Seen> Hosts::ReadFile() {
  std::map<Key, Seen> rows;
  for (const hpr_row &row : reader_.FileRows()) {
    const hpr_owner_name *owner = hpr_row_owner(&row);
    Seen seen;
    seen.owner = owner->id;
    seen.is_foreign = hpr_row_more(&row)->foreign_since_ms != 0;
    seen.since_ms = the_kernel->now_ms;
    seen.pid = row.main.pid;
    const std::string boot = BootOf(owner->identity);
    if (boot == HostOf(boot)->kernel.Boot()) seen.parts = HostOf(boot)->truth.PartsOf(row);
    rows[{boot, hpr_row_registered_pid(&row), row.spawned_ms}] = seen;
  }
  return rows;
}

/* Its owner lives. */
bool Hosts::IsOpen(const Seen &row) const {
  for (const auto &host : hosts_)
    for (const Server *server : host->Open())
      if (server->id() == row.owner) return true;
  return false;
}

/* And every host can see that. */
bool Hosts::IsProved(const Seen &row) const { return disk_.locks_reach && IsOpen(row); }

/* --- each time that the file is written ------------------------------------------------------ */

/* Whatever its own host does with a row is that host's business: see Truth. */
void Hosts::Replaced() {
  std::map<Key, Seen> now = ReadFile();
  for (auto &[key, row] : now) {
    const auto before = seen_.find(key);
    if (before != seen_.end() && before->second.is_foreign) row.since_ms = before->second.since_ms;
  }
  for (const auto &[key, row] : seen_)
    if (!now.count(key) && std::get<0>(key) != the_kernel->Boot()) CheckGivenUp(key, row);
  seen_ = now;
}

void Hosts::CheckGivenUp(const Key &key, const Seen &row) {
  const std::string &boot = std::get<0>(key);
  const std::string whose = "the entry of " + Describe(boot, row.pid);
  if (!forgetting_) {
    given_up_++;
    if (!row.is_foreign || the_kernel->now_ms - row.since_ms < 7 * kDayMs - kSlackMs)
      Break(whose + " is dropped by another host before its time");
    if (IsProved(row)) Break(whose + " is dropped though its owner lives");
  }
  /* Who has it in memory writes it again. */
  if (forgetting_ || !IsOpen(row))
    for (const Serial serial : row.parts) HostOf(boot)->truth.GivenUp(serial);
}

/* --- after each step ------------------------------------------------------------------------- */

void Hosts::CheckServers(Host &host) {
  const std::vector<Server *> open = host.Open();
  for (const Server *server : open) {
    for (const hpr_row *row : server->Rows())
      if (row->main.state == HPR_RECORD_KNOWN && BootOf(row->main) != host.kernel.Boot())
        Break("a server has the entry of " + Describe(BootOf(row->main), row->main.pid));
    for (const Exit &exit : server->exits)
      if (!host.registered.count({exit.pid, exit.spawned_ms}))
        Break("the exit of another host's " + std::to_string(exit.pid) + " is told");
    if (Count(*server, HPR_EFOREIGN) > 1) Break("other hosts' entries are told of twice");
  }
  host.truth.CheckNothingIsForgotten(open);
}

/* --- forget ---------------------------------------------------------------------------------- */

void Hosts::CheckForgotten(const Host &host, const std::map<Key, Seen> &before) {
  const std::map<Key, Seen> now = ReadFile();
  for (const auto &[key, row] : before) {
    const bool own = std::get<0>(key) == host.kernel.Boot();
    const std::string whose = "the entry of " + Describe(std::get<0>(key), row.pid);
    if (now.count(key) && !own && !IsProved(row)) Break(whose + " is not forgotten");
    if (!now.count(key) && own) Break(whose + " is forgotten on its own host");
    if (!now.count(key) && IsProved(row)) Break(whose + " is forgotten though its owner lives");
  }
}

/* --- the end --------------------------------------------------------------------------------- */

/* Nobody ever comes back who could tell. */
void Hosts::GiveUpAllOf(Host &gone, Host &host) {
  for (Server *server : gone.Open()) gone.kernel.Die(server->serial(), 9);
  const Acting acting(host.kernel.self, &host.kernel);
  Server *server = host.servers.back().get();
  server->CleanupOrphans();
  Pass(8 * kDayMs);
  const size_t given_up = given_up_;
  const long told = Count(*server, HPR_EABANDONED);
  host.truth.AskedByFile(host.Open());
  server->CleanupOrphans();
  for (const auto &[key, row] : ReadFile())
    if (std::get<0>(key) != host.kernel.Boot())
      Break("the entry of " + Describe(std::get<0>(key), row.pid) + " is never given up");
  if (Count(*server, HPR_EABANDONED) - told != static_cast<long>(given_up_ - given_up))
    Break("an entry is given up without a word");
}

} // namespace sim
