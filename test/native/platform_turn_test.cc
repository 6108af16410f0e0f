/* platform/process.h, begin() and end(): what is opened and read once in a turn. */
#include <gtest/gtest.h>

#include <signal.h>
#include <unistd.h>

#include "support/folder.h"
#include "support/processes.h"
#include "support/subprocess.h"
#include "support/system.h"
#include "support/wait.h"

namespace {

class Turn {
public:
  explicit Turn(System *system) : ops_(system->ops()) { ops_->begin(ops_->self); }
  ~Turn() { ops_->end(ops_->self); }
  Turn(const Turn &) = delete;
  Turn &operator=(const Turn &) = delete;

private:
  hpr_process_ops *ops_;
};

TEST(Turn, LeavesNoDescriptorOpen) {
  System system;
  IdleChild first, second;
  const hpr_identity one = system.Identify(first.pid()), other = system.Identify(second.pid());
  const size_t before = OpenDescriptors();
  {
    const Turn turn(&system);
    for (int i = 0; i < 2; i++) {
      EXPECT_EQ("SAME", system.Verify(one));
      EXPECT_EQ("SAME", system.Verify(other));
    }
    EXPECT_EQ(before + (KernelFindsByName() ? 2 : 0), OpenDescriptors()) << "each is opened once";
  }
  EXPECT_EQ(before, OpenDescriptors());
}

TEST(Turn, BeginsAnewWithoutAnEnd) {
  System system;
  IdleChild child;
  const hpr_identity identity = system.Identify(child.pid());
  const size_t before = OpenDescriptors();
  system.ops()->begin(system.ops()->self);
  system.Verify(identity);
  system.ops()->begin(system.ops()->self);
  EXPECT_EQ(before, OpenDescriptors());
}

TEST(Turn, SeesADeathAfterItsFirstLook) {
  System system;
  IdleChild child;
  const hpr_identity identity = system.Identify(child.pid());
  const Turn turn(&system);
  EXPECT_EQ("SAME", system.Verify(identity));
  child.Kill();
  EXPECT_TRUE(child.Ends());
  EXPECT_EQ("GONE", system.Verify(identity)) << "a zombie";
  EXPECT_EQ("HPR_ESRCH", system.Signal(identity));
  child.Reap();
  EXPECT_EQ("GONE", system.Verify(identity));
  EXPECT_EQ("HPR_ESRCH", system.Signal(identity));
}

TEST(Turn, SeesALeaderDieBeforeItsGroup) {
  System system;
  GroupOfTwo leader;
  const Grandchild member(leader.reported());
  const hpr_identity identity = system.Identify(leader.pid());
  const Turn turn(&system);
  EXPECT_EQ("SAME", system.Verify(identity));
  leader.Kill();
  EXPECT_TRUE(leader.Ends());
  EXPECT_EQ("GROUP", system.Verify(identity));
  EXPECT_EQ("HPR_OK", system.Signal(identity));
  EXPECT_TRUE(member.Ends());
}

TEST(Turn, TellsOfAnExitBetweenItsLookAndItsWatch) {
  System system;
  IdleChild child;
  const hpr_identity identity = system.Identify(child.pid());
  const Turn turn(&system);
  EXPECT_EQ("SAME", system.Verify(identity));
  child.Kill();
  EXPECT_TRUE(child.Ends());
  const size_t wanted = system.Watch(identity, 7) == "HPR_OK" ? 1 : 0;
  EXPECT_TRUE(system.HasNotices(wanted));
}

TEST(Turn, GivesItsDescriptorToTheWatch) {
  System system;
  IdleChild child;
  const hpr_identity identity = system.Identify(child.pid());
  {
    const Turn turn(&system);
    EXPECT_EQ("SAME", system.Verify(identity));
    EXPECT_EQ("HPR_OK", system.Watch(identity, 7));
    EXPECT_EQ("SAME", system.Verify(identity));
  }
  child.Kill();
  EXPECT_TRUE(system.HasNotices(1));
}

std::string VerifyEnded(System &system, const hpr_identity &identity) {
  return Verdict(system.ops()->verify_ended(system.ops()->self, &identity));
}

TEST(Turn, TellsGroupsOfAllThatHaveEndedByOneLook) {
  System system;
  GroupLeader alone;
  GroupOfTwo with, later;
  Grandchild member(with.reported()), follower(later.reported());
  const hpr_identity one = system.Identify(alone.pid()), two = system.Identify(with.pid()),
                     three = system.Identify(later.pid());
  for (const Child *it :
       {static_cast<Child *>(&alone), static_cast<Child *>(&with), static_cast<Child *>(&later)}) {
    it->Kill();
    EXPECT_TRUE(it->Ends());
  }
  const Turn turn(&system);
  EXPECT_EQ("GONE", VerifyEnded(system, one));
  EXPECT_EQ("GROUP", VerifyEnded(system, two));
  follower.Kill();
  EXPECT_TRUE(follower.Ends());
  EXPECT_EQ("GONE", VerifyEnded(system, three)) << "its member ended after that look";
}

TEST(Turn, FindsWhatAMemberHasStartedSinceTheLook) {
  System system;
  GroupLeader other;
  int go[2];
  ASSERT_EQ(0, pipe(go));
  /* The member forks and ends when it is told; the leader ends at once. */
  Child leader(1, [&](const Report &report) {
    setpgid(0, 0);
    report(ForkIn([&] {
      char byte;
      if (read(go[0], &byte, 1) == 1) ForkIn(Idle);
      _exit(0);
    }));
    Idle();
  });
  const Grandchild member(leader.reported());
  const hpr_identity one = system.Identify(other.pid()), identity = system.Identify(leader.pid());
  for (const Child *it : {static_cast<Child *>(&other), &leader}) {
    it->Kill();
    EXPECT_TRUE(it->Ends());
  }
  const Turn turn(&system);
  EXPECT_EQ("GONE", VerifyEnded(system, one)) << "that is the look";
  ASSERT_EQ(1, write(go[1], "!", 1));
  EXPECT_TRUE(member.Ends());
  EXPECT_EQ("GROUP", VerifyEnded(system, identity));
  EXPECT_EQ("HPR_OK", system.Signal(identity, HPR_SIGNAL_KILL));
  close(go[0]);
  close(go[1]);
}

/* The parent is a process of the test's own, should the guard fail. */
TEST(Turn, ForbidsAncestorsToItsEnd) {
  const auto check = [] {
    System system;
    const Turn turn(&system);
    hpr_identity parent = system.Identify(getppid());
    parent.kin = true;
    IdleChild child; /* it came when they had been read */
    const hpr_identity below = system.Identify(child.pid());
    for (int i = 0; i < 2; i++) {
      EXPECT_EQ("HPR_EFORBIDDEN", system.Signal(parent));
      EXPECT_TRUE(system.ops()->is_around_us(system.ops()->self, &parent));
      EXPECT_FALSE(system.ops()->is_around_us(system.ops()->self, &below));
    }
    EXPECT_EQ("HPR_OK", system.Signal(below));
  };
  InSubprocess([check] { InSubprocess(check); });
}

} // namespace
