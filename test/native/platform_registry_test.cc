/* The whole registry on the real kernel, where numbers are used again at the worst moment. */
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "support/client.h"
#include "support/folder.h"
#include "support/host.h"
#include "support/namespace.h"
#include "support/processes.h"
#include "support/system.h"
#include "support/wait.h"

namespace {

constexpr int kTimes = 10;

bool IsRunning(pid_t child) { return waitpid(child, nullptr, WNOHANG) == 0; }

bool IsFree(pid_t number) {
  return Eventually([&] { return kill(number, 0) != 0; });
}

void End(pid_t child) {
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

/* A server registers a child of its own and dies; says the child's pid. */
pid_t OrphanOfADeadServer(const std::string &pid_file, bool stubborn) {
  Child server(1, [&](const Report &report) {
    const pid_t child = ForkIn([&] {
      if (stubborn) signal(SIGTERM, SIG_IGN);
      setpgid(0, 0);
      Idle();
    });
    setpgid(child, child);
    Host host(pid_file);
    EXPECT_TRUE(host.Register(child, "s"));
    if (stubborn) {
      signal(SIGTERM, SIG_IGN);
      EXPECT_TRUE(host.Kill("s"));
    }
    report(child);
    Idle();
  });
  return server.reported();
}

void ExpectNothingToHappenTo(pid_t stranger, const std::string &pid_file) {
  Host next(pid_file);
  hpr_registry_cleanup_orphans(next.registry());
  EXPECT_EQ(0u, next.size());
  next.FireTimers();
  next.HearNotices();
  next.FireTimers();
  EXPECT_TRUE(IsRunning(stranger));
  EXPECT_EQ(FileOf({}), TextOf(pid_file).value_or("(none)"));
}

TEST(RegistryOnLinux, SparesWhoeverGotANumberWhileTheServerWasDown) {
  if (!HasNamespaces()) GTEST_SKIP() << kNoNamespaces;
  for (const bool stubborn : {false, true}) {
    SCOPED_TRACE(stubborn ? "one that was to be ended" : "one that was not");
    InNamespace([=] {
      Folder folder;
      for (int i = 0; i < kTimes; i++) {
        const std::string pid_file = folder / ("pids-" + std::to_string(i));
        const pid_t orphan = OrphanOfADeadServer(pid_file, stubborn);
        kill(orphan, SIGKILL);
        ASSERT_TRUE(IsFree(orphan));
        if (!KernelNamesProcesses()) AwaitNextTick();
        const pid_t stranger = ForkAs(orphan);
        ASSERT_EQ(orphan, stranger);
        setpgid(stranger, stranger);
        ExpectNothingToHappenTo(stranger, pid_file);
        End(stranger);
      }
    });
  }
}

TEST(RegistryOnLinux, SparesWhoeverGotANumberBeforeTheKill) {
  if (!HasNamespaces()) GTEST_SKIP() << kNoNamespaces;
  InNamespace([] {
    Folder folder;
    for (int i = 0; i < kTimes; i++) {
      const pid_t child = ForkIn(Idle);
      Host host(folder / "pids");
      ASSERT_TRUE(host.Register(child, "s"));
      End(child);
      if (!KernelNamesProcesses()) AwaitNextTick();
      const pid_t stranger = ForkAs(child);
      ASSERT_EQ(child, stranger);
      EXPECT_FALSE(host.Kill("s"));
      EXPECT_TRUE(IsRunning(stranger));
      End(stranger);
    }
  });
}

TEST(RegistryOnLinux, SparesWhoeverGotANumberBetweenSigtermAndSigkill) {
  if (!HasNamespaces()) GTEST_SKIP() << kNoNamespaces;
  InNamespace([] {
    Folder folder;
    for (int i = 0; i < kTimes; i++) {
      const pid_t child = ForkIn(Idle);
      Host host(folder / "pids");
      ASSERT_TRUE(host.Register(child, "s"));
      ASSERT_TRUE(host.Kill("s"));
      ASSERT_EQ(child, waitpid(child, nullptr, 0)) << "it goes at SIGTERM";
      if (!KernelNamesProcesses()) AwaitNextTick();
      const pid_t stranger = ForkAs(child);
      ASSERT_EQ(child, stranger);
      host.FireTimers();
      EXPECT_TRUE(IsRunning(stranger));
      host.HearNotices();
      EXPECT_EQ(std::vector<int32_t>{child}, host.exits);
      End(stranger);
    }
  });
}

} // namespace
