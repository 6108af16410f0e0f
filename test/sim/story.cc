#include "sim/story.h"

#include <algorithm>

#include "sim/watcher.h"

namespace sim {

namespace {

constexpr size_t kCallsPerAccident = 30;
constexpr size_t kServers = 2;
constexpr int32_t kLastServer = 50; /* a number that nobody else is given */
constexpr int64_t kDayMs = INT64_C(24) * 60 * 60 * 1000;

const std::vector<std::string> kFolders = {"/a", "/b", "/c"};
const std::vector<std::string> kSessions = {"s1", "s2", "s3", "s4"};
const std::vector<hpr_signal> kSignals = {HPR_SIGNAL_TERM, HPR_SIGNAL_TERM, HPR_SIGNAL_INT,
                                          HPR_SIGNAL_KILL};
const std::vector<int32_t> kGraces = {0, 50, 2000};
const std::vector<int32_t> kGentleGraces = {0, 50, 2000, HPR_GRACE_NEVER};

/* Kernels as there are, the newest most often. */
Features SomeFeatures(Random *random) {
  switch (random->Below(8)) {
  case 0: return {false, false, false};
  case 1: return {true, false, false};
  case 2: return {true, true, false};
  default: return {true, true, true};
  }
}

} // namespace

Story::Story(uint64_t seed) : random_(seed), truth_(&kernel_, &disk_) {
  the_kernel = &kernel_;
  kernel_.features = SomeFeatures(&random_);
  /* A kill by number can hit whoever came since the last look: old kernels allow no better. */
  careful_ = !kernel_.features.group_signals;
  gentle_ = random_.OneIn(2);
  slow_init_ = random_.OneIn(2);
  told_ = random_.OneIn(2);
  kernel_.on_exit = [this](Serial serial) {
    ExitSeen(serial);
    for (const auto &server : servers_)
      if (server->serial() == serial && server->is_open()) {
        truth_.Crashing(*server);
        server->Crash();
      }
  };
  kernel_.on_signal = [this](const Delivery &it) { truth_.CheckSignal(it); };
  kernel_.on_system_call = [this] {
    steps_++;
    if (!careful_ && !in_accident_ && random_.OneIn(kCallsPerAccident)) Accident();
  };
}

Story::~Story() {
  kernel_.on_system_call = nullptr;
  servers_.clear();
}

/* --- who is there --------------------------------------------------------------------------- */

std::vector<Server *> Story::Open() const {
  std::vector<Server *> open;
  for (const auto &server : servers_)
    if (server->is_open()) open.push_back(server.get());
  return open;
}

/* One that is not in the middle of a call; NULL if there is none. */
Server *Story::AnyServer() {
  std::vector<Server *> idle;
  for (Server *server : Open())
    if (!server->is_calling()) idle.push_back(server);
  return idle.empty() ? nullptr : random_.Pick(idle);
}

Serial Story::AnyProcess(bool ours) {
  std::vector<Serial> found;
  for (const Serial serial : kernel_.All()) {
    const Process *process = kernel_.Find(serial);
    const bool server = std::any_of(servers_.begin(), servers_.end(),
                                    [&](auto &it) { return it->serial() == serial; });
    if (process->ours == ours && !server && process->pid >= kFirstPid &&
        process->state != State::kZombie)
      found.push_back(serial);
  }
  return found.empty() ? 0 : random_.Pick(found);
}

int32_t Story::AnyNumber() {
  return kFirstPid + static_cast<int32_t>(random_.Below(kLastPid - kFirstPid + 1));
}

std::string Story::AnySession() { return random_.Pick(kSessions); }

std::string Story::AnyToken() {
  return "t" + std::to_string(random_.Below(next_token_) + 1);
}

const hpr_row *Story::AnyRow(const Server &server) {
  const std::vector<const hpr_row *> rows = server.Rows();
  return rows.empty() ? nullptr : random_.Pick(rows);
}

/* --- what callers do ------------------------------------------------------------------------ */

void Story::StartServer() {
  if (Open().size() >= kServers) return;
  Server::Options options;
  options.leads_group = random_.OneIn(2);
  if (gentle_ && random_.OneIn(8)) options.grace_ms = HPR_GRACE_NEVER;
  if (random_.OneIn(6)) options.as = AnyProcess(true); /* an agent that runs a server itself */
  auto server = std::make_unique<Server>(&kernel_, &disk_, options);
  if (!server->is_open()) return;
  kernel_.Note("server " + std::to_string(server->pid()));
  servers_.push_back(std::move(server));
  if (!random_.OneIn(4)) servers_.back()->CleanupOrphans();
}

void Story::Register(Server *server, int32_t pid, const std::string &token, int32_t keeper) {
  hpr_target target{};
  target.pid = pid;
  const Process *holder = kernel_.Holder(pid);
  const Serial serial = holder ? holder->serial : 0;
  const hpr_row *replaced = server->RowOf(target, false);
  /* The caller speaks of the same process again: what it said before is void. */
  if (replaced && truth_.SerialOf(*replaced, replaced->main) == serial)
    truth_.Forget(*replaced);
  if (server->Register(pid, random_.Pick(kFolders), token, keeper, !random_.OneIn(8)))
    truth_.Registered(*server, pid, serial);
}

void Story::SpawnAndRegister() {
  Server *server = AnyServer();
  if (!server) return;
  const Serial child = server->Spawn(!random_.OneIn(4));
  if (!child) return;
  kernel_.Find(child)->ignores_term = random_.OneIn(4);
  const std::string token = random_.OneIn(2) ? "t" + std::to_string(next_token_++) : "";
  Register(server, kernel_.NumberOf(child), token, 0);
}

void Story::SpawnKeeper() {
  Server *server = AnyServer();
  if (!server) return;
  const Serial keeper = server->Spawn();
  const Serial pi = keeper ? kernel_.Spawn(keeper) : 0;
  if (!pi) return;
  if (random_.OneIn(4)) kernel_.LeadGroup(pi);
  kernel_.Find(keeper)->ignores_term = random_.OneIn(6);
  kernel_.Find(pi)->ignores_term = random_.OneIn(4);
  const int32_t number = kernel_.NumberOf(keeper);
  Register(server, number, "t" + std::to_string(next_token_++), number);
}

void Story::RegisterAgain() {
  Server *server = AnyServer();
  const hpr_row *row = server ? AnyRow(*server) : nullptr;
  if (row) Register(server, row->main.pid, AnyToken(), random_.OneIn(2) ? row->main.pid : 0);
}

void Story::RegisterAnyNumber() {
  Server *server = AnyServer();
  if (server) Register(server, AnyNumber(), AnyToken(), random_.OneIn(4) ? AnyNumber() : 0);
}

void Story::LinkByToken() {
  if (Server *server = AnyServer()) server->Link(AnyToken(), AnySession());
}

void Story::ReportPi() {
  Server *server = AnyServer();
  const hpr_row *row = server ? AnyRow(*server) : nullptr;
  if (!row || !row->token) return;
  const std::string token = row->token;
  const Serial before = truth_.SerialOf(*row, row->pi);
  int32_t pi = random_.OneIn(4) ? AnyNumber() : 0;
  for (const Serial serial : kernel_.All())
    if (pi == 0 && kernel_.NumberOf(kernel_.Find(serial)->parent) == row->main.pid)
      pi = kernel_.NumberOf(serial);
  if (pi != 0 && server->Link(token, AnySession(), pi)) truth_.Linked(*server, token, before);
}

void Story::LinkByPid() {
  Server *server = AnyServer();
  const hpr_row *row = server ? AnyRow(*server) : nullptr;
  if (row) server->LinkByPid(AnySession(), row->pi.pid ? row->pi.pid : row->main.pid);
}

void Story::LinkByCwd() {
  if (Server *server = AnyServer()) server->LinkByCwd(AnySession(), random_.Pick(kFolders));
}

void Story::End(Server *server, const hpr_target &target, const std::function<void()> &end) {
  const hpr_row *row = server->RowOf(target, false);
  const std::set<Serial> asked = row ? truth_.Asked(*row) : std::set<Serial>();
  end();
  truth_.Promised(*server, asked);
}

void Story::KillSession() {
  Server *server = AnyServer();
  if (!server) return;
  const std::string session = AnySession();
  hpr_target target{};
  target.session = session.c_str();
  End(server, target, [&] { server->Kill(session); });
}

void Story::KillToken() {
  Server *server = AnyServer();
  if (!server) return;
  const std::string token = AnyToken();
  hpr_target target{};
  target.token = token.c_str();
  End(server, target, [&] { server->KillByToken(token); });
}

void Story::TerminatePid() {
  Server *server = AnyServer();
  const hpr_row *row = server ? AnyRow(*server) : nullptr;
  if (!row) return;
  hpr_target target{};
  target.pid = row->main.pid;
  const int32_t grace_ms = random_.Pick(gentle_ ? kGentleGraces : kGraces);
  const hpr_signal signal = random_.Pick(kSignals);
  End(server, target, [&] { server->Terminate(target, signal, grace_ms); });
}

void Story::KillAll() {
  Server *server = gentle_ ? AnyServer() : nullptr; /* its survivors are the next server's */
  if (!server) return;
  for (const hpr_row *row : server->Rows()) truth_.Asked(*row);
  server->KillAll();
}

void Story::Remove() {
  Server *server = AnyServer();
  const hpr_row *row = server ? AnyRow(*server) : nullptr;
  if (!row) return;
  hpr_target target{};
  target.pid = row->main.pid;
  if (server->RowOf(target, false)) truth_.Forget(*row);
  server->Remove(target.pid);
}

void Story::CleanupOrphans() {
  if (Server *server = AnyServer()) server->CleanupOrphans();
}

void Story::AttachKeeper() {
  Server *server = AnyServer();
  const hpr_row *row = server ? AnyRow(*server) : nullptr;
  if (!row) return;
  const int32_t pid = row->main.pid;
  server->Do([&](hpr_registry *registry) {
    hpr_registry_attach_keeper(registry, pid, "/sessions/found.sock");
  });
}

void Story::CloseServer() {
  Server *server = AnyServer();
  if (!server) return;
  truth_.Crashing(*server); /* it writes nothing as it goes */
  server->Close();
  kernel_.Die(server->serial(), 0);
}

/* --- what happens --------------------------------------------------------------------------- */

void Story::CrashServer() {
  const std::vector<Server *> open = Open();
  if (open.empty()) return;
  Server *server = random_.Pick(open);
  kernel_.Note("server " + std::to_string(server->pid()) + " crashes");
  server->Crash();
}

void Story::ProcessEnds() {
  const Serial serial = AnyProcess(!random_.OneIn(4));
  if (serial) kernel_.Die(serial, 0);
}

/* Those that a signal has doomed die a moment later. */
void Story::ProcessDies() {
  for (const Serial serial : kernel_.All()) {
    const Process *process = kernel_.Find(serial);
    if (process->doom == 0 || process->state == State::kZombie) continue;
    kernel_.Die(serial, process->doom);
    return;
  }
}

/* Whoever is no server of ours reaps its children when it gets round to it. */
void Story::InitReaps() {
  std::vector<Serial> zombies;
  for (const Serial serial : kernel_.All()) {
    const Process *process = kernel_.Find(serial);
    const bool servers = std::any_of(servers_.begin(), servers_.end(), [&](auto &it) {
      return it->serial() == process->parent && it->is_open();
    });
    if (process->state == State::kZombie && !servers) zombies.push_back(serial);
  }
  if (!zombies.empty()) kernel_.Reap(random_.Pick(zombies));
}

void Story::ServerReaps() {
  if (Server *server = AnyServer()) server->ReapOne();
}

void Story::ServerHearsExit() {
  if (Server *server = AnyServer()) server->DeliverExit();
}

void Story::ServerHearsNotice() {
  if (Server *server = AnyServer()) server->DeliverNotice();
}

void Story::ServerHearsOldExit() {
  if (Server *server = AnyServer()) server->RepeatExit(random_.Below(100));
}

void Story::ServerProbes() {
  if (Server *server = AnyServer()) server->Probe();
}

void Story::TimePasses() {
  static const std::vector<int64_t> kMoments = {1, 10, 100, 300, 1000, 2500};
  kernel_.now_ms += random_.Pick(kMoments);
  for (Server *server : Open())
    if (!server->is_calling()) server->FireTimers();
}

void Story::WeekPasses() { kernel_.now_ms += 8 * kDayMs; }

/* Most likely under a number that an entry has. */
void Story::StrangerComes() {
  const std::vector<int32_t> free = kernel_.FreeNumbers();
  if (free.empty()) return;
  std::vector<int32_t> wanted;
  for (const hpr_row &row : truth_.FileRows())
    for (const int32_t pid : {row.main.pid, row.pi.pid, row.keeper.pid})
      if (std::count(free.begin(), free.end(), pid)) wanted.push_back(pid);
  const int32_t number = random_.Pick(wanted.empty() ? free : wanted);
  const Serial stranger = kernel_.Spawn(random_.OneIn(2) ? kernel_.init() : kernel_.shell(), number);
  if (!stranger) return;
  if (!random_.OneIn(3)) kernel_.LeadSession(stranger);
  kernel_.Find(stranger)->other_user = random_.OneIn(5);
  kernel_.Note("stranger " + std::to_string(number) + " #" + std::to_string(stranger));
}

/* Of one that nobody of ours has to reap: it dies, is reaped, and a stranger has its number. */
void Story::NumberIsUsedAgain() {
  std::vector<Serial> orphans;
  for (const Serial serial : kernel_.All()) {
    const Process *process = kernel_.Find(serial);
    if (process->ours && process->parent == kernel_.init()) orphans.push_back(serial);
  }
  if (orphans.empty()) return;
  const Serial serial = random_.Pick(orphans);
  const int32_t number = kernel_.NumberOf(serial);
  const bool server = std::any_of(servers_.begin(), servers_.end(),
                                  [&](auto &it) { return it->serial() == serial; });
  if (server) return;
  kernel_.Die(serial, 0);
  kernel_.Reap(serial);
  const Serial stranger = kernel_.Spawn(kernel_.init(), number);
  if (!stranger) return; /* its group lives on, and holds the number */
  kernel_.LeadSession(stranger);
  kernel_.Note("stranger again " + std::to_string(number) + " #" + std::to_string(stranger));
}

void Story::ChildHasChild() {
  const Serial parent = AnyProcess(true);
  const Serial child = parent ? kernel_.Spawn(parent) : 0;
  if (child && random_.OneIn(4)) kernel_.LeadSession(child);
}

void Story::StrangerHasChild() {
  const Serial parent = AnyProcess(false);
  if (parent) kernel_.Spawn(parent);
}

void Story::ProcessStops() {
  if (const Serial serial = AnyProcess(true)) kernel_.Stop(serial);
}

void Story::ProcessContinues() {
  if (const Serial serial = AnyProcess(true)) kernel_.Continue(serial);
}

void Story::ProcessLeadsGroup() {
  const Serial serial = AnyProcess(true);
  if (serial && kernel_.Find(serial)->session != serial) kernel_.LeadGroup(serial);
}

void Story::ProcLost() {
  if (told_) return;
  kernel_.proc_mounted = false;
  kernel_.Note("no /proc");
}

void Story::ProcBack() { kernel_.proc_mounted = true; }

void Story::DescriptorsLost() {
  if (told_) return;
  kernel_.descriptors_left = false;
  kernel_.Note("no descriptors");
}

void Story::DescriptorsBack() { kernel_.descriptors_left = true; }

void Story::Reboot() {
  for (Server *server : Open()) server->Crash();
  kernel_.Reboot();
  truth_.Rebooted();
}

/* Another server does something while one is in the middle of a call. */
void Story::NeighbourActs() {
  switch (random_.Below(6)) {
  case 0: return SpawnAndRegister();
  case 1: return KillSession();
  case 2: return TerminatePid();
  case 3: return CleanupOrphans();
  case 4: return ServerHearsNotice();
  default: return Remove();
  }
}

/* --- the run -------------------------------------------------------------------------------- */

void Story::Step(const std::vector<Act> &acts) {
  size_t total = 0;
  for (const Act &act : acts) total += act.weight;
  size_t chosen = random_.Below(total);
  for (const Act &act : acts) {
    if (chosen < act.weight) {
      kernel_.Note(act.name);
      (this->*act.run)();
      return;
    }
    chosen -= act.weight;
  }
}

/* Between two system calls of a server. */
void Story::Accident() {
  static const std::vector<Act> kAccidents = {
      {"  ! a process ends", &Story::ProcessEnds, 6},
      {"  ! a process dies", &Story::ProcessDies, 8},
      {"  ! init reaps", &Story::InitReaps, 10},
      {"  ! a stranger comes", &Story::StrangerComes, 10},
      {"  ! a number is used again", &Story::NumberIsUsedAgain, 8},
      {"  ! a child has a child", &Story::ChildHasChild, 2},
      {"  ! a process stops", &Story::ProcessStops, 2},
      {"  ! a process leads a group", &Story::ProcessLeadsGroup, 2},
      {"  ! /proc is lost", &Story::ProcLost, 1},
      {"  ! /proc is back", &Story::ProcBack, 2},
      {"  ! descriptors are out", &Story::DescriptorsLost, 1},
      {"  ! descriptors are back", &Story::DescriptorsBack, 2},
      {"  ! a server crashes", &Story::CrashServer, 2},
      {"  ! a neighbour acts", &Story::NeighbourActs, 4},
  };
  in_accident_ = true;
  Step(kAccidents);
  in_accident_ = false;
}

void Story::Check() {
  if (kernel_.keep_all_notes) kernel_.Note("    " + disk_.Read(kPidFile).value_or("no file"));
  truth_.CheckNothingIsForgotten(Open());
}

std::string Story::Run(size_t steps) {
  static const std::vector<Act> kActs = {
      {"start a server", &Story::StartServer, 6},
      {"spawn", &Story::SpawnAndRegister, 10},
      {"spawn a keeper", &Story::SpawnKeeper, 8},
      {"register again", &Story::RegisterAgain, 2},
      {"register any number", &Story::RegisterAnyNumber, 3},
      {"link by token", &Story::LinkByToken, 4},
      {"report pi", &Story::ReportPi, 8},
      {"link by pid", &Story::LinkByPid, 4},
      {"link by cwd", &Story::LinkByCwd, 3},
      {"kill a session", &Story::KillSession, 5},
      {"kill a token", &Story::KillToken, 3},
      {"terminate", &Story::TerminatePid, 5},
      {"kill all", &Story::KillAll, 1},
      {"remove", &Story::Remove, 1},
      {"clean up", &Story::CleanupOrphans, 4},
      {"attach a keeper", &Story::AttachKeeper, 1},
      {"close a server", &Story::CloseServer, 1},
      {"a server crashes", &Story::CrashServer, 3},
      {"a process ends", &Story::ProcessEnds, 5},
      {"a process dies", &Story::ProcessDies, 12},
      {"init reaps", &Story::InitReaps, 10},
      {"a server reaps", &Story::ServerReaps, 10},
      {"exit event", &Story::ServerHearsExit, 10},
      {"notice", &Story::ServerHearsNotice, 10},
      {"exit event, again", &Story::ServerHearsOldExit, 2},
      {"probe", &Story::ServerProbes, 4},
      {"time passes", &Story::TimePasses, 8},
      {"a week passes", &Story::WeekPasses, 1},
      {"a stranger comes", &Story::StrangerComes, 6},
      {"a number is used again", &Story::NumberIsUsedAgain, 2},
      {"a child has a child", &Story::ChildHasChild, 3},
      {"a stranger has a child", &Story::StrangerHasChild, 2},
      {"a process stops", &Story::ProcessStops, 2},
      {"a process continues", &Story::ProcessContinues, 2},
      {"a process leads a group", &Story::ProcessLeadsGroup, 1},
      {"/proc is lost", &Story::ProcLost, 1},
      {"/proc is back", &Story::ProcBack, 3},
      {"descriptors are out", &Story::DescriptorsLost, 1},
      {"descriptors are back", &Story::DescriptorsBack, 3},
      {"reboot", &Story::Reboot, 1},
  };
  for (size_t i = 0; i < steps && truth_.broken().empty(); i++) {
    steps_++;
    truth_.AskedByFile();
    Step(kActs);
    Check();
  }
  if (truth_.broken().empty()) End();
  return truth_.broken();
}

/* --- the end -------------------------------------------------------------------------------- */

/* Everything that is under way comes to its end, and no new accident happens. */
void Story::LetItEnd(Server *server) {
  for (int quiet = 0, round = 0; quiet < 3 && round < 1000; round++) {
    const std::optional<int64_t> next = server->NextTimer();
    const uint64_t before = kernel_.digest();
    kernel_.now_ms = std::max(kernel_.now_ms + 100, next.value_or(0));
    for (size_t i = kernel_.All().size(); i > 0; i--) ProcessDies();
    for (size_t i = kernel_.All().size(); i > 0 && !slow_init_; i--) InitReaps();
    if (!server->Settle()) return truth_.Break("a server never comes to rest");
    quiet = next || kernel_.digest() != before ? 0 : quiet + 1;
  }
}

void Story::CheckNothingLeft() {
  if (!the_watchers.empty()) truth_.Break("a watching thread is left");
  for (const auto &server : servers_) {
    if (kernel_.OpenPidfds(server->serial()) != 0) truth_.Break("a pidfd is left open");
    if (disk_.OpenFilesOf(server->serial()) != 0) truth_.Break("a file is left open");
  }
  if (disk_.List(std::string(kPidFile) + ".").size() > 1)
    truth_.Break("files besides the lock are left: " + disk_.List(kPidFile).back());
}

void Story::End() {
  careful_ = true;
  kernel_.proc_mounted = kernel_.descriptors_left = true;
  for (Server *server : Open()) server->Crash();
  Server::Options options;
  options.number = kLastServer;
  servers_.push_back(std::make_unique<Server>(&kernel_, &disk_, options));
  Server *last = servers_.back().get();
  kernel_.Note("the last server: " + std::to_string(last->pid()));
  truth_.AskedByFile();
  last->CleanupOrphans();
  Check();
  LetItEnd(last);
  Check();
  truth_.CheckEnd(*last, !gentle_ && told_ && kernel_.features.names);

  last->CleanupOrphans(); /* what could not be judged then may be gone now */
  const auto before = disk_.Read(kPidFile);
  kernel_.on_signal = [this](const Delivery &) { truth_.Break("a second cleanup signals"); };
  last->CleanupOrphans();
  const auto after = disk_.Read(kPidFile);
  if (after != before)
    truth_.Break("a second cleanup changes the file, from " + before.value_or("none") + " to " +
                 after.value_or("none"));
  last->Close();
  CheckNothingLeft();
}

} // namespace sim
