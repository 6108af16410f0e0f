#include "sim/bridges.h"

#include <algorithm>

namespace sim {

namespace {

bool MayHave(const Hold &hold, const Agent &agent, hpr_link by) {
  return hold.session.empty() || hold.session == agent.session ||
         (hold.by <= HPR_LINK_ANCESTOR && hold.by < by);
}

bool Carries(const Process *process, const std::string &token) {
  for (const std::string &word : process->environment)
    if (!token.empty() && word == "PI_DASHBOARD_SPAWN_TOKEN=" + token) return true;
  return false;
}

bool HasTitle(const Process &process) {
  for (size_t i = 0; i < process.command.size() && i < 2; i++) {
    const std::string &word = process.command[i];
    if (word.substr(word.rfind('/') + 1) == "pi") return true;
  }
  return false;
}

} // namespace

/* --- who is who ----------------------------------------------------------------------------- */

void Bridges::Rebooted() {
  agents_.clear();
  told_.clear();
  wanted_.clear();
  misled_.clear();
}

const Agent *Bridges::Of(Serial serial) const {
  for (Serial at = serial; at; at = kernel_->MadeBy(at))
    for (const Agent &agent : agents_)
      if (agent.root == at) return &agent;
  return nullptr;
}

bool Bridges::Made(Serial maker, Serial serial) const {
  for (Serial at = serial; at; at = kernel_->MadeBy(at))
    if (at == maker) return true;
  return false;
}

/* Nobody: it is gone, or its parent was when it was made. */
Serial Bridges::ParentOf(Serial serial) const {
  const Process *process = kernel_->Find(serial);
  return process ? process->parent : 0;
}

bool Bridges::IsAbove(const Server &server, Serial serial) const {
  for (Serial at = server.serial(); at; at = ParentOf(at))
    if (at == serial) return true;
  return false;
}

bool Bridges::Knows(const Server &server, const Agent &agent) const {
  for (const Hold &hold : server.Holds())
    if (Of(truth_->SerialOf(*hold.row, hold.row->main)) == &agent) return true;
  return false;
}

bool Bridges::HasPart(const hpr_row &row, Serial serial) const {
  for (const hpr_identity *it : {&row.main, &hpr_row_more(&row)->pi, &hpr_row_more(&row)->keeper})
    if ((it == &row.main || it->kin) && it->state == HPR_RECORD_KNOWN &&
        truth_->SerialOf(row, *it) == serial)
      return true;
  return false;
}

/* The entry of its nearest ancestor, by its parents alone. */
const Hold *Bridges::Nearest(const Server &server, const std::vector<Hold> &holds,
                             Serial serial) const {
  for (Serial at = serial; at && !IsAbove(server, at); at = ParentOf(at))
    for (const Hold &hold : holds)
      if (HasPart(*hold.row, at)) return &hold;
  return nullptr;
}

Serial Bridges::Findable(const Server &server, const hpr_row &row, bool attaching) const {
  const hpr_identity &it =
      attaching && hpr_row_more(&row)->keeper.pid == 0 ? row.main : hpr_row_more(&row)->keeper;
  const Serial keeper = truth_->SerialOf(row, it);
  Serial child = 0;
  if (!it.kin || !kernel_->IsAlive(keeper) || IsAbove(server, keeper)) return 0;
  if (hpr_row_more(&row)->pi.kin && kernel_->IsAlive(truth_->SerialOf(row, hpr_row_more(&row)->pi)))
    return 0;
  for (const Serial serial : kernel_->All()) {
    if (!kernel_->IsAlive(serial) || kernel_->Find(serial)->parent != keeper) continue;
    if (child != 0) return 0;
    child = serial;
  }
  const std::vector<Hold> holds = server.Holds();
  const Hold *nearest = Nearest(server, holds, child);
  const bool own = child && nearest && nearest->row == &row;
  if (!own) return 0;
  /* What the server carries itself is in all that it starts. */
  const std::string token = row.token ? row.token : "";
  const bool marked =
      Carries(kernel_->Find(child), token) && !Carries(kernel_->Find(server.serial()), token);
  return marked || HasTitle(*kernel_->Find(child)) ? child : 0;
}

/* --- reports -------------------------------------------------------------------------------- */

bool Bridges::Descends(Serial serial, Serial ancestor) const {
  for (Serial at = ParentOf(serial); at; at = ParentOf(at))
    if (at == ancestor) return true;
  return false;
}

/* Who must be the entry's agent after a report that names somebody; 0: whoever. */
Serial Bridges::AgentAfter(const Server &server, const std::vector<Hold> &holds, const Hold &hold,
                           const Report &report) const {
  const hpr_row &row = *hold.row;
  const Serial main = truth_->SerialOf(row, row.main);
  const Serial before =
      hpr_row_more(&row)->pi.kin ? truth_->SerialOf(row, hpr_row_more(&row)->pi) : 0;
  if (!report.named || !row.main.kin || !kernel_->IsAlive(main)) return 0;
  if (hpr_row_more(&row)->pi.state == HPR_RECORD_OPAQUE) return 0; /* whose tool it may be */
  if (report.named == main || report.number == hpr_row_more(&row)->keeper.pid) return 0;
  const bool has_own = kernel_->IsAlive(before);
  if (has_own && IsAbove(server, before)) return 0; /* a server is nobody's ancestor for itself */
  if (!Made(main, report.named)) return has_own ? before : 0;
  if (has_own && Descends(report.named, before)) return told_.count(before) ? before : 0;
  const bool own = Nearest(server, holds, report.named) == &hold && Descends(report.named, main);
  return own ? report.named : 0;
}

Report Bridges::ByToken(const Server &server, const Agent &agent, int32_t number) const {
  Report report;
  const Process *holder = number ? kernel_->Holder(number) : nullptr;
  const std::vector<Hold> holds = server.Holds();
  report.number = number;
  report.named = holder && holder->state != State::kZombie ? holder->serial : 0;
  for (const Hold &hold : holds) {
    const hpr_row &row = *hold.row;
    const Serial main = truth_->SerialOf(row, row.main);
    if (agent.token.empty() || !row.token || row.token != agent.token) continue;
    if (!hold.live || row.main.state != HPR_RECORD_KNOWN || !kernel_->IsAlive(main)) continue;
    report.main = main;
    report.linked = MayHave(hold, agent, HPR_LINK_TOKEN);
    report.by = HPR_LINK_TOKEN;
    const Serial before =
        hpr_row_more(&row)->pi.kin ? truth_->SerialOf(row, hpr_row_more(&row)->pi) : 0;
    const Hold *nearest = report.named ? Nearest(server, holds, report.named) : nullptr;
    report.taught = AgentAfter(server, holds, hold, report);
    if (report.named && report.named != before && nearest && nearest != &hold)
      report.refused = report.named;
  }
  return report;
}

/* `named`: who has the number now. */
Bridges::Numbered Bridges::At(const std::vector<Hold> &holds, int32_t number, Serial named) const {
  Numbered at;
  for (const Hold &hold : holds)
    for (const hpr_identity *it : {&hold.row->main, &hpr_row_more(hold.row)->pi}) {
      if (it->pid != number) continue;
      at.unsure |= it->state != HPR_RECORD_KNOWN;
      if (truth_->SerialOf(*hold.row, *it) != named) continue;
      at.unsure |= it == &hpr_row_more(hold.row)->pi && !it->kin;
      at.genuine++;
      if (hold.live) at.live = &hold;
    }
  return at;
}

Report Bridges::ByPid(const Server &server, const Agent &agent, int32_t number) const {
  Report report;
  const Process *holder = kernel_->Holder(number);
  const std::vector<Hold> holds = server.Holds();
  report.number = number;
  report.named = holder && holder->state != State::kZombie ? holder->serial : 0;
  if (report.named != agent.pi) return report;
  const Numbered at = At(holds, number, report.named);
  const Hold *nearest = Nearest(server, holds, report.named);
  report.has_entry =
      nearest && Of(truth_->SerialOf(*nearest->row, nearest->row->main)) == Of(agent.pi);
  if (at.unsure || at.genuine > 1 || (at.live && at.live != nearest)) return report;
  if (!nearest || nearest->row->main.state != HPR_RECORD_KNOWN) return report;
  if (!kernel_->IsAlive(truth_->SerialOf(*nearest->row, nearest->row->main))) return report;
  const hpr_link by = at.live ? HPR_LINK_PID : HPR_LINK_ANCESTOR;
  report.linked = nearest->live && MayHave(*nearest, agent, by);
  report.main = truth_->SerialOf(*nearest->row, nearest->row->main);
  report.by = by;
  if (!at.live) report.taught = AgentAfter(server, holds, *nearest, report);
  return report;
}

void Bridges::CheckTold(const Server &server, const Agent &agent, const Report &report,
                        bool linked) {
  const std::string whom = agent.session + " of " + std::to_string(kernel_->NumberOf(agent.pi));
  if (report.linked && *report.linked != linked)
    truth_->Break("session " + whom + (linked ? " is given" : " is refused") + " an entry");
  if (!report.linked || !*report.linked) return;
  for (const Hold &hold : server.Holds()) {
    const hpr_row &row = *hold.row;
    if (hold.session != agent.session || !hold.live || row.main.state != HPR_RECORD_KNOWN) continue;
    if (truth_->SerialOf(row, row.main) != report.main) continue;
    const Serial pi =
        hpr_row_more(&row)->pi.kin ? truth_->SerialOf(row, hpr_row_more(&row)->pi) : 0;
    if (hold.by < report.by) truth_->Break("the proof of session " + whom + " does not count");
    if (report.taught && pi != report.taught)
      truth_->Break("the agent of session " + whom + " is not known as such");
    if (report.refused && pi == report.refused)
      truth_->Break("session " + whom + " is taught another entry's process");
    return;
  }
  truth_->Break("session " + whom + " has not the entry that it proved");
}

void Bridges::Told(const Server &server, const Agent &agent, const Report &report, bool linked) {
  if (!server.is_open()) return;
  const bool true_number =
      report.number == 0 || (report.named == agent.pi && kernel_->IsAlive(report.named));
  const bool by_number = report.by != HPR_LINK_TOKEN;
  /* Nobody can prove a number while the system tells nothing. Who has nothing but a wrong one, or
   * no entry of its own, may be given another's. */
  const bool has_entry =
      report.has_entry && kernel_->IsAlive(agent.root); /* or it ended just now */
  if (linked && by_number && (!report.provable || !true_number || !has_entry))
    misled_.insert({server.serial(), agent.session});
  /* An agent that it has started is its own, if that one's entry is elsewhere. */
  const Agent *named = report.named ? Of(report.named) : nullptr;
  if (linked && named && named != &agent && Made(agent.root, report.named))
    misled_.insert({server.serial(), agent.session});
  if (report.calm) CheckTold(server, agent, report, linked);
  for (const Hold &hold : server.Holds())
    if (linked && hold.session == agent.session && hpr_row_more(hold.row)->pi.kin &&
        report.named == agent.pi &&
        truth_->SerialOf(*hold.row, hpr_row_more(hold.row)->pi) == report.named)
      told_.insert(report.named);
}

/* --- promises ------------------------------------------------------------------------------- */

bool Bridges::IsMisled(const Server &server, const Agent &agent) const {
  return misled_.count({server.serial(), agent.session});
}

void Bridges::CheckParts(const Hold &hold) {
  const hpr_row &row = *hold.row;
  const Agent *owner = Of(truth_->SerialOf(row, row.main));
  if (!owner) return;
  /* A caller has registered somebody else, and named the agent or its keeper as that one's. */
  if (hpr_row_more(&row)->registered_pid &&
      hpr_row_more(&row)->registered_pid != kernel_->NumberOf(owner->root))
    return;
  if (hpr_row_more(&row)->keeper.pid &&
      !Made(owner->root, truth_->SerialOf(row, hpr_row_more(&row)->keeper)))
    return;
  for (const hpr_identity *it : {&hpr_row_more(&row)->pi, &hpr_row_more(&row)->former}) {
    const Serial serial = it->kin ? truth_->SerialOf(row, *it) : 0;
    if (serial && !Made(owner->root, serial))
      truth_->Break(std::to_string(it->pid) + " is no process of " + owner->session);
  }
}

void Bridges::CheckHolds(const Server &server) {
  const std::vector<Hold> holds = server.Holds();
  for (const Hold &hold : holds) {
    CheckParts(hold);
    const auto agent = std::find_if(agents_.begin(), agents_.end(),
                                    [&](auto &it) { return it.session == hold.session; });
    const Serial main = truth_->SerialOf(*hold.row, hold.row->main);
    if (agent == agents_.end() || !hold.live || !main || Of(main) == &*agent) continue;
    if (IsMisled(server, *agent)) continue;
    /* Of whom nobody was told who it was, nobody can tell that its number has passed on. */
    if (hold.row->main.state == HPR_RECORD_OPAQUE && !kernel_->IsAlive(main)) continue;
    const std::string what =
        "session " + hold.session + " has the entry of " + std::to_string(hold.row->main.pid);
    const bool proved = std::any_of(holds.begin(), holds.end(), [&](const Hold &it) {
      return it.live && it.session == hold.session && it.by > HPR_LINK_FOLDER;
    });
    if (hold.by > HPR_LINK_FOLDER)
      truth_->Break(what + " by evidence");
    else if (proved)
      truth_->Break(what + " by a guess, beside its own");
  }
}

void Bridges::CheckMeant(const Server &server, const Agent &agent) {
  hpr_target target{};
  target.session = agent.session.c_str();
  for (const Hold &hold : server.Holds()) {
    if (hold.session != agent.session || hold.by <= HPR_LINK_FOLDER || !hold.live) continue;
    for (const hpr_row *row : server.RowsMeant(target)) {
      const Agent *owner = Of(truth_->SerialOf(*row, row->main));
      if (owner && owner != &agent && !IsMisled(server, agent))
        truth_->Break("the end of session " + agent.session + " is that of " + owner->session);
    }
  }
}

void Bridges::Asked(const hpr_row &row) {
  /* A caller may have named another one's process as the keeper. */
  const Agent *keeper = hpr_row_more(&row)->keeper.kin
                            ? Of(truth_->SerialOf(row, hpr_row_more(&row)->keeper))
                            : nullptr;
  if (keeper) wanted_.insert(keeper->root);
  /* Its agent has taken its place; what is left of its group ends with that one. */
  const Serial former =
      hpr_row_more(&row)->former.kin ? truth_->SerialOf(row, hpr_row_more(&row)->former) : 0;
  const Agent *registered = former ? Of(former) : nullptr;
  if (registered && registered->root == former) wanted_.insert(former);
  for (const Serial serial : truth_->MarkedFor(row)) /* which proves what nobody was told */
    if (const Agent *marked = Of(serial)) wanted_.insert(marked->root);
  if (const Agent *agent = Of(truth_->MeantBy(row))) {
    wanted_.insert(agent->root);
    return;
  }
  for (const Serial serial : truth_->KinOf(row))
    if (!Of(serial)) wanted_.insert(serial);
}

void Bridges::CheckSignal(const Delivery &it) {
  std::vector<Serial> targets;
  for (const Serial serial : kernel_->All())
    if (it.group ? kernel_->Find(serial)->group == it.target : serial == it.target)
      targets.push_back(serial);
  for (const Serial target : targets) {
    const Agent *agent = Of(target);
    bool wanted = !agent;
    for (Serial at = target; at && !wanted; at = kernel_->MadeBy(at)) wanted = wanted_.count(at);
    if (!wanted)
      truth_->Break("a signal to " + std::to_string(kernel_->NumberOf(target)) + " of session " +
                    agent->session + ", whose end nobody wanted");
  }
}

} // namespace sim
