/* sim/hosts.cc: what callers do on two hosts that share a pid file, and what happens to them. */
#include "sim/hosts.h"

#include <algorithm>

#include "sim/watcher.h"

namespace sim {

namespace {

constexpr size_t kServers = 2; /* open at a time on each host */
constexpr size_t kCallsPerAccident = 40, kNotes = 120;
constexpr int64_t kHourMs = INT64_C(60) * 60 * 1000, kDayMs = 24 * kHourMs;
constexpr int64_t kRoundMs = 250;
constexpr int kRounds = 12;                        /* more than an end takes */
constexpr int32_t kVisitor = 50, kLastServer = 51; /* numbers that nobody else is given */

const std::vector<std::string> kSessions = {"s1", "s2", "s3"};
const std::vector<std::string> kTokens = {"t1", "t2", "t3", "t4", "t5"};

} // namespace

Hosts::Hosts(uint64_t seed) : random_(seed), reader_(&nobody_, &disk_) {
  static const std::vector<int64_t> kWrong = {0, kHourMs, 240 * kHourMs, -240 * kHourMs};
  disk_.live_name = kPidFile;
  disk_.shared = true;
  disk_.locks_reach = random_.OneIn(2);
  const bool names = !random_.OneIn(4);
  const bool group_signals = names || random_.OneIn(2);
  careful_ = !group_signals;
  for (uint64_t number = 0; number < 2; number++) {
    hosts_.push_back(std::make_unique<Host>(number, &disk_));
    Host &host = *hosts_.back();
    host.kernel.features = {true, group_signals, names};
    host.kernel.wrong_by_ms = number == 0 ? 0 : random_.Pick(kWrong);
    host.kernel.on_exit = [this, &host](Serial serial) { Died(host, serial); };
    host.kernel.on_signal = [&host](const Delivery &it) { host.truth.CheckSignal(it); };
    host.kernel.on_note = [this, number](const std::string &line) {
      Note("host " + std::to_string(number) + ": " + line);
    };
    host.kernel.on_system_call = [this, &host] {
      steps_++;
      if (!careful_ && !in_accident_ && random_.OneIn(kCallsPerAccident)) Accident(host);
    };
  }
  the_kernel = &hosts_[0]->kernel;
  disk_.on_replaced = [this] { Replaced(); };
}

Hosts::~Hosts() {
  for (const auto &host : hosts_) {
    host->kernel.on_system_call = nullptr;
    host->servers.clear();
  }
}

void Hosts::Note(const std::string &line) {
  notes_.push_back(line);
  if (!keep_all_notes && notes_.size() > kNotes) notes_.pop_front();
}

/* --- who is there --------------------------------------------------------------------------- */

std::vector<Server *> Hosts::Host::Open(const Server *but) const {
  std::vector<Server *> open;
  for (const auto &server : servers)
    if (server->is_open() && server.get() != but) open.push_back(server.get());
  return open;
}

/* One that is not in the middle of a call. */
Server *Hosts::AnyServer(Host &host) {
  std::vector<Server *> idle;
  for (Server *server : host.Open())
    if (!server->is_calling()) idle.push_back(server);
  return idle.empty() ? nullptr : random_.Pick(idle);
}

void Hosts::Died(Host &host, Serial serial) {
  const Acting acting(host.kernel.self, &host.kernel);
  ExitSeen(serial);
  for (const auto &server : host.servers) {
    if (server->serial() != serial || !server->is_open()) continue;
    if (server->HasUnwrittenChanges()) host.truth.Lost(host.Open(server.get()));
    server->Crash();
  }
}

/* --- what callers do ------------------------------------------------------------------------ */

void Hosts::StartServer(Host &host) {
  if (host.Open().size() >= kServers) return;
  auto server = std::make_unique<Server>(&host.kernel, &disk_, Server::Options());
  if (!server->is_open() || !host.kernel.IsAlive(server->serial())) return;
  host.servers.push_back(std::move(server));
  Server *it = host.servers.back().get();
  host.kernel.Note("server " + std::to_string(it->pid()));
  if (!random_.OneIn(4)) it->CleanupOrphans();
}

void Hosts::Spawn(Host &host) {
  Server *server = AnyServer(host);
  const Serial child = server ? server->Spawn(!random_.OneIn(4)) : 0;
  if (!child) return;
  const bool keeper = random_.OneIn(3);
  if (keeper) host.kernel.Spawn(child);
  host.kernel.Find(child)->ignores_term = random_.OneIn(4);
  const int32_t pid = host.kernel.NumberOf(child);
  for (const auto &it : hosts_) it->kernel.now_ms++; /* the time tells registrations apart */
  const int64_t now_ms = host.kernel.now_ms + host.kernel.wrong_by_ms;
  host.registered.insert({pid, now_ms});
  if (!server->Register(pid, "/", random_.Pick(kTokens), keeper ? pid : 0)) return;
  if (server->is_open()) host.truth.Registered(*server, pid, child, host.Open(server));
}

/* By a number that is another's on the other host. */
void Hosts::Link(Host &host) {
  Server *server = AnyServer(host);
  if (!server) return;
  const std::vector<hpr_row> &rows = host.truth.FileRows();
  const int32_t pid = rows.empty() ? kFirstPid : random_.Pick(rows).main.pid;
  if (random_.OneIn(2))
    server->LinkByPid(random_.Pick(kSessions), pid);
  else
    server->Link(random_.Pick(kTokens), random_.Pick(kSessions));
}

void Hosts::Kill(Host &host) {
  Server *server = AnyServer(host);
  if (!server) return;
  const std::string &session = random_.Pick(kSessions), &token = random_.Pick(kTokens);
  const std::vector<hpr_row> &rows = host.truth.FileRows();
  hpr_target target{};
  switch (random_.Below(3)) {
  case 0: target.session = session.c_str(); break;
  case 1: target.token = token.c_str(); break;
  default: target.pid = rows.empty() ? kFirstPid : random_.Pick(rows).main.pid;
  }
  for (const hpr_row *row : server->RowsMeant(target)) host.truth.Asked(*row);
  server->Terminate(target, HPR_SIGNAL_TERM, random_.OneIn(2) ? 0 : HPR_GRACE_DEFAULT_MS);
}

void Hosts::KillAll(Host &host) {
  Server *server = AnyServer(host);
  if (!server) return;
  for (const hpr_row *row : server->Rows()) host.truth.Asked(*row);
  server->KillAll();
}

void Hosts::CleanUp(Host &host) {
  if (Server *server = AnyServer(host)) server->CleanupOrphans();
}

/* A person says that what is another host's shall go. */
void Hosts::Forget(Host &host) {
  if (!random_.OneIn(3)) return;
  Server::Options options;
  options.guest = true;
  options.number = kVisitor;
  Server visitor(&host.kernel, &disk_, options);
  const std::map<Key, Seen> before = ReadFile();
  int result = HPR_EBUSY;
  forgetting_ = in_accident_ = true; /* nobody else acts meanwhile */
  visitor.Do([&](hpr_registry *registry) {
    size_t count;
    result = hpr_registry_forget(registry, &count);
  });
  forgetting_ = in_accident_ = false;
  if (result == 0) CheckForgotten(host, before);
  visitor.Close();
  host.kernel.Die(visitor.serial(), 0);
  host.kernel.Reap(visitor.serial());
}

void Hosts::CloseServer(Host &host) {
  Server *server = AnyServer(host);
  if (!server) return;
  const Serial serial = server->serial();
  server->Close();
  if (server->closed_unwritten) host.truth.Lost(host.Open());
  host.kernel.Die(serial, 0);
}

/* --- what happens --------------------------------------------------------------------------- */

void Hosts::CrashServer(Host &host) {
  const std::vector<Server *> open = host.Open();
  if (!open.empty()) host.kernel.Die(random_.Pick(open)->serial(), 9);
}

void Hosts::ProcessEnds(Host &host) {
  std::vector<Serial> ours;
  for (const Serial serial : host.kernel.All()) {
    const bool server = std::any_of(host.servers.begin(), host.servers.end(),
                                    [&](const auto &it) { return it->serial() == serial; });
    if (host.kernel.Find(serial)->ours && !server) ours.push_back(serial);
  }
  if (!ours.empty()) host.kernel.Die(random_.Pick(ours), 0);
}

void Hosts::ProcessDies(Host &host) {
  for (const Serial serial : host.kernel.All())
    if (host.kernel.Find(serial)->doom) host.kernel.Die(serial, host.kernel.Find(serial)->doom);
}

/* Whoever is no child of a server that runs. */
void Hosts::Reap(Host &host) {
  for (const Serial serial : host.kernel.All()) {
    const Process *process = host.kernel.Find(serial);
    const std::vector<Server *> open = host.Open();
    const bool waits = std::any_of(open.begin(), open.end(), [&](const Server *it) {
      return it->serial() == process->parent;
    });
    if (process->state == State::kZombie && !waits) host.kernel.Reap(serial);
  }
}

void Hosts::ServerHears(Host &host) {
  if (Server *server = AnyServer(host)) server->Proceed();
}

/* Under a number that a row has, most likely the other host's. */
void Hosts::StrangerComes(Host &host) {
  const std::vector<int32_t> free = host.kernel.FreeNumbers();
  std::vector<int32_t> wanted;
  for (const hpr_row &row : host.truth.FileRows())
    for (const int32_t pid : {row.main.pid, hpr_row_more(&row)->pi.pid})
      if (std::count(free.begin(), free.end(), pid)) wanted.push_back(pid);
  if (wanted.empty()) return;
  const Serial stranger = host.kernel.Spawn(host.kernel.init(), random_.Pick(wanted));
  if (stranger) host.kernel.LeadSession(stranger);
}

void Hosts::Reboot(Host &host) {
  if (random_.OneIn(2)) return;
  for (Server *server : host.Open()) host.kernel.Die(server->serial(), 9);
  host.kernel.Reboot();
  host.truth.Rebooted();
}

/* On both hosts. */
void Hosts::Pass(int64_t ms) {
  int64_t now_ms = 0;
  for (const auto &host : hosts_) now_ms = std::max(now_ms, host->kernel.now_ms);
  for (const auto &host : hosts_) host->kernel.now_ms = now_ms + ms;
  for (const auto &host : hosts_) host->truth.AskedByFile(host->Open()); /* who is too old by now */
  for (const auto &host : hosts_) {
    const Acting acting(host->kernel.self, &host->kernel);
    for (Server *server : host->Open())
      if (!server->is_calling()) server->FireTimers();
  }
}

void Hosts::TimePasses(Host &) {
  static const std::vector<int64_t> kMoments = {10, 300, 1000, 2500};
  Pass(random_.Pick(kMoments));
}

void Hosts::DaysPass(Host &) {
  static const std::vector<int64_t> kDays = {1, 3, 8};
  Pass(random_.Pick(kDays) * kDayMs);
}

/* In the middle of a call of this one. */
void Hosts::OtherActs(Host &host) {
  static const std::vector<Act> kActs = {{"  ! spawn", &Hosts::Spawn, 4},
                                         {"  ! clean up", &Hosts::CleanUp, 3},
                                         {"  ! kill", &Hosts::Kill, 2},
                                         {"  ! crash", &Hosts::CrashServer, 1},
                                         {"  ! hears", &Hosts::ServerHears, 2}};
  if (disk_.locks_reach) Step(kActs, OtherThan(host)); /* else the later write is the whole file */
}

/* --- the run -------------------------------------------------------------------------------- */

void Hosts::Step(const std::vector<Act> &acts, Host &host) {
  const Acting acting(host.kernel.self, &host.kernel);
  const Act &act = random_.PickByWeight(acts);
  host.kernel.Note(act.name);
  (this->*act.run)(host);
}

void Hosts::Accident(Host &host) {
  static const std::vector<Act> kAccidents = {
      {"  ! a process ends", &Hosts::ProcessEnds, 3},
      {"  ! the doomed die", &Hosts::ProcessDies, 3},
      {"  ! the dead are reaped", &Hosts::Reap, 3},
      {"  ! a stranger comes", &Hosts::StrangerComes, 4},
      {"  ! a server crashes", &Hosts::CrashServer, 1},
      {"  ! the other host acts", &Hosts::OtherActs, 4},
  };
  in_accident_ = true;
  Step(kAccidents, host);
  in_accident_ = false;
}

void Hosts::Check() {
  if (keep_all_notes) Note("    " + disk_.Read(kPidFile).value_or("no file"));
  for (const auto &host : hosts_) CheckServers(*host);
}

std::string Hosts::Run(size_t steps) {
  static const std::vector<Act> kActs = {
      {"start a server", &Hosts::StartServer, 6},
      {"spawn", &Hosts::Spawn, 10},
      {"link", &Hosts::Link, 5},
      {"kill", &Hosts::Kill, 4},
      {"kill all", &Hosts::KillAll, 1},
      {"clean up", &Hosts::CleanUp, 6},
      {"forget", &Hosts::Forget, 1},
      {"close a server", &Hosts::CloseServer, 2},
      {"a server crashes", &Hosts::CrashServer, 4},
      {"a process ends", &Hosts::ProcessEnds, 4},
      {"the doomed die", &Hosts::ProcessDies, 5},
      {"the dead are reaped", &Hosts::Reap, 5},
      {"a server hears", &Hosts::ServerHears, 8},
      {"a stranger comes", &Hosts::StrangerComes, 6},
      {"time passes", &Hosts::TimePasses, 8},
      {"days pass", &Hosts::DaysPass, 2},
      {"reboot", &Hosts::Reboot, 1},
  };
  for (size_t i = 0; i < steps && Broken().empty(); i++) {
    steps_++;
    for (const auto &host : hosts_) host->truth.AskedByFile(host->Open());
    Step(kActs, *random_.Pick(std::vector<Host *>{hosts_[0].get(), hosts_[1].get()}));
    Check();
  }
  if (Broken().empty()) End();
  return Broken();
}

/* Each host's orphans are adopted there, and what was begun ends; then one of them is gone. */
void Hosts::End() {
  careful_ = true;
  for (const auto &host : hosts_) {
    const Acting acting(host->kernel.self, &host->kernel);
    for (Server *server : host->Open()) host->kernel.Die(server->serial(), 9);
    host->truth.AskedByFile({});
    Server::Options options;
    options.number = kLastServer;
    host->servers.push_back(std::make_unique<Server>(&host->kernel, &disk_, options));
    host->servers.back()->CleanupOrphans();
  }
  for (int round = 0; round < kRounds && Broken().empty(); round++) {
    Pass(kRoundMs);
    for (const auto &host : hosts_) {
      const Acting acting(host->kernel.self, &host->kernel);
      ProcessDies(*host);
      Reap(*host);
      for (Server *server : host->Open()) server->Proceed();
    }
    Check();
  }
  for (const auto &host : hosts_)
    host->truth.CheckEnd(*host->servers.back(), host->kernel.features.names);
  if (Broken().empty()) GiveUpAllOf(*hosts_[1], *hosts_[0]);
}

} // namespace sim
