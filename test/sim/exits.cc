#include "sim/exits.h"

namespace sim {

void Exits::Registered(const Server &server, int32_t pid, Serial holder) {
  hpr_target target{};
  target.pid = pid;
  const hpr_row *row = server.RowOf(target, false);
  if (!row || row->main.state != HPR_RECORD_KNOWN) return;
  if (truth_->SerialOf(*row, row->main) != holder) return; /* it has gone meanwhile */
  Registration &it = registrations_[row->spawned_ms];
  it.serial = holder;
  it.forgotten = !row->main.kin; /* whoever wants to end it forgets it */
}

void Exits::Forget(const hpr_row &row) {
  const auto it = registrations_.find(row.spawned_ms);
  if (it != registrations_.end()) it->second.forgotten = true;
}

void Exits::See(const std::vector<Server *> &servers,
                const std::function<void(const hpr_row &)> &seen) {
  for (const hpr_row &row : truth_->FileRows()) seen(row);
  for (const Server *server : servers)
    for (const hpr_row *row : server->Rows()) seen(*row);
}

void Exits::Lost(const std::vector<Server *> &others) {
  std::set<int64_t> known;
  See(others, [&](const hpr_row &row) {
    if (!row.remainder) known.insert(row.spawned_ms);
  });
  for (auto &[time, it] : registrations_)
    if (it.told_by.empty() && !known.count(time)) it.forgotten = true;
}

void Exits::Told(const Server &server, const Exit &exit) {
  const auto it = registrations_.find(exit.spawned_ms);
  just_told_.insert(exit.pid);
  if (it == registrations_.end()) return;
  const Serial serial = it->second.serial;
  told_.insert(serial);
  const std::string whose =
      "the exit of " + std::to_string(exit.pid) + " #" + std::to_string(serial) + " is told ";
  /* Two may judge a row when one of them cannot write that it has. */
  const bool unwritten = it->second.unwritten || server.HasUnwrittenChanges();
  const bool again = it->second.doubled || (unwritten && it->second.told_by != server.id());
  if (!it->second.told_by.empty() && !again) truth_->Break(whose + "twice");
  /* Of one that registers again nobody may be able to tell that it is the same. */
  if (kernel_->IsAlive(serial) && !it->second.forgotten) truth_->Break(whose + "while it lives");
  it->second.told_by = server.id();
  it->second.unwritten = server.HasUnwrittenChanges();
  const bool known = exit.code != HPR_EXIT_CODE_NONE || !exit.signal.empty();
  if (known && (kernel_->StatusOf(serial) != 0) != !exit.signal.empty())
    truth_->Break(whose + "with the status of another");
}

/* An entry goes when its exit is told, or when another has the same process. */
void Exits::CheckNoneIsMissing(const std::vector<Server *> &servers) {
  std::map<int64_t, std::string> present; /* with the owner */
  std::set<Serial> taken;
  std::set<int32_t> told;
  told.swap(just_told_);
  See(servers, [&](const hpr_row &row) {
    const std::string &owner =
        present.emplace(row.spawned_ms, hpr_row_owner(&row)->id).first->second;
    taken.insert(truth_->SerialOf(row, row.main));
    const auto it = registrations_.find(row.spawned_ms);
    if (it == registrations_.end()) return;
    it->second.parts = truth_->PartsOf(row);
    it->second.doubled = it->second.doubled || owner != hpr_row_owner(&row)->id;
  });
  for (auto &[time, it] : registrations_) {
    if (!it.told_by.empty() || it.forgotten || present.count(time)) continue;
    it.forgotten = told.count(kernel_->NumberOf(it.serial)) || told_.count(it.serial);
    for (const Serial part : it.parts) it.forgotten = it.forgotten || taken.count(part);
    if (!it.forgotten)
      truth_->Break("the exit of " + std::to_string(kernel_->NumberOf(it.serial)) + " #" +
                    std::to_string(it.serial) + " is never told");
  }
}

void Exits::CheckEnd(const Server &server) {
  if (!kernel_->features.names) return; /* whose a group is cannot be told without its leader */
  for (const hpr_row *row : server.Rows()) {
    const auto it = registrations_.find(row->spawned_ms);
    if (it == registrations_.end() || !it->second.told_by.empty() || it->second.forgotten) continue;
    bool alive = !Truth::IsTold(*row);
    for (const hpr_identity *part : {&row->main, &hpr_row_more(row)->pi})
      alive = alive || kernel_->IsAlive(truth_->SerialOf(*row, *part));
    if (!alive)
      truth_->Break("the exit of " + std::to_string(row->main.pid) +
                    " is not told while its group lives");
  }
}

} // namespace sim
