#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "support/folder.h"
#include "support/native.h"
#include "support/processes.h"
#include "support/subprocess.h"
#include "support/system.h"
#include "support/wait.h"

namespace {

const hpr_signal kAll[] = {HPR_SIGNAL_TERM, HPR_SIGNAL_KILL, HPR_SIGNAL_INT, HPR_SIGNAL_HUP,
                           HPR_SIGNAL_QUIT};

/* The signal that ended a child; 0 if it ended by itself. */
int EndedBy(Child &child) {
  const int status = child.Reap();
  EXPECT_NE(-1, status) << "it does not end";
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* Holds back everything that a test might be hit by, so that it can be seen. */
void BlockAll() {
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, nullptr);
}

bool NothingPending() {
  sigset_t pending;
  sigpending(&pending);
  for (int signum = 1; signum < SIGRTMIN; signum++)
    if (signum != SIGCHLD && signum != SIGALRM && sigismember(&pending, signum)) return false;
  return true;
}

/* --- unset ---------------------------------------------------------------------------------- */

TEST(Signal, GoesToNobodyWithoutARecord) {
  System system;
  IdleChild child;
  for (const hpr_record_state state : {HPR_RECORD_NONE, HPR_RECORD_OPAQUE, HPR_RECORD_NOBODY}) {
    hpr_identity identity = system.Identify(child.pid());
    identity.state = state;
    identity.kin = false;
    const std::string expected = state == HPR_RECORD_NOBODY ? "HPR_ESTRANGER" : "HPR_EUNKNOWN";
    for (const hpr_signal signal : kAll)
      EXPECT_EQ(expected, system.Signal(identity, signal)) << Record(state);
  }
  EXPECT_TRUE(child.IsAlive());
}

/* --- success -------------------------------------------------------------------------------- */

TEST(Signal, IsTheOneThatWasAskedFor) {
  System system;
  const struct {
    hpr_signal signal;
    int signum;
  } rows[] = {{HPR_SIGNAL_TERM, SIGTERM},
              {HPR_SIGNAL_KILL, SIGKILL},
              {HPR_SIGNAL_INT, SIGINT},
              {HPR_SIGNAL_HUP, SIGHUP},
              {HPR_SIGNAL_QUIT, SIGQUIT}};
  for (const auto &row : rows) {
    IdleChild child;
    EXPECT_EQ("HPR_OK", system.Signal(system.Identify(child.pid()), row.signal));
    EXPECT_EQ(row.signum, EndedBy(child));
  }
}

TEST(Signal, ReachesAProcessThatLeadsNoGroupAlone) {
  System system;
  IdleChild child, sibling;
  const hpr_identity identity = system.Identify(child.pid());
  EXPECT_FALSE(system.IsMember(system.Identify(sibling.pid()), child.pid()));
  EXPECT_EQ("HPR_OK", system.Signal(identity));
  EXPECT_EQ(SIGTERM, EndedBy(child));
  EXPECT_TRUE(sibling.IsAlive());
}

TEST(Signal, ReachesTheWholeGroupOfItsLeader) {
  System system;
  GroupOfTwo leader;
  Grandchild member(leader.reported());
  GroupLeader other;
  EXPECT_EQ("HPR_OK", system.Signal(system.Identify(leader.pid())));
  EXPECT_EQ(SIGTERM, EndedBy(leader));
  EXPECT_TRUE(member.Ends());
  EXPECT_TRUE(other.IsAlive());
}

TEST(Signal, ReachesAMemberWithoutItsLeader) {
  System system;
  GroupOfTwo leader;
  Grandchild member(leader.reported());
  EXPECT_EQ("HPR_OK", system.Signal(system.Identify(member.pid())));
  EXPECT_TRUE(member.Ends());
  EXPECT_TRUE(leader.IsAlive());
}

TEST(Signal, ReachesTheMembersOfALeaderThatIsAZombie) {
  System system;
  GroupOfTwo leader;
  Grandchild member(leader.reported());
  const hpr_identity identity = system.Identify(leader.pid());
  leader.Kill();
  ASSERT_TRUE(leader.Ends());
  EXPECT_EQ("HPR_OK", system.Signal(identity));
  EXPECT_TRUE(member.Ends());
  EXPECT_EQ("HPR_ESRCH", system.Signal(identity));
}

TEST(Signal, ReachesTheMembersOfALeaderThatWasReaped) {
  if (!KernelFindsByName()) GTEST_SKIP() << kNoFinding;
  System system;
  GroupOfTwo leader;
  Grandchild member(leader.reported());
  const hpr_identity identity = system.Identify(leader.pid());
  leader.Kill();
  leader.Reap();
  EXPECT_EQ("HPR_OK", system.Signal(identity));
  EXPECT_TRUE(member.Ends());
  EXPECT_EQ("HPR_ESRCH", system.Signal(identity));
}

TEST(Signal, IsKeptFromAGroupThatCannotBeProven) {
  System system;
  GroupOfTwo leader;
  Grandchild member(leader.reported());
  hpr_identity identity = system.Identify(leader.pid());
  SetBirth(&identity, WithPart(BirthOf(identity), 2, ""));
  leader.Kill();
  leader.Reap();
  EXPECT_EQ("HPR_EUNKNOWN", system.Signal(identity));
  EXPECT_TRUE(member.IsAlive());
}

TEST(Signal, EndsAStoppedProcess) {
  System system;
  for (const hpr_signal signal : kAll) {
    IdleChild child;
    child.Kill(SIGSTOP);
    ASSERT_TRUE(Eventually([&] { return IsStopped(child.pid()); }));
    EXPECT_EQ("HPR_OK", system.Signal(system.Identify(child.pid()), signal));
    EXPECT_NE(0, EndedBy(child));
  }
}

TEST(Signal, EndsAStoppedGroup) {
  System system;
  GroupOfTwo leader;
  Grandchild member(leader.reported());
  leader.Kill(SIGSTOP);
  member.Kill(SIGSTOP);
  ASSERT_TRUE(Eventually([&] { return IsStopped(leader.pid()) && IsStopped(member.pid()); }));
  EXPECT_EQ("HPR_OK", system.Signal(system.Identify(leader.pid())));
  EXPECT_EQ(SIGTERM, EndedBy(leader));
  EXPECT_TRUE(member.Ends());
}

TEST(Signal, KillsWhatIgnoresRequests) {
  System system;
  Child child(1, [](const Report &report) {
    for (const int signum : {SIGTERM, SIGINT, SIGHUP, SIGQUIT}) signal(signum, SIG_IGN);
    report(getpid());
    Idle();
  });
  const hpr_identity identity = system.Identify(child.pid());
  for (const hpr_signal signal : {HPR_SIGNAL_TERM, HPR_SIGNAL_INT, HPR_SIGNAL_HUP, HPR_SIGNAL_QUIT})
    EXPECT_EQ("HPR_OK", system.Signal(identity, signal));
  EXPECT_TRUE(child.IsAlive());
  EXPECT_EQ("HPR_OK", system.Signal(identity, HPR_SIGNAL_KILL));
  EXPECT_EQ(SIGKILL, EndedBy(child));
}

TEST(Signal, ReachesAProcessWithoutItsMainThread) {
  System system;
  Child child(1, [](const Report &report) {
    std::thread([report] {
      report(getpid());
      Idle();
    }).detach();
    syscall(SYS_exit, 0); /* this thread alone */
  });
  ASSERT_TRUE(Eventually([&] { return StateOf(child.pid()) == 'Z'; }));
  EXPECT_EQ("HPR_OK", system.Signal(system.Identify(child.pid())));
  EXPECT_EQ(SIGTERM, EndedBy(child));
}

TEST(Signal, ReachesWhatAnEarlierServerRecorded) {
  IdleChild child;
  hpr_identity identity;
  {
    System before;
    identity = before.Identify(child.pid());
  }
  System after;
  EXPECT_EQ("HPR_OK", after.Signal(identity));
  EXPECT_EQ(SIGTERM, EndedBy(child));
}

TEST(Signal, LeavesNoDescriptorOpen) {
  System system;
  GroupOfTwo leader;
  Grandchild member(leader.reported());
  hpr_identity identity = system.Identify(leader.pid()), stranger = identity;
  SetBirth(&stranger, AnotherBirth(BirthOf(identity)));
  const size_t before = OpenDescriptors();
  system.Signal(identity);
  system.Signal(stranger);
  leader.Ends();
  system.Signal(identity);
  leader.Reap();
  system.Signal(identity);
  EXPECT_EQ(before, OpenDescriptors());
}

/* --- scope ---------------------------------------------------------------------------------- */

TEST(Signal, ToAProcessAloneLeavesTheGroupThatItLeads) {
  System system;
  GroupOfTwo leader;
  const Grandchild member(leader.reported());
  const hpr_identity identity = system.Identify(leader.pid());
  EXPECT_EQ("HPR_OK", system.Signal(identity, HPR_SIGNAL_TERM, HPR_SCOPE_PROCESS));
  ASSERT_TRUE(leader.Ends());
  EXPECT_EQ("GROUP", system.Verify(identity));
  EXPECT_EQ("HPR_ESRCH", system.Signal(identity, HPR_SIGNAL_KILL, HPR_SCOPE_PROCESS))
      << "it is gone itself";
  EXPECT_TRUE(member.IsAlive());
  EXPECT_EQ("HPR_OK", system.Signal(identity, HPR_SIGNAL_KILL, HPR_SCOPE_GROUP));
  EXPECT_TRUE(member.Ends());
}

TEST(Signal, LeavesTheDescendantsOfOneThatLeadsNoGroup) {
  for (const hpr_scope scope : {HPR_SCOPE_PROCESS, HPR_SCOPE_GROUP}) {
    System system;
    Child parent(1, [](const Report &report) {
      report(ForkIn(Idle));
      Idle();
    });
    const Grandchild child(parent.reported());
    const hpr_identity identity = system.Identify(parent.pid());
    EXPECT_FALSE(system.IsMember(system.Identify(child.pid()), parent.pid()));
    EXPECT_EQ("HPR_OK", system.Signal(identity, HPR_SIGNAL_KILL, scope));
    EXPECT_EQ(SIGKILL, EndedBy(parent));
    EXPECT_TRUE(child.IsAlive());
  }
}

/* --- groups --------------------------------------------------------------------------------- */

/* The test's own eyes see a number; ours record it. */
hpr_identity MemberOf(System &system, const Child &leader) {
  const hpr_identity head = system.Identify(leader.pid());
  return system.Identify(leader.reported(), &head);
}

TEST(Group, HasMembersThatAreRecorded) {
  System system;
  GroupOfTwo leader;
  IdleChild stranger;
  const hpr_identity identity = system.Identify(leader.pid());
  const std::vector<hpr_identity> members = system.Members(identity);
  ASSERT_EQ(1u, members.size()) << "the leader itself is left out";
  EXPECT_EQ(leader.reported(), members[0].pid);
  EXPECT_TRUE(members[0].kin);
  EXPECT_EQ("SAME", system.Verify(members[0]));
  EXPECT_TRUE(system.Members(identity, 0).empty()) << "no more than there is room for";
  EXPECT_TRUE(system.Members(system.Identify(stranger.pid())).empty()) << "it leads none";
  EXPECT_TRUE(system.IsMember(members[0], leader.pid()));
  EXPECT_FALSE(system.IsMember(members[0], leader.reported()));
  EXPECT_FALSE(system.IsMember(system.Identify(stranger.pid()), leader.pid()));
}

TEST(Group, HasMembersWhenItsLeaderIsAZombie) {
  System system;
  GroupOfTwo leader;
  const Grandchild member(leader.reported());
  const hpr_identity identity = system.Identify(leader.pid());
  leader.Kill();
  ASSERT_TRUE(leader.Ends());
  const std::vector<hpr_identity> members = system.Members(identity);
  ASSERT_EQ(1u, members.size());
  EXPECT_TRUE(system.IsMember(members[0], leader.pid()));
  member.Kill();
  ASSERT_TRUE(member.Ends());
  EXPECT_TRUE(system.Members(identity).empty()) << "zombies are dead";
}

TEST(Group, HasMembersWhenItsLeaderWasReapedIfItIsProved) {
  System system;
  GroupOfTwo leader;
  const Grandchild member(leader.reported());
  const hpr_identity identity = system.Identify(leader.pid());
  const hpr_identity recorded = MemberOf(system, leader);
  leader.Kill();
  leader.Reap();
  EXPECT_TRUE(system.IsMember(recorded, leader.pid())) << "on every kernel";
  hpr_identity found;
  size_t count = 7;
  const int told = system.ops()->members(system.ops()->self, &identity, &found, 1, &count);
  if (system.Verify(identity) == "GROUP") {
    EXPECT_EQ("HPR_OK", Code(told));
    ASSERT_EQ(1u, count);
    EXPECT_EQ(member.pid(), found.pid);
  } else {
    EXPECT_EQ("HPR_EUNKNOWN", Code(told));
    EXPECT_EQ(0u, count);
  }
  EXPECT_EQ("HPR_OK", system.SignalGroup(recorded, leader.pid(), HPR_SIGNAL_KILL));
  EXPECT_TRUE(member.Ends());
  EXPECT_EQ("HPR_ESRCH", system.SignalGroup(recorded, leader.pid()));
  EXPECT_FALSE(system.IsMember(recorded, leader.pid()));
}

TEST(Group, IsWokenWithTheSignal) {
  System system;
  GroupOfTwo leader;
  const Grandchild member(leader.reported());
  const hpr_identity recorded = MemberOf(system, leader);
  leader.Kill();
  leader.Reap();
  member.Kill(SIGSTOP);
  ASSERT_TRUE(Eventually([&] { return IsStopped(member.pid()); }));
  EXPECT_EQ("HPR_OK", system.SignalGroup(recorded, leader.pid()));
  EXPECT_TRUE(member.Ends());
}

TEST(Group, OfOurOwnIsNeverSignalled) {
  InSubprocess([] {
    ASSERT_EQ(0, setpgid(0, 0));
    System system;
    IdleChild child; /* in our group */
    BlockAll();
    const hpr_identity member = system.Identify(child.pid());
    EXPECT_TRUE(system.IsMember(member, getpgrp()));
    for (const hpr_signal signal : kAll)
      EXPECT_EQ("HPR_EFORBIDDEN", system.SignalGroup(member, getpgrp(), signal));
    for (const pid_t group : {getppid(), 1, 0, -1})
      EXPECT_EQ("HPR_EFORBIDDEN", system.SignalGroup(member, group)) << group;
    hpr_identity ourselves = system.Identify(getpid());
    ourselves.kin = true;
    EXPECT_TRUE(system.Members(ourselves).empty());
    EXPECT_TRUE(NothingPending());
    EXPECT_TRUE(child.IsAlive());
  });
}

TEST(Group, OfAStrangerIsNeverSignalled) {
  System system;
  GroupLeader stranger;
  GroupOfTwo leader;
  const hpr_identity member = MemberOf(system, leader);
  hpr_identity reused = member, unrelated = member;
  SetBirth(&reused, AnotherBirth(BirthOf(member)));
  unrelated.kin = false;
  for (const hpr_signal signal : kAll) {
    EXPECT_EQ("HPR_ESTRANGER", system.SignalGroup(member, stranger.pid(), signal));
    EXPECT_EQ("HPR_ESTRANGER", system.SignalGroup(reused, leader.pid(), signal));
    EXPECT_EQ("HPR_ENOTKIN", system.SignalGroup(unrelated, leader.pid(), signal));
  }
  EXPECT_TRUE(stranger.IsAlive());
  EXPECT_TRUE(leader.IsAlive());
}

TEST(Group, IsNotSignalledFromAForkOfTheServer) {
  System system;
  GroupOfTwo leader;
  const hpr_identity member = MemberOf(system, leader);
  InSubprocess([&] { EXPECT_EQ("HPR_EFORKED", system.SignalGroup(member, leader.pid())); });
  EXPECT_TRUE(leader.IsAlive());
}

/* --- failure -------------------------------------------------------------------------------- */

TEST(Signal, DoesNotGoToTheDead) {
  System system;
  IdleChild child;
  const hpr_identity identity = system.Identify(child.pid());
  child.Kill();
  ASSERT_TRUE(child.Ends());
  for (const hpr_signal signal : kAll) EXPECT_EQ("HPR_ESRCH", system.Signal(identity, signal));
  child.Reap();
  for (const hpr_signal signal : kAll) EXPECT_EQ("HPR_ESRCH", system.Signal(identity, signal));
}

TEST(Signal, DoesNotGoToAStranger) {
  System system;
  GroupLeader child;
  hpr_identity identity = system.Identify(child.pid());
  SetBirth(&identity, AnotherBirth(BirthOf(identity)));
  for (const hpr_signal signal : kAll) EXPECT_EQ("HPR_ESTRANGER", system.Signal(identity, signal));
  EXPECT_TRUE(child.IsAlive());
}

TEST(Signal, DoesNotGoToSomebodyElseThanThePid) {
  System system;
  IdleChild named, other;
  hpr_identity mixed = system.Identify(named.pid());
  SetBirth(&mixed, BirthOf(system.Identify(other.pid())));
  if (PartOf(BirthOf(mixed), 2).empty()) GTEST_SKIP() << kNoNames;
  EXPECT_EQ("HPR_ESTRANGER", system.Signal(mixed, HPR_SIGNAL_KILL));
  EXPECT_TRUE(named.IsAlive());
  EXPECT_TRUE(other.IsAlive());
}

TEST(Signal, DoesNotGoToWhatIsNoKin) {
  System system;
  GroupLeader child;
  hpr_identity identity = system.Identify(child.pid());
  identity.kin = false;
  for (const hpr_signal signal : kAll) EXPECT_EQ("HPR_ENOTKIN", system.Signal(identity, signal));
  EXPECT_TRUE(child.IsAlive());
}

TEST(Signal, DoesNotGoToAnotherHostOrPidNamespace) {
  System system;
  IdleChild child;
  hpr_identity elsewhere = system.Identify(child.pid());
  SetBirth(&elsewhere, WithPart(BirthOf(elsewhere), 0, "1"));
  EXPECT_EQ("HPR_EFOREIGN", system.Signal(elsewhere, HPR_SIGNAL_KILL));
  hpr_identity malformed = system.Identify(child.pid());
  SetBirth(&malformed, "x");
  EXPECT_EQ("HPR_EUNKNOWN", system.Signal(malformed, HPR_SIGNAL_KILL));
  EXPECT_TRUE(child.IsAlive());
}

TEST(Signal, DoesNotGoToAnEarlierBoot) {
  System system;
  IdleChild child;
  hpr_identity identity = system.Identify(child.pid());
  SetBoot(&identity, "00000000-0000-4000-8000-000000000000");
  EXPECT_EQ("HPR_ESRCH", system.Signal(identity, HPR_SIGNAL_KILL));
  EXPECT_TRUE(child.IsAlive());
}

TEST(Signal, DoesNotGoToAnotherUser) {
  if (!CanChangeUser()) GTEST_SKIP() << "only root can become another user";
  IdleChild child;
  InSubprocess([&] {
    System system;
    BecomeNobody();
    hpr_identity identity = system.Identify(child.pid());
    identity.kin = true;
    EXPECT_EQ("HPR_EFOREIGN", system.Signal(identity, HPR_SIGNAL_KILL));
  });
  EXPECT_TRUE(child.IsAlive());
}

TEST(Signal, DoesNotComeFromAForkOfTheServer) {
  System system;
  IdleChild child;
  const hpr_identity identity = system.Identify(child.pid());
  InSubprocess([&] {
    for (const hpr_signal signal : kAll) EXPECT_EQ("HPR_EFORKED", system.Signal(identity, signal));
    EXPECT_EQ("SAME", system.Verify(identity)) << "looking is allowed";
  });
  EXPECT_TRUE(child.IsAlive());
  EXPECT_EQ("HPR_OK", system.Signal(identity)) << "the server itself still may";
  EXPECT_EQ(SIGTERM, EndedBy(child));
}

/*
 * In a session of their own, so that a failure of the guard harms these processes alone: a server
 * that leads its group, and below it one that does not.
 */
TEST(Signal, NeverGoesToOurselvesOurGroupOrOurAncestors) {
  InSubprocess([] {
    ASSERT_GE(setsid(), 0);
    BlockAll();
    const pid_t leader = getpid();
    InSubprocess([&] {
      BlockAll();
      System system;
      for (const pid_t pid : {getpid(), getppid(), getpgrp()}) {
        hpr_identity identity = system.Identify(pid);
        identity.kin = true; /* even if the file says so */
        for (const hpr_signal signal : kAll)
          EXPECT_EQ("HPR_EFORBIDDEN", system.Signal(identity, signal)) << pid;
      }
      EXPECT_EQ(leader, getpgrp());
      EXPECT_TRUE(NothingPending());
    });
    EXPECT_TRUE(NothingPending());
  });
}

TEST(Signal, NeverGoesToALeaderOfOurGroupThatIsNoAncestor) {
  GroupLeader leader;
  InSubprocess([&] {
    ASSERT_EQ(0, setpgid(0, leader.pid()));
    System system;
    hpr_identity identity = system.Identify(leader.pid());
    identity.kin = true;
    for (const hpr_signal signal : kAll)
      EXPECT_EQ("HPR_EFORBIDDEN", system.Signal(identity, signal));
  });
  EXPECT_TRUE(leader.IsAlive());
}

TEST(Signal, NeverGoesToAnAncestorHoweverFar) {
  const bool root = CanChangeUser();
  const pid_t test = getpid();
  InSubprocess([&] {
    BlockAll();
    InSubprocess([&] {
      System system;
      BlockAll();
      /* Should the guard fail: root can make that harmless, others stop at what they started. */
      if (root) BecomeNobody();
      for (pid_t pid = getppid(), last = root ? 1 : test;; pid = ParentOf(pid)) {
        hpr_identity identity = system.Identify(pid);
        identity.kin = true;
        EXPECT_EQ("HPR_EFORBIDDEN", system.Signal(identity)) << pid;
        if (pid == last || pid <= 1) break;
      }
      EXPECT_TRUE(NothingPending());
    });
    EXPECT_TRUE(NothingPending());
  });
}

TEST(Signal, NeverGoesToANumberThatMeansMany) {
  if (!CanChangeUser()) GTEST_SKIP() << "as root alone a failing guard can be made harmless";
  InSubprocess([] {
    ASSERT_GE(setsid(), 0);
    System system;
    BlockAll();
    BecomeNobody(); /* kill(-1) would now reach nobody else */
    for (const int32_t pid : {1, 0, -1, -getpgrp(), -getpid(), INT32_MIN}) {
      hpr_identity identity = system.Identify(getpid());
      identity.kin = true;
      identity.pid = pid;
      for (const hpr_signal signal : kAll)
        EXPECT_EQ("HPR_EFORBIDDEN", system.Signal(identity, signal)) << pid;
    }
    EXPECT_TRUE(NothingPending());
  });
}

TEST(Signal, NeverGoesToAThread) {
  System system;
  std::atomic<pid_t> tid{0};
  std::atomic<bool> go{false};
  std::thread thread([&] {
    tid = static_cast<pid_t>(syscall(SYS_gettid));
    Eventually([&] { return go.load(); });
  });
  ASSERT_TRUE(Eventually([&] { return tid != 0; }));
  hpr_identity identity = system.Identify(tid);
  identity.kin = true;
  EXPECT_EQ("HPR_ESTRANGER", system.Signal(identity));
  go = true;
  thread.join();
}

/* --- race ----------------------------------------------------------------------------------- */

TEST(Signal, SaysWhetherItWasDeliveredAtEveryMomentOfADeath) {
  System system;
  for (int round = 0; round < 200; round++) {
    Child child(1, [](const Report &report) {
      signal(SIGTERM, SIG_IGN);
      report(getpid());
      Idle();
    });
    const hpr_identity identity = system.Identify(child.pid());
    std::thread killer([&] { child.Kill(); });
    for (bool gone = false; !gone;) {
      const std::string answer = system.Signal(identity);
      gone = answer == "HPR_ESRCH";
      ASSERT_TRUE(gone || answer == "HPR_OK") << answer;
    }
    killer.join();
    EXPECT_EQ(SIGKILL, EndedBy(child));
  }
}

} // namespace
