/* Numbers that are used again, forced in a pid namespace of our own. */
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/namespace.h"
#include "support/processes.h"
#include "support/system.h"

namespace {

constexpr int kTimes = 10;

pid_t ForkIdle() {
  const pid_t child = fork();
  if (child == 0) Idle();
  return child;
}

void End(pid_t child) {
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

bool IsRunning(pid_t child) { return waitpid(child, nullptr, WNOHANG) == 0; }

/* Its process is dead and reaped, and another one has its number. */
void ExpectStranger(System *system, const hpr_identity &identity, pid_t stranger) {
  ASSERT_EQ(identity.pid, stranger);
  EXPECT_EQ("STRANGER", system->Verify(identity));
  for (const hpr_signal signal : {HPR_SIGNAL_TERM, HPR_SIGNAL_KILL})
    EXPECT_EQ("HPR_ESTRANGER", system->Signal(identity, signal));
  EXPECT_EQ("HPR_ESRCH", system->Watch(identity, 1));
  EXPECT_TRUE(IsRunning(stranger));
}

TEST(Reuse, IsNoticedTenTimesOutOfTen) {
  if (!HasNamespaces()) GTEST_SKIP() << kNoNamespaces;
  InNamespace([] {
    System system;
    for (int i = 0; i < kTimes; i++) {
      const pid_t child = ForkIdle();
      const hpr_identity identity = system.Identify(child);
      ASSERT_TRUE(identity.kin);
      End(child);
      AwaitNextTick();
      const pid_t stranger = ForkAs(child);
      ExpectStranger(&system, identity, stranger);
      End(stranger);
    }
  });
}

TEST(Reuse, IsNoticedWithinOneClockTick) {
  if (!HasNamespaces()) GTEST_SKIP() << kNoNamespaces;
  if (!KernelNamesProcesses()) GTEST_SKIP() << kNoNames;
  InNamespace([] {
    System system;
    int same_tick = 0;
    for (int tries = 0; tries < 1000 && same_tick < kTimes; tries++) {
      const pid_t child = ForkIdle();
      const hpr_identity identity = system.Identify(child);
      End(child);
      const pid_t stranger = ForkAs(child);
      const hpr_identity its_own = system.Identify(stranger);
      same_tick += PartOf(BirthOf(identity), 1) == PartOf(BirthOf(its_own), 1);
      ExpectStranger(&system, identity, stranger);
      EXPECT_EQ("SAME", system.Verify(its_own));
      End(stranger);
    }
    EXPECT_EQ(kTimes, same_tick) << "no two processes could be started in one clock tick";
  });
}

TEST(Reuse, OfAGroupsNumberIsNoticed) {
  if (!HasNamespaces()) GTEST_SKIP() << kNoNamespaces;
  InNamespace([] {
    System system;
    for (int i = 0; i < kTimes; i++) {
      const pid_t leader = ForkIdle();
      setpgid(leader, leader);
      const hpr_identity identity = system.Identify(leader);
      End(leader);
      AwaitNextTick();
      const pid_t stranger = ForkAs(leader);
      setpgid(stranger, stranger);
      ExpectStranger(&system, identity, stranger);
      End(stranger);
    }
  });
}

} // namespace
