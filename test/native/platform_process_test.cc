#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "support/folder.h"
#include "support/native.h"
#include "support/processes.h"
#include "support/subprocess.h"
#include "support/system.h"
#include "support/wait.h"

extern "C" {
#include "base/shared.h"
#include "platform/descent.h"
#include "platform/linux/procfs.h"
}

namespace {

/* A process that is nobody's child any more, with `become` done first; its parent has ended. */
class Orphan {
public:
  explicit Orphan(const std::function<void()> &become = [] {}) {
    Child middle(1, [&](const Report &report) {
      int ready[2];
      if (pipe(ready) != 0) _exit(1);
      const pid_t pid = ForkIn([&] {
        become();
        if (write(ready[1], "", 1) != 1) _exit(1);
        Idle();
      });
      char byte;
      if (read(ready[0], &byte, 1) != 1) _exit(1);
      report(pid);
    });
    it_ = std::make_unique<Grandchild>(middle.reported());
    EXPECT_EQ(0, middle.Reap());
  }

  pid_t pid() const { return it_->pid(); }
  /* Unless we are the process that orphans go to. */
  bool LeftUs() const { return ParentOf(pid()) != getpid(); }

private:
  std::unique_ptr<Grandchild> it_;
};

const char kReaper[] = "this process adopts orphans, so they stay its descendants";

/* A thread of this process that waits to be let go. */
class Thread {
public:
  Thread() : thread_([this] { Run(); }) {
    EXPECT_TRUE(Eventually([&] { return tid_ != 0; }));
  }
  ~Thread() {
    go_ = true;
    thread_.join();
  }
  pid_t tid() const { return tid_; }

private:
  void Run() {
    tid_ = static_cast<pid_t>(syscall(SYS_gettid));
    Eventually([&] { return go_.load(); });
  }

  std::atomic<pid_t> tid_{0};
  std::atomic<bool> go_{false};
  std::thread thread_;
};

/* 0 if none can be seen, as in a container. */
pid_t SomeKernelThread() {
  for (const std::string &name : NamesIn("/proc")) {
    hpr_proc_stat stat;
    const pid_t pid = atoi(name.c_str());
    if (pid >= HPR_PID_MIN && hpr_procfs_stat(pid, &stat) == 0 && stat.facts.kernel) return pid;
  }
  return 0;
}

const char kNoKernelThread[] = "no kernel thread can be seen here";

/* --- unset ---------------------------------------------------------------------------------- */

TEST(Process, OpensNoDescriptorAndNoThreadUntilItWatches) {
  const size_t before = OpenDescriptors();
  const size_t threads = NamesIn("/proc/self/task").size();
  System system;
  IdleChild child;
  system.Verify(system.Identify(child.pid()));
  EXPECT_EQ(before, OpenDescriptors());
  EXPECT_EQ(threads, NamesIn("/proc/self/task").size());
}

TEST(Process, TellsItsOwnPid) {
  System system;
  EXPECT_EQ(getpid(), system.ops()->self_pid(system.ops()->self));
  InSubprocess([&] { EXPECT_EQ(getpid(), system.ops()->self_pid(system.ops()->self)); });
}

TEST(Process, HasClocksThatAreNeverSet) {
  System system;
  hpr_process_ops *ops = system.ops();
  const int64_t clock_ms = ops->clock_ms(ops->self), boot_ms = ops->boot_ms(ops->self);
  EXPECT_LE(clock_ms, ops->clock_ms(ops->self));
  EXPECT_LE(clock_ms, boot_ms) << "which counts the time asleep";
  const double up_s = std::stod(TextOf("/proc/uptime").value_or("0"));
  EXPECT_NEAR(up_s * 1000, static_cast<double>(boot_ms), 5000);
}

TEST(Process, TellsTheTime) {
  System system;
  const int64_t before_ms = static_cast<int64_t>(time(nullptr)) * 1000;
  const int64_t now_ms = system.NowMs();
  EXPECT_GE(now_ms, before_ms);
  EXPECT_LE(now_ms, (static_cast<int64_t>(time(nullptr)) + 1) * 1000);
}

TEST(Process, GivesNoNumberTwice) {
  System system;
  std::vector<uint64_t> numbers;
  for (int i = 0; i < 1000; i++) numbers.push_back(system.ops()->nonce(system.ops()->self));
  std::sort(numbers.begin(), numbers.end());
  EXPECT_EQ(numbers.end(), std::adjacent_find(numbers.begin(), numbers.end()));
}

TEST(Process, ThatIsUnsetCannotBeJudged) {
  System system;
  for (const int32_t pid : {0, 1, -1, -1234, INT32_MIN}) {
    hpr_identity identity = {};
    identity.pid = pid;
    EXPECT_EQ("UNKNOWN", system.Verify(identity)) << pid;
  }
}

TEST(Process, OfWhichNothingWasRecordedCannotBeTrusted) {
  System system;
  IdleChild child;
  hpr_identity identity = {};
  identity.pid = child.pid();
  EXPECT_EQ("UNKNOWN", system.Verify(identity));
  child.Kill();
  child.Reap();
  EXPECT_EQ("GONE", system.Verify(identity)) << "a free number is nobody's";
}

/* --- identify and verify -------------------------------------------------------------------- */

TEST(Process, IsTheSameAsLongAsItLives) {
  System system;
  IdleChild child;
  const hpr_identity identity = system.Identify(child.pid());
  EXPECT_EQ("KNOWN", Record(identity.state));
  EXPECT_NE("", BootOf(identity));
  EXPECT_NE("", BirthOf(identity));
  for (int i = 0; i < 3; i++) EXPECT_EQ("SAME", system.Verify(identity));
}

TEST(Process, IsIdentifiedAlikeEveryTime) {
  System system;
  IdleChild child;
  const hpr_identity first = system.Identify(child.pid()), second = system.Identify(child.pid());
  EXPECT_EQ(BootOf(first), BootOf(second));
  EXPECT_EQ(BirthOf(first), BirthOf(second));
}

TEST(Process, IsTheSameToAServerThatStartsLater) {
  System first;
  IdleChild child;
  const hpr_identity identity = first.Identify(child.pid());
  first.Close();
  System second;
  EXPECT_EQ("SAME", second.Verify(identity));
  InSubprocess([&] {
    System third;
    EXPECT_EQ("SAME", third.Verify(identity)) << "in another process as well";
  });
}

TEST(Process, IsTheSameAfterItsIdentityStoodInAFile) {
  System system;
  IdleChild child;
  hpr_row row = {}, back = {};
  row.main = system.Identify(child.pid());
  row.cwd = hpr_shared_new("/");
  row.spawned_ms = HPR_SPAWNED_UNKNOWN;
  hpr_buffer text = {};
  hpr_row_write(&row, &text);
  ASSERT_EQ(0, hpr_row_read(hpr_span{text.text, text.length}, &back));
  EXPECT_EQ("SAME", system.Verify(back.main));
  EXPECT_TRUE(back.main.kin);
  hpr_buffer_done(&text);
  hpr_row_done(&row);
  hpr_row_done(&back);
}

TEST(Process, IsTheSameAfterItRunsAnotherProgram) {
  System system;
  Child child(1, [](const Report &report) {
    report(getpid());
    raise(SIGSTOP);
    execlp("sleep", "sleep", "60", static_cast<char *>(nullptr));
  });
  const hpr_identity identity = system.Identify(child.pid());
  ASSERT_TRUE(Eventually([&] { return IsStopped(child.pid()); }));
  child.Kill(SIGCONT);
  ASSERT_TRUE(Eventually(
      [&] { return TextOf("/proc/" + std::to_string(child.pid()) + "/comm") == "sleep\n"; }));
  EXPECT_EQ("SAME", system.Verify(identity));
}

TEST(Process, IsTheSameWhateverItCallsItself) {
  System system;
  for (const char *name : {"a b", "x) R 1 1 (", "((((", "))))", ") Z 0 0", "\n\n", "é"}) {
    Child child(1, [&](const Report &report) {
      prctl(PR_SET_NAME, name);
      report(getpid());
      Idle();
    });
    const hpr_identity identity = system.Identify(child.pid());
    EXPECT_EQ("KNOWN", Record(identity.state)) << name;
    EXPECT_TRUE(identity.kin) << name;
    EXPECT_EQ("SAME", system.Verify(identity)) << name;
  }
}

TEST(Process, IsTheSameWhileItIsStopped) {
  System system;
  IdleChild child;
  const hpr_identity identity = system.Identify(child.pid());
  child.Kill(SIGSTOP);
  ASSERT_TRUE(Eventually([&] { return IsStopped(child.pid()); }));
  EXPECT_EQ("SAME", system.Verify(identity));
  EXPECT_EQ(BirthOf(identity), BirthOf(system.Identify(child.pid())));
}

TEST(Process, LivesOnWhenItsMainThreadEnds) {
  System system;
  Child child(1, [](const Report &report) {
    std::thread([report] {
      report(getpid());
      Idle();
    }).detach();
    syscall(SYS_exit, 0); /* this thread alone */
  });
  ASSERT_TRUE(Eventually([&] { return StateOf(child.pid()) == 'Z'; }));
  const hpr_identity identity = system.Identify(child.pid());
  EXPECT_EQ("KNOWN", Record(identity.state));
  EXPECT_EQ("SAME", system.Verify(identity));
}

TEST(Process, IsGoneAsAZombie) {
  System system;
  IdleChild child;
  const hpr_identity identity = system.Identify(child.pid());
  child.Kill();
  ASSERT_TRUE(child.Ends());
  EXPECT_EQ("GONE", system.Verify(identity));
  EXPECT_EQ("NOBODY", Record(system.Identify(child.pid()).state));
}

TEST(Process, IsGoneWhenReaped) {
  System system;
  IdleChild child;
  const hpr_identity identity = system.Identify(child.pid());
  child.Kill();
  child.Reap();
  EXPECT_EQ("GONE", system.Verify(identity));
  EXPECT_EQ("NOBODY", Record(system.Identify(child.pid()).state));
}

TEST(Process, IsGoneWithoutANameToo) {
  System system;
  IdleChild child;
  hpr_identity identity = system.Identify(child.pid());
  SetBirth(&identity, WithPart(BirthOf(identity), 2, ""));
  EXPECT_EQ("SAME", system.Verify(identity)) << "as an older kernel records it";
  child.Kill();
  ASSERT_TRUE(child.Ends());
  EXPECT_EQ("GONE", system.Verify(identity));
  child.Reap();
  EXPECT_EQ("GONE", system.Verify(identity));
}

TEST(Process, ThatNeverWasIsNobody) {
  System system;
  const hpr_identity identity = system.Identify(FreePid());
  EXPECT_EQ("NOBODY", Record(identity.state));
  EXPECT_FALSE(identity.kin);
  EXPECT_EQ("GONE", system.Verify(identity));
  EXPECT_EQ("NOBODY", Record(system.Identify(HPR_PID_MAX).state)) << "no system gives it out";
}

TEST(Process, IsAStrangerWhereNobodyWas) {
  System system;
  IdleChild child;
  hpr_identity identity = system.Identify(FreePid());
  identity.pid = child.pid();
  EXPECT_EQ("STRANGER", system.Verify(identity));
}

TEST(Process, CannotBeJudgedWhereSomebodyUnknownWas) {
  System system;
  IdleChild child;
  hpr_identity identity = system.Identify(child.pid());
  identity.state = HPR_RECORD_OPAQUE;
  identity.kin = false;
  EXPECT_EQ("UNKNOWN", system.Verify(identity));
  child.Kill();
  child.Reap();
  EXPECT_EQ("GONE", system.Verify(identity));
}

TEST(Process, IsAStrangerIfItStartedAtAnotherTime) {
  System system;
  IdleChild child;
  hpr_identity identity = system.Identify(child.pid());
  SetBirth(&identity, AnotherBirth(BirthOf(identity)));
  EXPECT_EQ("STRANGER", system.Verify(identity));
}

TEST(Process, IsAStrangerIfItHasAnotherName) {
  if (!KernelNamesProcesses()) GTEST_SKIP() << kNoNames;
  System system;
  IdleChild child;
  hpr_identity identity = system.Identify(child.pid());
  std::string name = PartOf(BirthOf(identity), 2);
  ASSERT_NE("", name);
  name.back() = name.back() == '0' ? '1' : '0'; /* the highest byte of a number that counts up */
  SetBirth(&identity, WithPart(BirthOf(identity), 2, name));
  EXPECT_EQ("STRANGER", system.Verify(identity));
}

/* Whoever edits the file must not turn one process's identity through another's number. */
TEST(Process, IsNotTheSameUnderAnotherNumber) {
  System system;
  IdleChild first, second;
  hpr_identity mixed = system.Identify(first.pid());
  SetBirth(&mixed, BirthOf(system.Identify(second.pid())));
  if (PartOf(BirthOf(mixed), 2).empty()) GTEST_SKIP() << kNoNames;
  EXPECT_EQ("STRANGER", system.Verify(mixed));
}

/* Its group's end would be looked for where it never is. */
TEST(Process, IsNoGroupUnderAnotherNumber) {
  System system;
  GroupOfTwo gone;
  const std::string birth = BirthOf(system.Identify(gone.pid()));
  if (PartOf(birth, 2).empty()) GTEST_SKIP() << kNoNames;
  std::optional<SessionLeader> other;
  hpr_identity mixed;
  do {
    other.emplace();
    mixed = system.Identify(other->pid());
  } while (PartOf(BirthOf(mixed), 1) == PartOf(birth, 1));
  SetBirth(&mixed, birth);
  gone.Kill();
  gone.Reap();
  EXPECT_EQ("STRANGER", system.Verify(mixed));
}

TEST(Process, IsAThreadsNumberOrAProcesss) {
  System system;
  Thread thread;
  const hpr_identity identity = system.Identify(thread.tid());
  EXPECT_EQ("NOBODY", Record(identity.state));
  EXPECT_FALSE(identity.kin);
  EXPECT_EQ("NOBODY", Record(system.IdentifyRecorded(thread.tid(), system.NowMs()).state));
}

TEST(Process, IsAStrangerWhenItsNumberIsAThreadsNow) {
  System system;
  IdleChild child;
  Thread thread;
  hpr_identity identity = system.Identify(child.pid());
  SetBirth(&identity, WithPart(BirthOf(identity), 2, ""));
  identity.pid = thread.tid();
  EXPECT_EQ("STRANGER", system.Verify(identity));
}

/* --- other boots, hosts, namespaces and users ----------------------------------------------- */

constexpr char kOtherBoot[] = "00000000-0000-4000-8000-000000000000";

TEST(Process, OfAnotherBootIsNotHere) {
  System system;
  IdleChild child;
  hpr_identity identity = system.Identify(child.pid());
  for (const char *more : {"", "+1700000000000", "@00000001"}) {
    SetBoot(&identity, std::string(kOtherBoot) + more);
    identity.state = HPR_RECORD_KNOWN;
    EXPECT_EQ("NOT_HERE", system.Verify(identity)) << more;
    EXPECT_EQ("HPR_ESRCH", system.Signal(identity, HPR_SIGNAL_KILL)) << more;
    identity.state = HPR_RECORD_NOBODY;
    EXPECT_EQ("NOT_HERE", system.Verify(identity)) << more;
  }
  EXPECT_TRUE(child.IsAlive());
}

/* Machine ids are cloned, made anew, and missing; a clock may have been set since. */
TEST(Process, OfThisBootIsKnownByItsIdAlone) {
  System system;
  IdleChild child;
  hpr_identity identity = system.Identify(child.pid());
  const std::string boot = BootOf(identity);
  const std::string id = boot.substr(0, boot.find('+'));
  for (const char *more : {"", "+1", "+1700000000000", "@00000001", "@89abcdef"}) {
    SetBoot(&identity, id + more);
    EXPECT_EQ("SAME", system.Verify(identity)) << more;
  }
}

/* The boot as a system without a boot id names it, that many milliseconds later. */
std::string WithoutId(const std::string &boot, int later_ms) {
  return "~0123456789abcdef+" +
         std::to_string(std::stoll(boot.substr(boot.find('+') + 1)) + later_ms);
}

TEST(Process, WithoutABootIdIsProvedByItsNameAndTheTimeOfTheBoot) {
  if (!KernelNamesProcesses()) GTEST_SKIP() << kNoNames;
  System system;
  IdleChild child;
  const hpr_identity identity = system.Identify(child.pid());
  hpr_identity other = identity;
  for (const int later_ms : {-1900, 0, 1900}) {
    SetBoot(&other, WithoutId(BootOf(identity), later_ms));
    EXPECT_EQ("SAME", system.Verify(other)) << later_ms;
    EXPECT_TRUE(hpr_identity_equal(&identity, &other)) << later_ms;
  }
  for (const int later_ms : {-2200, 2200}) {
    SetBoot(&other, WithoutId(BootOf(identity), later_ms));
    EXPECT_EQ("UNKNOWN", system.Verify(other)) << later_ms;
    EXPECT_FALSE(hpr_identity_equal(&identity, &other)) << later_ms;
  }
  SetBirth(&other, WithPart(BirthOf(identity), 2, ""));
  SetBoot(&other, WithoutId(BootOf(identity), 0));
  EXPECT_EQ("UNKNOWN", system.Verify(other)) << "a start alone may repeat in every boot";
  SetBoot(&other, "~0123456789abcdef");
  EXPECT_EQ("UNKNOWN", system.Verify(other));
}

TEST(Process, WithoutABootIdIsNotHereOnceItHasGone) {
  System system;
  IdleChild child;
  hpr_identity identity = system.Identify(child.pid());
  const std::string boot = BootOf(identity);
  child.Kill();
  child.Reap();
  for (const int later_ms : {0, 60000}) {
    SetBoot(&identity, WithoutId(boot, later_ms));
    EXPECT_EQ("NOT_HERE", system.Verify(identity)) << later_ms;
  }
}

TEST(Process, IsRenewedUnlessItHasAnotherBootsId) {
  System system;
  IdleChild child;
  const hpr_identity identity = system.Identify(child.pid());
  hpr_identity other = identity;
  for (const int later_ms : {100, 9000}) {
    SetBoot(&other, WithoutId(BootOf(identity), later_ms));
    system.Renew(&other);
    EXPECT_EQ(BootOf(identity), BootOf(other)) << later_ms;
  }
  SetBoot(&other, kOtherBoot);
  system.Renew(&other);
  EXPECT_EQ(kOtherBoot, BootOf(other));
}

TEST(Process, AsVersion01HasRecordedItIsTheSame) {
  System system;
  IdleChild child;
  const hpr_identity identity = system.Identify(child.pid());
  hpr_identity old = identity;
  SetBirth(&old, WithPart(BirthOf(identity), 3, ""));
  SetBoot(&old, BootOf(identity).substr(0, BootOf(identity).find('+')) + "@0badcafe");
  EXPECT_EQ("SAME", system.Verify(old));
  EXPECT_TRUE(hpr_identity_equal(&identity, &old));
}

/* A start is counted from the reader's own beginning of time: another one's proves nothing. */
TEST(Process, OfAnotherTimeNamespaceIsKnownByItsNameAlone) {
  System system;
  IdleChild child;
  hpr_identity identity = system.Identify(child.pid());
  if (PartOf(BirthOf(identity), 3) == "0") GTEST_SKIP() << "this kernel has no time namespaces";
  SetBirth(&identity, WithPart(WithPart(BirthOf(identity), 3, "1"), 1, "7"));
  EXPECT_EQ(PartOf(BirthOf(identity), 2).empty() ? "UNKNOWN" : "SAME", system.Verify(identity));
  SetBirth(&identity, WithPart(BirthOf(identity), 2, ""));
  EXPECT_EQ("UNKNOWN", system.Verify(identity));
  EXPECT_EQ("HPR_EUNKNOWN", system.Signal(identity, HPR_SIGNAL_KILL));
}

TEST(Process, OfAnotherPidNamespaceIsElsewhere) {
  System system;
  IdleChild child;
  hpr_identity identity = system.Identify(child.pid());
  SetBirth(&identity, WithPart(BirthOf(identity), 0, "1"));
  EXPECT_EQ("ELSEWHERE", system.Verify(identity));
  SetBirth(&identity, WithPart(BirthOf(identity), 0, "0"));
  EXPECT_EQ("UNKNOWN", system.Verify(identity)) << "whoever could not read it knows none";
  EXPECT_FALSE(system.HasEnded(identity));
  child.Kill();
  child.Reap();
  EXPECT_FALSE(system.HasEnded(identity)) << "there it may have another number";
}

TEST(Process, WithAMalformedBirthCannotBeJudged) {
  System system;
  IdleChild child;
  const hpr_identity identity = system.Identify(child.pid());
  const std::string ns = PartOf(BirthOf(identity), 0), ticks = PartOf(BirthOf(identity), 1);
  for (const std::string &birth :
       {std::string(), std::string("x"), std::string("."), std::string(".."), ns, ns + ".",
        "." + ticks, ns + ".x", ns + "." + ticks + "x", ns + "x." + ticks, "x." + ticks,
        ns + "," + ticks, ns + ".." + ticks, std::string(HPR_BIRTH_SIZE - 1, '9')}) {
    hpr_identity malformed = identity;
    SetBirth(&malformed, birth);
    EXPECT_EQ("UNKNOWN", system.Verify(malformed)) << birth;
  }
}

TEST(Process, WithAMalformedNameIsNotJudgedByItsNumberAlone) {
  System system;
  IdleChild child;
  const hpr_identity identity = system.Identify(child.pid());
  for (const std::string name : {"", "x", "-", "1-", "1-0", "1-xyz", "-00", "ffffffffffffffff-00",
                                 "1-000000000000000000000000000000000000"}) {
    hpr_identity malformed = identity;
    SetBirth(&malformed, PartOf(BirthOf(identity), 0) + ".1." + name);
    const std::string verdict = system.Verify(malformed);
    EXPECT_TRUE(verdict == "STRANGER" || verdict == "UNKNOWN") << name << ": " << verdict;
  }
}

TEST(Process, OfAnotherUserIsForeign) {
  if (!CanChangeUser()) GTEST_SKIP() << "only root can become another user";
  IdleChild child;
  InSubprocess([&] {
    System system;
    BecomeNobody();
    const hpr_identity identity = system.Identify(child.pid());
    EXPECT_EQ("KNOWN", Record(identity.state));
    EXPECT_EQ("FOREIGN", system.Verify(identity));
  });
}

TEST(Process, OfAnotherUserIsGoneWhenItEnded) {
  if (!CanChangeUser()) GTEST_SKIP() << "only root can become another user";
  IdleChild child;
  System owner;
  const hpr_identity identity = owner.Identify(child.pid());
  child.Kill();
  ASSERT_TRUE(child.Ends());
  for (const bool reaped : {false, true}) {
    if (reaped) child.Reap();
    InSubprocess([&] {
      System system;
      BecomeNobody();
      EXPECT_EQ("GONE", system.Verify(identity)) << (reaped ? "reaped" : "zombie");
    });
  }
}

TEST(Process, ThatIsAKernelThreadIsNeverTrusted) {
  const pid_t pid = SomeKernelThread();
  if (pid == 0) GTEST_SKIP() << kNoKernelThread;
  System system;
  EXPECT_FALSE(system.Identify(pid).kin);
  const hpr_identity recorded = system.IdentifyRecorded(pid, system.NowMs());
  EXPECT_FALSE(recorded.kin);
  EXPECT_NE("KNOWN", Record(recorded.state));
  EXPECT_NE("SAME", system.Verify(recorded));
}

/* --- groups --------------------------------------------------------------------------------- */

TEST(ProcessGroup, IsThereWhenItsLeaderIsAZombie) {
  System system;
  GroupOfTwo leader;
  Grandchild member(leader.reported());
  const hpr_identity identity = system.Identify(leader.pid());
  EXPECT_EQ("SAME", system.Verify(identity));
  leader.Kill();
  ASSERT_TRUE(leader.Ends());
  EXPECT_EQ("GROUP", system.Verify(identity));
  member.Kill();
  ASSERT_TRUE(member.Ends());
  EXPECT_EQ("GONE", system.Verify(identity));
}

TEST(ProcessGroup, IsThereWhenItsLeaderWasReaped) {
  if (!KernelFindsByName()) GTEST_SKIP() << kNoFinding;
  System system;
  GroupOfTwo leader;
  Grandchild member(leader.reported());
  const hpr_identity identity = system.Identify(leader.pid());
  leader.Kill();
  leader.Reap();
  EXPECT_EQ("GROUP", system.Verify(identity));
  System later;
  EXPECT_EQ("GROUP", later.Verify(identity)) << "after a restart as well";
  member.Kill();
  ASSERT_TRUE(member.Ends());
  EXPECT_EQ("GONE", system.Verify(identity));
}

TEST(ProcessGroup, CannotBeProvenByItsNumberAlone) {
  System system;
  GroupOfTwo leader;
  Grandchild member(leader.reported());
  hpr_identity identity = system.Identify(leader.pid());
  SetBirth(&identity, WithPart(BirthOf(identity), 2, "")); /* as an older kernel records it */
  leader.Kill();
  ASSERT_TRUE(leader.Ends());
  EXPECT_EQ("GROUP", system.Verify(identity)) << "a zombie keeps the number";
  leader.Reap();
  EXPECT_EQ("UNKNOWN", system.Verify(identity));
  member.Kill();
  ASSERT_TRUE(member.Ends());
  EXPECT_EQ("GONE", system.Verify(identity));
}

TEST(ProcessGroup, IsNotWhatAProcessMerelyBelongsTo) {
  System system;
  GroupLeader leader;
  Child member(1, [&](const Report &report) {
    setpgid(0, leader.pid());
    report(getpid());
    Idle();
  });
  const hpr_identity identity = system.Identify(member.pid());
  member.Kill();
  ASSERT_TRUE(member.Ends());
  EXPECT_EQ("GONE", system.Verify(identity)) << "its leader lives, it does not";
  member.Reap();
  EXPECT_EQ("GONE", system.Verify(identity));
}

TEST(ProcessGroup, IsNotTheSessionThatALeaderLeft) {
  System system;
  /* A session leader whose only survivor went into a group of its own. */
  Child leader(1, [](const Report &report) {
    setsid();
    int ready[2];
    if (pipe(ready) != 0) _exit(1);
    const pid_t pid = ForkIn([&] {
      setpgid(0, 0);
      if (write(ready[1], "", 1) != 1) _exit(1);
      Idle();
    });
    char byte;
    if (read(ready[0], &byte, 1) != 1) _exit(1);
    report(pid);
    Idle();
  });
  Grandchild member(leader.reported());
  const hpr_identity identity = system.Identify(leader.pid());
  leader.Kill();
  ASSERT_TRUE(leader.Ends());
  EXPECT_EQ("GONE", system.Verify(identity));
  leader.Reap();
  EXPECT_EQ("GONE", system.Verify(identity));
  EXPECT_TRUE(member.IsAlive());
}

/* --- kin ------------------------------------------------------------------------------------ */

TEST(ProcessKin, OfNobodyIsNobody) {
  const hpr_system *system = hpr_system_native();
  const pid_t nobody = FreePid();
  hpr_facts facts;
  EXPECT_EQ("HPR_ESRCH", Code(system->look(nobody, &facts)));
  EXPECT_FALSE(hpr_descends(system, nobody, -1)) << "nobody's parent is nobody's";
  EXPECT_FALSE(hpr_descends(system, 1, -1));
  EXPECT_TRUE(hpr_descends(system, getpid(), getppid()));
}

TEST(ProcessKin, AreOurChildrenAndTheirs) {
  System system;
  GroupOfTwo child;
  Grandchild grandchild(child.reported());
  EXPECT_TRUE(system.Identify(child.pid()).kin);
  EXPECT_TRUE(system.Identify(grandchild.pid()).kin);
}

TEST(ProcessKin, AreNeitherWeNorOurAncestors) {
  System system;
  EXPECT_FALSE(system.Identify(getpid()).kin);
  if (getppid() >= HPR_PID_MIN) {
    EXPECT_FALSE(system.Identify(getppid()).kin);
  }
  InSubprocess([&] {
    System nested;
    EXPECT_FALSE(nested.Identify(getppid()).kin);
  });
}

TEST(ProcessKin, AreNoOrphans) {
  System system;
  Orphan orphan;
  if (!orphan.LeftUs()) GTEST_SKIP() << kReaper;
  const hpr_identity identity = system.Identify(orphan.pid());
  EXPECT_EQ("KNOWN", Record(identity.state));
  EXPECT_FALSE(identity.kin);
}

TEST(ProcessKin, AreNoSiblingsOfOurs) {
  IdleChild sibling;
  InSubprocess([&] {
    System system;
    EXPECT_FALSE(system.Identify(sibling.pid()).kin);
  });
}

TEST(ProcessKin, OfAFamilyAreItsDescendants) {
  System system;
  Child keeper(2, [](const Report &report) {
    int ready[2];
    if (pipe(ready) != 0) _exit(1);
    const pid_t shell = ForkIn([&] {
      const pid_t pi = ForkIn(Idle);
      if (write(ready[1], &pi, sizeof pi) != sizeof pi) _exit(1);
      Idle();
    });
    pid_t pi;
    if (read(ready[0], &pi, sizeof pi) != sizeof pi) _exit(1);
    report(shell);
    report(pi);
    Idle();
  });
  Grandchild shell(keeper.reported(0)), pi(keeper.reported(1));
  const hpr_identity family = system.Identify(keeper.pid());
  EXPECT_TRUE(system.Identify(shell.pid(), &family).kin);
  EXPECT_TRUE(system.Identify(pi.pid(), &family).kin);
}

TEST(ProcessKin, OfAFamilyAreTheMembersOfItsGroup) {
  System system;
  GroupLeader keeper;
  Orphan pi([&] { setpgid(0, keeper.pid()); });
  const hpr_identity family = system.Identify(keeper.pid());
  EXPECT_TRUE(system.Identify(pi.pid(), &family).kin);
}

TEST(ProcessKin, OfAFamilyAreNotTheMembersOfAGroupOrSessionThatAnotherLeads) {
  System system;
  /* A terminal's shell with two jobs: to be in its session proves nothing of the other job. */
  Child shell(2, [](const Report &report) {
    setsid();
    report(ForkIn(Idle));
    report(ForkIn(Idle));
    Idle();
  });
  Grandchild keeper(shell.reported(0)), job(shell.reported(1));
  const hpr_identity family = system.Identify(keeper.pid());
  ASSERT_TRUE(family.kin);
  EXPECT_FALSE(system.Identify(job.pid(), &family).kin);
}

TEST(ProcessKin, OfAFamilyAreTheMembersOfItsSession) {
  System system;
  /* The keeper leads a session; pi is an orphan in a group of its own. */
  Child keeper(1, [](const Report &report) {
    setsid();
    int ready[2];
    if (pipe(ready) != 0) _exit(1);
    const pid_t middle = ForkIn([&] {
      const pid_t pi = ForkIn([&] {
        setpgid(0, 0);
        const pid_t self = getpid();
        if (write(ready[1], &self, sizeof self) != sizeof self) _exit(1);
        Idle();
      });
      if (pi < 0) _exit(1);
    });
    pid_t pi;
    if (middle < 0 || read(ready[0], &pi, sizeof pi) != sizeof pi) _exit(1);
    report(pi);
    Idle();
  });
  Grandchild pi(keeper.reported());
  ASSERT_TRUE(Eventually([&] { return getsid(pi.pid()) == keeper.pid(); }));
  ASSERT_EQ(pi.pid(), getpgid(pi.pid()));
  const hpr_identity family = system.Identify(keeper.pid());
  EXPECT_TRUE(system.Identify(pi.pid(), &family).kin);
}

TEST(ProcessKin, OfAFamilyAreNotTheMembersOfOurOwnGroupOrSession) {
  System system;
  IdleChild keeper, other;
  Orphan orphan;
  ASSERT_EQ(getpgrp(), getpgid(keeper.pid()));
  ASSERT_EQ(getsid(0), getsid(orphan.pid()));
  const hpr_identity family = system.Identify(keeper.pid());
  EXPECT_FALSE(system.Identify(other.pid(), &family).kin);
  EXPECT_FALSE(system.Identify(orphan.pid(), &family).kin);
  EXPECT_FALSE(system.Identify(getpid(), &family).kin);
  GroupLeader apart;
  const hpr_identity in_our_session = system.Identify(apart.pid());
  EXPECT_FALSE(system.Identify(other.pid(), &in_our_session).kin);
}

TEST(ProcessKin, OfAFamilyAreNoStrangers) {
  System system;
  SessionLeader keeper, stranger;
  Orphan orphan([] { setsid(); });
  const hpr_identity family = system.Identify(keeper.pid());
  EXPECT_FALSE(system.Identify(stranger.pid(), &family).kin);
  EXPECT_FALSE(system.Identify(orphan.pid(), &family).kin);
  EXPECT_FALSE(system.Identify(FreePid(), &family).kin);
}

TEST(ProcessKin, OfAFamilyThatIsGoneAreNobody) {
  System system;
  SessionLeader keeper, other;
  const hpr_identity family = system.Identify(keeper.pid());
  keeper.Kill();
  keeper.Reap();
  EXPECT_FALSE(system.Identify(other.pid(), &family).kin);
}

/* The family's pid may have passed to somebody else before pi reports itself. */
TEST(ProcessKin, OfAFamilyAreNotThoseOfAStrangerUnderItsPid) {
  System system;
  GroupOfTwo stranger;
  Grandchild child(stranger.reported());
  hpr_identity family = system.Identify(stranger.pid());
  SetBirth(&family, AnotherBirth(BirthOf(family)));
  ASSERT_EQ("STRANGER", system.Verify(family));
  EXPECT_FALSE(system.Identify(child.pid(), &family).kin);
}

/* --- recorded by time alone ----------------------------------------------------------------- */

TEST(ProcessRecorded, IsOursIfItStartedBeforeItWasWrittenDown) {
  System system;
  IdleChild child;
  for (const int64_t later_ms : {0, 1000, 86400000}) {
    const hpr_identity identity = system.IdentifyRecorded(child.pid(), system.NowMs() + later_ms);
    EXPECT_EQ("KNOWN", Record(identity.state));
    EXPECT_TRUE(identity.kin);
    EXPECT_EQ("SAME", system.Verify(identity));
  }
}

TEST(ProcessRecorded, IsOursIfItStartedAtMostFiveSecondsLater) {
  System system;
  IdleChild child;
  const hpr_identity identity = system.IdentifyRecorded(child.pid(), system.NowMs() - 4000);
  EXPECT_EQ("KNOWN", Record(identity.state));
  EXPECT_TRUE(identity.kin);
}

TEST(ProcessRecorded, IsAStrangerIfItStartedLater) {
  System system;
  IdleChild child;
  for (const int64_t recorded_ms :
       {system.NowMs() - 60000, int64_t{1000000000000}, int64_t{0}, HPR_TIMESTAMP_MIN_MS}) {
    const hpr_identity identity = system.IdentifyRecorded(child.pid(), recorded_ms);
    EXPECT_EQ("NOBODY", Record(identity.state)) << recorded_ms;
    EXPECT_FALSE(identity.kin);
    EXPECT_EQ("STRANGER", system.Verify(identity));
  }
}

TEST(ProcessRecorded, TakesEveryTimeThatThereIs) {
  System system;
  IdleChild child;
  EXPECT_EQ("NOBODY", Record(system.IdentifyRecorded(child.pid(), HPR_SPAWNED_UNKNOWN).state));
  EXPECT_EQ("KNOWN", Record(system.IdentifyRecorded(child.pid(), HPR_TIMESTAMP_MAX_MS).state));
  EXPECT_EQ("KNOWN", Record(system.IdentifyRecorded(child.pid(), INT64_MAX).state));
}

TEST(ProcessRecorded, IsNobodyIfItIsGone) {
  System system;
  IdleChild child;
  child.Kill();
  ASSERT_TRUE(child.Ends());
  EXPECT_EQ("NOBODY", Record(system.IdentifyRecorded(child.pid(), system.NowMs()).state));
  child.Reap();
  EXPECT_EQ("NOBODY", Record(system.IdentifyRecorded(child.pid(), system.NowMs()).state));
}

/* --- race ----------------------------------------------------------------------------------- */

TEST(Process, IsKnownOrNobodyAtEveryMomentOfItsDeath) {
  System system;
  const size_t before = OpenDescriptors();
  for (int round = 0; round < 200; round++) {
    IdleChild child;
    const hpr_identity identity = system.Identify(child.pid());
    std::thread killer([&] { child.Kill(); });
    for (bool gone = false; !gone;) {
      const std::string verdict = system.Verify(identity);
      gone = verdict == "GONE";
      ASSERT_TRUE(gone || verdict == "SAME") << verdict;
      const std::string state = Record(system.Identify(child.pid()).state);
      ASSERT_TRUE(state == "KNOWN" || state == "NOBODY") << state;
    }
    killer.join();
    child.Reap();
    ASSERT_EQ("GONE", system.Verify(identity));
  }
  EXPECT_EQ(before, OpenDescriptors());
}

} // namespace
