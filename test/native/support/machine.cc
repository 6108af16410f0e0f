#include "support/machine.h"

#include <signal.h>

#include <algorithm>

#include "sim/watcher.h"

using sim::State;

namespace {

const char *NameOf(int signum) {
  switch (signum) {
  case SIGTERM: return "TERM";
  case SIGKILL: return "KILL";
  case SIGCONT: return "CONT";
  case SIGINT: return "INT";
  case SIGHUP: return "HUP";
  case SIGQUIT: return "QUIT";
  case SIGSTOP: return "STOP";
  default: return "?";
  }
}

void Add(std::string *list, const std::string &word) {
  if (!list->empty()) *list += ' ';
  *list += word;
}

} // namespace

hpr_target BySession(const char *session) { return {session, nullptr, 0}; }

hpr_target ByToken(const char *token) { return {nullptr, token, 0}; }

hpr_target ByPid(int32_t pid) { return {nullptr, nullptr, pid}; }

std::string Outcome(hpr_outcome outcome) {
  switch (outcome) {
  case HPR_OUTCOME_EXITED: return "EXITED";
  case HPR_OUTCOME_KILLED: return "KILLED";
  case HPR_OUTCOME_ALREADY_GONE: return "ALREADY_GONE";
  case HPR_OUTCOME_NOT_OURS: return "NOT_OURS";
  case HPR_OUTCOME_NOT_FOUND: return "NOT_FOUND";
  case HPR_OUTCOME_UNKNOWN: return "UNKNOWN";
  }
  return "not an outcome";
}

Machine::Machine() {
  sim::the_kernel = &kernel;
  kernel.on_exit = [this](Serial serial) {
    sim::ExitSeen(serial);
    for (const auto &server : servers_)
      if (server->serial() == serial && server->is_open()) server->Crash();
  };
  kernel.on_signal = [this](const sim::Delivery &it) { Signalled(it); };
}

Machine::~Machine() { servers_.clear(); }

/* --- who is there --------------------------------------------------------------------------- */

sim::Server &Machine::Start(const Server::Options &options) {
  servers_.push_back(std::make_unique<Server>(&kernel, &disk, options));
  return *servers_.back();
}

sim::Server &Machine::StartAndClean() {
  Server &server = Start();
  server.CleanupOrphans();
  return server;
}

Serial Machine::Child(Server &server, const std::string &token, const std::string &cwd) {
  const Serial child = server.Spawn();
  EXPECT_TRUE(server.Register(Pid(child), cwd, token));
  return child;
}

Serial Machine::Linked(Server &server, const std::string &session, const std::string &cwd) {
  const Serial child = Child(server, session, cwd);
  EXPECT_TRUE(server.Link(session, session));
  return child;
}

Machine::Pair Machine::Keeper(Server &server, const std::string &session) {
  const Serial keeper = server.Spawn(), pi = kernel.Spawn(keeper);
  EXPECT_TRUE(server.Register(Pid(keeper), "/", session, Pid(keeper)));
  EXPECT_TRUE(server.Link(session, session, Pid(pi)));
  return {keeper, pi};
}

Serial Machine::Stranger(int32_t number) {
  const Serial serial = kernel.Spawn(kernel.shell(), number);
  EXPECT_NE(0u, serial) << number << " is not free";
  kernel.LeadSession(serial);
  return serial;
}

bool Machine::IsServer(Serial serial) const {
  return std::any_of(servers_.begin(), servers_.end(),
                     [&](auto &server) { return server->serial() == serial && server->is_open(); });
}

/* --- what happens --------------------------------------------------------------------------- */

void Machine::End(Serial serial, int signum) {
  const sim::Process *process = kernel.Find(serial);
  const bool reaped = process && !IsServer(process->parent);
  kernel.Die(serial, signum);
  if (reaped) kernel.Reap(serial);
}

Serial Machine::UseAgain(Serial serial) {
  const int32_t number = Pid(serial);
  End(serial);
  kernel.Reap(serial);
  return Stranger(number);
}

void Machine::Proceed() {
  for (const Serial serial : kernel.All())
    if (const sim::Process *process = kernel.Find(serial))
      if (process->doom != 0) kernel.Die(serial, process->doom);
  for (const Serial serial : kernel.All())
    if (const sim::Process *process = kernel.Find(serial))
      if (process->state == State::kZombie && !IsServer(process->parent)) kernel.Reap(serial);
  for (const auto &server : servers_) EXPECT_TRUE(server->Proceed()) << "it never comes to rest";
  for (const auto &server : servers_) server->Do(hpr_registry_flush);
}

void Machine::Pass(int64_t ms) {
  const int64_t end = kernel.ClockMs() + ms;
  for (int64_t next = 0; next < end;) {
    next = end;
    for (const auto &server : servers_) next = std::min(next, server->NextTimer().value_or(end));
    kernel.now_ms += std::max<int64_t>(next - kernel.ClockMs(), 0);
    for (const auto &server : servers_) server->FireTimers();
  }
}

void Machine::HoldLock() {
  const sim::Acting acting(kernel.shell());
  const std::string path = std::string(sim::kPidFile) + ".lock";
  ASSERT_EQ(0, disk.ops()->open_lock(&disk, path.c_str(), &lock_));
  ASSERT_EQ(0, disk.ops()->try_lock(&disk, lock_));
}

void Machine::ReleaseLock() { disk.ops()->close(&disk, lock_); }

void Machine::WriteFile(const Texts &entries) {
  std::string text;
  for (const std::string &entry : entries) text += (text.empty() ? "" : ",\n") + entry;
  disk.Write(sim::kPidFile, "{\"entries\":[" + text + "]}\n");
}

/* --- what is seen --------------------------------------------------------------------------- */

void Machine::Signalled(const sim::Delivery &it) {
  const std::string name = NameOf(it.signum);
  Add(&sent_, name + " " + std::to_string(it.number));
  for (const Serial serial : kernel.All()) {
    const sim::Process *process = kernel.Find(serial);
    if ((it.group ? process->group : serial) != it.target) continue;
    Add(&received_[serial], name);
    EXPECT_TRUE(process->ours) << name << " to a stranger, " << process->pid;
    EXPECT_FALSE(IsServer(serial)) << name << " to a server, " << process->pid;
  }
}

std::string Machine::SignalsTo(Serial serial) const {
  const auto it = received_.find(serial);
  return it == received_.end() ? "" : it->second;
}

std::string Machine::Signals() const { return sent_; }

void Machine::ForgetSignals() {
  received_.clear();
  sent_.clear();
}

Pids Machine::FilePids() {
  Pids pids;
  for (const hpr_row &row : truth_.FileRows()) pids.push_back(row.main.pid);
  return pids;
}

const hpr_row *Machine::InFile(int32_t pid) {
  for (const hpr_row &row : truth_.FileRows())
    if (row.main.pid == pid) return &row;
  return nullptr;
}

Pids Machine::PidsOf(const Server &server) const {
  Pids pids;
  for (const hpr_row *row : server.Rows()) pids.push_back(row->main.pid);
  return pids;
}

std::string Machine::Warnings(const Server &server) const {
  std::string list;
  for (const sim::Warning &warning : server.warnings) Add(&list, Code(warning.error));
  return list;
}

Pids Machine::Exits(const Server &server) const {
  Pids pids;
  for (const sim::Exit &exit : server.exits) pids.push_back(exit.pid);
  return pids;
}

std::string Machine::OutcomeOf(const Server &server, uint64_t request) const {
  std::string list;
  for (const sim::Ended &ended : server.ended)
    if (ended.request == request) Add(&list, Outcome(ended.outcome));
  return list;
}
