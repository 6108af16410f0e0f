#include "sim/story.h"

#include <algorithm>

#include "sim/watcher.h"

namespace sim {

namespace {

constexpr size_t kCallsPerAccident = 30;
constexpr size_t kRounds = 24; /* more than the longest grace takes, and a second try after it */
constexpr int64_t kRoundMs = 250;
constexpr int32_t kLastServer = 50; /* a number that nobody else is given */

} // namespace

Story::Story(uint64_t seed)
    : random_(seed), truth_(&kernel_, &disk_), bridges_(&kernel_, &truth_),
      exits_(&kernel_, &truth_), endings_(&kernel_, &truth_) {
  the_kernel = &kernel_;
  disk_.live_name = kPidFile;
  kernel_.features = SomeFeatures(&random_);
  /* A kill by number can hit whoever came since the last look: old kernels allow no better. */
  careful_ = !kernel_.features.group_signals;
  gentle_ = random_.OneIn(2);
  slow_init_ = random_.OneIn(2);
  told_ = random_.OneIn(2);
  fills_ = random_.OneIn(3);
  kernel_.on_exit = [this](Serial serial) {
    ExitSeen(serial);
    for (const auto &server : servers_)
      if (server->serial() == serial && server->is_open()) {
        Lose(server.get());
        server->Crash();
      }
  };
  kernel_.on_signal = [this](const Delivery &it) { Signalled(it); };
  truth_.on_asked = [this](const hpr_row &row) { bridges_.Asked(row); };
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

std::vector<Server *> Story::Open() const { return OpenBut(nullptr); }

std::vector<Server *> Story::OpenBut(const Server *left_out) const {
  std::vector<Server *> open;
  for (const auto &server : servers_)
    if (server->is_open() && server.get() != left_out) open.push_back(server.get());
  return open;
}

/* One that is not in the middle of a call, or whose report is answered; NULL: there is none. */
Server *Story::AnyServer() {
  if (listening_) return listening_;
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

std::string Story::AnyToken() { return "t" + std::to_string(random_.Below(next_token_) + 1); }

const hpr_row *Story::AnyRow(const Server &server) {
  const std::vector<const hpr_row *> rows = server.Rows();
  return rows.empty() ? nullptr : random_.Pick(rows);
}

/* --- the run -------------------------------------------------------------------------------- */

void Story::Step(const std::vector<Act> &acts) {
  const Act &act = random_.PickByWeight(acts);
  kernel_.Note(act.name);
  (this->*act.run)();
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
      {"  ! the disk is full", &Story::DiskFull, 1},
      {"  ! the disk has room", &Story::DiskHasRoom, 2},
      {"  ! a server crashes", &Story::CrashServer, 2},
      {"  ! a neighbour acts", &Story::NeighbourActs, 4},
      {"  ! a keeper starts its agent anew", &Story::KeeperStartsAgain, 4},
  };
  Server *const listening = listening_;
  in_accident_ = true;
  listening_ = nullptr; /* others act now */
  Step(kAccidents);
  listening_ = listening;
  in_accident_ = false;
}

void Story::Signalled(const Delivery &it) {
  truth_.CheckSignal(it);
  bridges_.CheckSignal(it);
  const Server *sender = nullptr; /* of several registries of the process the one that wants it */
  for (const Server *server : Open())
    if (server->serial() == it.sender && server->is_calling() &&
        (!sender || endings_.Wants(*server, it.target)))
      sender = server;
  if (sender) endings_.CheckSignal(*sender, it, told_);
}

/* A server dies: what it had not written, or not told. */
void Story::Lose(Server *server) {
  const std::vector<Server *> others = OpenBut(server);
  if (server->HasUnwrittenChanges()) {
    truth_.Lost(others);
    endings_.Lost(others);
  }
  endings_.Crashed();
  exits_.Lost(others);
}

/* A registry was closed; its process goes a while later, or not. */
void Story::LeaveClosed() {
  for (const auto &server : servers_) {
    if (server->is_open()) continue;
    if (left_.insert(server.get()).second) {
      if (server->closed_unwritten) {
        truth_.Lost(Open());
        endings_.Lost(Open());
      }
      exits_.Lost(Open());
    }
    if (leaving_.count(server->serial())) kernel_.Die(server->serial(), 0);
  }
}

void Story::Check() {
  LeaveClosed();
  if (kernel_.keep_all_notes) kernel_.Note("    " + disk_.Read(kPidFile).value_or("no file"));
  truth_.CheckNothingIsForgotten(Open());
  for (const Server *server : Open()) bridges_.CheckHolds(*server);
  CheckOwners();
  CheckOneHeir();
  exits_.CheckNoneIsMissing(Open());
  endings_.CheckNobodyIsLeftOut(Open());
  CheckFile();
  for (Server *server : Open()) {
    if (!server->AnswersHold()) truth_.Break("a lookup changed and was not counted");
    if (!server->BoardIsTrue()) truth_.Break("the board denies what the registry has");
  }
  for (const auto &server : servers_)
    if (!server->misreported.empty()) truth_.Break(server->misreported);
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
      {"an agent or its bridge acts", &Story::BridgeActs, 40},
      {"close a server", &Story::CloseServer, 1},
      {"a second registry", &Story::StartSecondRegistry, 2},
      {"a registry is closed", &Story::CloseRegistry, 1},
      {"a lock file vanishes", &Story::LockFileVanishes, 1},
      {"somebody holds the lock", &Story::HolderComes, 1},
      {"and lets it go", &Story::HolderLeaves, 4},
      {"somebody reads the file", &Story::ReaderComes, 3},
      {"and has read it", &Story::ReaderLeaves, 4},
      {"a server crashes", &Story::CrashServer, 3},
      {"a process ends", &Story::ProcessEnds, 5},
      {"a process dies", &Story::ProcessDies, 12},
      {"init reaps", &Story::InitReaps, 10},
      {"a server reaps", &Story::ServerReaps, 10},
      {"exit event", &Story::ServerHearsExit, 10},
      {"notice", &Story::ServerHearsNotice, 10},
      {"exit event, again", &Story::ServerHearsOldExit, 2},
      {"notice, again", &Story::ServerHearsOldNotice, 3},
      {"probe", &Story::ServerProbes, 4},
      {"time passes", &Story::TimePasses, 8},
      {"a week passes", &Story::WeekPasses, 1},
      {"the clock is set", &Story::ClockIsSet, 1},
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
      {"the disk is full", &Story::DiskFull, 2},
      {"the disk has room", &Story::DiskHasRoom, 3},
      {"reboot", &Story::Reboot, 1},
  };
  for (size_t i = 0; i < steps && truth_.broken().empty(); i++) {
    steps_++;
    AskByFile();
    Step(kActs);
    Check();
  }
  if (truth_.broken().empty()) End();
  return truth_.broken();
}

/* --- the end -------------------------------------------------------------------------------- */

/* Everything that is under way comes to its end, and no new accident happens. */
/* Servers that live keep what they have promised, without another one's help. */
void Story::LetThemEnd() {
  for (size_t round = 0; round < kRounds && truth_.broken().empty(); round++) {
    kernel_.now_ms += kRoundMs;
    for (size_t i = kernel_.All().size(); i > 0; i--) ProcessDies();
    for (size_t i = kernel_.All().size(); i > 0 && !slow_init_; i--) InitReaps();
    for (Server *server : Open())
      if (!server->Proceed()) return truth_.Break("a server never comes to rest");
    Check();
  }
  for (const Server *server : Open()) {
    endings_.CheckEnd(*server);
    exits_.CheckEnd(*server);
  }
}

void Story::LetItEnd(Server *server) {
  for (int quiet = 0, round = 0; quiet < 3 && round < 1000; round++) {
    const std::optional<int64_t> next = server->NextTimer();
    const uint64_t before = kernel_.digest();
    kernel_.now_ms = std::max(kernel_.now_ms + 100, next.value_or(0) + kernel_.slept_ms);
    for (size_t i = kernel_.All().size(); i > 0; i--) ProcessDies();
    for (size_t i = kernel_.All().size(); i > 0 && !slow_init_; i--) InitReaps();
    if (random_.OneIn(4)) KeeperStartsAgain();
    if (!server->Proceed()) return truth_.Break("a server never comes to rest");
    quiet = next || kernel_.digest() != before ? 0 : quiet + 1;
  }
}

void Story::CheckNothingLeft() {
  if (!the_watchers.empty()) truth_.Break("a watching thread is left");
  for (const auto &server : servers_) {
    if (kernel_.OpenPidfds(server->serial()) != 0)
      truth_.Break("a pidfd is left open by server " + std::to_string(server->serial()));
    if (disk_.OpenFilesOf(server->serial()) != 0) truth_.Break("a file is left open");
  }
  for (const std::string &name : disk_.List(std::string(kPidFile) + "."))
    if (name != std::string(kPidFile) + ".lock" && name != std::string(kPidFile) + ".owners")
      truth_.Break("a file besides the locks is left: " + name);
}

void Story::End() {
  careful_ = true;
  listens_ = false;
  kernel_.proc_mounted = kernel_.descriptors_left = kernel_.watches_left = true;
  DiskHasRoom();
  HolderLeaves();
  AskByFile();
  ReaderLeaves();
  LetOrphansBeAdopted();
  if (random_.OneIn(2)) LetThemEnd();
  for (const auto &server : servers_) server->Crash(); /* also where the registry was closed */
  Server::Options options;
  options.number = kLastServer;
  servers_.push_back(std::make_unique<Server>(&kernel_, &disk_, options));
  Server *last = servers_.back().get();
  ListenTo(last);
  kernel_.Note("the last server: " + std::to_string(last->pid()));
  AskByFile();
  last->CleanupOrphans();
  truth_.CheckAges(*last);
  Check();
  LetItEnd(last);
  Check();
  if (told_) exits_.CheckEnd(*last);
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