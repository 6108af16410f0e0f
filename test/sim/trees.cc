#include "sim/trees.h"

#include <signal.h>

#include <algorithm>

#include "sim/watcher.h"

namespace sim {

namespace {

constexpr size_t kCallsPerAccident = 12;
constexpr size_t kServersOpen = 2, kSessionsAlive = 4;
constexpr size_t kRounds = 24; /* more than the longest grace takes, and all that comes after it */
constexpr int64_t kRoundMs = 250;
constexpr int64_t kStartMs = 60; /* a server takes, and a look is no older when it is used */
constexpr uint64_t kFirstOfShutdown = 1000000; /* requests */
const std::vector<int32_t> kGraces = {0, 50, 2000};
const std::vector<hpr_signal> kSignals = {HPR_SIGNAL_TERM, HPR_SIGNAL_TERM, HPR_SIGNAL_TERM,
                                          HPR_SIGNAL_INT, HPR_SIGNAL_KILL};

} // namespace

TreeStory::TreeStory(uint64_t seed) : random_(~seed), truth_(&kernel_, &disk_) {
  the_kernel = &kernel_;
  disk_.live_name = kPidFile;
  kernel_.features = SomeFeatures(&random_);
  careful_ = !kernel_.features.group_signals || random_.OneIn(4);
  truth_.told = told_ = !random_.OneIn(4);
  kernel_.on_exit = [this](Serial serial) {
    ExitSeen(serial);
    for (const auto &server : servers_) {
      if (server->serial() != serial || !server->is_open()) continue;
      truth_.ServerIsGone();
      server->Crash();
    }
  };
  kernel_.on_signal = [this](const Delivery &it) { Signalled(it); };
  kernel_.on_system_call = [this] { SystemCall(); };
}

TreeStory::~TreeStory() {
  kernel_.on_system_call = nullptr;
  kernel_.on_signal = nullptr;
  servers_.clear();
}

/* --- who there is --------------------------------------------------------------------------- */

std::vector<Server *> TreeStory::Open() const {
  std::vector<Server *> open;
  for (const auto &server : servers_)
    if (server->is_open()) open.push_back(server.get());
  return open;
}

Server *TreeStory::AnyServer() {
  const std::vector<Server *> open = Open();
  return open.empty() ? nullptr : random_.Pick(open);
}

bool TreeStory::IsServer(Serial serial) const {
  return std::any_of(servers_.begin(), servers_.end(),
                     [&](const auto &it) { return it->serial() == serial && it->is_open(); });
}

/* One that some session has started, whatever became of that. */
Serial TreeStory::AnyTool(bool with_roots) {
  std::vector<Serial> tools;
  for (const Serial serial : kernel_.All()) {
    const Process *process = kernel_.Find(serial);
    if (!process->ours || !kernel_.IsAlive(serial) || IsServer(serial)) continue;
    if (with_roots || !truth_.RootedAt(serial)) tools.push_back(serial);
  }
  return tools.empty() ? 0 : random_.Pick(tools);
}

Session *TreeStory::AnySession() {
  std::deque<Session> &all = truth_.sessions();
  return all.empty() ? nullptr
                     : &all[all.size() - 1 - random_.Below(std::min(all.size(), kSessionsAlive))];
}

/* --- servers -------------------------------------------------------------------------------- */

Server *TreeStory::Start(Serial as) {
  Server::Options options;
  options.leads_group = random_.OneIn(2);
  options.grace_ms = random_.Pick(kGraces);
  options.tree = random_.OneIn(2);
  options.as = as;
  servers_.push_back(std::make_unique<Server>(&kernel_, &disk_, options));
  Server *server = servers_.back().get();
  if (server->is_open() && !kernel_.IsAlive(server->serial())) server->Crash(); /* as it began */
  if (!server->is_open()) return nullptr;
  kernel_.Note("server " + std::to_string(server->pid()));
  server->on_report = [this, server](const std::string &) { Hear(server); };
  return server;
}

void TreeStory::StartServer() {
  if (Open().size() >= kServersOpen) return;
  Server *server = Start(0);
  if (server) server->CleanupOrphans();
}

/* With an agent of its own at once: then it is an owner of the file. */
void TreeStory::ToolBecomesServer() {
  const Serial tool = told_ && Open().size() < kServersOpen ? AnyTool(false) : 0;
  if (!tool || kernel_.Find(tool)->other_user || kernel_.Find(tool)->doom != 0) return;
  if (kernel_.Find(tool)->state != State::kRunning) return;
  const Session *session = truth_.Of(Open(), tool);
  if (session && session->asked) return; /* it is to end, whatever it becomes */
  if (truth_.IsRecordedAsAsked(tool)) return;
  for (const Serial serial : kernel_.All()) /* what it has started as a tool is the session's */
    if (kernel_.Find(serial)->parent == tool) return;
  quiet_ = true;
  kernel_.now_ms += kStartMs;
  kernel_.Find(tool)->ignores_term = false;
  Server *server = Start(tool);
  const Serial root = server ? server->Spawn(!random_.OneIn(4)) : 0;
  if (root) Raise(server, root);
  if (server && random_.OneIn(2)) server->CleanupOrphans();
  kernel_.now_ms += kStartMs;
  quiet_ = false;
}

void TreeStory::CrashServer() {
  if (Server *server = AnyServer()) {
    kernel_.Note("server " + std::to_string(server->pid()) + " crashes");
    server->Crash();
  }
}

/* As spawnEnv() says: whatever marks its server carries itself are not its own. */
void TreeStory::Raise(Server *server, Serial root) {
  const std::string number = std::to_string(next_token_++);
  const std::string token =
      random_.OneIn(6) ? "" : (random_.OneIn(2) ? "a-long-token-of-session-" : "t") + number;
  Process *process = kernel_.Find(root);
  process->environment = {"HOME=/home"};
  process->ignores_term = random_.OneIn(4);
  process->other_user = false;
  if (!token.empty()) {
    process->environment.push_back("PI_DASHBOARD_SPAWN_TOKEN=" + token);
    if (random_.OneIn(2))
      process->environment.push_back("HEADLESS_PID_MARK=" + token + "@" + kPidFile);
  }
  Session *session = truth_.Add(root, token);
  session->leads = process->group == root;
  session->spawned_ms = ++kernel_.now_ms;
  kernel_.Note("session " + number + " is " + std::to_string(process->pid) + " #" +
               std::to_string(root) + " of " + std::to_string(server->pid()));
  const bool quiet = quiet_;
  quiet_ = true;
  server->Register(process->pid, "/a", token);
  quiet_ = quiet;
}

void TreeStory::SpawnAgent() {
  size_t alive = 0;
  for (const Session &session : truth_.sessions()) alive += kernel_.IsAlive(session.root);
  Server *server =
      alive < kSessionsAlive && kernel_.FreeNumbers().size() > 12 ? AnyServer() : nullptr;
  const Serial root = server ? server->Spawn(!random_.OneIn(4)) : 0;
  if (root) Raise(server, root);
}

/* Registered with the same server as the agent that it descends from, or with another. */
void TreeStory::SpawnSubagent() {
  const Serial above = AnyMaker();
  Server *server = above && kernel_.FreeNumbers().size() > 12 ? AnyServer() : nullptr;
  if (!server || kernel_.Find(above)->other_user) return;
  const Serial root = kernel_.Spawn(above);
  if (!root) return;
  if (random_.OneIn(2)) kernel_.LeadSession(root);
  Raise(server, root);
}

/* --- ends ----------------------------------------------------------------------------------- */

void TreeStory::Ask(Server *server, Session *session, bool tree,
                    const std::function<void()> &call) {
  const Process self = *kernel_.Find(server->serial());
  if (tree && truth_.IsAbove(self, session->root)) return call(); /* and nobody is signalled */
  kernel_.now_ms += kStartMs;
  const bool quiet = quiet_;
  quiet_ = quiet || random_.OneIn(2);
  const bool calm = told_ && (quiet_ || careful_);
  if (calm) server->Proceed(); /* who has gone has a number that may be another's */
  if (!Has(*server, *session)) {
    quiet_ = quiet;
    return;
  }
  kernel_.Note("  session of " + std::to_string(kernel_.NumberOf(session->root)) + " #" +
               std::to_string(session->root));
  truth_.Asked(Open(), session, *server, tree, calm);
  call();
  quiet_ = quiet;
  session->recorded |= EndsTree(*server, *session);
}

/* That server's entry of it; `kin`: if it could tell that it is its own. */
const hpr_row *TreeStory::RowOf(const Server &server, const Session &session, bool kin) {
  const int32_t number = kernel_.NumberOf(session.root);
  for (const Session &later : truth_.sessions())
    if (later.root > session.root && kernel_.NumberOf(later.root) == number) return nullptr;
  for (const hpr_row *row : server.Rows())
    if ((row->main.kin || !kin) && row->main.pid == number &&
        (row->main.birth.name == session.root || row->main.birth.name == 0))
      return row;
  return nullptr;
}

bool TreeStory::EndsTree(const Server &server, const Session &session) {
  const hpr_row *row = RowOf(server, session);
  const hpr_ending *ending = row ? server.EndingOf(*row) : nullptr;
  return ending && ending->tree;
}

bool TreeStory::Has(const Server &server, const Session &session, bool kin) {
  return RowOf(server, session, kin) != nullptr;
}

void TreeStory::TerminateTree() {
  Server *server = AnyServer();
  Session *session = AnySession();
  if (!server || !session || !Has(*server, *session)) return;
  hpr_target target{};
  target.pid = kernel_.NumberOf(session->root);
  const hpr_signal signal = random_.Pick(kSignals);
  const int32_t grace_ms = random_.Pick(kGraces);
  Ask(server, session, true, [&] { server->Terminate(target, signal, grace_ms, true); });
}

void TreeStory::TerminateAlone() {
  Server *server = AnyServer();
  Session *session = AnySession();
  if (!server || !session || !Has(*server, *session)) return;
  hpr_target target{};
  target.pid = kernel_.NumberOf(session->root);
  const int32_t grace_ms = random_.Pick(kGraces);
  Ask(server, session, server->ends_trees(),
      [&] { server->Terminate(target, HPR_SIGNAL_TERM, grace_ms, server->ends_trees()); });
}

void TreeStory::KillToken() {
  Server *server = AnyServer();
  Session *session = AnySession();
  if (!server || !session || session->token.empty() || !Has(*server, *session)) return;
  if (server->EndingOf(*RowOf(*server, *session))) return; /* which goes on as it has begun */
  Ask(server, session, server->ends_trees(), [&] { server->KillByToken(session->token); });
}

void TreeStory::ShutDown() {
  Server *server = AnyServer();
  if (!server) return;
  const int32_t grace_ms = random_.Pick(kGraces);
  const Process self = *kernel_.Find(server->serial());
  for (Session &session : truth_.sessions()) /* it never ends whom it descends from */
    if (Has(*server, session, false) && !truth_.IsAbove(self, session.root))
      truth_.Asked(Open(), &session, *server, true, false);
  server->Do([&](hpr_registry *registry) {
    size_t count;
    hpr_registry_shutdown(registry, grace_ms, true, kFirstOfShutdown, &count);
  });
  for (Session &session : truth_.sessions()) session.recorded |= EndsTree(*server, session);
}

/* With its registry's option whoever has ended by itself takes along what it has started. */
void TreeStory::Signalled(const Delivery &it) {
  Session *session = truth_.Of(Open(), it.target);
  for (const Server *server : Open()) {
    if (server->serial() != it.sender || !server->is_calling() || !session) continue;
    const bool goes_on = truth_.EndsTree(Open(), it.sender, *session); /* from a dead server */
    if (!session->asked && !kernel_.IsAlive(session->root) && (server->ends_trees() || goes_on))
      truth_.Asked(Open(), session, *server, true, false);
  }
  truth_.CheckSignal(Open(), it);
}

/* A report that an end is over: then nobody of it is left. */
void TreeStory::Hear(Server *server) {
  if (server->ended.empty() || !kernel_.IsAlive(server->serial())) return;
  const Ended it = server->ended.back();
  server->ended.clear();
  const bool gone = it.outcome == HPR_OUTCOME_EXITED || it.outcome == HPR_OUTCOME_KILLED ||
                    it.outcome == HPR_OUTCOME_ALREADY_GONE;
  for (Session &session : truth_.sessions()) {
    if (session.spawned_ms != it.spawned_ms || !gone) continue;
    if (!session.recorded && !session.askers.count(server->serial())) continue;
    truth_.CheckGone(Open(), &session, *server);
  }
}

void TreeStory::ServerHears() {
  Server *server = AnyServer();
  if (!server) return;
  switch (random_.Below(4)) {
  case 0: server->ReapOne(); break;
  case 1: server->DeliverExit(); break;
  case 2: server->DeliverNotice(); break;
  default: server->Proceed(); break;
  }
}

void TreeStory::TimePasses() {
  static const std::vector<int64_t> kMoments = {1, 10, 60, 300, 1000, 2500};
  kernel_.now_ms += random_.Pick(kMoments);
  for (Server *server : Open()) server->FireTimers();
}

/* --- the run -------------------------------------------------------------------------------- */

void TreeStory::Step(const std::vector<Act> &acts) {
  const Act &act = random_.PickByWeight(acts);
  kernel_.Note(act.name);
  (this->*act.run)();
  if (kernel_.keep_all_notes) kernel_.Note("    " + disk_.Read(kPidFile).value_or("no file"));
}

void TreeStory::SystemCall() {
  steps_++;
  if (!careful_ && !quiet_ && !in_accident_ && random_.OneIn(kCallsPerAccident)) Accident();
}

void TreeStory::Accident() {
  static const std::vector<Act> kAccidents = {
      {"  ! a tool forks", &TreeStory::ToolForks, 4},
      {"  ! a tool ends", &TreeStory::ToolEnds, 3},
      {"  ! a tool is deaf", &TreeStory::ToolTurnsDeaf, 2},
      {"  ! an agent ends", &TreeStory::AgentEnds, 1},
      {"  ! a doomed one dies", &TreeStory::DoomedDies, 6},
      {"  ! init reaps", &TreeStory::InitReaps, 6},
      {"  ! a number passes on", &TreeStory::NumberPassesOn, 4},
      {"  ! a stranger comes", &TreeStory::StrangerComes, 2},
      {"  ! a stranger leaves", &TreeStory::StrangerLeaves, 2},
      {"  ! descriptors are out", &TreeStory::DescriptorsLost, 1},
      {"  ! descriptors are back", &TreeStory::DescriptorsBack, 2},
      {"  ! a server crashes", &TreeStory::CrashServer, 1},
  };
  in_accident_ = true;
  Step(kAccidents);
  in_accident_ = false;
}

std::string TreeStory::Run(size_t steps) {
  static const std::vector<Act> kActs = {
      {"start a server", &TreeStory::StartServer, 6},
      {"a tool becomes a server", &TreeStory::ToolBecomesServer, 3},
      {"spawn", &TreeStory::SpawnAgent, 8},
      {"spawn a subagent", &TreeStory::SpawnSubagent, 3},
      {"a tool starts", &TreeStory::ToolStarts, 24},
      {"a tool forks", &TreeStory::ToolForks, 4},
      {"a tool ends", &TreeStory::ToolEnds, 4},
      {"an agent ends", &TreeStory::AgentEnds, 2},
      {"a doomed one dies", &TreeStory::DoomedDies, 12},
      {"init reaps", &TreeStory::InitReaps, 12},
      {"a number passes on", &TreeStory::NumberPassesOn, 2},
      {"a stranger comes", &TreeStory::StrangerComes, 4},
      {"a stranger leaves", &TreeStory::StrangerLeaves, 3},
      {"terminate with tree", &TreeStory::TerminateTree, 8},
      {"terminate", &TreeStory::TerminateAlone, 2},
      {"kill a token", &TreeStory::KillToken, 2},
      {"shut down", &TreeStory::ShutDown, 1},
      {"a server hears", &TreeStory::ServerHears, 14},
      {"time passes", &TreeStory::TimePasses, 8},
      {"a server crashes", &TreeStory::CrashServer, 1},
      {"descriptors are out", &TreeStory::DescriptorsLost, 1},
      {"descriptors are back", &TreeStory::DescriptorsBack, 2},
  };
  for (size_t i = 0; i < steps * 2 / 3 && truth_.broken().empty(); i++) { /* as much as is new */
    steps_++;
    Step(kActs);
    truth_.CheckNobodyIsStopped();
  }
  if (truth_.broken().empty()) End();
  return truth_.broken();
}

/* No end goes on for ever, and none that was promised has left anybody. */
void TreeStory::CheckEnded() {
  for (const Server *server : Open()) {
    for (const hpr_row *row : server->Rows()) {
      const hpr_ending *ending = server->EndingOf(*row);
      if (told_ && kernel_.features.names && ending && ending->tree && !ending->refused)
        truth_.Break("the end of " + std::to_string(row->main.pid) + " never comes to its own");
    }
    for (Session &session : truth_.sessions()) {
      const bool goes_on = truth_.HasEntry(Open(), session.root); /* with the next server */
      if (told_ && kernel_.features.names && session.recorded && !goes_on)
        truth_.CheckGone(Open(), &session, *server);
    }
  }
}

/* Servers that live bring about what they have promised; then another one goes on for the dead. */
void TreeStory::End() {
  careful_ = true;
  DescriptorsBack();
  for (int turn = 0; turn < 2 && truth_.broken().empty(); turn++) {
    for (size_t round = 0; round < kRounds && truth_.broken().empty(); round++) {
      kernel_.now_ms += kRoundMs;
      for (size_t i = kernel_.All().size(); i > 0; i--) DoomedDies();
      for (size_t i = kernel_.All().size(); i > 0; i--) InitReaps();
      for (Server *server : Open())
        if (!server->Proceed()) return truth_.Break("a server never comes to rest");
      truth_.CheckNobodyIsStopped();
    }
    CheckEnded();
    if (turn == 1) break;
    for (Server *server : Open()) server->Crash();
    if (Server *last = Start(0)) last->CleanupOrphans();
  }
}

} // namespace sim
