/* What is left of the groups that a dead agent's processes led, and of nobody else's. */
#include <gtest/gtest.h>

#include <string>

#include "support/machine.h"

namespace {

class Remainder : public Machine {
protected:
  /* A keeper whose agent leads a group of its own. */
  Pair KeeperOfALeader(Server &server) {
    const Pair pair = Keeper(server, "s");
    kernel.LeadGroup(pair.pi);
    return pair;
  }
};

/* --- success -------------------------------------------------------------------------------- */

TEST_F(Remainder, OfAnAgentsGroupIsTheNextServers) {
  Server &before = Start();
  const auto [keeper, pi] = KeeperOfALeader(before);
  const Serial member = kernel.Spawn(pi);
  before.Crash();
  End(pi);
  End(keeper);
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{Pid(keeper)}, PidsOf(server));
  EXPECT_EQ(Pids{Pid(keeper)}, Exits(server));
  EXPECT_TRUE(server.KillByToken("s"));
  EXPECT_EQ("TERM CONT", SignalsTo(member));
  Proceed();
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Remainder, OfAFormerLeaderIsTheNextServers) {
  Server &before = Start();
  const auto [keeper, pi] = KeeperOfALeader(before);
  const Serial member = kernel.Spawn(keeper);
  End(keeper);
  Proceed();
  ASSERT_EQ(Pids{Pid(pi)}, PidsOf(before)) << "the agent has taken its place";
  before.Crash();
  End(pi);
  Server &server = StartAndClean();
  ASSERT_EQ(Pids{Pid(pi)}, PidsOf(server));
  EXPECT_EQ(Pids{Pid(keeper)}, Exits(server)) << "the pid that was registered";
  EXPECT_TRUE(server.KillByToken("s"));
  EXPECT_EQ("TERM CONT", SignalsTo(member));
  Proceed();
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Remainder, OfTwoAgentsIsTheNextServers) {
  for (const bool keeper_lives : {true, false}) {
    Server &before = Start();
    const auto [keeper, pi] = KeeperOfALeader(before);
    const Serial next = kernel.Spawn(keeper);
    before.Link("s", "s", Pid(next));
    before.Crash();
    End(next);
    if (!keeper_lives) End(keeper);
    Server &server = StartAndClean();
    EXPECT_EQ(Pids{Pid(keeper)}, PidsOf(server));
    EXPECT_TRUE(server.KillByToken("s"));
    EXPECT_EQ("TERM CONT", SignalsTo(pi)) << keeper_lives;
    Proceed();
    Pass(1000);
    Proceed();
    EXPECT_EQ(Pids{}, FilePids());
    server.Crash();
  }
}

TEST_F(Remainder, OfASecondAgentIsARowOfItsOwn) {
  Server &server = Start();
  const auto [keeper, pi] = KeeperOfALeader(server);
  const Serial next = kernel.Spawn(keeper), last = kernel.Spawn(keeper);
  kernel.LeadGroup(next);
  const Serial member = kernel.Spawn(pi), of_next = kernel.Spawn(next);
  End(pi);
  Proceed();
  server.Link("s", "s", Pid(next));
  End(next);
  Proceed();
  server.Link("s", "s", Pid(last));
  EXPECT_EQ(Pid(last), server.PidOf("s"));
  EXPECT_EQ((Pids{Pid(keeper), Pid(next)}), FilePids());
  EXPECT_TRUE(server.Kill("s"));
  EXPECT_EQ("TERM CONT", SignalsTo(last));
  Proceed();
  Pass(HPR_KEEPER_TURN_MS);
  EXPECT_EQ("TERM CONT", SignalsTo(member));
  EXPECT_EQ("", SignalsTo(of_next)) << "the session had another agent";
  Pass(2000);
  Proceed();
  EXPECT_TRUE(server.Kill("s"));
  EXPECT_EQ("TERM CONT", SignalsTo(of_next));
  Proceed();
  EXPECT_EQ(Pids{}, FilePids());
  EXPECT_EQ(Pids{Pid(keeper)}, Exits(server));
}

/* Without names the members prove the group, and that they were written down proves its end. */
TEST_F(Remainder, OfALeaderThatOnlyItsMembersProveIsTheNextServers) {
  kernel.features.names = false;
  Server &before = Start();
  const Serial child = Child(before, "t"), member = kernel.Spawn(child);
  kernel.Die(child, 0);
  while (before.DeliverNotice()) {}
  before.Crash();
  kernel.Reap(child);
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{Pid(child)}, Exits(server));
  EXPECT_EQ(0u, server.size());
  EXPECT_TRUE(server.KillByToken("t"));
  EXPECT_EQ("TERM CONT", SignalsTo(member));
  Proceed();
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Remainder, OfAFormerLeaderIsKeptAtWhateverMomentItsAgentEnds) {
  bool late = false;
  for (int moment = 1; !late; moment++) {
    Server &before = Start();
    const auto [keeper, pi] = KeeperOfALeader(before);
    const Serial member = kernel.Spawn(keeper);
    before.Crash();
    End(keeper);
    Server &server = Start();
    int calls = 0;
    kernel.on_system_call = [&, pi = pi] {
      if (++calls == moment) kernel.Die(pi, 0);
    };
    server.CleanupOrphans();
    late = calls < moment;
    kernel.on_system_call = nullptr;
    End(pi);
    Proceed();
    EXPECT_TRUE(server.KillByToken("s")) << "it ended at call " << moment;
    EXPECT_EQ("TERM CONT", SignalsTo(member));
    Proceed();
    server.Close();
    End(server.serial());
  }
}

TEST_F(Remainder, OutlivesThatItsNumberIsRegisteredAgain) {
  Server &server = Start();
  const Serial child = Child(server, "t"), member = kernel.Spawn(child);
  kernel.Die(child, 0);
  kernel.Reap(child); /* before the server hears of it */
  ASSERT_TRUE(server.Register(Pid(child), "/", "u"));
  EXPECT_TRUE(server.Proceed());
  Pass(1000);
  EXPECT_TRUE(server.Proceed());
  EXPECT_EQ(Pids{Pid(child)}, Exits(server));
  EXPECT_EQ((Pids{Pid(child), Pid(child)}), FilePids());
  EXPECT_TRUE(server.KillByToken("t"));
  EXPECT_EQ("TERM CONT", SignalsTo(member));
  Proceed();
  EXPECT_EQ(Pids{Pid(child)}, FilePids()) << "of whom nobody has seen";
}

/* --- failure: others' groups ---------------------------------------------------------------- */

TEST_F(Remainder, IsNotWhatAStrangerLeft) {
  Server &before = Start();
  const Serial keeper = before.Spawn(), stranger = Stranger(), member = kernel.Spawn(stranger);
  ASSERT_TRUE(before.Register(Pid(keeper), "/", "s", Pid(keeper)));
  ASSERT_TRUE(before.Link("s", "s", Pid(stranger)));
  before.Crash();
  const int32_t number = Pid(keeper);
  End(keeper);
  End(stranger);
  Server &server = Start();
  const Serial next = server.Spawn(true, number);
  ASSERT_TRUE(server.Register(number));
  server.CleanupOrphans();
  EXPECT_EQ(Pids{number}, PidsOf(server));
  EXPECT_EQ(Pids{number}, FilePids()) << "of the new process alone";
  EXPECT_TRUE(kernel.IsAlive(member) && kernel.IsAlive(next));
}

/* A dead leader's handle would tell of its end again and again. */
TEST_F(Remainder, OfAnotherUserIsNotLookedAtWithoutEnd) {
  Server &server = Start();
  const Serial child = Child(server), member = kernel.Spawn(child);
  kernel.Find(member)->other_user = true;
  End(child);
  Proceed();
  kernel.Reap(child);
  Proceed();
  server.Crash();
  StartAndClean();
  Proceed();
  End(member);
  StartAndClean();
  EXPECT_EQ(Pids{}, FilePids());
}

} // namespace
