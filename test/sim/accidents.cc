/* sim/accidents.cc: what happens to processes, servers and the system, whoever is in a call. */
#include <algorithm>

#include "sim/story.h"
#include "sim/watcher.h"

namespace sim {

namespace {

constexpr int64_t kDayMs = INT64_C(24) * 60 * 60 * 1000;

} // namespace

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

void Story::ServerHearsOldNotice() {
  if (Server *server = AnyServer()) server->RepeatNotice(random_.Below(100));
}

void Story::ServerHearsOldExit() {
  if (Server *server = AnyServer()) server->RepeatExit(random_.Below(100));
}

void Story::ServerProbes() {
  if (Server *server = AnyServer()) server->Probe();
}

void Story::TimePasses() {
  static const std::vector<int64_t> kMoments = {1, 10, 100, 300, 1000, 2500};
  const int64_t moment_ms = random_.Pick(kMoments);
  if (steps_ % 8 == 0) Sleep(moment_ms * 10);
  kernel_.now_ms += moment_ms;
  for (Server *server : Open()) {
    if (server->is_calling()) continue;
    const std::set<Serial> overdue = told_ ? endings_.Overdue(*server) : std::set<Serial>();
    server->FireTimers();
    /* Taken over a moment ago, while another server's timers fired: it is due, and not yet late. */
    if (server->NextTimer().value_or(INT64_MAX) > kernel_.ClockMs() + 1)
      endings_.CheckKilled(*server, overdue);
  }
}

/* Where the system does not always tell its boot id, the time of the boot is what it is known by.
 */
void Story::ClockIsSet() {
  constexpr int64_t kHourMs = INT64_C(60) * 60 * 1000;
  static const std::vector<int64_t> kWrong = {-240 * kHourMs, 0, kHourMs, 240 * kHourMs};
  if (!told_) return;
  kernel_.wrong_by_ms = random_.Pick(kWrong);
  kernel_.Note("the wall clock is wrong by " + std::to_string(kernel_.wrong_by_ms));
}

/* A suspend: the clock of delays stands, those of the boot and of the wall go on. */
void Story::Sleep(int64_t ms) {
  kernel_.now_ms += ms;
  kernel_.slept_ms += ms;
  kernel_.Note("the machine sleeps for " + std::to_string(ms));
}

void Story::WeekPasses() {
  if (steps_ % 2 == 0) return Sleep(8 * kDayMs);
  kernel_.now_ms += 8 * kDayMs;
}

/* Most likely under a number that an entry has. */
void Story::StrangerComes() {
  const std::vector<int32_t> free = kernel_.FreeNumbers();
  if (free.empty()) return;
  std::vector<int32_t> wanted;
  for (const hpr_row &row : truth_.FileRows())
    for (const int32_t pid :
         {row.main.pid, hpr_row_more(&row)->pi.pid, hpr_row_more(&row)->keeper.pid})
      if (std::count(free.begin(), free.end(), pid)) wanted.push_back(pid);
  const int32_t number = random_.Pick(wanted.empty() ? free : wanted);
  const Serial stranger =
      kernel_.Spawn(random_.OneIn(2) ? kernel_.init() : kernel_.shell(), number);
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
  kernel_.watches_left = random_.OneIn(2);
  kernel_.Note("no descriptors");
}

void Story::DescriptorsBack() {
  if (!kernel_.descriptors_left) kernel_.short_ms = kernel_.ClockMs();
  kernel_.descriptors_left = kernel_.watches_left = true;
}

void Story::DiskFull() {
  if (!fills_) return;
  disk_.create_fault = HPR_ENOSPC;
  kernel_.Note("the disk is full");
}

void Story::DiskHasRoom() { disk_.create_fault = 0; }

void Story::Reboot() {
  HolderLeaves();
  ReaderLeaves();
  for (Server *server : Open()) server->Crash();
  kernel_.Reboot();
  truth_.Rebooted();
  bridges_.Rebooted();
  endings_.Rebooted();
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

} // namespace sim
