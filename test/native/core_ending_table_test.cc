/* core/ending.h as the table that it is: facts in, state and signals out. */
#include <gtest/gtest.h>

#include <initializer_list>
#include <string>

#include "support/native.h"

extern "C" {
#include "core/ending.h"
#include "core/registry.h"
}

namespace {

constexpr hpr_part kAgent = HPR_PART_AGENT, kMain = HPR_PART_MAIN, kKeeper = HPR_PART_KEEPER;
constexpr int64_t kStart = 1000;
constexpr int32_t kGrace = 2000;

std::string StateName(hpr_ending_state state) {
  switch (state) {
  case HPR_ENDING_AGENT: return "AGENT";
  case HPR_ENDING_TURN: return "TURN";
  case HPR_ENDING_ALL: return "ALL";
  case HPR_ENDING_KILL: return "KILL";
  case HPR_ENDING_OVER: return "OVER";
  }
  return "?";
}

class EndingTable : public testing::Test {
protected:
  EndingTable() {
    hpr_ending_init(&it, HPR_SIGNAL_TERM, kGrace, kStart);
    for (bool &leads : facts.leads) leads = true;
  }

  void Left(std::initializer_list<hpr_part> parts) {
    for (bool &left : facts.left) left = false;
    for (const hpr_part part : parts) facts.left[part] = true;
  }

  /* One step, in which every signal is answered by `result`: "AGENT TERM>agent". */
  std::string Step(int64_t after_ms, int result = 0) {
    static const char *const kNames[] = {"agent", "main", "keeper", "former"};
    const int64_t now_ms = kStart + after_ms;
    hpr_ending_step(&it, &facts, now_ms);
    std::string text = StateName(it.state);
    for (int part = 0; part < HPR_PART_COUNT; part++) {
      const hpr_ending_wish wish = it.wishes[part];
      if (!wish.wanted) continue;
      text += wish.signal == HPR_SIGNAL_KILL ? " KILL>" : " TERM>";
      text += kNames[part];
      if (wish.scope == HPR_SCOPE_PROCESS) text += " alone";
      hpr_ending_note(&it, static_cast<hpr_part>(part), result, now_ms);
    }
    return text;
  }

  hpr_ending it = {};
  hpr_ending_facts facts = {};
};

TEST_F(EndingTable, IsOverWhenNothingIsLeft) {
  Left({});
  EXPECT_EQ("OVER", Step(0));
  EXPECT_EQ(HPR_TIME_NEVER, hpr_ending_due_ms(&it));
}

TEST_F(EndingTable, AsksAProcessOnceAndKillsItAfterTheGrace) {
  Left({kMain});
  EXPECT_EQ("ALL TERM>main", Step(0));
  EXPECT_EQ(kStart + kGrace, hpr_ending_due_ms(&it));
  EXPECT_EQ("ALL", Step(1));
  EXPECT_EQ("ALL", Step(kGrace - 1));
  EXPECT_EQ("KILL KILL>main", Step(kGrace));
  EXPECT_EQ("KILL", Step(kGrace + 1));
  EXPECT_EQ(HPR_TIME_NEVER, hpr_ending_due_ms(&it));
  Left({});
  EXPECT_EQ("OVER", Step(kGrace + 2));
}

TEST_F(EndingTable, AsksTheAgentFirstAndTheKeeperWhenItsTurnIsOver) {
  facts.has_keeper = true;
  Left({kAgent, kMain});
  EXPECT_EQ("AGENT TERM>agent", Step(0));
  EXPECT_EQ("AGENT", Step(500)) << "the keeper waits as long as the agent needs";
  Left({kMain});
  EXPECT_EQ("TURN", Step(600));
  EXPECT_EQ(kStart + 600 + HPR_KEEPER_TURN_MS, hpr_ending_due_ms(&it));
  EXPECT_EQ("ALL TERM>main alone", Step(600 + HPR_KEEPER_TURN_MS));
  Left({});
  EXPECT_EQ("OVER", Step(900));
}

TEST_F(EndingTable, AsksTheKeeperAtOnceWhereThereIsNoAgent) {
  facts.has_keeper = true;
  Left({kMain});
  EXPECT_EQ("ALL TERM>main", Step(0));
}

TEST_F(EndingTable, AsksTheKeeperWhereTheAgentIsNotOurs) {
  facts.has_keeper = true;
  Left({kAgent, kMain});
  EXPECT_EQ("AGENT TERM>agent", Step(0, HPR_ENOTKIN));
  EXPECT_EQ("ALL TERM>main alone", Step(0));
  EXPECT_TRUE(it.refused);
}

TEST_F(EndingTable, ReachesAnAgentOfTheGroupWithOneSignal) {
  Left({kAgent, kMain});
  facts.reaches[kMain] = 1U << kAgent;
  EXPECT_EQ("ALL TERM>main", Step(0));
  EXPECT_EQ("ALL", Step(1)) << "the agent has had its signal";
  EXPECT_EQ("KILL KILL>main", Step(kGrace));
}

TEST_F(EndingTable, ReachesWhoTookItsPlaceByTheFormersGroup) {
  Left({kMain, HPR_PART_FORMER});
  facts.is_group[HPR_PART_FORMER] = true;
  facts.reaches[HPR_PART_FORMER] = 1U << kMain;
  EXPECT_EQ("ALL TERM>former", Step(0));
  EXPECT_EQ("ALL", Step(1)) << "it has had its signal";
}

TEST_F(EndingTable, ReachesTheRegisteredProcessByTheGroupOfAnotherKeeper) {
  facts.has_keeper = true;
  Left({kMain, kKeeper});
  facts.is_group[kKeeper] = true;
  facts.reaches[kKeeper] = 1U << kMain;
  EXPECT_EQ("ALL TERM>keeper", Step(0));
  EXPECT_EQ("ALL", Step(1)) << "it has had its signal";
}

TEST_F(EndingTable, WaitsWithAGroupForAMemberThatWasAskedByItself) {
  hpr_ending_resume(&it, kGrace, 0);
  it.parts[kMain].sent = HPR_SENT_FIRST;
  Left({kMain, HPR_PART_FORMER});
  facts.is_group[HPR_PART_FORMER] = true;
  facts.reaches[HPR_PART_FORMER] = 1U << kMain;
  EXPECT_EQ("ALL", Step(0)) << "the group's signal would be its second";
  Left({HPR_PART_FORMER});
  facts.reaches[HPR_PART_FORMER] = 0;
  EXPECT_EQ("ALL TERM>former", Step(10));
  EXPECT_EQ("KILL KILL>former", Step(kGrace));
}

TEST_F(EndingTable, WaitsWithAGroupForADescendantThatWasAskedByItself) {
  Left({kMain});
  facts.has_asked[kMain] = true;
  EXPECT_EQ("ALL", Step(0));
  facts.has_asked[kMain] = false;
  EXPECT_EQ("ALL TERM>main", Step(10));
}

TEST_F(EndingTable, AsksAnAgentOutsideOfTheGroupByItself) {
  Left({kAgent, kMain, kKeeper});
  EXPECT_EQ("ALL TERM>agent TERM>main TERM>keeper", Step(0));
}

TEST_F(EndingTable, SignalsTheGroupThatIsLeftOfALeader) {
  facts.has_keeper = true;
  Left({kAgent, kMain});
  EXPECT_EQ("AGENT TERM>agent", Step(0));
  Left({kMain});
  facts.is_group[kMain] = true;
  EXPECT_EQ("TURN", Step(10));
  EXPECT_EQ("ALL TERM>main", Step(10 + HPR_KEEPER_TURN_MS));
}

TEST_F(EndingTable, AsksTheGroupOfAKeeperThatWasAskedAloneAndHasGone) {
  facts.has_keeper = true;
  Left({kAgent, kMain});
  EXPECT_EQ("AGENT TERM>agent", Step(0));
  Left({kMain});
  EXPECT_EQ("TURN", Step(10));
  EXPECT_EQ("ALL TERM>main alone", Step(10 + HPR_KEEPER_TURN_MS));
  facts.is_group[kMain] = true;
  EXPECT_EQ("ALL TERM>main", Step(20 + HPR_KEEPER_TURN_MS));
  EXPECT_EQ("ALL", Step(30 + HPR_KEEPER_TURN_MS));
}

TEST_F(EndingTable, AsksAProcessThatLeadsNoGroupAlone) {
  Left({kMain});
  facts.leads[kMain] = false;
  EXPECT_EQ("ALL TERM>main alone", Step(0));
}

TEST_F(EndingTable, IsNotOverWhileDescendantsThatWereAskedAreThere) {
  Left({kMain});
  EXPECT_EQ("ALL TERM>main", Step(0));
  Left({});
  facts.others_left = true;
  EXPECT_EQ("ALL", Step(10));
  EXPECT_EQ("KILL", Step(kGrace));
  facts.others_left = false;
  EXPECT_EQ("OVER", Step(kGrace + 1));
}

TEST_F(EndingTable, WaitsForAnAgentThatAKeeperHasStartedAnew) {
  facts.has_keeper = true;
  Left({kAgent, kMain});
  EXPECT_EQ("AGENT TERM>agent", Step(0));
  Left({kMain});
  facts.respawned = facts.others_left = true;
  EXPECT_EQ("AGENT", Step(10));
  facts.respawned = facts.others_left = false;
  EXPECT_EQ("TURN", Step(600));
  EXPECT_EQ("ALL TERM>main alone", Step(600 + HPR_KEEPER_TURN_MS));
}

TEST_F(EndingTable, TriesASignalAgainThatCouldNotBeSent) {
  Left({kMain});
  EXPECT_EQ("ALL TERM>main", Step(0, HPR_EMFILE));
  EXPECT_FALSE(it.delivered);
  EXPECT_EQ("ALL", Step(999));
  EXPECT_EQ(kStart + 1000, hpr_ending_due_ms(&it));
  EXPECT_EQ("ALL TERM>main", Step(1000, HPR_EFOREIGN));
  EXPECT_EQ("ALL TERM>main", Step(2000));
  EXPECT_EQ(kStart + 2000 + kGrace, hpr_ending_due_ms(&it)) << "the grace begins when it was asked";
}

TEST_F(EndingTable, NeverKillsWhereNoGraceEnds) {
  hpr_ending_init(&it, HPR_SIGNAL_TERM, HPR_GRACE_NEVER, kStart);
  Left({kMain});
  EXPECT_EQ("ALL TERM>main", Step(0));
  EXPECT_EQ(HPR_TIME_NEVER, hpr_ending_due_ms(&it));
  EXPECT_EQ("ALL", Step(INT64_C(1) << 40));
}

TEST_F(EndingTable, BeginsWithKillIfThatIsTheSignal) {
  hpr_ending_init(&it, HPR_SIGNAL_KILL, kGrace, kStart);
  facts.has_keeper = true;
  Left({kAgent, kMain});
  EXPECT_EQ("KILL KILL>agent KILL>main", Step(0));
  EXPECT_TRUE(it.killed);
}

TEST_F(EndingTable, GetsSoonerAndNeverLater) {
  Left({kMain});
  EXPECT_EQ("ALL TERM>main", Step(0));
  hpr_ending_join(&it, HPR_SIGNAL_TERM, INT32_MAX, kStart + 100);
  EXPECT_EQ(kStart + kGrace, hpr_ending_due_ms(&it));
  hpr_ending_join(&it, HPR_SIGNAL_TERM, HPR_GRACE_NEVER, kStart + 100);
  EXPECT_EQ(kStart + kGrace, hpr_ending_due_ms(&it));
  hpr_ending_join(&it, HPR_SIGNAL_TERM, 50, kStart + 100);
  EXPECT_EQ(kStart + 150, hpr_ending_due_ms(&it));
  hpr_ending_join(&it, HPR_SIGNAL_KILL, kGrace, kStart + 110);
  EXPECT_EQ("KILL KILL>main", Step(110));
}

TEST_F(EndingTable, GivesAShorterGraceToOneThatHasReachedNobodyYet) {
  Left({kMain});
  EXPECT_EQ("ALL TERM>main", Step(0, HPR_EMFILE));
  hpr_ending_join(&it, HPR_SIGNAL_TERM, 10, kStart + 500);
  EXPECT_EQ("ALL TERM>main", Step(1000));
  EXPECT_EQ(kStart + 1010, hpr_ending_due_ms(&it));
}

TEST_F(EndingTable, GoesOnWithWhatAnotherServerHasAsked) {
  hpr_ending_resume(&it, 300, kStart);
  it.parts[kMain].sent = HPR_SENT_FIRST;
  Left({kMain});
  EXPECT_EQ("ALL", Step(0)) << "nobody is asked twice";
  EXPECT_EQ("KILL KILL>main", Step(300));
}

TEST_F(EndingTable, AsksTheNewAgentOfAKeeperThatRespawnsIt) {
  facts.has_keeper = true;
  Left({kAgent, kMain});
  EXPECT_EQ("AGENT TERM>agent", Step(0));
  Left({kMain});
  EXPECT_EQ("TURN", Step(50));
  it.parts[kAgent] = {}; /* another process has its place */
  Left({kAgent, kMain});
  EXPECT_EQ("AGENT TERM>agent", Step(60));
}

} // namespace
