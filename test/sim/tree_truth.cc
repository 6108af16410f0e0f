/* sim/tree_truth.cc: whose a process is, and what must never happen to it. */
#include <signal.h>

#include <algorithm>

#include "sim/trees.h"

namespace sim {

std::string TreeTruth::Describe(Serial serial) const {
  return std::to_string(kernel_->NumberOf(serial)) + " #" + std::to_string(serial);
}

void TreeTruth::Break(const std::string &what) {
  if (broken_.empty()) broken_ = what;
}

/* --- whose it is ---------------------------------------------------------------------------- */

Session *TreeTruth::Add(Serial root, const std::string &token) {
  sessions_.push_back({});
  sessions_.back().root = root;
  sessions_.back().token = token;
  return &sessions_.back();
}

Session *TreeTruth::RootedAt(Serial serial) {
  for (Session &session : sessions_)
    if (session.root == serial) return &session;
  return nullptr;
}

/* `untold`: also one that does not say who it is, and protects nobody. */
bool TreeTruth::HasEntry(const std::vector<Server *> &servers, Serial root, bool untold) {
  const auto is_its = [&](const hpr_row &row) {
    if (untold && row.main.state != HPR_RECORD_KNOWN)
      return row.main.pid == kernel_->NumberOf(root);
    return truth_.SerialOf(row, row.main) == root;
  };
  for (const hpr_row &row : truth_.FileRows())
    if (is_its(row)) return true;
  for (const Server *server : servers)
    for (const hpr_row *row : server->Rows())
      if (is_its(*row)) return true;
  return false;
}

/* It lives, and has something in the file. */
bool TreeTruth::IsOwner(const std::vector<Server *> &servers, Serial serial) {
  return std::any_of(servers.begin(), servers.end(), [&](const Server *it) {
    return it->serial() == serial && kernel_->IsAlive(serial) && !it->Rows().empty();
  });
}

/* Whom init has may be in the group of a session further up, and that proves it. */
Session *TreeTruth::Of(const std::vector<Server *> &servers, Serial serial) {
  for (const Process *at = kernel_->Find(serial); at; at = kernel_->Find(at->parent)) {
    if (IsOwner(servers, at->serial)) return nullptr;
    Session *session = RootedAt(at->serial);
    if (!session || !HasEntry(servers, at->serial)) continue;
    if (HasEntry(servers, at->serial, false)) return session;
    break;
  }
  Session *nearest = nullptr;
  for (Serial at = serial; at; at = kernel_->MadeBy(at)) {
    Session *session = RootedAt(at);
    if (!session || !HasEntry(servers, at)) continue;
    if (session->asked) return session;
    if (!nearest || kernel_->IsAlive(nearest->root)) nearest = session; /* or who ended by itself */
  }
  return nearest;
}

bool TreeTruth::IsMadeIn(const std::vector<Server *> &servers, const Session &session,
                         Serial serial) {
  for (Serial at = serial; at; at = kernel_->MadeBy(at)) {
    if (at == session.root) return true;
    for (const Server *server : servers) /* which may have something in the file again */
      if (server->serial() == at) return false;
    if (RootedAt(at) && HasEntry(servers, at)) return false;
  }
  return false;
}

bool TreeTruth::Carries(Serial serial, const std::string &token) const {
  Process *process = kernel_ ? const_cast<Kernel *>(kernel_)->Find(serial) : nullptr;
  if (!process || token.empty()) return false;
  const std::string own = "HEADLESS_PID_MARK=" + token + "@" + kPidFile;
  for (const std::string &word : process->environment)
    if (word == "PI_DASHBOARD_SPAWN_TOKEN=" + token || word == own) return true;
  return false;
}

bool TreeTruth::IsAbove(const Process &process, Serial serial) const {
  for (const Process *at = &process; at; at = kernel_->Find(at->parent))
    if (at->serial == serial) return true;
  return false;
}

std::set<Serial> TreeTruth::Provable(const std::vector<Server *> &servers, const Session &session,
                                     const Server &asker) {
  std::set<Serial> members;
  const bool usable = !Carries(asker.serial(), session.token);
  const Process own = *kernel_->Find(asker.serial()); /* whose group and session prove nobody */
  bool found = true;
  const auto is_near = [&](const Process &it) {
    return it.serial == session.root || members.count(it.parent) ||
           (it.group != own.group && members.count(it.group) && kernel_->IsAlive(it.group)) ||
           (it.session != own.session && members.count(it.session) &&
            kernel_->IsAlive(it.session)) ||
           (usable && Carries(it.serial, session.token));
  };
  while (found) {
    found = false;
    for (const Serial serial : kernel_->All()) {
      const Process *process = kernel_->Find(serial);
      if (process->state == State::kZombie || process->other_user || members.count(serial) ||
          IsAbove(own, serial) || !is_near(*process) || !IsMadeIn(servers, session, serial))
        continue;
      members.insert(serial);
      found = true;
    }
  }
  return members;
}

/* Whoever is above that server, or leads its group, is never ended by it. */
void TreeTruth::EndsFor(Session *session, const Server &asker) {
  session->blind = session->blind || Carries(asker.serial(), session->token);
  for (const Process *at = kernel_->Find(asker.serial()); at; at = kernel_->Find(at->parent))
    session->spared.insert(at->serial);
  session->spared.insert(kernel_->Find(asker.serial())->group);
}

void TreeTruth::Asked(const std::vector<Server *> &servers, Session *session, const Server &asker,
                      bool tree, bool calm) {
  if (tree && !session->tree && calm) session->members = Provable(servers, *session, asker);
  session->asked = true;
  session->tree = session->tree || tree;
  session->alone = session->alone || !tree;
  if (tree) session->askers.insert(asker.serial());
  EndsFor(session, asker);
}

/* --- promises ------------------------------------------------------------------------------- */

void TreeTruth::CheckKill(Session *session, const Delivery &it) {
  const Process *target = kernel_->Find(it.target);
  if (told && session->tree && target->state == State::kRunning && !stopped_.count(it.target))
    Break(Describe(it.target) + " is killed and was not stopped");
  stopped_.erase(it.target);
}

/* Without its tree an end is that of a group, or of all descendants, whosever they are. */
bool TreeTruth::GoesAlong(Serial serial) {
  for (Serial at = serial; at; at = kernel_->MadeBy(at)) {
    const Session *session = RootedAt(at);
    /* Where nobody is told who had a number, who carries the token may be taken for him. */
    if (session && (session->alone || (!told && session->asked))) return true;
  }
  return false;
}

/* Before it became an owner: it is to end, whatever it registers yet. */
bool TreeTruth::WasAsked(Serial serial) {
  return std::any_of(sessions_.begin(), sessions_.end(),
                     [&](const Session &it) { return it.asks.count(serial) != 0; });
}

/* By an end that the file knows: its server may have died before the signal. */
bool TreeTruth::IsRecordedAsAsked(Serial serial) {
  for (const hpr_row &row : truth_.FileRows()) {
    const hpr_ending_record *ending = hpr_row_more(&row)->ending;
    for (size_t i = 0; ending && i < ending->sent_count; i++)
      if (ending->sent[i].pid == kernel_->NumberOf(serial)) return true;
  }
  return false;
}

/* Below a session that is to end, and so young that its pid may have been another's in the look. */
bool TreeTruth::IsNewborn(Serial serial) {
  if (kernel_->Find(serial)->start_ticks != kernel_->Ticks()) return false;
  for (Serial at = serial; at; at = kernel_->MadeBy(at)) {
    const Session *session = RootedAt(at);
    if (session && session->asked && session->tree) return true;
  }
  return false;
}

/* What a dead leader's group has in it is what is left of it, but for what others have provably
 * started. */
bool TreeTruth::IsOfGroupLeft(const Session *session, Serial serial) {
  const Process *process = kernel_->Find(serial);
  const Session *leader = RootedAt(process->group);
  const bool others = session && IsAbove(*process, session->root);
  return leader && leader->asked && leader->tree && !kernel_->IsAlive(leader->root) && !others;
}

void TreeTruth::CheckTarget(const std::vector<Server *> &servers, const Delivery &it,
                            Serial target) {
  Session *session = Of(servers, target);
  if (GoesAlong(target) || (!session && WasAsked(target))) return;
  if ((!session || !session->asked) && IsNewborn(target)) return;
  if ((!session || !session->asked) && IsOfGroupLeft(session, target)) return;
  if (!session || !session->asked)
    return Break("a signal to " + Describe(target) + ", whose end nobody wanted");
  if (it.signum == SIGCONT || it.group) return;
  if (it.signum == SIGKILL) return CheckKill(session, it);
  if (it.signum == SIGSTOP) {
    stopped_.insert(target);
    return;
  }
  const bool dead = kernel_->Find(target)->doom == SIGKILL; /* whatever it gets */
  if (told && session->tree && !dead && ++session->asks[target] > 1)
    Break(Describe(target) + " is asked a second time");
}

bool TreeTruth::EndsTree(const std::vector<Server *> &servers, Serial sender,
                         const Session &session) {
  for (const Server *server : servers)
    for (const hpr_row *row : server->Rows()) {
      const hpr_ending *ending = server->EndingOf(*row);
      if (server->serial() == sender && ending && ending->tree &&
          truth_.SerialOf(*row, row->main) == session.root)
        return true;
    }
  return false;
}

void TreeTruth::CheckSignal(const std::vector<Server *> &servers, const Delivery &it) {
  const Process *sender = kernel_->Find(it.sender);
  if (it.number < 2) return Break("a signal to pid " + std::to_string(it.number));
  if (it.group && it.target == sender->group) Break("a server signals its own group");
  for (Serial up = it.sender; up; up = kernel_->Find(up) ? kernel_->Find(up)->parent : 0)
    if (up == it.target) Break("a signal to itself or an ancestor, " + Describe(it.target));
  if (!it.group) return CheckTarget(servers, it, it.target);
  for (const Serial serial : kernel_->All()) {
    const Process *member = kernel_->Find(serial);
    if (member->group != it.target || member->other_user || member->state == State::kZombie)
      continue;
    CheckTarget(servers, it, serial);
    const Session *session = Of(servers, serial);
    if (session && session->root == it.target && EndsTree(servers, it.sender, *session))
      Break("a signal to the group " + Describe(it.target) + " of a tree");
  }
}

/* Where no process was killed after it had been stopped nothing will ever wake it. */
void TreeTruth::CheckNobodyIsStopped() {
  for (const Serial serial : stopped_)
    if (told && kernel_->IsAlive(serial) && kernel_->Find(serial)->doom != SIGKILL)
      Break(Describe(serial) + " was stopped and is not killed");
  stopped_.clear();
}

/* Its number, or that of one who made it, was in the same tick another's, who had a session. */
bool TreeTruth::MayBeAnothers(const Session &session, Serial serial) const {
  for (Serial at = serial; at && at != session.root; at = kernel_->MadeBy(at))
    if (kernel_->HasDouble(at)) return true;
  return false;
}

/* Whoever leads no group may have left somebody in another one's, where that proves more. */
void TreeTruth::CheckGone(const std::vector<Server *> &servers, Session *ended,
                          const Server &asker) {
  EndsFor(ended, asker);
  const Session &session = *ended;
  if (!session.leads || !told || !kernel_->features.names) return;
  for (const Serial serial : kernel_->All()) {
    const Process *process = kernel_->Find(serial);
    if (process->state == State::kZombie || process->other_user) continue;
    if (MayBeAnothers(session, serial)) continue;
    const bool provable =
        session.members.count(serial) || (!session.blind && Carries(serial, session.token));
    if (provable && !session.spared.count(serial) && !kernel_->WasMissed(serial) &&
        IsMadeIn(servers, session, serial))
      Break(Describe(serial) + " outlives the session of " + Describe(session.root));
  }
}

} // namespace sim
