#include <errno.h>
#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/folder.h"
#include "support/native.h"
#include "support/processes.h"
#include "support/sandbox.h"
#include "support/subprocess.h"
#include "support/system.h"
#include "support/wait.h"

namespace {

/* Not in the headers of older systems; the same numbers on all architectures. */
constexpr int kPidfdOpen = 434, kPidfdSendSignal = 424;
constexpr uint32_t kPidfsRoot = static_cast<uint32_t>(-10002);

/* What kernels and filters of system calls lack in the field. */
const struct Kernel {
  const char *name;
  std::vector<Withheld> withheld;
} kKernels[] = {
    {"Linux before 5.3: no pidfd",
     {{kPidfdOpen, ENOSYS},
      {kPidfdSendSignal, ENOSYS},
      {SYS_name_to_handle_at, EOPNOTSUPP},
      {SYS_open_by_handle_at, EPERM}}},
    {"a container's filter that says EPERM",
     {{kPidfdOpen, EPERM},
      {kPidfdSendSignal, EPERM},
      {SYS_name_to_handle_at, EPERM},
      {SYS_open_by_handle_at, EPERM}}},
    {"Linux before 6.9: no signals to groups, no names",
     {{kPidfdSendSignal, EINVAL, 3, 4},
      {SYS_name_to_handle_at, EOPNOTSUPP},
      {SYS_open_by_handle_at, ESTALE}}},
    {"a container's filter that lets no name be opened", {{SYS_open_by_handle_at, EPERM}}},
    {"a filter that refuses to open pidfds alone", {{kPidfdOpen, EPERM}}},
    {"a filter that refuses to signal by pidfds alone", {{kPidfdSendSignal, EPERM}}},
    {"Linux before 6.17: no root handle", {{SYS_open_by_handle_at, EBADF, 0, kPidfsRoot}}},
};

TEST(Sandbox, TellsNoFolderWithoutWaitingWhereTheKernelCannot) {
  constexpr int kOpenat2 = 437;
  for (const int error : {ENOSYS, EPERM, EINVAL})
    InSubprocess([&] {
      ASSERT_TRUE(Withhold({{kOpenat2, error}}));
      hpr_folder_id id;
      const hpr_file_ops *files = hpr_file_native();
      EXPECT_EQ(HPR_ENOTSUP, files->folder(files->self, "/", HPR_PATIENCE_BRIEF, &id));
      EXPECT_EQ(0, files->folder(files->self, "/", HPR_PATIENCE_ENDLESS, &id));
    });
}

/* Else it would be caught by the test's runner, which would go on in the sandbox. */
TEST(Sandbox, IsNotLeftByAnException) {
  EXPECT_NONFATAL_FAILURE(InSubprocess([] { throw std::runtime_error("on purpose"); }),
                          "ended by signal 6");
}

/* Runs the body once on each of those kernels. */
void OnEveryKernel(const std::function<void()> &body) {
  for (const Kernel &kernel : kKernels) {
    SCOPED_TRACE(kernel.name);
    InSubprocess([&] {
      ASSERT_TRUE(Withhold(kernel.withheld)) << "no seccomp filters here";
      body();
    });
  }
}

int EndedBy(Child &child) {
  const int status = child.Reap();
  EXPECT_NE(-1, status) << "it does not end";
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* A zombie is dead; a slow init may take seconds to reap an orphan. */
bool IsDead(pid_t pid) { return StateOf(pid) == 'Z' || StateOf(pid) == '\0'; }

TEST(Sandbox, StillTellsWhoAProcessIs) {
  OnEveryKernel([] {
    System system;
    IdleChild child;
    const hpr_identity identity = system.Identify(child.pid());
    EXPECT_EQ("KNOWN", Record(identity.state));
    EXPECT_TRUE(identity.kin);
    EXPECT_EQ("SAME", system.Verify(identity));
    hpr_identity stranger = identity;
    SetBirth(&stranger, AnotherBirth(BirthOf(identity)));
    EXPECT_EQ("STRANGER", system.Verify(stranger));
    EXPECT_EQ("HPR_ESTRANGER", system.Signal(stranger));
    child.Kill();
    ASSERT_TRUE(child.Ends());
    EXPECT_EQ("GONE", system.Verify(identity));
    EXPECT_EQ("NOBODY", Record(system.Identify(child.pid()).state));
    child.Reap();
    EXPECT_EQ("GONE", system.Verify(identity));
  });
}

TEST(Sandbox, StillTellsWhoWasRecordedOutside) {
  IdleChild child;
  System outside;
  const hpr_identity identity = outside.Identify(child.pid());
  for (const Kernel &kernel : kKernels) {
    SCOPED_TRACE(kernel.name);
    if (std::string(kernel.name).find("6.9") != std::string::npos)
      continue; /* on one machine names do not come and go: a name that is stale is gone */
    InSubprocess([&] {
      ASSERT_TRUE(Withhold(kernel.withheld)) << "no seccomp filters here";
      System inside;
      EXPECT_EQ("SAME", inside.Verify(identity));
    });
  }
}

TEST(Sandbox, StillSignalsAProcess) {
  OnEveryKernel([] {
    System system;
    IdleChild child, sibling;
    EXPECT_EQ("HPR_OK", system.Signal(system.Identify(child.pid())));
    EXPECT_EQ(SIGTERM, EndedBy(child));
    EXPECT_TRUE(sibling.IsAlive());
  });
}

TEST(Sandbox, StillSignalsAGroup) {
  OnEveryKernel([] {
    System system;
    GroupOfTwo leader;
    EXPECT_EQ("HPR_OK", system.Signal(system.Identify(leader.pid())));
    EXPECT_EQ(SIGTERM, EndedBy(leader));
    EXPECT_TRUE(Eventually([&] { return IsDead(leader.reported()); })) << "its member lives";
  });
}

/* Linux before 6.15: of a number that only a group has pidfd_open(2) says what it says of threads.
 */
TEST(Sandbox, TakesTheNumberOfAGroupForNoThread) {
  InSubprocess([] {
    System system;
    GroupOfTwo leader;
    hpr_identity identity = system.Identify(leader.pid());
    SetBirth(&identity, WithPart(BirthOf(identity), 2, ""));
    leader.Kill();
    leader.Reap();
    ASSERT_TRUE(Withhold({{kPidfdOpen, EINVAL}})) << "no seccomp filters here";
    EXPECT_EQ("UNKNOWN", system.Verify(identity));
    EXPECT_TRUE(system.HasEnded(identity));
    EXPECT_EQ(0, kill(leader.reported(), SIGKILL));
    EXPECT_TRUE(Eventually([&] { return system.Verify(identity) == "GONE"; }));
  });
}

TEST(Sandbox, StillSignalsTheGroupOfAZombie) {
  OnEveryKernel([] {
    System system;
    GroupOfTwo leader;
    const hpr_identity identity = system.Identify(leader.pid());
    leader.Kill();
    ASSERT_TRUE(leader.Ends());
    EXPECT_EQ("GROUP", system.Verify(identity));
    EXPECT_EQ("HPR_OK", system.Signal(identity));
    EXPECT_TRUE(Eventually([&] { return system.Verify(identity) == "GONE"; }));
  });
}

TEST(Sandbox, NeverSignalsAGroupThatItCannotProve) {
  OnEveryKernel([] {
    System system;
    GroupOfTwo leader;
    const pid_t member = leader.reported();
    const hpr_identity identity = system.Identify(leader.pid());
    EXPECT_FALSE(system.HasEnded(identity));
    leader.Kill();
    leader.Reap();
    EXPECT_TRUE(system.HasEnded(identity)) << "whosever the group is";
    const std::string verdict = system.Verify(identity);
    if (verdict == "GROUP") { /* by its name */
      EXPECT_EQ("HPR_OK", system.Signal(identity));
      EXPECT_TRUE(Eventually([&] { return system.Verify(identity) == "GONE"; }));
      return;
    }
    EXPECT_EQ("UNKNOWN", verdict);
    EXPECT_EQ("HPR_EUNKNOWN", system.Signal(identity));
    EXPECT_EQ(0, kill(member, SIGKILL)) << "it was left alone";
    EXPECT_TRUE(Eventually([&] { return system.Verify(identity) == "GONE"; }));
  });
}

/* With a handle that is kept since it was watched, or by its name. */
TEST(Sandbox, StillSignalsAGroupThatItHasWatchedTheLeaderOf) {
  if (!KernelSignalsGroups()) GTEST_SKIP() << kNoGroups;
  for (const Kernel &kernel : kKernels) {
    bool pinned = true;
    for (const Withheld &it : kernel.withheld)
      pinned = pinned && it.call != kPidfdOpen && it.call != kPidfdSendSignal;
    if (!pinned) continue;
    SCOPED_TRACE(kernel.name);
    InSubprocess([&] {
      ASSERT_TRUE(Withhold(kernel.withheld)) << "no seccomp filters here";
      System system;
      GroupOfTwo leader;
      const hpr_identity identity = system.Identify(leader.pid());
      ASSERT_EQ("HPR_OK", system.Watch(identity, 1));
      leader.Kill();
      leader.Reap();
      ASSERT_EQ("GROUP", system.Verify(identity));
      EXPECT_EQ("HPR_OK", system.Signal(identity));
      EXPECT_TRUE(Eventually([&] { return system.Verify(identity) == "GONE"; }));
    });
  }
}

TEST(Sandbox, KeepsNoHandleOfWhatIsGone) {
  InSubprocess([] {
    ASSERT_TRUE(Withhold({{SYS_open_by_handle_at, EPERM}})) << "no seccomp filters here";
    System system;
    IdleChild first;
    ASSERT_EQ("HPR_OK", system.Watch(system.Identify(first.pid()), 1));
    const size_t before = OpenDescriptors();
    for (uint64_t watch = 2; watch < 12; watch++) {
      IdleChild child;
      const hpr_identity identity = system.Identify(child.pid());
      ASSERT_EQ("HPR_OK", system.Watch(identity, watch));
      child.Kill();
      child.Reap();
      ASSERT_TRUE(system.HasNotices(watch - 1));
      EXPECT_EQ("GONE", system.Verify(identity));
    }
    EXPECT_EQ(before, OpenDescriptors());
  });
}

TEST(Sandbox, IsToldWhereHandlesAreWithheld) {
  EXPECT_FALSE(System().Withheld());
  for (const int call : {kPidfdOpen, kPidfdSendSignal})
    for (const int error : {EPERM, ENOSYS})
      InSubprocess([&] {
        ASSERT_TRUE(Withhold({{call, error}})) << "no seccomp filters here";
        EXPECT_TRUE(System().Withheld());
      });
  InSubprocess([] {
    ASSERT_TRUE(Withhold({{SYS_open_by_handle_at, EPERM}})) << "no seccomp filters here";
    EXPECT_FALSE(System().Withheld()) << "what it is for is promised without it";
  });
}

TEST(Sandbox, NeverSignalsAThread) {
  OnEveryKernel([] {
    System system;
    std::atomic<pid_t> tid{0};
    std::atomic<bool> go{false};
    std::thread thread([&] {
      tid = static_cast<pid_t>(syscall(SYS_gettid));
      Eventually([&] { return go.load(); });
    });
    ASSERT_TRUE(Eventually([&] { return tid != 0; }));
    hpr_identity identity = system.Identify(tid);
    EXPECT_TRUE(identity.state == HPR_RECORD_NOBODY || identity.state == HPR_RECORD_OPAQUE)
        << Record(identity.state);
    identity.kin = true;
    EXPECT_NE("HPR_OK", system.Signal(identity));
    go = true;
    thread.join();
  });
}

TEST(Sandbox, StillSeesAProcessEnd) {
  OnEveryKernel([] {
    System system;
    IdleChild first, second, third;
    ASSERT_EQ("HPR_OK", system.Watch(system.Identify(first.pid()), 1));
    ASSERT_EQ("HPR_OK", system.Watch(system.Identify(second.pid()), 2));
    ASSERT_EQ("HPR_OK", system.Watch(system.Identify(third.pid()), 3));
    system.Unwatch(2);
    second.Kill();
    first.Kill();
    ASSERT_TRUE(system.HasNotices(1));
    third.Kill();
    ASSERT_TRUE(system.HasNotices(2));
    EXPECT_EQ((std::vector<uint64_t>{1, 3}), system.Notices());
  });
}

TEST(Sandbox, StillSeesAGroupEnd) {
  OnEveryKernel([] {
    System system;
    GroupOfTwo leader;
    const hpr_identity identity = system.Identify(leader.pid());
    leader.Kill();
    ASSERT_TRUE(leader.Ends());
    ASSERT_EQ("HPR_OK", system.Watch(identity, 1));
    EXPECT_EQ(0, kill(leader.reported(), SIGKILL));
    EXPECT_TRUE(system.HasNotices(1));
  });
}

/* --- /proc ---------------------------------------------------------------------------------- */

const char kNoMounts[] = "this system lets us mount nothing, not even in a namespace of our own";

/* What a system without /proc, and without pidfds, makes of our own child. */
void ExpectOwnChildToBeTrusted() {
  System system;
  IdleChild own;
  const hpr_identity identity = system.Identify(own.pid());
  EXPECT_EQ("OPAQUE", Record(identity.state));
  EXPECT_TRUE(identity.kin);
  EXPECT_EQ("SAME", system.Verify(identity));
  EXPECT_EQ("HPR_OK", system.Signal(identity));
  ASSERT_TRUE(own.Ends());
  EXPECT_EQ("GONE", system.Verify(identity)) << "a zombie";
  EXPECT_EQ("HPR_ESRCH", system.Signal(identity));
  own.Reap();
  EXPECT_EQ("GONE", system.Verify(identity));
}

TEST(Sandbox, TrustsAnOwnChildWithoutProc) {
  if (!CanMount()) GTEST_SKIP() << kNoMounts;
  InSubprocess([] {
    ASSERT_TRUE(HideProc());
    ExpectOwnChildToBeTrusted();
  });
}

TEST(Sandbox, TrustsAnOwnChildWithoutProcAndPidfds) {
  if (!CanMount()) GTEST_SKIP() << kNoMounts;
  InSubprocess([] {
    ASSERT_TRUE(HideProc() && Withhold(kKernels[0].withheld));
    ExpectOwnChildToBeTrusted();
  });
}

TEST(Sandbox, TrustsNobodyElseWithoutProc) {
  if (!CanMount()) GTEST_SKIP() << kNoMounts;
  System outside;
  IdleChild child;
  const hpr_identity recorded = outside.Identify(child.pid());
  InSubprocess([&] {
    ASSERT_TRUE(HideProc());
    System system;
    const hpr_identity identity = system.Identify(child.pid());
    EXPECT_EQ("OPAQUE", Record(identity.state));
    EXPECT_FALSE(identity.kin);
    EXPECT_EQ("UNKNOWN", system.Verify(identity));
    EXPECT_EQ("HPR_EUNKNOWN", system.Signal(identity));
    EXPECT_EQ("UNKNOWN", system.Verify(recorded));
    EXPECT_EQ("HPR_EUNKNOWN", system.Signal(recorded));
  });
  EXPECT_TRUE(child.IsAlive());
}

class HiddenProcesses : public testing::TestWithParam<const char *> {};

TEST_P(HiddenProcesses, AreNotDeadAndHideNoneOfOurOwn) {
  if (!CanMount() || !CanChangeUser()) GTEST_SKIP() << kNoMounts;
  System outside;
  IdleChild child;
  const hpr_identity recorded = outside.Identify(child.pid());
  InSubprocess([&] {
    ASSERT_TRUE(HideOthersInProc(GetParam()));
    BecomeNobody();
    System system;
    EXPECT_EQ("OPAQUE", Record(system.Identify(child.pid()).state));
    const std::string verdict = system.Verify(recorded);
    EXPECT_TRUE(verdict == "FOREIGN" || verdict == "UNKNOWN") << verdict;
    const std::string answer = system.Signal(recorded);
    EXPECT_TRUE(answer == "HPR_EFOREIGN" || answer == "HPR_EUNKNOWN") << answer;
    IdleChild own;
    EXPECT_EQ("SAME", system.Verify(system.Identify(own.pid())));
    hpr_seen *list;
    size_t count;
    ASSERT_EQ(0, system.ops()->list(system.ops()->self, &list, &count));
    EXPECT_NE(SIZE_MAX, hpr_seen_find(list, count, own.pid()));
    free(list);
  });
  EXPECT_TRUE(child.IsAlive());
}

INSTANTIATE_TEST_SUITE_P(Sandbox, HiddenProcesses, testing::Values("hidepid=1", "hidepid=2"));

} // namespace
