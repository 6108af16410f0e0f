/* Numbers that have passed on to somebody else, for real. */
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "support/client.h"
#include "support/folder.h"
#include "support/host.h"
#include "support/system.h"
#include "windows/children.h"

namespace {

TEST(WindowsReuse, TellsTheNextHolderOfANumberApart) {
  System system;
  Child first({"idle"});
  const hpr_identity it = system.Identify(first.pid());
  first.Forget();
  const std::unique_ptr<Child> next = ChildWithPid(it.pid);
  if (!next) GTEST_SKIP() << kNoReuse;
  EXPECT_EQ("STRANGER", system.Verify(it));
  EXPECT_EQ("HPR_ESTRANGER", system.Signal(it, HPR_SIGNAL_KILL));
  EXPECT_EQ("HPR_ESRCH", system.Watch(it, 1));
  EXPECT_TRUE(next->IsAlive());
}

/* Its maker's number is our child's now, but our child is younger. */
TEST(WindowsReuse, TakesNoOrphanForAChildOfWhoeverGotTheNumberOfItsMaker) {
  System system;
  Child deserter({"desert"});
  ASSERT_TRUE(deserter.Ends());
  Other orphan(deserter.said());
  deserter.LetGo();
  const std::unique_ptr<Child> next = ChildWithPid(deserter.pid());
  if (!next) GTEST_SKIP() << kNoReuse;
  const hpr_identity it = system.Identify(next->pid());
  EXPECT_TRUE(it.kin);
  EXPECT_FALSE(system.Identify(deserter.said()).kin);
  EXPECT_FALSE(system.Identify(deserter.said(), &it).kin);
  EXPECT_EQ("HPR_OK", system.Signal(it, HPR_SIGNAL_KILL));
  EXPECT_TRUE(next->Ends());
  EXPECT_TRUE(orphan.IsAlive());
}

TEST(WindowsReuse, SparesWhoeverGotANumberWhileTheServerWasDown) {
  Folder folder;
  int32_t agent = 0;
  {
    Child server({"serve", folder / "pids.json"}, 2);
    agent = server.said(0) == server.pid() ? server.said(1) : server.said(0);
  }
  const std::unique_ptr<Child> next = ChildWithPid(agent);
  if (!next) GTEST_SKIP() << kNoReuse;
  Host host(folder / "pids.json");
  hpr_registry_cleanup_orphans(host.registry());
  EXPECT_EQ(0u, host.size());
  host.FireTimers();
  EXPECT_TRUE(next->IsAlive());
  EXPECT_EQ(FileOf({}), TextOf(folder / "pids.json"));
}

} // namespace
