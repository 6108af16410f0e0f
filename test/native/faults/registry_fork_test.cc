/* A server that forks without running another program: only the opener may act. */
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "support/folder.h"
#include "support/host.h"
#include "support/processes.h"
#include "support/subprocess.h"

namespace {

TEST(RegistryFork, ActsOnNothingInAChildOfTheServer) {
  Folder folder;
  const std::string path = folder / "pids.json";
  IdleChild first, second;
  Host host(path);
  ASSERT_TRUE(host.Register(first.pid(), "first") && host.Register(second.pid(), "second"));
  Write(path + ".0123456789abcdef.0.tmp", "left over");
  const auto file = TextOf(path);
  const auto names = NamesIn(folder.path());

  InSubprocess([&] {
    EXPECT_FALSE(host.Kill("first"));
    hpr_registry_remove(host.registry(), second.pid());
    host.Register(getpid(), "itself");
    hpr_registry_cleanup_orphans(host.registry());
    hpr_registry_kill_all(host.registry());
    host.Close();
  });

  EXPECT_EQ(file, TextOf(path)) << "the file is the opener's";
  EXPECT_EQ(names, NamesIn(folder.path()));
  EXPECT_TRUE(first.IsAlive() && second.IsAlive());
  EXPECT_TRUE(host.Kill("first")) << "the opener still may";
  EXPECT_TRUE(first.Ends());
  EXPECT_TRUE(second.IsAlive());
}

} // namespace
