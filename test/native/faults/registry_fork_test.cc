/* A server that forks without running another program: only the opener may act. */
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "support/folder.h"
#include "support/processes.h"
#include "support/subprocess.h"
#include "support/system.h"
#include "support/wait.h"

extern "C" {
#include "core/registry.h"
}

namespace {

hpr_host SilentHost() {
  hpr_host host = {};
  host.start_timer = [](void *, uint64_t, int32_t) {};
  host.stop_timer = [](void *, uint64_t) {};
  host.exited = [](void *, const hpr_snapshot *) {};
  host.warned = [](void *, int, int32_t, const char *) {};
  host.terminated = [](void *, uint64_t, const hpr_termination *) {};
  host.closed = [](void *) {};
  return host;
}

hpr_registry *OpenRegistry(const std::string &path, System &system) {
  hpr_options options = {};
  options.pid_file = path.c_str();
  options.process = *system.ops();
  options.files = hpr_file_native();
  options.host = SilentHost();
  options.grace_ms = HPR_GRACE_NEVER;
  hpr_registry *registry = nullptr;
  EXPECT_EQ("HPR_OK", Code(hpr_registry_open(&options, &registry)));
  return registry;
}

void Register(hpr_registry *registry, int32_t pid) {
  hpr_registration registration = {};
  hpr_ticket ticket;
  registration.pid = pid;
  registration.cwd = "/work";
  EXPECT_EQ("HPR_OK", Code(hpr_registry_register(registry, &registration, &ticket)));
}

bool Kill(hpr_registry *registry, int32_t pid) {
  hpr_target target = {};
  target.pid = pid;
  return hpr_registry_kill(registry, &target);
}

TEST(RegistryFork, ActsOnNothingInAChildOfTheServer) {
  Folder folder;
  const std::string path = folder / "pids.json";
  System system;
  IdleChild first, second;
  hpr_registry *registry = OpenRegistry(path, system);
  Register(registry, first.pid());
  Register(registry, second.pid());
  const auto file = TextOf(path);
  const auto names = NamesIn(folder.path());

  InSubprocess([&] {
    EXPECT_FALSE(Kill(registry, first.pid()));
    hpr_registry_remove(registry, second.pid());
    Register(registry, getpid());
    hpr_registry_cleanup_orphans(registry);
    hpr_registry_kill_all(registry);
    hpr_registry_close(registry);
  });

  EXPECT_EQ(file, TextOf(path)) << "the file is the opener's";
  EXPECT_EQ(names, NamesIn(folder.path()));
  EXPECT_TRUE(first.IsAlive() && second.IsAlive());
  EXPECT_TRUE(Kill(registry, first.pid())) << "the opener still may";
  EXPECT_TRUE(first.Ends());
  EXPECT_TRUE(second.IsAlive());
  hpr_registry_close(registry);
}

} // namespace
