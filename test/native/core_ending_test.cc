#include <gtest/gtest.h>

#include <string>

#include "support/machine.h"

namespace {

constexpr int32_t kGrace = HPR_GRACE_DEFAULT_MS;

class Ending : public Machine {
protected:
  /* A child in that session that SIGTERM does not impress. */
  Serial Stubborn(Server &server, const std::string &session) {
    const Serial child = Linked(server, session);
    kernel.Find(child)->ignores_term = true;
    return child;
  }

  bool IsTerminating(Serial serial) {
    const hpr_row *row = InFile(Pid(serial));
    return row && row->terminating;
  }

  /* A registered process that is not a descendant of the server. */
  Serial NotOurs(Server &server, const std::string &session) {
    const Serial stranger = Stranger();
    EXPECT_TRUE(server.Register(Pid(stranger), "/", session));
    EXPECT_TRUE(server.Link(session, session));
    return stranger;
  }
};

/* --- unset ---------------------------------------------------------------------------------- */

TEST_F(Ending, OfAnUnknownNameDeliversNothing) {
  Server &server = Start();
  Child(server, "t");
  EXPECT_FALSE(server.Kill("s"));
  EXPECT_FALSE(server.KillByToken("u"));
  EXPECT_FALSE(server.KillByToken(""));
  EXPECT_EQ(1u, server.size());
  EXPECT_EQ("", Signals());
}

TEST_F(Ending, OfAnUnknownNameIsAnsweredAtOnce) {
  Server &server = Start();
  const Serial child = Child(server);
  const Serial stranger = Stranger();
  EXPECT_EQ("NOT_FOUND", OutcomeOf(server, server.Terminate(BySession("s"))));
  EXPECT_EQ("NOT_FOUND", OutcomeOf(server, server.Terminate(ByToken("t"))));
  EXPECT_EQ("NOT_FOUND", OutcomeOf(server, server.Terminate(ByToken(""))));
  EXPECT_EQ("NOT_FOUND", OutcomeOf(server, server.Terminate(ByPid(9000))));
  EXPECT_EQ("NOT_FOUND", OutcomeOf(server, server.Terminate(ByPid(Pid(stranger)))));
  EXPECT_EQ(0, server.ended[0].pid);
  EXPECT_TRUE(kernel.IsAlive(child));
  EXPECT_EQ("", Signals());
}

TEST_F(Ending, OfAnEmptyTokenNeverMeansAnEntryWithoutOne) {
  Server &server = Start();
  const Serial child = Child(server);
  ASSERT_TRUE(server.LinkByPid("s", Pid(child)));
  ASSERT_TRUE(server.Kill("s"));
  EXPECT_EQ("NOT_FOUND", OutcomeOf(server, server.Terminate(ByToken(""), HPR_SIGNAL_KILL, 0)));
  EXPECT_EQ("TERM CONT", SignalsTo(child));
}

/* --- success: one process -------------------------------------------------------------------- */

TEST_F(Ending, SendsTermAndThenCont) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  const Serial member = kernel.Spawn(child);
  EXPECT_TRUE(server.Kill("s"));
  EXPECT_EQ("TERM CONT", SignalsTo(child));
  EXPECT_EQ("TERM CONT", SignalsTo(member)) << "it leads a group";
}

TEST_F(Ending, ReachesAStoppedProcess) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  kernel.Stop(child);
  EXPECT_TRUE(server.Kill("s"));
  Proceed();
  EXPECT_EQ(Pids{Pid(child)}, Exits(server));
}

TEST_F(Ending, IsOverWhenTheProcessIsGone) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  const uint64_t request = server.Terminate(BySession("s"));
  EXPECT_EQ("", OutcomeOf(server, request)) << "not before";
  EXPECT_EQ(0u, server.size());
  EXPECT_TRUE(IsTerminating(child));
  Proceed();
  EXPECT_EQ("EXITED", OutcomeOf(server, request));
  EXPECT_EQ(Pid(child), server.ended[0].pid);
  EXPECT_EQ(Pids{Pid(child)}, Exits(server));
  EXPECT_EQ("s", server.exits[0].session);
  EXPECT_EQ(Pids{}, FilePids());
  EXPECT_FALSE(server.NextTimer()) << "nothing is left to do";
}

TEST_F(Ending, KillsExactlyAfterTheGraceTime) {
  Server &server = Start();
  const Serial child = Stubborn(server, "s");
  const uint64_t request = server.Terminate(BySession("s"), HPR_SIGNAL_TERM, 700);
  Pass(699);
  EXPECT_EQ("TERM CONT", SignalsTo(child));
  Pass(1);
  EXPECT_EQ("TERM CONT KILL", SignalsTo(child));
  EXPECT_EQ("", OutcomeOf(server, request));
  EXPECT_TRUE(IsTerminating(child)) << "until its end is seen";
  Proceed();
  EXPECT_EQ("KILLED", OutcomeOf(server, request));
  EXPECT_EQ("SIGKILL", server.ended[0].signal);
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Ending, KillsAfterTheRegistrysGraceTime) {
  Server::Options options;
  options.grace_ms = 1234;
  Server &server = Start(options);
  const Serial child = Stubborn(server, "s");
  EXPECT_TRUE(server.Kill("s"));
  Pass(1233);
  EXPECT_EQ("TERM CONT", SignalsTo(child));
  Pass(1);
  EXPECT_EQ("TERM CONT KILL", SignalsTo(child));
}

TEST_F(Ending, KillsOnlyOnce) {
  Server &server = Start();
  const Serial child = Stubborn(server, "s");
  server.Kill("s");
  Pass(kGrace);
  Pass(kGrace);
  Pass(kGrace);
  EXPECT_EQ("TERM CONT KILL", SignalsTo(child));
}

TEST_F(Ending, KillsAtTheNextTurnWithoutGrace) {
  Server &server = Start();
  const Serial child = Stubborn(server, "s");
  const uint64_t request = server.Terminate(BySession("s"), HPR_SIGNAL_TERM, 0);
  EXPECT_EQ("TERM CONT", SignalsTo(child));
  Pass(1);
  EXPECT_EQ("TERM CONT KILL", SignalsTo(child));
  Proceed();
  EXPECT_EQ("KILLED", OutcomeOf(server, request));
}

TEST_F(Ending, NeverKillsIfAskedNotTo) {
  Server &server = Start();
  const Serial child = Stubborn(server, "s");
  const uint64_t request = server.Terminate(BySession("s"), HPR_SIGNAL_TERM, HPR_GRACE_NEVER);
  EXPECT_FALSE(server.NextTimer());
  Pass(kDayMs);
  EXPECT_EQ("TERM CONT", SignalsTo(child));
  EXPECT_EQ("", OutcomeOf(server, request));
  kernel.Die(child, 0);
  Proceed();
  EXPECT_EQ("EXITED", OutcomeOf(server, request));
}

TEST_F(Ending, BeginsWithTheSignalThatIsAskedFor) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  server.Terminate(BySession("s"), HPR_SIGNAL_INT);
  EXPECT_EQ("INT CONT", SignalsTo(child));
}

TEST_F(Ending, WithKillNeedsNoGrace) {
  Server &server = Start();
  const Serial child = Stubborn(server, "s");
  const uint64_t request = server.Terminate(BySession("s"), HPR_SIGNAL_KILL, 500);
  EXPECT_FALSE(server.NextTimer());
  Proceed();
  Pass(500);
  EXPECT_EQ("KILL", SignalsTo(child));
  EXPECT_EQ("KILLED", OutcomeOf(server, request));
}

TEST_F(Ending, TakesTokensAndPidsForNames) {
  Server &server = Start();
  const Serial a = Child(server, "t"), b = Child(server), c = Child(server, "u");
  EXPECT_TRUE(server.KillByToken("t"));
  const uint64_t by_pid = server.Terminate(ByPid(Pid(b))),
                 by_token = server.Terminate(ByToken("u"));
  for (const Serial child : {a, b, c}) EXPECT_EQ("TERM CONT", SignalsTo(child));
  Proceed();
  EXPECT_EQ("EXITED", OutcomeOf(server, by_pid));
  EXPECT_EQ("EXITED", OutcomeOf(server, by_token));
}

TEST_F(Ending, SaysSoInTheFileUntilItIsOver) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  EXPECT_FALSE(IsTerminating(child));
  server.Kill("s");
  EXPECT_TRUE(IsTerminating(child));
  Proceed();
  EXPECT_EQ(std::string::npos, File().find("terminating"));
  EXPECT_EQ(Pids{}, FilePids());
}

/* --- success: a keeper and its pi ------------------------------------------------------------ */

TEST_F(Ending, LeavesAKeeperItsTurn) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  EXPECT_TRUE(server.Kill("s"));
  Pass(HPR_KEEPER_TURN_MS - 1);
  EXPECT_EQ("TERM CONT", SignalsTo(pi));
  EXPECT_EQ("", SignalsTo(keeper));
  kernel.Die(pi, 15);
  server.Proceed();
  Pass(HPR_KEEPER_TURN_MS - 1);
  EXPECT_EQ("", SignalsTo(keeper)) << "counted from the end of pi";
  Pass(1);
  EXPECT_EQ("TERM CONT", SignalsTo(keeper));
  EXPECT_EQ("TERM CONT", SignalsTo(pi));
}

TEST_F(Ending, LeavesAKeeperAloneAsLongAsItsPiNeeds) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  kernel.Find(pi)->ignores_term = true;
  server.Terminate(BySession("s"), HPR_SIGNAL_TERM, HPR_GRACE_NEVER);
  Pass(60000);
  EXPECT_EQ("TERM CONT", SignalsTo(pi));
  EXPECT_EQ("", SignalsTo(keeper));
}

TEST_F(Ending, LeavesAKeeperAloneThatGoesByItself) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  server.Kill("s");
  Proceed();
  Pass(100);
  End(keeper);
  Proceed();
  EXPECT_EQ(Pids{Pid(keeper)}, Exits(server));
  Pass(kGrace);
  EXPECT_EQ("", SignalsTo(keeper));
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Ending, OfAKeeperIsNotOverBeforeItsPiIsGone) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  kernel.Find(pi)->ignores_term = true;
  const uint64_t request = server.Terminate(BySession("s"));
  End(keeper);
  Proceed();
  EXPECT_EQ("", OutcomeOf(server, request));
  Pass(kGrace);
  EXPECT_EQ("TERM CONT KILL", SignalsTo(pi)) << "nothing twice";
  Proceed();
  EXPECT_EQ("KILLED", OutcomeOf(server, request));
}

TEST_F(Ending, KillsPiAndKeeperAfterTheGraceTime) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  kernel.LeadGroup(pi);
  kernel.Find(keeper)->ignores_term = kernel.Find(pi)->ignores_term = true;
  const uint64_t request = server.Terminate(BySession("s"), HPR_SIGNAL_TERM, 500);
  Pass(HPR_KEEPER_TURN_MS);
  Pass(500 - HPR_KEEPER_TURN_MS - 1);
  EXPECT_EQ("TERM CONT", SignalsTo(pi));
  EXPECT_EQ("", SignalsTo(keeper));
  Pass(1);
  EXPECT_EQ("TERM CONT KILL", SignalsTo(pi));
  EXPECT_EQ("KILL", SignalsTo(keeper));
  Proceed();
  EXPECT_EQ("KILLED", OutcomeOf(server, request));
}

TEST_F(Ending, OfAKeeperAsksANewAgentThatHasTheNumberOfTheOld) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  const int32_t number = Pid(pi);
  server.Terminate(BySession("s"));
  End(pi);
  Proceed();
  const Serial next = kernel.Spawn(keeper, number);
  Pass(HPR_KEEPER_TURN_MS);
  EXPECT_EQ("TERM CONT", SignalsTo(next));
  EXPECT_EQ("", SignalsTo(keeper)) << "it waits for the new one, too";
}

/* --- two agents of one entry ---------------------------------------------------------------- */

TEST_F(Ending, OfAKeeperAsksBothOfItsAgents) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  const Serial next = kernel.Spawn(keeper);
  kernel.LeadGroup(next);
  server.Link("s", "s", Pid(next));
  EXPECT_EQ(Pid(next), server.PidOf("s"));
  kernel.Find(pi)->ignores_term = true;
  server.Terminate(BySession("s"));
  for (const Serial agent : {pi, next}) EXPECT_EQ("TERM CONT", SignalsTo(agent));
  End(next);
  Proceed();
  Pass(HPR_KEEPER_TURN_MS);
  EXPECT_EQ("", SignalsTo(keeper)) << "one of them is there yet";
  End(pi);
  Proceed();
  Pass(HPR_KEEPER_TURN_MS);
  EXPECT_EQ("TERM CONT", SignalsTo(keeper));
  for (const Serial agent : {pi, next}) EXPECT_EQ("TERM CONT", SignalsTo(agent));
}

TEST_F(Ending, AsksOnceAnAgentThatWasNamedAgain) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  const Serial next = kernel.Spawn(keeper), third = kernel.Spawn(keeper);
  for (const Serial agent : {next, pi, next, pi}) server.Link("s", "s", Pid(agent));
  EXPECT_EQ(Pid(pi), server.PidOf("s"));
  server.Link("s", "s", Pid(third));
  EXPECT_EQ(Pid(pi), server.PidOf("s")) << "two are looked after, and no third";
  server.Terminate(BySession("s"));
  for (const Serial agent : {pi, next}) EXPECT_EQ("TERM CONT", SignalsTo(agent));
}

TEST_F(Ending, OfAKeeperKnowsAThirdAgentAsSoonAsTheFirstHasGone) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  const Serial next = kernel.Spawn(keeper), third = kernel.Spawn(keeper);
  server.Link("s", "s", Pid(next));
  kernel.Die(pi, 0); /* which nobody has heard of yet */
  server.Link("s", "s", Pid(third));
  EXPECT_EQ(Pid(third), server.PidOf("s"));
}

TEST_F(Ending, LeavesAFormerAgentThatHasAnEntryOfItsOwn) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  const Serial next = kernel.Spawn(keeper);
  server.Link("s", "s", Pid(next));
  server.Register(Pid(pi), "/own");
  server.Terminate(BySession("s"));
  EXPECT_EQ("TERM CONT", SignalsTo(next));
  EXPECT_EQ("", SignalsTo(pi));
}

/* The next server has nothing but the time to tell it from one that came later. */
TEST_F(Ending, OfAKeeperAsksNobodyAgainWhoHadJustStartedAndGotItsGroupsSignal) {
  Server &before = Start();
  const Serial keeper = before.Spawn(), agent = kernel.Spawn(keeper);
  kernel.Find(keeper)->ignores_term = kernel.Find(agent)->ignores_term = true;
  ASSERT_TRUE(before.Register(Pid(keeper), "/", "t", Pid(keeper)));
  before.Terminate(ByToken("t"));
  ASSERT_EQ("TERM CONT", SignalsTo(agent));
  before.Crash();
  StartAndClean();
  Pass(kGrace - 1);
  EXPECT_EQ("TERM CONT", SignalsTo(agent));
  Pass(1);
  EXPECT_EQ("TERM CONT KILL", SignalsTo(agent));
}

/* The server may die between the two signals. */
TEST_F(Ending, WithKillIsWrittenDownForDescendantsToo) {
  Server &before = Start();
  const Serial child = before.Spawn(false), tool = kernel.Spawn(child);
  kernel.LeadSession(tool);
  ASSERT_TRUE(before.Register(Pid(child)));
  bool alive = true;
  kernel.on_system_call = [&] {
    if (alive && SignalsTo(child) == "KILL") before.Crash();
    alive = kernel.IsAlive(before.serial());
  };
  before.Terminate(ByPid(Pid(child)), HPR_SIGNAL_KILL);
  kernel.on_system_call = nullptr;
  ASSERT_EQ("", SignalsTo(tool));
  End(child);
  StartAndClean();
  EXPECT_EQ("KILL", SignalsTo(tool));
}

TEST_F(Ending, KillsAnAgentThatLeavesTheGroupAtWhateverMoment) {
  bool late = false;
  for (int moment = 1; !late; moment++) {
    Server &server = Start();
    const auto [keeper, pi] = Keeper(server, "s");
    int calls = 0;
    kernel.on_system_call = [&, pi = pi] {
      if (++calls == moment) kernel.LeadGroup(pi);
    };
    server.Terminate(BySession("s"), HPR_SIGNAL_KILL);
    late = calls < moment;
    kernel.on_system_call = nullptr;
    Proceed();
    EXPECT_FALSE(kernel.IsAlive(pi)) << "it left at call " << moment;
    EXPECT_EQ(Pids{}, FilePids());
    server.Close();
    End(server.serial());
  }
}

TEST_F(Ending, KillsAKeeperBeforeItsTurnIfTheGraceIsShorter) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  kernel.LeadGroup(pi);
  kernel.Find(keeper)->ignores_term = kernel.Find(pi)->ignores_term = true;
  server.Terminate(BySession("s"), HPR_SIGNAL_TERM, 50);
  Pass(49);
  EXPECT_EQ("", SignalsTo(keeper));
  Pass(1);
  EXPECT_EQ("KILL", SignalsTo(keeper));
  EXPECT_EQ("TERM CONT KILL", SignalsTo(pi));
}

TEST_F(Ending, GivesTheKeeperTheSameSignalAsPi) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  kernel.LeadGroup(pi);
  server.Terminate(BySession("s"), HPR_SIGNAL_HUP);
  kernel.Die(pi, 1);
  server.Proceed();
  Pass(HPR_KEEPER_TURN_MS);
  EXPECT_EQ("HUP CONT", SignalsTo(pi));
  EXPECT_EQ("HUP CONT", SignalsTo(keeper));
}

TEST_F(Ending, GivesTheKeeperItsTurnWithoutGraceToo) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  kernel.LeadGroup(pi);
  server.Terminate(BySession("s"), HPR_SIGNAL_TERM, HPR_GRACE_NEVER);
  kernel.Die(pi, 15);
  server.Proceed();
  Pass(HPR_KEEPER_TURN_MS);
  EXPECT_EQ("TERM CONT", SignalsTo(keeper));
  EXPECT_FALSE(server.NextTimer());
}

TEST_F(Ending, SignalsAKeeperAtOnceIfItsPiIsDead) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  End(pi);
  EXPECT_TRUE(server.Kill("s"));
  EXPECT_EQ("TERM CONT", SignalsTo(keeper));
  EXPECT_EQ(kernel.now_ms + kGrace, server.NextTimer()) << "no turn of its own any more";
}

TEST_F(Ending, SignalsAKeeperAtOnceIfItsPiIsUnknown) {
  Server &server = Start();
  const Serial keeper = server.Spawn();
  server.Register(Pid(keeper), "/", "t", Pid(keeper));
  server.Link("t", "s");
  EXPECT_TRUE(server.Kill("s"));
  EXPECT_EQ("TERM CONT", SignalsTo(keeper));
}

TEST_F(Ending, ReachesAKeeperThatIsAnotherProcess) {
  Server &server = Start();
  const Serial keeper = server.Spawn(), child = server.Spawn();
  server.Register(Pid(child), "/", "t", Pid(keeper));
  server.Link("t", "s");
  EXPECT_TRUE(server.Kill("s"));
  EXPECT_EQ("TERM CONT", SignalsTo(child));
  EXPECT_EQ("TERM CONT", SignalsTo(keeper));
  kernel.Die(child, 15);
  EXPECT_TRUE(server.Proceed());
  EXPECT_EQ(Pids{Pid(child)}, Exits(server));
  EXPECT_TRUE(IsTerminating(child)) << "the keeper is left";
  Proceed();
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Ending, LeavesAKeeperThatIsAnotherProcessItsTurn) {
  Server &server = Start();
  const Serial keeper = server.Spawn(), child = server.Spawn(), pi = kernel.Spawn(child);
  kernel.LeadSession(pi);
  server.Register(Pid(child), "/", "t", Pid(keeper));
  server.Link("t", "s", Pid(pi));
  EXPECT_TRUE(server.Kill("s"));
  EXPECT_EQ("TERM CONT", SignalsTo(pi));
  for (const Serial later : {child, keeper}) EXPECT_EQ("", SignalsTo(later));
  kernel.Die(pi, 15);
  server.Proceed();
  Pass(HPR_KEEPER_TURN_MS);
  for (const Serial later : {child, keeper}) EXPECT_EQ("TERM CONT", SignalsTo(later));
}

TEST_F(Ending, IsOverWhenTheNoticeComes) {
  Server &before = Start();
  const Serial a = Child(before), b = Child(before);
  before.Crash();
  Server &server = StartAndClean();
  kernel.on_signal = [&](const sim::Delivery &it) { kernel.Die(it.target, it.signum); };
  const uint64_t term = server.Terminate(ByPid(Pid(a)));
  const uint64_t kill = server.Terminate(ByPid(Pid(b)), HPR_SIGNAL_KILL);
  Proceed();
  EXPECT_EQ("EXITED", OutcomeOf(server, term));
  EXPECT_EQ("KILLED", OutcomeOf(server, kill));
  EXPECT_EQ((Pids{Pid(a), Pid(b)}), Exits(server));
  EXPECT_EQ(Pids{}, FilePids());
}

/* --- failure: nobody, and not ours ----------------------------------------------------------- */

TEST_F(Ending, OfTheDeadIsOverAtOnce) {
  Server &server = Start();
  server.Register(9000, "/", "t");
  server.Link("t", "s");
  EXPECT_FALSE(server.Kill("s"));
  EXPECT_EQ(0u, server.size());
  EXPECT_EQ(Pids{}, FilePids());
  EXPECT_EQ(Pids{9000}, Exits(server));
  server.Register(9000, "/", "t");
  const uint64_t request = server.Terminate(ByToken("t"));
  EXPECT_EQ("ALREADY_GONE", OutcomeOf(server, request));
  EXPECT_EQ(9000, server.ended[0].pid);
}

TEST_F(Ending, OfAZombieWaitsForItsParentToTell) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  kernel.Die(child, 9);
  EXPECT_FALSE(server.Kill("s"));
  EXPECT_EQ("", Signals());
  EXPECT_EQ(0u, server.size());
  EXPECT_EQ(Pids{}, Exits(server));
  Proceed();
  ASSERT_EQ(Pids{Pid(child)}, Exits(server));
  EXPECT_EQ("SIGKILL", server.exits[0].signal);
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Ending, OfAStrangersProcessSignalsNobody) {
  Server &server = Start();
  const Serial stranger = NotOurs(server, "s");
  EXPECT_EQ("HPR_ENOTKIN", Warnings(server));
  EXPECT_FALSE(server.Kill("s"));
  EXPECT_EQ(0u, server.size());
  EXPECT_EQ(Pids{}, PidsOf(server));
  EXPECT_EQ(Pids{}, FilePids());
  EXPECT_EQ(Pids{}, Exits(server)) << "it has not exited";
  EXPECT_TRUE(kernel.IsAlive(stranger));
}

TEST_F(Ending, OfAStrangersProcessIsToldToBeNotOurs) {
  Server &server = Start();
  NotOurs(server, "s");
  const uint64_t request = server.Terminate(BySession("s"));
  EXPECT_EQ("NOT_OURS", OutcomeOf(server, request));
  EXPECT_EQ(Pids{}, Exits(server));
}

TEST_F(Ending, OfAKeeperDoesNotWaitForAnotherUsersAgent) {
  Server &server = Start();
  const Serial keeper = server.Spawn(), stranger = Stranger();
  kernel.Find(stranger)->other_user = true;
  ASSERT_TRUE(server.Register(Pid(keeper), "/", "t", Pid(keeper)));
  ASSERT_TRUE(server.Link("t", "s", Pid(stranger)));
  EXPECT_TRUE(server.Kill("s"));
  EXPECT_EQ("TERM CONT", SignalsTo(keeper));
  Proceed();
  EXPECT_EQ(Pids{Pid(keeper)}, Exits(server));
  EXPECT_EQ(Pids{}, FilePids());
}

/* The next server finds the agent in the group that its keeper has left. */
TEST_F(Ending, AsksAnAgentOnceThoughItsKeeperDiesAndTheServerToo) {
  for (const bool names : {true, false}) {
    kernel.features.names = names; /* else the group is proved by its members */
    Server &before = Start();
    const auto [keeper, pi] = Keeper(before, "s");
    const Serial helper = kernel.Spawn(keeper);
    kernel.Find(pi)->ignores_term = true;
    EXPECT_TRUE(before.Kill("s"));
    kernel.Die(keeper, 0);
    while (before.DeliverNotice()) {}
    before.Crash();
    End(keeper);
    Server &server = StartAndClean();
    EXPECT_EQ("TERM CONT", SignalsTo(pi)) << names;
    End(pi);
    Proceed();
    EXPECT_EQ("TERM CONT", SignalsTo(helper)) << names;
    Proceed();
    EXPECT_EQ(Pids{}, FilePids());
    server.Close();
    End(server.serial());
  }
}

TEST_F(Ending, OfAUsedNumberSignalsNobody) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  const Serial stranger = UseAgain(child);
  const uint64_t request = server.Terminate(BySession("s"), HPR_SIGNAL_TERM, 0);
  EXPECT_EQ("", SignalsTo(stranger));
  EXPECT_EQ("", OutcomeOf(server, request)) << "its parent may yet tell how it ended";
  Pass(1000);
  Proceed();
  EXPECT_EQ("ALREADY_GONE", OutcomeOf(server, request));
}

TEST_F(Ending, AsksAgainUntilTheFirstSignalIsSent) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  kernel.descriptors_left = false;
  const uint64_t request = server.Terminate(BySession("s"));
  EXPECT_EQ("", Signals());
  EXPECT_EQ(0, server.PidOf("s"));
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server)) << "it is not forgotten";
  Pass(5000);
  EXPECT_EQ("", Signals());
  kernel.descriptors_left = true;
  Pass(1000);
  EXPECT_EQ("TERM CONT", SignalsTo(child)) << "and not SIGKILL: it has its grace before it";
  Proceed();
  EXPECT_EQ(Pids{Pid(child)}, Exits(server));
  EXPECT_EQ("EXITED", OutcomeOf(server, request));
}

TEST_F(Ending, DeliversNothingWhileTheFirstSignalIsToBeSent) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  kernel.descriptors_left = false;
  EXPECT_FALSE(server.Kill("s"));
  kernel.descriptors_left = true;
  Pass(1000);
  EXPECT_EQ("TERM CONT", SignalsTo(child));
}

TEST_F(Ending, OfWhatCannotBeToldIsOverWhenItIsGone) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  kernel.descriptors_left = false;
  const uint64_t request = server.Terminate(BySession("s"));
  kernel.descriptors_left = true;
  kernel.Die(child, 0);
  Proceed();
  EXPECT_EQ(Pids{Pid(child)}, Exits(server));
  EXPECT_EQ("ALREADY_GONE", OutcomeOf(server, request));
}

/* --- race: two who want the same end ---------------------------------------------------------- */

TEST_F(Ending, AnswersAllWhoWaitForIt) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  const uint64_t a = server.Terminate(BySession("s")), b = server.Terminate(ByToken("s")),
                 c = server.Terminate(ByPid(Pid(child)));
  EXPECT_EQ("TERM CONT", SignalsTo(child)) << "asked once";
  Proceed();
  for (const uint64_t request : {a, b, c}) EXPECT_EQ("EXITED", OutcomeOf(server, request));
}

TEST_F(Ending, IsShortenedByAnImpatientCaller) {
  Server &server = Start();
  const Serial child = Stubborn(server, "s");
  const uint64_t a = server.Terminate(BySession("s"), HPR_SIGNAL_TERM, 5000);
  Pass(100); /* which no timer tells of */
  const uint64_t b = server.Terminate(BySession("s"), HPR_SIGNAL_TERM, 300);
  Pass(300);
  EXPECT_EQ("TERM CONT KILL", SignalsTo(child));
  Proceed();
  EXPECT_EQ("KILLED", OutcomeOf(server, a));
  EXPECT_EQ("KILLED", OutcomeOf(server, b));
  EXPECT_FALSE(server.NextTimer());
}

TEST_F(Ending, IsNeverMadeLongerByAPatientCaller) {
  Server &server = Start();
  const Serial child = Stubborn(server, "s");
  server.Terminate(BySession("s"), HPR_SIGNAL_TERM, 300);
  server.Terminate(BySession("s"), HPR_SIGNAL_TERM, 5000);
  server.Terminate(BySession("s"), HPR_SIGNAL_TERM, HPR_GRACE_NEVER);
  Pass(300);
  EXPECT_EQ("TERM CONT KILL", SignalsTo(child));
}

TEST_F(Ending, WithoutAnEndIsGivenOneByALaterCaller) {
  Server &server = Start();
  const Serial child = Stubborn(server, "s");
  server.Terminate(BySession("s"), HPR_SIGNAL_TERM, HPR_GRACE_NEVER);
  Pass(10000);
  server.Terminate(BySession("s"), HPR_SIGNAL_TERM, 300);
  Pass(299);
  EXPECT_EQ("TERM CONT", SignalsTo(child));
  Pass(1);
  EXPECT_EQ("TERM CONT KILL", SignalsTo(child));
}

TEST_F(Ending, IsMadeAtOnceByACallerWithKill) {
  Server &server = Start();
  const Serial child = Stubborn(server, "s");
  server.Terminate(BySession("s"), HPR_SIGNAL_TERM, 5000);
  server.Terminate(BySession("s"), HPR_SIGNAL_KILL, 5000);
  Pass(1);
  EXPECT_EQ("TERM CONT KILL", SignalsTo(child));
}

TEST_F(Ending, KeepsTheKeepersTurnWhenItIsShortened) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  kernel.LeadGroup(pi);
  kernel.Find(keeper)->ignores_term = kernel.Find(pi)->ignores_term = true;
  server.Terminate(BySession("s"), HPR_SIGNAL_TERM, 5000);
  kernel.Die(pi, 9);
  server.Proceed();
  Pass(HPR_KEEPER_TURN_MS);
  EXPECT_EQ("TERM CONT", SignalsTo(keeper));
  server.Terminate(BySession("s"), HPR_SIGNAL_TERM, 100);
  Pass(99);
  EXPECT_EQ("TERM CONT", SignalsTo(keeper)) << "counted from the second call";
  Pass(1);
  EXPECT_EQ("TERM CONT KILL", SignalsTo(keeper));
}

TEST_F(Ending, IsLookedAtNowAndThenWhereItCannotBeWatched) {
  Server &before = Start();
  const auto [keeper, pi] = Keeper(before, "s");
  kernel.Find(pi)->ignores_term = true;
  before.Crash();
  End(keeper);
  Server &server = StartAndClean();
  ASSERT_EQ(Pids{Pid(pi)}, PidsOf(server));
  server.Terminate(ByPid(Pid(pi)), HPR_SIGNAL_TERM, HPR_GRACE_NEVER);
  End(pi);
  server.Proceed();
  EXPECT_EQ(Pids{Pid(keeper)}, Exits(server));
}

TEST_F(Ending, GoesOnWithAGroupThatItsLeaderLeaves) {
  Server &server = Start();
  const Serial child = Linked(server, "s"), member = kernel.Spawn(child);
  kernel.Find(member)->ignores_term = true;
  const uint64_t request = server.Terminate(BySession("s"));
  Proceed();
  EXPECT_FALSE(kernel.IsAlive(child));
  EXPECT_EQ("", OutcomeOf(server, request)) << "a member is left";
  EXPECT_TRUE(IsTerminating(child));
  Pass(kGrace);
  EXPECT_EQ("TERM CONT KILL", SignalsTo(member));
  Proceed();
  EXPECT_EQ("KILLED", OutcomeOf(server, request));
  EXPECT_EQ(Pids{}, FilePids());
}

/* The keeper is dead, and another child has its number. */
TEST_F(Ending, GoesOnWithAPiWhoseKeepersNumberIsRegisteredAgain) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  const int32_t number = Pid(keeper);
  kernel.LeadSession(pi);
  kernel.Find(pi)->ignores_term = true;
  const uint64_t request = server.Terminate(BySession("s"), HPR_SIGNAL_TERM, 500);
  End(keeper);
  ASSERT_TRUE(server.ReapOne());
  const Serial next = kernel.Spawn(server.serial(), number);
  ASSERT_TRUE(server.Register(number));
  EXPECT_EQ((Pids{Pid(pi), number}), PidsOf(server));
  EXPECT_EQ(1u, server.size());
  Pass(500);
  EXPECT_EQ("TERM CONT KILL", SignalsTo(pi));
  EXPECT_EQ("", SignalsTo(next));
  Proceed();
  EXPECT_EQ("KILLED", OutcomeOf(server, request));
  EXPECT_EQ(Pids{number}, FilePids());
}

TEST_F(Ending, IsGivenUpForAProcessThatRegistersAgain) {
  Server &server = Start();
  const Serial child = Stubborn(server, "s");
  const uint64_t request = server.Terminate(BySession("s"));
  ASSERT_TRUE(server.Register(Pid(child), "/", "t"));
  EXPECT_EQ("UNKNOWN", OutcomeOf(server, request));
  EXPECT_EQ(1u, server.size());
  EXPECT_FALSE(IsTerminating(child));
  Pass(kGrace);
  EXPECT_EQ("TERM CONT", SignalsTo(child));
}

/* --- all of them ------------------------------------------------------------------------------ */

TEST_F(Ending, IsNotBegunAgainByTheNextServerForAProcessThatRegistersAgain) {
  Server &before = Start();
  const auto [keeper, pi] = Keeper(before, "s");
  kernel.Find(pi)->ignores_term = true;
  ASSERT_TRUE(before.Register(Pid(pi))) << "an entry of its own, too";
  before.Kill("s");
  ASSERT_TRUE(before.Register(Pid(keeper), "/", "t", Pid(keeper)));
  before.Crash();
  Server &server = StartAndClean();
  EXPECT_EQ("", SignalsTo(keeper));
  EXPECT_TRUE(server.Link("t", "s"));
}

TEST_F(Ending, OfAllLeavesTheFileAsItIs) {
  Server &server = Start();
  const Serial child = Linked(server, "a");
  const auto [keeper, pi] = Keeper(server, "b");
  kernel.LeadGroup(pi);
  const std::string before = File();
  server.KillAll();
  EXPECT_EQ(before, File());
  EXPECT_EQ(0u, server.size());
  for (const Serial serial : {child, pi}) EXPECT_EQ("TERM CONT", SignalsTo(serial));
  EXPECT_EQ("", SignalsTo(keeper)) << "its pi first, here too";
}

TEST_F(Ending, OfAllIsFollowedByKill) {
  Server &server = Start();
  const Serial child = Stubborn(server, "a");
  server.KillAll();
  Pass(kGrace);
  EXPECT_EQ("TERM CONT KILL", SignalsTo(child));
}

TEST_F(Ending, OfAllLetsAnExitRemoveOnlyItsOwnEntry) {
  Server &server = Start();
  const Serial child = Linked(server, "a"), other = Stubborn(server, "b");
  server.KillAll();
  Proceed();
  EXPECT_EQ(Pids{Pid(child)}, Exits(server));
  EXPECT_EQ(Pids{Pid(other)}, FilePids());
  EXPECT_FALSE(IsTerminating(other)) << "the next server may have it";
}

TEST_F(Ending, OfAllKeepsWhatHasNoProcessInTheFile) {
  Server &server = Start();
  server.Register(9000);
  server.KillAll();
  EXPECT_EQ(Pids{9000}, FilePids());
  EXPECT_EQ(0u, server.size());
  server.CleanupOrphans();
  EXPECT_EQ(Pids{}, FilePids()) << "now somebody has looked";
}

TEST_F(Ending, OfAllHastensNoneThatIsUnderWay) {
  Server &server = Start();
  const Serial child = Stubborn(server, "s");
  const uint64_t request = server.Terminate(BySession("s"), HPR_SIGNAL_TERM, 5000);
  server.KillAll();
  EXPECT_EQ("TERM CONT", SignalsTo(child));
  Pass(5000);
  Proceed();
  EXPECT_EQ("KILLED", OutcomeOf(server, request));
}

TEST_F(Ending, AsksAKeepersNewChildOnceWhenTheGroupThatItIsInIsAsked) {
  Server &server = Start();
  const Serial keeper = server.Spawn(false);
  server.Register(Pid(keeper), "/", "t", Pid(keeper));
  server.KillByToken("t");
  EXPECT_EQ("TERM CONT", SignalsTo(keeper)) << "alone: it leads no group yet";
  kernel.LeadGroup(keeper);
  const Serial child = kernel.Spawn(keeper);
  kernel.Find(child)->ignores_term = true;
  server.Terminate(ByPid(Pid(keeper))); /* looks at it again */
  Proceed();
  Pass(HPR_KEEPER_TURN_MS);
  EXPECT_EQ("TERM CONT", SignalsTo(child));
}

/* It would have its time when the keeper has gone, and that has none left. */
TEST_F(Ending, KillsAKeepersNewChildTogetherWithIt) {
  Server &server = Start();
  const Serial keeper = server.Spawn(false);
  kernel.Find(keeper)->ignores_term = true;
  server.Register(Pid(keeper), "/", "t", Pid(keeper));
  server.Terminate(ByPid(Pid(keeper)), HPR_SIGNAL_TERM, 300);
  Pass(250);
  const Serial child = kernel.Spawn(keeper);
  kernel.LeadGroup(child);
  server.Terminate(ByPid(Pid(keeper)), HPR_SIGNAL_TERM, 300); /* looks at it again */
  EXPECT_EQ("", SignalsTo(child));
  Pass(50);
  EXPECT_EQ("TERM CONT KILL", SignalsTo(keeper));
  EXPECT_EQ("KILL", SignalsTo(child));
}

/* The group's signal fails, whenever it is that /proc cannot be read any more. */
TEST_F(Ending, OfAKeeperComesThoughItsGroupCouldNotBeAsked) {
  kernel.features.names = false;
  for (int moment = 1, calls = moment; calls >= moment; moment++) {
    Server &server = Start();
    const Serial keeper = server.Spawn();
    server.Register(Pid(keeper), "/", "t", Pid(keeper));
    kernel.proc_mounted = false;
    server.KillByToken("t");
    kernel.proc_mounted = true;
    const Serial child = kernel.Spawn(keeper);
    kernel.Find(child)->ignores_term = true;
    calls = 0;
    kernel.on_system_call = [&] { kernel.proc_mounted = ++calls < moment; };
    Pass(1000);
    kernel.on_system_call = nullptr;
    kernel.proc_mounted = true;
    Pass(1000);
    Pass(HPR_GRACE_DEFAULT_MS);
    Proceed();
    EXPECT_EQ(Pids{}, FilePids()) << moment;
    server.Crash();
  }
}

TEST_F(Ending, KillsWhoeverLeadsAnotherGroupOfADeadAgentsNumber) {
  Server &server = Start();
  const Serial keeper = server.Spawn(false), pi = kernel.Spawn(keeper);
  kernel.LeadGroup(pi);
  kernel.Find(keeper)->ignores_term = true;
  server.Register(Pid(keeper), "/", "t", Pid(keeper));
  server.Link("t", "s", Pid(pi));
  server.Kill("s");
  ASSERT_EQ("TERM CONT", SignalsTo(pi));
  const int32_t number = Pid(pi);
  End(pi);
  const Serial next = kernel.Spawn(keeper), tool = kernel.Spawn(next, number);
  kernel.LeadSession(tool);
  Pass(HPR_GRACE_DEFAULT_MS);
  EXPECT_EQ("KILL", SignalsTo(next));
  EXPECT_EQ("KILL", SignalsTo(tool));
}

TEST_F(Ending, GoesOnWithAllThatIsLeftOfTheGraceHoweverLongTheCallTakes) {
  Server &first = Start();
  const Serial child = Linked(first, "s");
  kernel.Find(child)->ignores_term = true;
  first.Kill("s");
  first.Crash();
  Server &second = Start();
  const int64_t begun_ms = kernel.now_ms;
  kernel.on_system_call = [&] { kernel.now_ms = begun_ms + 50; }; /* it waits for the file's lock */
  second.CleanupOrphans();
  kernel.on_system_call = nullptr;
  Pass(HPR_GRACE_DEFAULT_MS - 60);
  second.Terminate(ByPid(Pid(child)), HPR_SIGNAL_TERM, HPR_GRACE_NEVER); /* looks at it again */
  EXPECT_EQ("TERM CONT", SignalsTo(child));
  Pass(100);
  EXPECT_EQ("TERM CONT KILL", SignalsTo(child));
}

} // namespace
