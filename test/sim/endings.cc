#include "sim/endings.h"

#include <signal.h>

#include <algorithm>
#include <cstring>

extern "C" {
#include "platform/identity.h"
}

namespace sim {

namespace {

constexpr int64_t kNever = INT64_MAX;
constexpr int64_t kLateMs =
    500; /* a timer may be: the call that sets it waits for the file's lock */

int64_t After(int64_t now_ms, int32_t grace_ms) {
  return grace_ms == HPR_GRACE_NEVER ? kNever : now_ms + grace_ms;
}

bool IsFirst(int signum) { return signum != SIGKILL && signum != SIGCONT; }

} // namespace

void Endings::Break(Serial serial, const std::string &what) {
  truth_->Break(std::to_string(kernel_->NumberOf(serial)) + " #" + std::to_string(serial) + " " +
                what);
}

/* --- who is meant --------------------------------------------------------------------------- */

/* Its members and its descendants, whoever of those between lives. */
bool Endings::Covers(const std::set<Serial> &parts, Serial serial) const {
  const Process *process = kernel_->Find(serial);
  if (process && parts.count(process->group)) return true;
  for (Serial at = serial; at; at = kernel_->MadeBy(at))
    if (parts.count(at)) return true;
  return false;
}

std::set<Serial> Endings::Receivers(const Delivery &it) const {
  if (!it.group) return {it.target};
  std::set<Serial> members;
  for (const Serial serial : kernel_->All()) {
    const Process *process = kernel_->Find(serial);
    if (process->group == it.target && !process->other_user && process->state != State::kZombie)
      members.insert(serial);
  }
  return members;
}

/* Now, by their parents. */
std::set<Serial> Endings::Descendants(Serial root) const {
  std::set<Serial> found;
  for (const Serial serial : kernel_->All())
    for (const Process *at = kernel_->Find(serial); at; at = kernel_->Find(at->parent))
      if (at->parent == root) found.insert(serial);
  return found;
}

bool Endings::IsForbidden(const Server &server, Serial serial) const {
  const Process *self = kernel_->Find(server.serial());
  if (self && self->group == serial) return true;
  for (Serial at = server.serial(); at; at = kernel_->Find(at) ? kernel_->Find(at)->parent : 0)
    if (at == serial) return true;
  return false;
}

Endings::Ending *Endings::Find(const hpr_row &row) {
  const auto it = endings_.find(row.spawned_ms);
  return it == endings_.end() ? nullptr : &it->second;
}

/* Those of the server that are ending, and that process with them. */
std::vector<const hpr_row *> Endings::EndingRows(const Server &server, Serial serial) {
  std::vector<const hpr_row *> rows;
  for (const hpr_row *row : server.Rows())
    if (server.EndingOf(*row) && Covers(truth_->PartsOf(*row), serial)) rows.push_back(row);
  return rows;
}

/* An earlier end of the same entry, by killAll, is another one. */
bool Endings::IsReached(const hpr_row &row, const Ending &ending) {
  return ending.first_ms &&
         (!hpr_row_more(&row)->ending || *ending.first_ms >= hpr_row_more(&row)->ending->began_ms);
}

/* --- told by the story ---------------------------------------------------------------------- */

/* All parts count: a registry may learn in the same call that one of them is ours. */
void Endings::Asked(const Server &server, const hpr_row &row, hpr_signal signal, int32_t grace_ms) {
  const int64_t may_kill_ms =
      signal == HPR_SIGNAL_KILL ? kernel_->ClockMs() : After(kernel_->ClockMs(), grace_ms);
  Ending *joined = server.EndingOf(row) ? Find(row) : nullptr;
  if (joined) {
    joined->may_kill_ms = std::min(joined->may_kill_ms, may_kill_ms);
    return;
  }
  const std::set<Serial> parts = truth_->PartsOf(row);
  const Ending *before = Find(row);
  bool goes_on = false; /* by another server that took the row over, too */
  for (const hpr_row &it : truth_->FileRows())
    goes_on = goes_on || (it.terminating && it.spawned_ms == row.spawned_ms);
  const int64_t sooner_ms = before && goes_on ? before->may_kill_ms : kNever;
  endings_[row.spawned_ms] = {parts, std::min(sooner_ms, may_kill_ms), grace_ms, {}};
  asks_.push_back(parts);
}

void Endings::Continued(const hpr_row &row, const std::vector<Server *> &servers) {
  for (const Serial part : truth_->PartsOf(row)) { /* whom a caller wanted to live, and no more */
    const bool asked = std::any_of(asks_.begin(), asks_.end(),
                                   [&](const std::set<Serial> &it) { return it.count(part); });
    if (!asked && !(row.terminating && truth_->IsClaimed(servers, part))) asks_.push_back({part});
  }
}

void Endings::AgedOut(const hpr_row &row, const std::vector<Server *> &servers) {
  const int64_t may_kill_ms = After(kernel_->ClockMs(), HPR_GRACE_DEFAULT_MS);
  const std::set<Serial> parts = truth_->PartsOf(row);
  for (const Serial part : parts) /* as they become known */
    if (aged_.insert({row.spawned_ms, part}).second) asks_.push_back({part});
  Continued(row, servers);
  const auto [it, unused] =
      endings_.emplace(row.spawned_ms, Ending{parts, may_kill_ms, HPR_GRACE_NEVER, {}});
  it->second.may_kill_ms = std::min(it->second.may_kill_ms, may_kill_ms);
}

void Endings::Registered(const Server &server, int32_t pid, Serial serial,
                         const std::vector<Server *> &others) {
  hpr_target target{};
  target.pid = pid;
  const hpr_row *row = server.RowOf(target, false);
  /* Else an earlier end of it goes on. */
  bool lives = row && row->main.state == HPR_RECORD_KNOWN && row->main.kin;
  for (const Server *other : others) lives = lives && EndingRows(*other, serial).empty();
  const auto is_with = [&](const auto &it) { return Covers({serial}, it.first); };
  for (auto it = firsts_.begin(); it != firsts_.end();)
    it = is_with(*it) ? firsts_.erase(it) : std::next(it);
  with_.erase(serial);
  for (std::set<Serial> &parts : asks_)
    if (lives) parts.erase(serial);
  for (auto it = with_.begin(); it != with_.end();)
    it = it->second.count(serial) ? with_.erase(it) : std::next(it);
}

void Endings::Crashed() {
  for (const hpr_row &row : truth_->FileRows())
    for (size_t i = 0; hpr_row_more(&row)->ending && i < hpr_row_more(&row)->ending->sent_count;
         i++)
      reached_.insert(truth_->AskedSerial(row, hpr_row_more(&row)->ending->sent[i]));
}

void Endings::Lost(const std::vector<Server *> &others) {
  for (auto it = with_.begin(); it != with_.end();)
    it = IsAsked(others, it->first) ? std::next(it) : with_.erase(it);
  /* What it could not record the next one does not know. */
  for (auto it = firsts_.begin(); it != firsts_.end();)
    it = IsAsked(others, it->first) && !LacksRecord(others, it->first) ? std::next(it)
                                                                       : firsts_.erase(it);
}

/* The row says that it is to end, and not that it was asked: the disk was full meanwhile. */
bool Endings::LacksRecord(const std::vector<Server *> &others, Serial serial) {
  for (const Server *other : others)
    if (!EndingRows(*other, serial).empty()) return false;
  for (const hpr_row &row : truth_->FileRows())
    if (hpr_row_more(&row)->ending && truth_->PartsOf(row).count(serial))
      return !IsRecorded(row, serial);
  return false;
}

void Endings::Rebooted() {
  endings_.clear();
  asks_.clear();
  aged_.clear();
  firsts_.clear();
  reached_.clear();
  with_.clear();
}

/* --- signals -------------------------------------------------------------------------------- */

/* The row says that it was asked. */
bool Endings::IsRecorded(const hpr_row &row, Serial serial) const {
  for (size_t i = 0; hpr_row_more(&row)->ending && i < hpr_row_more(&row)->ending->sent_count;
       i++) {
    const hpr_asked &it = hpr_row_more(&row)->ending->sent[i];
    hpr_identity identity{};
    identity.pid = it.pid;
    identity.state = HPR_RECORD_KNOWN;
    hpr_identity_text text{};
    snprintf(text.boot, sizeof text.boot, "%s", kernel_->Boot().c_str());
    hpr_identity_read(&text, &identity);
    identity.birth = it.birth;
    const bool same = it.birth.form != HPR_BIRTH_NONE ? truth_->SerialOf(row, identity) == serial
                                                      : kernel_->NumberOf(serial) == it.pid;
    if (same) return true;
  }
  return false;
}

void Endings::CheckFirst(const Server &sender, const Delivery &it, bool told) {
  for (const Serial serial : Receivers(it)) {
    const size_t asks =
        std::count_if(asks_.begin(), asks_.end(),
                      [&](const std::set<Serial> &parts) { return Covers(parts, serial); });
    reached_.insert(serial);
    /* Started just before its group was signalled: nobody could know that it was reached. */
    if (it.group && serial > sender.newest_known()) continue;
    if (++firsts_[serial] > asks && told)
      Break(serial, "gets the first signal of one ending twice");
  }
  if (sender.HasUnwrittenChanges() || !told) return;
  for (const hpr_row *row : sender.Rows()) {
    const hpr_ending *ending = sender.EndingOf(*row);
    if (ending && !ending->recorded && Covers(truth_->PartsOf(*row), it.target)) return;
  }
  for (const hpr_row &row : truth_->FileRows())
    if (IsRecorded(row, it.target)) return;
  Break(it.target, "is asked before the file says so");
}

/* As long as there is an agent to be asked, and to be waited for. */
void Endings::CheckKeeperWaits(const Server &sender, const Delivery &it) {
  bool waits = false;
  for (const hpr_row *row : EndingRows(sender, it.target)) {
    const Serial agent = truth_->SerialOf(*row, hpr_row_more(row)->pi);
    const bool is_keeper = hpr_row_more(row)->keeper.pid &&
                           truth_->SerialOf(*row, hpr_row_more(row)->keeper) == it.target;
    const bool lives =
        hpr_row_more(row)->pi.kin && kernel_->IsAlive(agent) && !kernel_->Find(agent)->other_user;
    if (!is_keeper || !lives || agent == it.target || IsForbidden(sender, agent)) return;
    waits = true;
  }
  if (waits) Break(it.target, "is asked while its agent lives");
}

void Endings::CheckGrace(const Server &sender, const Delivery &it) {
  for (const Serial serial : Receivers(it)) {
    int64_t may_kill_ms = kNever;
    bool known = false;
    for (const auto &[unused, ending] : endings_) {
      if (!Covers(ending.parts, serial)) continue;
      known = true;
      may_kill_ms = std::min(may_kill_ms, ending.may_kill_ms);
    }
    for (const hpr_row *row : EndingRows(sender, serial)) /* whose parts were not known then */
      if (const Ending *ending = Find(*row))
        may_kill_ms = std::min(may_kill_ms, ending->may_kill_ms);
    if (known && kernel_->ClockMs() < may_kill_ms && serial != sender.serial())
      Break(serial, "is killed before its grace is over");
  }
}

/*
 * Whoever leads no group has its descendants with it. A keeper that waited for its agent is asked
 * alone.
 */
void Endings::NoteDescendants(const Server &sender, const Delivery &it) {
  if (it.group) return;
  for (const hpr_row *row : sender.Rows()) {
    const hpr_ending *ending = sender.EndingOf(*row);
    const std::set<Serial> parts = truth_->KinOf(*row);
    if (!ending || !ending->recorded || !parts.count(it.target)) continue;
    const bool agent = truth_->SerialOf(*row, hpr_row_more(row)->pi) == it.target;
    if (hpr_row_more(row)->keeper.pid && !agent && it.signum != SIGKILL) continue;
    for (const Serial serial : Descendants(it.target)) {
      const Process *process = kernel_->Find(serial);
      const bool there = process->state != State::kZombie && !process->other_user &&
                         !parts.count(process->group) && /* which is asked, and waited for */
                         (process->group != serial || process->session == serial); /* or was */
      if (there && serial <= sender.newest_known() && serial != sender.serial())
        with_.emplace(serial, parts);
    }
  }
}

void Endings::CheckSignal(const Server &sender, const Delivery &it, bool told) {
  if (it.signum == SIGCONT) return;
  for (const hpr_row *row : EndingRows(sender, it.target)) {
    Ending *ending = Find(*row);
    const bool own = truth_->KinOf(*row).count(it.target) || IsRecorded(*row, it.target);
    if (ending && own && !IsReached(*row, *ending)) ending->first_ms = kernel_->ClockMs();
  }
  if (IsFirst(it.signum)) {
    CheckFirst(sender, it, told);
    CheckKeeperWaits(sender, it);
  } else {
    CheckGrace(sender, it);
  }
  if (told) NoteDescendants(sender, it);
}

/* --- descendants ---------------------------------------------------------------------------- */

bool Endings::IsAsked(const std::vector<Server *> &servers, Serial serial) const {
  const auto says = [&](const hpr_row &row) {
    return IsRecorded(row, serial) || (row.terminating && truth_->PartsOf(row).count(serial));
  };
  for (const hpr_row &row : truth_->FileRows())
    if (says(row)) return true;
  for (const Server *server : servers)
    for (const hpr_row *row : server->Rows()) {
      if (says(*row)) return true;
      const hpr_ending *ending = server->EndingOf(*row);
      for (size_t i = 0; ending && i < ending->other_count; i++)
        if (truth_->SerialOf(*row, ending->others[i].identity) == serial) return true;
    }
  return false;
}

/* When the keeper itself is asked, whoever ended it first. Without descriptors nobody can tell. */
void Endings::CheckNoNewAgentStandsBy(const Server &server) {
  if (!kernel_->descriptors_left) return;
  for (const hpr_row *row : server.Rows()) {
    const hpr_ending *ending = server.EndingOf(*row);
    if (!ending || !hpr_row_more(row)->ending || ending->tree || ending->state != HPR_ENDING_ALL)
      continue;
    if (ending->parts[HPR_PART_AGENT].sent != HPR_SENT_FIRST) continue; /* there was none */
    const Serial keeper = truth_->SerialOf(*row, hpr_row_more(row)->keeper);
    for (size_t i = 0; i < ending->other_count; i++) {
      const Serial serial = truth_->SerialOf(*row, ending->others[i].identity);
      const auto it = anew_.find(serial);
      if (it == anew_.end() || it->second <= hpr_row_more(row)->ending->began_ms + 2 * kTickMs ||
          it->second <= kernel_->short_ms)
        continue;
      if (kernel_->IsAlive(serial) && kernel_->IsAlive(keeper) &&
          kernel_->Find(serial)->parent == keeper && ending->others[i].bystander)
        Break(serial, "is its keeper's new agent, and is not asked");
    }
  }
}

void Endings::CheckNobodyIsLeftOut(const std::vector<Server *> &servers) {
  for (const Server *server : servers)
    if (!server->is_calling()) CheckNoNewAgentStandsBy(*server);
  for (auto it = with_.begin(); it != with_.end();) {
    const auto &[serial, parts] = *it;
    bool wanted = true;
    for (const Serial part : parts) wanted = wanted && !truth_->IsClaimed(servers, part);
    bool ends = !kernel_->IsAlive(serial) || kernel_->Find(serial)->doom == SIGKILL;
    for (const Server *server : servers) ends = ends || IsForbidden(*server, serial);
    if (!wanted || ends) {
      it = with_.erase(it);
      continue;
    }
    if (!IsAsked(servers, serial)) Break(serial, "was to end with another, and is left out");
    ++it;
  }
}

/* --- time ----------------------------------------------------------------------------------- */

std::set<Serial> Endings::Overdue(const Server &server) const {
  std::set<Serial> overdue;
  for (const hpr_row *row : server.Rows()) {
    const auto it = endings_.find(row->spawned_ms);
    if (!server.EndingOf(*row) || it == endings_.end() || !Truth::IsTold(*row)) continue;
    const Ending &ending = it->second;
    const int32_t grace_ms =
        hpr_row_more(row)->ending ? hpr_row_more(row)->ending->grace_ms : ending.grace_ms;
    if (grace_ms < 0 || !IsReached(*row, ending)) continue;
    if (kernel_->ClockMs() <= *ending.first_ms + grace_ms + kLateMs) continue;
    for (const Serial serial : truth_->KinOf(*row))
      if (kernel_->IsAlive(serial) && !IsForbidden(server, serial)) overdue.insert(serial);
  }
  return overdue;
}

void Endings::CheckKilled(const Server &server, const std::set<Serial> &overdue) {
  if (!server.is_open()) return;
  for (const Serial serial : overdue) {
    const Process *process = kernel_->Find(serial);
    if (process && process->state != State::kZombie && process->doom != SIGKILL &&
        !process->other_user && !EndingRows(server, serial).empty())
      Break(serial, "lives on though its grace is over");
  }
}

void Endings::CheckEnd(const Server &server) {
  for (const hpr_row *row : server.Rows()) {
    const hpr_ending *ending = server.EndingOf(*row);
    /* One that is refused was not ours then, and may have become so. */
    if (!ending || ending->refused || !Truth::IsTold(*row)) continue;
    for (const Serial serial : truth_->KinOf(*row)) {
      const Process *process = kernel_->Find(serial);
      if (!kernel_->IsAlive(serial) || IsForbidden(server, serial) || process->other_user) continue;
      if (ending->grace_ms != HPR_GRACE_NEVER) Break(serial, "was to end and lives");
      const bool agent = truth_->SerialOf(*row, hpr_row_more(row)->pi) == serial;
      if (!agent && ending->state < HPR_ENDING_ALL) continue; /* a keeper waits for its agent */
      if (!reached_.count(serial)) Break(serial, "was to end and was never asked");
    }
  }
}

} // namespace sim
