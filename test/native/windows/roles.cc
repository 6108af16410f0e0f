/* windows/roles.cc: what the tests' child processes do; see PlayRole. */
#include <windows.h>

#include <cstdio>
#include <cstdlib>

#include "support/client.h"
#include "support/host.h"
#include "support/system.h"
#include "windows/children.h"

namespace {

/* Longer than any test; for processes that outlive a test that crashed. */
constexpr DWORD kLifeMs = 60 * 1000;

void Say(int32_t number) {
  const std::string line = std::to_string(number) + "\n";
  DWORD count;
  WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), line.data(), static_cast<DWORD>(line.size()), &count,
            nullptr);
}

int32_t Self() { return static_cast<int32_t>(GetCurrentProcessId()); }

int Idle() {
  Say(Self());
  Sleep(kLifeMs);
  return 0;
}

/* A child, which has a child, and so on; each says its number, the eldest first. */
int Chain(int below) {
  Say(Self());
  if (below > 0) Spawn({"chain", std::to_string(below - 1)});
  Sleep(kLifeMs);
  return 0;
}

/* Leaves a child behind. */
int Desert() {
  Spawn({"idle"});
  return 0;
}

int Lock(const std::string &path) {
  const hpr_file_ops *files = hpr_file_native();
  hpr_file file;
  if (files->open_lock(files->self, path.c_str(), &file) != 0) return 1;
  if (files->try_lock(files->self, file) != 0) return 1;
  return Idle();
}

/* Adds entries to a file that others write, too. */
int Write(const std::string &path, int first, int count) {
  Server server(path, static_cast<uint64_t>(first));
  for (int i = 0; i < count; i++) {
    server.own.push_back(EntryOf(first + i));
    /* As a registry does: a write that failed, whatever was in its way, is tried again. */
    for (int tries = 0; server.Sync() != 0 && tries < 1000; tries++) Sleep(1);
  }
  Say(Self());
  return 0;
}

/* Tries to end a process as if a dead server's file had named it; says how that went. */
int SignalIt(int32_t pid) {
  System system;
  const hpr_identity it = system.IdentifyRecorded(pid, system.NowMs());
  Say(-system.ops()->signal(system.ops()->self, &it, HPR_SIGNAL_KILL, HPR_SCOPE_GROUP));
  Sleep(kLifeMs);
  return 0;
}

/* A server with one agent, which says its number first. */
int Serve(const std::string &path) {
  Host host(path);
  const int32_t agent = Spawn({"idle"});
  if (!host.Register(agent, "s")) return 1;
  return Idle();
}

} // namespace

int PlayRole(const std::vector<std::string> &role) {
  const std::string &name = role.at(0);
  if (name == "idle") return Idle();
  if (name == "chain") return Chain(std::stoi(role.at(1)));
  if (name == "desert") return Desert();
  if (name == "lock") return Lock(role.at(1));
  if (name == "write") return Write(role.at(1), std::stoi(role.at(2)), std::stoi(role.at(3)));
  if (name == "signal") return SignalIt(std::stoi(role.at(1)));
  if (name == "serve") return Serve(role.at(1));
  return 2;
}
