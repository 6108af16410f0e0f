#include <gtest/gtest.h>

#include <string>

#include "support/machine.h"

extern "C" {
#include "core/watch.h"
}

namespace {

class Life : public Machine {
protected:
  Server &Restart(Server &before) {
    before.Crash();
    return StartAndClean();
  }

  hpr_ticket Register(Server &server, int32_t pid) {
    hpr_ticket ticket = 0;
    server.Do([&](hpr_registry *registry) {
      hpr_registration it{};
      it.pid = pid;
      it.cwd = "/";
      EXPECT_EQ(0, hpr_registry_register(registry, &it, &ticket));
    });
    return ticket;
  }

  void Exited(Server &server, hpr_ticket ticket, int code, const char *signal = nullptr) {
    server.Do([&](hpr_registry *registry) {
      hpr_registry_child_exited(registry, ticket, code, signal, false);
    });
  }

  /* Registered while the system tells nothing, as in a container without /proc. */
  Serial Untold(Server &server, const std::string &session, bool is_child = true) {
    const Serial child = server.Spawn();
    kernel.proc_mounted = false;
    EXPECT_TRUE(server.Register(Pid(child), "/", session, 0, is_child));
    kernel.proc_mounted = true;
    EXPECT_TRUE(server.Link(session, session));
    return child;
  }
};

/* --- unset ---------------------------------------------------------------------------------- */

TEST_F(Life, OfAnUnknownTicketOrWatchIsNothing) {
  Server &server = Start();
  const Serial child = Child(server);
  Exited(server, 0, 0);
  Exited(server, UINT64_MAX, 0);
  server.Do([](hpr_registry *registry) {
    for (const uint64_t number : {UINT64_C(0), UINT64_MAX, UINT64_MAX - 1, UINT64_C(3)}) {
      hpr_registry_watches_fired(registry, &number, 1);
      hpr_registry_timer_fired(registry);
    }
  });
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
}

/* --- success -------------------------------------------------------------------------------- */

TEST_F(Life, OfAChildEndsWithItsExit) {
  Server &server = Start();
  const Serial child = Linked(server, "s"), other = Child(server);
  End(child);
  Proceed();
  ASSERT_EQ(Pids{Pid(child)}, Exits(server));
  EXPECT_EQ(0, server.exits[0].code);
  EXPECT_EQ("", server.exits[0].signal);
  EXPECT_EQ("s", server.exits[0].session);
  EXPECT_EQ(Pids{Pid(other)}, FilePids());
  EXPECT_EQ(0, server.PidOf("s"));
}

TEST_F(Life, OfAChildTellsTheStatusOfItsExit) {
  Server &server = Start();
  Exited(server, Register(server, 9000), 143);
  Exited(server, Register(server, 9001), HPR_EXIT_CODE_NONE, "SIGTERM");
  Exited(server, Register(server, 9002), HPR_EXIT_CODE_NONE, "SIGNALWITHALONGNAME");
  ASSERT_EQ((Pids{9000, 9001, 9002}), Exits(server));
  EXPECT_EQ(143, server.exits[0].code);
  EXPECT_EQ(HPR_EXIT_CODE_NONE, server.exits[1].code);
  EXPECT_EQ("SIGTERM", server.exits[1].signal);
  EXPECT_EQ("SIGNALWITHALONGNAME", server.exits[2].signal);
}

TEST_F(Life, OfAProcessThatIsNoChildIsWatched) {
  Server &before = Start();
  const Serial child = Child(before);
  Server &server = Restart(before);
  End(child);
  Proceed();
  ASSERT_EQ(Pids{Pid(child)}, Exits(server));
  EXPECT_EQ(HPR_EXIT_CODE_NONE, server.exits[0].code);
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Life, OfAZombieIsOver) {
  Server &before = Start();
  const Serial child = Child(before), zombie = Child(before);
  before.Crash();
  kernel.Die(zombie, 0);
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
  kernel.Die(child, 0); /* and init takes its time */
  EXPECT_TRUE(server.Proceed());
  EXPECT_EQ((Pids{Pid(zombie), Pid(child)}), Exits(server)) << "the zombie's by the cleanup";
  Proceed();
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Life, LeavesARemainderWhereALeadersGroupGoesOn) {
  Server &server = Start();
  const Serial child = Linked(server, "s"), member = kernel.Spawn(child);
  End(child);
  Proceed();
  EXPECT_EQ(Pids{Pid(child)}, Exits(server)) << "the agent has ended";
  EXPECT_EQ(0, server.PidOf("s"));
  EXPECT_EQ(0u, server.size());
  EXPECT_EQ(Pids{Pid(child)}, FilePids()) << "and what is left of it is known";
  EXPECT_TRUE(server.Kill("s"));
  EXPECT_EQ("TERM CONT", SignalsTo(member));
  Proceed();
  EXPECT_EQ(Pids{Pid(child)}, Exits(server)) << "told once";
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Life, LeavesARemainderWhereItCanOnlyBeProbed) {
  kernel.features = {false, false, false};
  Server &before = Start();
  const Serial child = Child(before), member = kernel.Spawn(child);
  Server &server = Restart(before);
  kernel.Die(child, 0); /* a zombie: its number still proves its group */
  EXPECT_TRUE(server.Proceed());
  EXPECT_EQ(Pids{Pid(child)}, Exits(server));
  EXPECT_TRUE(server.Proceed());
  EXPECT_EQ(Pids{Pid(child)}, FilePids());
  kernel.Die(member, 0);
  EXPECT_TRUE(server.Proceed());
  Pass(20); /* that nothing is left may wait for so long */
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Life, OfARemainderEndsWithItsLastMember) {
  Server &server = Start();
  const Serial child = Child(server), a = kernel.Spawn(child), b = kernel.Spawn(child);
  End(child);
  Proceed();
  End(a);
  Proceed();
  EXPECT_EQ(Pids{Pid(child)}, FilePids());
  End(b);
  Proceed();
  EXPECT_EQ(Pids{}, FilePids());
  EXPECT_EQ(Pids{Pid(child)}, Exits(server)) << "told once, when the leader ended";
}

TEST_F(Life, EndsUnnoticedOnceItIsRemoved) {
  Server &server = Start();
  const Serial child = Child(server);
  server.Remove(Pid(child));
  EXPECT_EQ(Pids{}, FilePids());
  EXPECT_EQ("", Signals());
  End(child);
  Proceed();
  EXPECT_EQ(Pids{}, Exits(server));
}

TEST_F(Life, OfAnEndingEntryIsNotRemoved) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  server.Kill("s");
  server.Remove(Pid(child));
  EXPECT_EQ(Pids{Pid(child)}, FilePids());
  Proceed();
  EXPECT_EQ(Pids{Pid(child)}, Exits(server));
}

TEST_F(Life, HoldsNoDescriptorOnceItIsOver) {
  Server &before = Start();
  const Serial a = Child(before), b = Child(before), c = Child(before);
  Server &server = Restart(before);
  EXPECT_EQ(3u, kernel.OpenPidfds(server.serial()));
  End(a);
  Proceed();
  server.Remove(Pid(b));
  EXPECT_EQ(1u, kernel.OpenPidfds(server.serial()));
  server.Register(Pid(c));
  EXPECT_EQ(1u, kernel.OpenPidfds(server.serial()));
  server.Terminate(ByPid(Pid(c)));
  EXPECT_EQ(1u, kernel.OpenPidfds(server.serial())) << "watched once";
  server.Close();
  EXPECT_EQ(0u, kernel.OpenPidfds(server.serial()));
}

/* --- success: a keeper and its pi ------------------------------------------------------------ */

TEST_F(Life, OfPiGoesOnWithoutItsKeeper) {
  for (const bool leads : {false, true}) {
    Server &server = Start();
    const auto [keeper, pi] = Keeper(server, "s");
    if (leads) kernel.LeadGroup(pi); /* or it is what is left of the keeper's group */
    End(keeper);
    Proceed();
    EXPECT_EQ(Pids{}, Exits(server)) << leads;
    ASSERT_EQ(Pids{Pid(pi)}, PidsOf(server)) << leads;
    EXPECT_EQ(Pid(pi), server.PidOf("s")) << leads;
    EXPECT_EQ(Pids{Pid(pi)}, FilePids()) << leads;
    EXPECT_EQ(0, hpr_row_more(InFile(Pid(pi)))->pi.pid);
    EXPECT_EQ(0, hpr_row_more(InFile(Pid(pi)))->keeper.pid);
    EXPECT_EQ(nullptr, hpr_row_more(InFile(Pid(pi)))->socket_path)
        << "nobody listens there any more";
    End(pi);
    Proceed();
    ASSERT_EQ(Pids{Pid(keeper)}, Exits(server)) << leads;
    EXPECT_EQ("s", server.exits[0].session);
    EXPECT_EQ(Pids{}, FilePids());
  }
}

TEST_F(Life, OfPiWithoutItsKeeperEndsWithASignal) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  End(keeper);
  Proceed();
  EXPECT_TRUE(server.Kill("s"));
  EXPECT_EQ("TERM CONT", SignalsTo(pi));
  Proceed();
  EXPECT_EQ(Pids{Pid(keeper)}, Exits(server)) << "told by the pid that was registered";
}

TEST_F(Life, OfAKeeperGoesOnWithoutItsPi) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  End(pi);
  Proceed();
  EXPECT_EQ(Pids{Pid(keeper)}, PidsOf(server));
  EXPECT_EQ(Pids{}, Exits(server));
}

TEST_F(Life, OfAKeeperIsOverIfItsPiHasAnEntryOfItsOwn) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  kernel.LeadGroup(pi);
  server.Register(Pid(pi), "/", "t");
  server.Link("t", "own");
  End(keeper);
  Proceed();
  EXPECT_EQ(Pids{Pid(keeper)}, Exits(server));
  EXPECT_EQ(Pids{Pid(pi)}, PidsOf(server));
  EXPECT_EQ(Pid(pi), server.PidOf("own"));
  EXPECT_EQ(0, server.PidOf("s"));
}

TEST_F(Life, OfAKeeperIsOverIfOnlyAStrangerIsItsPi) {
  Server &server = Start();
  const Serial stranger = Stranger(), keeper = server.Spawn();
  server.Register(Pid(keeper), "/", "t", Pid(keeper));
  server.Link("t", "s", Pid(stranger));
  End(keeper);
  Proceed();
  EXPECT_EQ(Pids{Pid(keeper)}, Exits(server));
  EXPECT_EQ(Pids{}, FilePids());
}

/* --- failure: a system that tells nothing ------------------------------------------------------
 */

TEST_F(Life, OfAnUntoldChildIsSignalledUntilItsExitIsTold) {
  Server &server = Start();
  const Serial child = Untold(server, "s");
  EXPECT_EQ(HPR_RECORD_OPAQUE, server.Rows()[0]->main.state);
  EXPECT_TRUE(server.Kill("s"));
  EXPECT_EQ("TERM CONT", SignalsTo(child));
  Proceed();
  EXPECT_EQ(Pids{Pid(child)}, Exits(server));
}

TEST_F(Life, OfAnUntoldChildIsOverWhenItsExitIsTold) {
  Server &server = Start();
  const Serial child = Untold(server, "s");
  const int32_t number = Pid(child);
  End(child);
  while (server.ReapOne()) {}
  const Serial next = kernel.Spawn(server.serial(), number); /* a child too, but not this one */
  ASSERT_NE(0u, next);
  Proceed();
  EXPECT_EQ(Pids{number}, Exits(server));
  EXPECT_EQ("", SignalsTo(next));
}

/* Its entry lives on for its pi; its number may be another child's by then. */
TEST_F(Life, OfAnUntoldKeeperIsNotSignalledOnceItsExitIsTold) {
  Server &server = Start();
  const Serial keeper = server.Spawn(), pi = kernel.Spawn(keeper);
  const int32_t number = Pid(keeper);
  kernel.LeadSession(pi);
  kernel.Find(pi)->ignores_term = true;
  kernel.proc_mounted = false;
  server.Register(number, "/", "t", number);
  kernel.proc_mounted = true;
  server.Link("t", "s", Pid(pi));
  ASSERT_TRUE(hpr_row_more(server.Rows()[0])->pi.kin);
  server.Terminate(BySession("s"));
  End(keeper);
  while (server.ReapOne() || server.DeliverExit()) {}
  const Serial next = server.Spawn(true, number);
  ASSERT_NE(0u, next);
  Pass(HPR_GRACE_DEFAULT_MS);
  EXPECT_EQ("TERM CONT KILL", SignalsTo(pi));
  EXPECT_EQ("", SignalsTo(next));
  Proceed();
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Life, OfAnUntoldProcessThatIsNoChildIsNeverSignalled) {
  Server &server = Start();
  const Serial child = Untold(server, "s", false);
  EXPECT_FALSE(server.Kill("s"));
  EXPECT_EQ("", SignalsTo(child));
  Pass(HPR_GRACE_DEFAULT_MS);
  EXPECT_EQ("", SignalsTo(child));
}

TEST_F(Life, OfAnUntoldKeeperThatIsAnotherProcessIsNeverSignalled) {
  Server &server = Start();
  const Serial keeper = server.Spawn(), child = server.Spawn();
  kernel.proc_mounted = false;
  server.Register(Pid(child), "/", "t", Pid(keeper));
  kernel.proc_mounted = true;
  EXPECT_TRUE(server.KillByToken("t"));
  EXPECT_EQ("TERM CONT", SignalsTo(child));
  EXPECT_EQ("", SignalsTo(keeper)) << "nobody would tell of its exit";
}

TEST_F(Life, OfAProcessThatWasNeverOursEndsWithTheCallersWord) {
  Server &server = Start();
  const Serial stranger = Stranger();
  const hpr_ticket ticket = Register(server, Pid(stranger));
  Exited(server, ticket, 0);
  EXPECT_EQ(Pids{Pid(stranger)}, Exits(server));
  EXPECT_EQ(Pids{}, FilePids());
}

/* Forgetting needs proof. */
TEST_F(Life, GoesOnWhereNobodyCanTellWhetherItIsOver) {
  kernel.features.names = false;
  Server &before = Start();
  const Serial child = Child(before);
  Server &server = Restart(before);
  kernel.proc_mounted = false;
  server.Do([&](hpr_registry *registry) {
    for (uint64_t serial = 1; serial < 9; serial++) {
      const uint64_t watch = hpr_watch_make(serial, 9, HPR_PART_MAIN);
      hpr_registry_watches_fired(registry, &watch, 1);
    }
  });
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
  EXPECT_EQ(Pids{}, Exits(server));
}

TEST_F(Life, OfWhatCannotBeWatchedIsSeenToEndAtTheNextLook) {
  Server &server = Start();
  const Serial keeper = server.Spawn(), pi = kernel.Spawn(keeper);
  kernel.LeadSession(pi);
  kernel.Find(pi)->ignores_term = true;
  kernel.watches_left = false;
  server.Register(Pid(keeper), "/", "s", Pid(keeper));
  server.Link("s", "s", Pid(pi));
  const uint64_t request = server.Terminate(BySession("s"), HPR_SIGNAL_TERM, HPR_GRACE_NEVER);
  End(keeper);
  EXPECT_TRUE(server.Proceed());
  kernel.watches_left = false;
  End(pi);
  EXPECT_TRUE(server.Proceed());
  EXPECT_EQ("", OutcomeOf(server, request)) << "nobody could tell";
  Pass(999);
  EXPECT_EQ("", OutcomeOf(server, request));
  Pass(1);
  EXPECT_EQ("EXITED", OutcomeOf(server, request));
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Life, IsLookedAtNoMoreOnceItCanBeWatched) {
  Server &before = Start();
  const Serial child = Child(before);
  kernel.watches_left = false;
  Server &server = Restart(before);
  server.Terminate(ByPid(Pid(child)), HPR_SIGNAL_TERM, HPR_GRACE_NEVER);
  ASSERT_TRUE(server.NextTimer());
  kernel.watches_left = true;
  Pass(1000);
  EXPECT_FALSE(server.NextTimer());
  Proceed();
  EXPECT_EQ(Pids{Pid(child)}, Exits(server));
}

TEST_F(Life, OfWhatCannotBeWatchedIsKilledWithoutGraceToo) {
  Server &before = Start();
  const Serial child = Child(before);
  kernel.watches_left = false;
  Server &server = Restart(before);
  server.Terminate(ByPid(Pid(child)), HPR_SIGNAL_TERM, 0);
  Pass(1);
  EXPECT_EQ("TERM CONT KILL", SignalsTo(child));
}

/* --- race ----------------------------------------------------------------------------------- */

TEST_F(Life, IsNotEndedByAnExitOfAnEarlierHolderOfThePid) {
  Server &server = Start();
  const Serial child = Child(server);
  const int32_t number = Pid(child);
  End(child);
  Proceed();
  const Serial next = server.Spawn(true, number);
  ASSERT_NE(0u, next);
  server.Register(number, "/", "t");
  server.RepeatExit(0);
  EXPECT_EQ(Pids{number}, PidsOf(server));
  EXPECT_EQ(1u, server.exits.size());
  EXPECT_TRUE(server.KillByToken("t"));
  EXPECT_EQ("TERM CONT", SignalsTo(next));
}

TEST_F(Life, IsNotEndedByAnExitOfAnEarlierRegistration) {
  Server &server = Start();
  const hpr_ticket first = Register(server, 9000), second = Register(server, 9000);
  Exited(server, first, 0);
  EXPECT_EQ(Pids{9000}, PidsOf(server));
  Exited(server, second, 0);
  EXPECT_EQ(Pids{}, PidsOf(server));
}

TEST_F(Life, IsNotEndedByTheTicketOfOneThatHasGone) {
  Server &server = Start();
  const hpr_ticket first = Register(server, 9000);
  server.Remove(9000);
  const hpr_ticket second = Register(server, 9001);
  ASSERT_NE(first, second);
  Exited(server, first, 0);
  EXPECT_EQ(Pids{9001}, PidsOf(server));
  server.Remove(9001);
  Exited(server, second, 0); /* of a number that nobody has */
  EXPECT_EQ(Pids{}, PidsOf(server));
}

TEST_F(Life, OfAPromotedPiIsNotEndedByTheKeepersExit) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  kernel.LeadGroup(pi);
  End(keeper);
  Proceed();
  ASSERT_EQ(Pids{Pid(pi)}, PidsOf(server));
  server.RepeatExit(0);
  EXPECT_EQ(Pids{Pid(pi)}, PidsOf(server));
}

TEST_F(Life, IsNotEndedByANoticeThatWasUnderWay) {
  Server &before = Start();
  const Serial child = Child(before);
  Server &server = Restart(before);
  const int32_t number = Pid(child);
  End(child); /* the notice is on its way */
  const Serial next = kernel.Spawn(server.serial(), number);
  ASSERT_NE(0u, next);
  ASSERT_TRUE(server.Register(number));
  ASSERT_TRUE(server.DeliverNotice());
  EXPECT_EQ(Pids{number}, PidsOf(server));
  EXPECT_EQ(Pids{number}, Exits(server)) << "of the earlier one, which the notice does not repeat";
}

/* The exit of the one that had pi's number before is yet to come. */
/* A member of its group might be what is watched in its place. */
TEST_F(Life, EndsAtWhateverMomentItIsTakenOver) {
  bool late = false;
  for (int moment = 1; !late; moment++) {
    Server &before = Start();
    const Serial child = Child(before), member = kernel.Spawn(child);
    before.Crash();
    Server &server = Start();
    int calls = 0;
    kernel.on_system_call = [&] {
      if (++calls == moment) kernel.Die(child, 0);
    };
    server.CleanupOrphans();
    late = calls < moment;
    kernel.on_system_call = nullptr;
    End(child);
    Proceed();
    EXPECT_EQ(Pids{Pid(child)}, Exits(server)) << "it ended at call " << moment;
    End(member);
    Proceed();
    EXPECT_EQ(Pids{}, FilePids());
    server.Close();
    End(server.serial());
  }
}

TEST_F(Life, OfPiIsNotForgottenWhileItsNumberIsAnothers) {
  Server &server = Start();
  const Serial old = Child(server), keeper = server.Spawn();
  const int32_t number = Pid(old);
  server.Register(Pid(keeper), "/", "s", Pid(keeper), false);
  End(old);
  ASSERT_TRUE(server.ReapOne());
  const Serial pi = kernel.Spawn(keeper, number);
  ASSERT_NE(0u, pi);
  kernel.LeadGroup(pi);
  ASSERT_TRUE(server.Link("s", "s", number));
  kernel.Die(keeper, 9);
  while (server.DeliverNotice()) {}
  EXPECT_EQ((Pids{number, number}), PidsOf(server)) << "neither goes for the other";
  EXPECT_EQ(Pids{}, Exits(server)) << "the old one's parent is yet to tell how it ended";
  EXPECT_EQ(number, server.PidOf("s"));
  Proceed();
  EXPECT_EQ(Pids{number}, Exits(server)) << "the old one";
  EXPECT_TRUE(server.Kill("s"));
  EXPECT_EQ("TERM CONT", SignalsTo(pi));
  Proceed();
  EXPECT_EQ(0u, PidsOf(server).size());
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Life, OfPiIsSeenToEndWhileItsNumberIsAnothers) {
  Server &server = Start();
  const Serial old = Child(server), keeper = server.Spawn();
  server.Register(Pid(keeper), "/", "s", Pid(keeper), false);
  End(old);
  ASSERT_TRUE(server.ReapOne());
  const Serial pi = kernel.Spawn(keeper, Pid(old));
  kernel.LeadGroup(pi);
  ASSERT_TRUE(server.Link("s", "s", Pid(pi)));
  kernel.Die(keeper, 9);
  while (server.DeliverNotice()) {}
  ASSERT_EQ(1u, server.size()) << "the old one has ended";
  kernel.Die(pi, 9);
  while (server.DeliverNotice()) {}
  EXPECT_EQ(Pids{Pid(keeper)}, Exits(server));
}

/* A new child has the number of a keeper whose pi lives on. */
TEST_F(Life, OfPiGoesOnWhenItsKeepersNumberIsRegisteredAgain) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  const int32_t number = Pid(keeper);
  kernel.LeadSession(pi);
  End(keeper);
  ASSERT_TRUE(server.ReapOne());
  ASSERT_NE(0u, kernel.Spawn(server.serial(), number));
  ASSERT_TRUE(server.Register(number, "/", "t"));
  EXPECT_EQ((Pids{Pid(pi), number}), PidsOf(server));
  EXPECT_EQ(Pid(pi), server.PidOf("s"));
  Proceed();
  EXPECT_EQ((Pids{Pid(pi), number}), FilePids());
  End(pi);
  Proceed();
  EXPECT_EQ(Pids{number}, Exits(server)) << "it is no child of ours, and watched";
}

TEST_F(Life, OfAReclaimedProcessStaysOursWhereNothingIsToldToday) {
  Server &before = Start();
  const Serial child = Child(before);
  Server &server = Restart(before);
  kernel.proc_mounted = false;
  ASSERT_TRUE(server.Register(Pid(child), "/", "t", 0, false));
  kernel.proc_mounted = true;
  EXPECT_TRUE(server.KillByToken("t"));
  EXPECT_EQ("TERM CONT", SignalsTo(child));
}

TEST_F(Life, OfAReclaimedProcessIsNotAStrangersWithItsNumber) {
  Server &before = Start();
  const Serial child = Child(before);
  Server &server = Restart(before);
  const Serial stranger = UseAgain(child);
  ASSERT_TRUE(server.Register(Pid(stranger), "/", "t", 0, false));
  EXPECT_EQ("HPR_ENOTKIN", Warnings(server));
  EXPECT_FALSE(server.Rows()[0]->main.kin);
}

TEST_F(Life, OfAReclaimedProcessStaysOursWhenItRegistersAgain) {
  Server &before = Start();
  const Serial child = Child(before);
  Server &server = Restart(before);
  ASSERT_TRUE(server.Register(Pid(child), "/", "t", 0, false));
  EXPECT_EQ("", Warnings(server)) << "whoever its parent is by now";
  EXPECT_TRUE(server.KillByToken("t"));
  EXPECT_EQ("TERM CONT", SignalsTo(child));
}

} // namespace
