/* What proves an agent, and what gives way to the proof. */
#include <gtest/gtest.h>

#include "support/machine.h"

namespace {

class Evidence : public Machine {
protected:
  int32_t AgentOf(int32_t pid) { return InFile(pid) ? hpr_row_more(InFile(pid))->pi.pid : -1; }
  void Attach(Server &server, Serial keeper, int32_t pi_pid = 0) {
    server.Do([&](hpr_registry *registry) {
      hpr_registry_attach_keeper(registry, Pid(keeper), "/k.sock", nullptr, pi_pid);
    });
  }
  /* A child that is registered as a keeper, under that token. */
  Serial KeeperAlone(Server &server, const std::string &token) {
    const Serial keeper = server.Spawn();
    kernel.Find(keeper)->environment = {"PI_DASHBOARD_SPAWN_TOKEN=" + token};
    kernel.Find(keeper)->command = {"node", "keeper.js"};
    server.Register(Pid(keeper), "/", token, Pid(keeper));
    return keeper;
  }
};

/* --- numbers that have passed on ------------------------------------------------------------ */

TEST_F(Evidence, ANumberThatAnAgentHadIsItsNextHolders) {
  Server &before = Start();
  const Serial one = Child(before, "one"), two = Child(before, "two");
  const Serial gone = kernel.Spawn(one);
  const int32_t number = Pid(gone);
  before.Link("one", "1", number);
  before.Crash();
  Server &server = StartAndClean();
  kernel.Die(gone, 9);
  kernel.Reap(gone); /* and the notice is yet to come */
  ASSERT_EQ(number, Pid(kernel.Spawn(two, number)));
  EXPECT_TRUE(server.LinkByPid("2", number));
  EXPECT_EQ(Pid(two), server.PidOf("2"));
}

TEST_F(Evidence, AnAgentThatWasStartedAnewUnderTheSameNumberIsLearnt) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  const int32_t number = Pid(pi);
  kernel.Die(pi, 9);
  kernel.Reap(pi);
  const Serial next = kernel.Spawn(keeper, number);
  kernel.LeadGroup(next);
  EXPECT_TRUE(server.LinkByPid("s", number));
  Proceed();
  EXPECT_EQ(number, server.PidOf("s"));
  server.Kill("s");
  EXPECT_EQ("TERM CONT", SignalsTo(next));
}

TEST_F(Evidence, ANumberThatWasNeverProvedGivesWayToDescent) {
  Server &server = Start();
  const Serial keeper = KeeperAlone(server, "t"), wrapper = Child(server, "w"),
               agent = kernel.Spawn(wrapper);
  server.Link("t", "1", Pid(agent)); /* a number from inside a sandbox */
  ASSERT_EQ(Pid(agent), AgentOf(Pid(keeper)));
  server.Crash();
  Server &next = StartAndClean();
  EXPECT_TRUE(next.LinkByPid("2", Pid(agent)));
  EXPECT_EQ(Pid(wrapper), next.PidOf("2"));
}

/* --- what a living agent has started -------------------------------------------------------- */

TEST_F(Evidence, ANumberThatOneSessionWasWrongAboutIsNoneForAnother) {
  for (const bool told : {true, false}) {
    Server &before = Start();
    const Serial keeper = before.Spawn(), other = Stranger();
    before.Register(Pid(keeper), "/", "t", Pid(keeper));
    kernel.descriptors_left = told;
    before.Link("t", "1", Pid(other));
    kernel.descriptors_left = true;
    Pass(500); /* it is written, and not asked of again */
    before.Crash();
    Server &server = StartAndClean();
    EXPECT_FALSE(server.LinkByPid("2", Pid(other))) << told;
    EXPECT_TRUE(server.Link("t", "1", Pid(other)));
    EXPECT_TRUE(server.LinkByPid("1", Pid(other))) << "it has its entry already";
    server.Crash();
  }
}

TEST_F(Evidence, AnAgentIsNotReplacedByWhatItHasStarted) {
  Server &server = Start();
  const Serial wrapper = Child(server, "t"), agent = kernel.Spawn(wrapper),
               below = kernel.Spawn(agent);
  server.LinkByPid("s", Pid(agent));
  server.Link("t", "s", Pid(below));
  EXPECT_EQ(Pid(agent), AgentOf(Pid(wrapper)));
  EXPECT_EQ("", Warnings(server));
}

TEST_F(Evidence, AnAgentTakesItsEntryBackFromWhatItHasStarted) {
  Server &before = Start();
  const Serial wrapper = Child(before, "t"), agent = kernel.Spawn(wrapper),
               below = kernel.Spawn(agent);
  before.Link("t", "s", Pid(agent));
  before.Crash();
  Server &server = StartAndClean();
  EXPECT_TRUE(server.LinkByPid("below", Pid(below))) << "the nearest entry is free";
  EXPECT_EQ(Pid(agent), AgentOf(Pid(wrapper)));
  EXPECT_TRUE(server.LinkByPid("s", Pid(agent)));
  EXPECT_EQ(0, server.PidOf("below"));
  EXPECT_EQ(Pid(wrapper), server.PidOf("s"));
}

TEST_F(Evidence, AnAgentThatHasEndedIsReplacedByWhatItHadStarted) {
  Server &server = Start();
  const Serial wrapper = Child(server, "t"), agent = kernel.Spawn(wrapper),
               below = kernel.Spawn(agent);
  server.Link("t", "s", Pid(agent));
  End(agent);
  server.Link("t", "s", Pid(below)); /* in the group that the wrapper leads */
  EXPECT_EQ(Pid(below), AgentOf(Pid(wrapper)));
}

/* --- titles and marks ----------------------------------------------------------------------- */

TEST_F(Evidence, AKeepersOnlyChildIsItsAgentByTitleOrMark) {
  const std::vector<std::vector<std::string>> agents = {
      {"pi"}, {"/usr/bin/pi", "--x"}, {"node", "/usr/bin/pi"}};
  Server &server = Start();
  for (const auto &command : agents) {
    const Serial keeper = KeeperAlone(server, ""), child = kernel.Spawn(keeper);
    kernel.Find(child)->command = command;
    Attach(server, keeper);
    EXPECT_EQ(Pid(child), AgentOf(Pid(keeper))) << command[0];
  }
  const Serial marked = KeeperAlone(server, "token"), child = kernel.Spawn(marked);
  Attach(server, marked);
  EXPECT_EQ(Pid(child), AgentOf(Pid(marked)));
}

TEST_F(Evidence, AKeepersChildIsNoAgentWithoutThem) {
  const std::vector<std::vector<std::string>> others = {
      {}, {""}, {"pico"}, {"node"}, {"node", "-e", "pi"}, {"node", "pi.js"}};
  Server &server = Start();
  for (const auto &command : others) {
    const Serial keeper = KeeperAlone(server, ""), child = kernel.Spawn(keeper);
    kernel.Find(child)->command = command;
    Attach(server, keeper);
    EXPECT_EQ(0, AgentOf(Pid(keeper)));
  }
}

TEST_F(Evidence, OneOfAKeepersTwoChildrenIsNotFound) {
  Server &server = Start();
  const Serial keeper = KeeperAlone(server, "token");
  kernel.Find(kernel.Spawn(keeper))->command = {"pi"};
  kernel.Spawn(keeper);
  Attach(server, keeper);
  EXPECT_EQ(0, AgentOf(Pid(keeper)));
}

TEST_F(Evidence, AKeepersOnlyChildThatIsAnotherEntrysIsNotFound) {
  Server &server = Start();
  const Serial keeper = KeeperAlone(server, "token"), child = kernel.Spawn(keeper);
  server.Register(Pid(child), "/", "its own");
  Attach(server, keeper);
  EXPECT_EQ(0, AgentOf(Pid(keeper)));
  EXPECT_EQ("", Warnings(server));
}

/* The shell carries the mark; the agent behind it says who it is. */
TEST_F(Evidence, WhoWasFoundGivesWayToWhoIsNamed) {
  Server &server = Start();
  const Serial keeper = KeeperAlone(server, "token"), shell = kernel.Spawn(keeper),
               agent = kernel.Spawn(shell), tool = kernel.Spawn(agent);
  Attach(server, keeper);
  ASSERT_EQ(Pid(shell), AgentOf(Pid(keeper)));
  EXPECT_TRUE(server.LinkByPid("s", Pid(agent)));
  EXPECT_EQ(Pid(agent), server.PidOf("s"));
  server.Link("token", "s", Pid(tool));
  EXPECT_EQ(Pid(agent), server.PidOf("s")) << "it was named";
}

TEST_F(Evidence, WhoWasFoundAndIsNamedThenIsNamed) {
  Server &server = Start();
  const Serial keeper = KeeperAlone(server, "token"), agent = kernel.Spawn(keeper),
               tool = kernel.Spawn(agent);
  Attach(server, keeper);
  EXPECT_TRUE(server.LinkByPid("s", Pid(agent)));
  server.Link("token", "s", Pid(tool));
  EXPECT_EQ(Pid(agent), server.PidOf("s"));
}

/* --- restarts ------------------------------------------------------------------------------- */

/* It goes on for its agent alone: the registered process is the new entry's. */
TEST_F(Evidence, AnEndDoesNotReachWhoWasRegisteredAgain) {
  Server &before = Start();
  const Serial wrapper = Child(before, "t"), agent = kernel.Spawn(wrapper);
  kernel.LeadGroup(agent);
  kernel.Find(wrapper)->ignores_term = kernel.Find(agent)->ignores_term = true;
  before.Link("t", "s", Pid(agent));
  before.Terminate(BySession("s"), HPR_SIGNAL_TERM, 2000);
  ASSERT_EQ("TERM CONT", SignalsTo(wrapper));
  before.Register(Pid(wrapper), "/", "again");
  before.Crash();
  Server &server = StartAndClean();
  Pass(3000);
  EXPECT_EQ("TERM CONT", SignalsTo(wrapper));
  EXPECT_EQ("TERM CONT KILL", SignalsTo(agent));
  EXPECT_TRUE(server.Link("again", "s"));
}

TEST_F(Evidence, AnAgentWithAnEntryOfItsOwnStaysOursWhenItsWrapperIsRegisteredAgain) {
  Server &before = Start();
  const Serial wrapper = Child(before, "t"), agent = kernel.Spawn(wrapper);
  before.Link("t", "s", Pid(agent));
  before.Crash();
  Server &server = Start();
  server.Register(Pid(agent), "/", "x");
  server.CleanupOrphans();
  server.Register(Pid(wrapper), "/", "again");
  server.KillByToken("x");
  EXPECT_EQ("TERM CONT", SignalsTo(agent));
}

TEST_F(Evidence, AnAgentStaysKnownToTheNextRegistryOfItsServer) {
  Server &before = Start();
  const auto [keeper, pi] = Keeper(before, "s");
  before.Close();
  Server::Options options;
  options.as = before.serial();
  Server &next = Start(options);
  next.Register(Pid(keeper), "/", "t", Pid(keeper));
  EXPECT_EQ(Pid(pi), AgentOf(Pid(keeper)));
  EXPECT_TRUE(next.KillByToken("t"));
  EXPECT_EQ("TERM CONT", SignalsTo(pi));
}

/* --- numbers of whom the system told nothing ------------------------------------------------ */

TEST_F(Evidence, ADeadAgentTellsNobodyWhoHasItsNumberNow) {
  Server &server = Start();
  const Serial wrapper = Child(server, "t"), agent = kernel.Spawn(wrapper);
  const int32_t number = Pid(agent);
  server.Link("t", "s", number);
  kernel.Die(wrapper, 9);
  kernel.Die(agent, 9); /* its notice comes after the wrapper's */
  kernel.Reap(agent);
  kernel.proc_mounted = false;
  const Serial next = server.Spawn(true, number);
  ASSERT_NE(0u, next);
  server.Register(number, "/", "next");
  kernel.proc_mounted = true;
  ASSERT_TRUE(server.DeliverNotice());
  EXPECT_TRUE(server.KillByToken("next"));
  EXPECT_EQ("TERM CONT", SignalsTo(next));
}

} // namespace
