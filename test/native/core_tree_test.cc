#include <gtest/gtest.h>
#include <signal.h>

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "support/machine.h"

namespace {

const char kToken[] = "token-of-a-session";

class Tree : public Machine {
protected:
  uint64_t EndTree(Server &server, const char *token = kToken) {
    return server.Terminate(ByToken(token), HPR_SIGNAL_TERM, HPR_GRACE_DEFAULT_MS, true);
  }

  void Carry(Serial serial, const std::string &variable) {
    kernel.Find(serial)->environment.push_back(variable);
  }

  /* In a session of its own, and its parent is gone: only what it carries names it. */
  Serial Orphan(Serial parent, const std::string &variable) {
    const Serial middle = kernel.Spawn(parent), orphan = kernel.Spawn(middle);
    kernel.LeadSession(orphan);
    Carry(orphan, variable);
    End(middle);
    return orphan;
  }

  /* At the first system call that finds it so. */
  void Once(const std::function<bool()> &is_time, const std::function<void()> &act) {
    kernel.on_system_call = [this, is_time, act]() {
      if (!is_time()) return;
      const std::function<void()> now = act; /* which ends with what holds it */
      kernel.on_system_call = nullptr;
      now();
    };
  }

  /* The tool opens a registry of its own on the same file. */
  Server &Become(Serial tool) {
    Server::Options options;
    options.as = tool;
    return Start(options);
  }

  void OnFirst(int signum, const std::function<void()> &act) {
    kernel.on_signal = [signum, act, seen = kernel.on_signal,
                        done = false](const sim::Delivery &it) mutable {
      seen(it);
      if (it.signum != signum || done) return;
      done = true;
      act();
    };
  }
};

/* --- members -------------------------------------------------------------------------------- */

TEST_F(Tree, AsksEachMemberOnceAndByItself) {
  Server &server = Start();
  const Serial agent = Child(server, kToken), in_group = kernel.Spawn(agent),
               apart = kernel.Spawn(agent), below = kernel.Spawn(apart);
  kernel.LeadSession(apart);
  const Serial orphan = Orphan(agent, std::string("ANY=") + kToken);
  const uint64_t request = EndTree(server);
  for (const Serial it : {agent, in_group, apart, below, orphan})
    EXPECT_EQ("TERM CONT", SignalsTo(it)) << Pid(it);
  Proceed();
  EXPECT_EQ("EXITED", OutcomeOf(server, request));
}

TEST_F(Tree, OfWhoIsNotOursToEndEndsAndSaysSo) {
  Server &server = Start();
  const Serial stranger = Stranger(), tool = Orphan(stranger, std::string("ANY=") + kToken);
  kernel.Find(tool)->ours = true; /* by what it carries */
  server.Register(Pid(stranger), "/", kToken);
  const uint64_t request = EndTree(server);
  EXPECT_EQ("", SignalsTo(stranger));
  EXPECT_EQ("TERM CONT", SignalsTo(tool));
  Proceed();
  EXPECT_EQ("NOT_OURS", OutcomeOf(server, request));
}

/* An agent that was not given a group of its own is in the group of whatever had started its
 * server. */
TEST_F(Tree, OfADeadLeadersGroupLeavesOutWhoCarriesAnothersToken) {
  Server &server = Start();
  const Serial leader = Child(server, kToken), other = server.Spawn(false);
  kernel.Find(other)->group = leader;
  server.Register(Pid(other), "/", "another-token-of-a-session");
  const Serial middle = kernel.Spawn(other), tool = kernel.Spawn(middle);
  Carry(tool, "ANY=another-token-of-a-session");
  End(middle);
  const Serial left = kernel.Spawn(leader);
  End(leader);
  Proceed();
  EndTree(server);
  EXPECT_EQ("TERM CONT", SignalsTo(left));
  for (const Serial it : {other, tool}) EXPECT_EQ("", SignalsTo(it));
}

TEST_F(Tree, IsNoStrangersAndNoNeighbours) {
  Server &server = Start(), &other = Start();
  Child(server, kToken);
  const Serial neighbour = Child(server, "token-of-another"), its = kernel.Spawn(neighbour);
  const Serial theirs = Child(other, "token-of-the-other-server"), stranger = Stranger();
  EndTree(server);
  for (const Serial it : {neighbour, its, theirs, stranger}) EXPECT_EQ("", SignalsTo(it));
}

TEST_F(Tree, EndsAtAnEntryInsideIt) {
  Server &server = Start();
  const Serial outer = Child(server, kToken), inner = kernel.Spawn(outer),
               tool = kernel.Spawn(inner);
  kernel.LeadSession(inner);
  server.Register(Pid(inner), "/", "token-of-the-inner-one");
  EndTree(server);
  EXPECT_EQ("TERM CONT", SignalsTo(outer));
  EXPECT_EQ("", SignalsTo(inner));
  EXPECT_EQ("", SignalsTo(tool));
}

/* An agent's own server has started it: it has inherited the one token and was given the other. */
TEST_F(Tree, IsNotWhoCarriesANeighboursTokenToo) {
  for (const bool first : {true, false}) {
    Server &server = Start();
    const std::string ours = kToken + std::to_string(first),
                      theirs = "token-of-another" + std::to_string(first);
    const Serial one = Child(server, first ? ours : theirs);
    Child(server, first ? theirs : ours);
    const Serial orphan = Orphan(one, "A=" + ours);
    Carry(orphan, "B=" + theirs);
    EndTree(server, ours.c_str());
    EXPECT_EQ("", SignalsTo(orphan)) << first;
  }
}

/* It was started in our agent's group, and is dead: what it has left is its server's. */
TEST_F(Tree, IsNotWhoCarriesATokenOfAnotherServers) {
  Server &server = Start(), &other = Start();
  const Serial agent = Child(server, kToken), inner = kernel.Spawn(agent),
               tool = kernel.Spawn(inner);
  other.Register(Pid(inner), "/", "token-of-the-other-server");
  Carry(tool, "ANY=token-of-the-other-server");
  End(inner);
  EndTree(server);
  EXPECT_EQ("TERM CONT", SignalsTo(agent));
  EXPECT_EQ("", SignalsTo(tool));
}

/* We carry a neighbour's token, as all that we start: it makes nobody the neighbour's. */
TEST_F(Tree, IsToldByATokenThatWeDoNotCarryOurselves) {
  for (const bool of_another_server : {false, true}) {
    Server &server = Start(), &other = Start();
    const std::string theirs = "token-of-a-neighbour" + std::to_string(of_another_server),
                      ours = kToken + std::to_string(of_another_server);
    Carry(server.serial(), "OURS=" + theirs);
    Child(of_another_server ? other : server, theirs);
    const Serial orphan = Orphan(Child(server, ours), "A=" + theirs);
    Carry(orphan, "B=" + ours);
    EndTree(server, ours.c_str());
    EXPECT_EQ("TERM CONT", SignalsTo(orphan)) << of_another_server;
  }
}

/* The outer one leads no group: its plain end takes along all that descends from it. */
TEST_F(Tree, InsideOfOneThatEndsWithoutItsOwnIsWaitedFor) {
  for (const std::string outer_token : {"ends-without-its-tree", "ends-with-its-tree-at-last"}) {
    Server &server = Start();
    const Serial outer = server.Spawn(false), inner = kernel.Spawn(outer),
                 tool = kernel.Spawn(inner);
    const std::string inner_token = "inside-of-what-" + outer_token;
    server.Register(Pid(outer), "/", outer_token);
    server.Register(Pid(inner), "/", inner_token);
    kernel.Find(tool)->ignores_term = true;
    server.Terminate(ByToken(outer_token.c_str()), HPR_SIGNAL_TERM, HPR_GRACE_DEFAULT_MS, false);
    if (outer_token == "ends-with-its-tree-at-last") EndTree(server, outer_token.c_str());
    const uint64_t request = EndTree(server, inner_token.c_str());
    End(inner);
    Proceed();
    EXPECT_EQ("", OutcomeOf(server, request)) << outer_token;
    End(tool);
    Proceed();
    EXPECT_EQ("EXITED", OutcomeOf(server, request)) << outer_token;
  }
}

/* An agent has started us, and an earlier server knew it with its real agent beside us. */
TEST_F(Tree, ThatIsAroundUsIsNotOursToEnd) {
  Server &before = Start();
  const Serial wrapper = Child(before, kToken), agent = kernel.Spawn(wrapper),
               shell = kernel.Spawn(wrapper);
  kernel.LeadSession(agent);
  ASSERT_TRUE(before.Link(kToken, "s", Pid(agent)));
  before.Crash();
  Server::Options options;
  options.as = shell;
  Server &inside = Start(options);
  inside.CleanupOrphans();
  ASSERT_EQ(Pids{Pid(wrapper)}, PidsOf(inside));
  ForgetSignals();
  const uint64_t request = EndTree(inside);
  EXPECT_EQ("NOT_OURS", OutcomeOf(inside, request));
  Pass(HPR_GRACE_DEFAULT_MS);
  EXPECT_EQ("", SignalsTo(agent));
  EXPECT_EQ("", SignalsTo(wrapper));
}

/* --- whose number passes on ------------------------------------------------------------------- */

/* Between the look and the proof: to a process of the session inside of it. */
TEST_F(Tree, LeavesOutWhoHasAMembersNumberSince) {
  for (const bool of_another_server : {false, true}) {
    Server &server = Start(), &other = Start();
    const std::string token = kToken + std::to_string(of_another_server);
    const Serial agent = Child(server, token), tool = kernel.Spawn(agent),
                 inner = kernel.Spawn(agent);
    (of_another_server ? other : server).Register(Pid(inner), "/", "inside-of-" + token);
    Serial next = 0;
    const auto has_looked = [this, before = kernel.PassesMade()] {
      return kernel.PassesMade() != before;
    };
    Once(has_looked, [&] {
      const int32_t number = Pid(tool);
      End(tool);
      next = kernel.Spawn(inner, number);
    });
    EndTree(server, token.c_str());
    EXPECT_EQ("TERM CONT", SignalsTo(agent));
    ASSERT_NE(0u, next);
    EXPECT_EQ("", SignalsTo(next)) << of_another_server;
  }
}

/* What an entry was about has gone, which nobody has been told. */
TEST_F(Tree, HasInItWhoHasTheNumberOfAnEntryThatHasGone) {
  Server &server = Start();
  const Serial agent = Child(server, kToken), before = Stranger();
  server.Register(Pid(before), "/", "token-of-another");
  const int32_t number = Pid(before);
  End(before);
  kernel.Reap(before);
  const Serial tool = kernel.Spawn(agent, number);
  ASSERT_NE(0u, tool);
  kernel.LeadSession(tool);
  EndTree(server);
  EXPECT_EQ("TERM CONT", SignalsTo(tool));
}

/* --- a tool that becomes a server ------------------------------------------------------------- */

/* What was seen for another session's end a moment ago knows nothing of it. */
TEST_F(Tree, SparesAServerThatHasJustWrittenItsFirstRow) {
  Server &server = Start();
  const Serial agent = Child(server, kToken), tool = kernel.Spawn(agent), its = kernel.Spawn(tool);
  Child(server, "token-of-another");
  EndTree(server, "token-of-another");
  const Serial inner = Child(Become(tool), "token-of-the-inner-one");
  const std::string asked = R"("pid":)" + std::to_string(Pid(tool)) + R"(,"birth")";
  OnFirst(SIGTERM,
          [&] { EXPECT_EQ(std::string::npos, File().find(asked)) << "as the record says"; });
  EndTree(server);
  EXPECT_EQ("TERM CONT", SignalsTo(agent));
  for (const Serial it : {tool, its, inner}) EXPECT_EQ("", SignalsTo(it));
}

/* Whenever it does so: of its row and of the end's record one is in the file first, and counts.
 */
TEST_F(Tree, SparesAServerThatWritesItsFirstRowBeforeTheEndIsRecorded) {
  size_t times = 0;
  for (int moment = 1, calls = moment; calls >= moment; moment++) {
    Server &server = Start();
    const Serial agent = Child(server, kToken), tool = kernel.Spawn(agent),
                 its = kernel.Spawn(tool), beside = kernel.Spawn(agent);
    Server *within = nullptr;
    std::set<Serial> spared, signalled;
    calls = 0;
    kernel.on_signal = [&](const sim::Delivery &it) { signalled.insert(it.target); };
    kernel.on_system_call = [&] {
      if (++calls != moment) return;
      within = &Become(tool);
      const Serial inner = Child(*within, "token-of-the-inner-one");
      const bool first = InFile(Pid(inner)) && File().find(R"("ending")") == std::string::npos;
      if (first) spared = {tool, its, inner};
    };
    EndTree(server);
    kernel.on_system_call = nullptr;
    if (!spared.empty()) Pass(HPR_GRACE_DEFAULT_MS);
    EXPECT_EQ(1u, signalled.count(beside)) << moment;
    for (const Serial it : spared) EXPECT_EQ(0u, signalled.count(it)) << moment << " " << Pid(it);
    times += !spared.empty();
    if (within) within->Crash();
    server.Crash();
    kernel.Reboot();
    disk.Write(sim::kPidFile, "");
  }
  EXPECT_GT(times, 0u);
}

/* --- until nobody is left ------------------------------------------------------------------- */

TEST_F(Tree, IsLookedForAgainWhenNobodySeemsToBeLeft) {
  Server &server = Start();
  const Serial agent = Child(server, kToken);
  Serial late = 0;
  OnFirst(SIGTERM, [&] { late = Orphan(agent, std::string("ANY=") + kToken); });
  const uint64_t request = EndTree(server);
  EXPECT_EQ("", SignalsTo(late));
  Proceed();
  EXPECT_EQ("TERM CONT", SignalsTo(late));
  Proceed();
  EXPECT_EQ("EXITED", OutcomeOf(server, request));
}

/* Its agent has gone at once, and how is not told yet. */
TEST_F(Tree, IsEndedThoughAnEndWithoutItIsOverSoFar) {
  Server &server = Start();
  const Serial agent = Child(server, kToken);
  const Serial tool = Orphan(agent, std::string("ANY=") + kToken);
  kernel.Find(tool)->ignores_term = true;
  server.Terminate(ByToken(kToken), HPR_SIGNAL_TERM, 0, false);
  kernel.Die(agent, SIGTERM);
  server.DeliverNotice();
  kernel.now_ms += 10; /* its grace is over */
  const uint64_t request = EndTree(server);
  EXPECT_EQ("TERM CONT", SignalsTo(tool));
  Proceed();
  EXPECT_EQ("", OutcomeOf(server, request));
  Pass(HPR_GRACE_DEFAULT_MS);
  EXPECT_EQ("TERM CONT STOP KILL", SignalsTo(tool));
  Proceed();
  EXPECT_EQ("KILLED", OutcomeOf(server, request));
}

TEST_F(Tree, IsLookedForWhileItIsNotToldHowItsAgentHasEnded) {
  Server &server = Start();
  const std::string mark = std::string("ANY=") + kToken;
  const Serial agent = Child(server, kToken), tool = Orphan(agent, mark);
  const uint64_t request = EndTree(server);
  kernel.Die(agent, SIGTERM);
  End(tool);
  while (server.DeliverNotice()) {}
  const Serial late = kernel.Spawn(kernel.init());
  kernel.Find(late)->ours = true;
  Carry(late, mark);
  Proceed();
  EXPECT_EQ("TERM CONT", SignalsTo(late));
  Proceed();
  EXPECT_EQ("EXITED", OutcomeOf(server, request));
}

/* The last look has read its token, and it was gone before it could be proved. */
TEST_F(Tree, IsLookedForAgainWhereSomebodyHasGoneSinceTheLook) {
  Server &server = Start();
  const std::string mark = std::string("ANY=") + kToken;
  const Serial agent = Child(server, kToken);
  Serial between = 0, late = 0;
  OnFirst(SIGTERM, [&] { between = Orphan(agent, mark); });
  const uint64_t request = EndTree(server);
  const auto was_read = [&] { return kernel.Find(between)->was_read; };
  Once(was_read, [&] {
    late = Orphan(between, mark);
    End(between);
  });
  Proceed();
  ASSERT_NE(0u, late);
  EXPECT_EQ("TERM CONT", SignalsTo(late));
  Proceed();
  EXPECT_EQ("EXITED", OutcomeOf(server, request));
}

/* What it carries cannot be read at that moment. */
TEST_F(Tree, IsLookedForAgainWhereSomebodyIsAboutToStartAProgram) {
  Server &server = Start();
  const Serial agent = Child(server, kToken), late = Orphan(agent, std::string("ANY=") + kToken);
  kernel.Find(late)->starts_program = true;
  const uint64_t request = EndTree(server);
  Proceed();
  EXPECT_EQ("", OutcomeOf(server, request));
  kernel.Find(late)->starts_program = false;
  Pass(10);
  EXPECT_EQ("TERM CONT", SignalsTo(late));
  Proceed();
  EXPECT_EQ("EXITED", OutcomeOf(server, request));
}

TEST_F(Tree, DoesNotWaitForWhoNeverStartsItsProgram) {
  Server &server = Start();
  Child(server, kToken);
  kernel.Find(Stranger())->starts_program = true;
  const uint64_t request = EndTree(server);
  for (int i = 0; i < 10; i++) {
    Proceed();
    Pass(100);
  }
  EXPECT_EQ("EXITED", OutcomeOf(server, request));
}

/* The registered process has gone, and who else there is nobody can tell for lack of descriptors.
 */
TEST_F(Tree, ThatCannotBeLookedForIsNotSaidToHaveEnded) {
  Server &server = Start();
  const Serial agent = Child(server, kToken);
  const uint64_t request = EndTree(server);
  kernel.descriptors_left = false;
  End(agent);
  for (int i = 0; i < 100 && OutcomeOf(server, request).empty(); i++) {
    Pass(1000);
    Proceed();
  }
  EXPECT_EQ("UNKNOWN", OutcomeOf(server, request));
}

TEST_F(Tree, IsStoppedRightBeforeItIsKilled) {
  Server &server = Start();
  const Serial agent = Child(server, kToken), tool = kernel.Spawn(agent);
  for (const Serial it : {agent, tool}) kernel.Find(it)->ignores_term = true;
  const uint64_t request = EndTree(server);
  EXPECT_EQ("TERM CONT", SignalsTo(tool));
  Pass(HPR_GRACE_DEFAULT_MS);
  EXPECT_EQ("TERM CONT STOP KILL", SignalsTo(agent));
  EXPECT_EQ("TERM CONT STOP KILL", SignalsTo(tool));
  Proceed();
  EXPECT_EQ("KILLED", OutcomeOf(server, request));
}

TEST_F(Tree, ThatForksWhileItIsStoppedIsKilledInTheSameTurn) {
  Server &server = Start();
  const Serial agent = Child(server, kToken);
  kernel.Find(agent)->ignores_term = true;
  Serial late = 0;
  OnFirst(SIGSTOP, [&] {
    late = kernel.Spawn(agent);
    kernel.LeadSession(late);
  });
  EndTree(server);
  Pass(HPR_GRACE_DEFAULT_MS);
  EXPECT_EQ("STOP KILL", SignalsTo(late));
}

/* Who is killed is gone at once, and names its children no more. */
TEST_F(Tree, ThatForksAgainAndAgainIsKilledInTheSameTurn) {
  Server &server = Start();
  const Serial agent = Child(server, kToken);
  kernel.Find(agent)->ignores_term = true;
  std::vector<Serial> line = {agent};
  kernel.on_signal = [&, seen = kernel.on_signal](const sim::Delivery &it) {
    seen(it);
    if (it.signum == SIGKILL) kernel.Die(it.target, SIGKILL);
    if (it.signum != SIGSTOP || it.target != line.back() || line.size() > 5) return;
    line.push_back(kernel.Spawn(it.target));
    kernel.LeadSession(line.back());
  };
  EndTree(server);
  Pass(HPR_GRACE_DEFAULT_MS);
  ASSERT_EQ(6u, line.size());
  for (const Serial it : line) EXPECT_NE(std::string::npos, SignalsTo(it).find("KILL")) << Pid(it);
}

TEST_F(Tree, OfADeadLeaderGetsEachSignalOnce) {
  Server &server = Start();
  const Serial agent = Child(server, kToken), tool = kernel.Spawn(agent);
  kernel.Find(tool)->ignores_term = true;
  End(agent);
  Proceed();
  EndTree(server);
  Pass(HPR_GRACE_DEFAULT_MS);
  EXPECT_EQ("TERM CONT STOP KILL", SignalsTo(tool));
}

/* One that it has not to itself: in its group there is an entry that started in it, and lives. */
TEST_F(Tree, OfADeadLeaderLeavesOutWhoDescendsFromAnotherEntry) {
  Server &server = Start();
  const Serial agent = Child(server, kToken), inner = kernel.Spawn(agent),
               tool = kernel.Spawn(inner);
  server.Register(Pid(inner), "/", "token-of-the-inner-one");
  End(agent);
  Proceed();
  const uint64_t request = EndTree(server);
  Proceed();
  EXPECT_EQ("", SignalsTo(inner));
  EXPECT_EQ("", SignalsTo(tool));
  EXPECT_NE("", OutcomeOf(server, request));
}

/* Nobody was told when it died, and in the group that it led there is another session. */
TEST_F(Tree, IsGoneWhenAMembersGroupLivesOn) {
  Server &server = Start();
  const Serial agent = Child(server, kToken), tool = kernel.Spawn(agent);
  kernel.LeadSession(tool);
  const Serial inner = kernel.Spawn(tool);
  server.Register(Pid(inner), "/", "token-of-the-inner-one");
  kernel.watches_left = false;
  const uint64_t request = EndTree(server);
  End(tool);
  End(agent);
  kernel.watches_left = true;
  Pass(1000);
  Proceed();
  EXPECT_EQ("EXITED", OutcomeOf(server, request));
  EXPECT_EQ("", SignalsTo(inner));
}

/* --- over a restart ------------------------------------------------------------------------- */

TEST_F(Tree, IsOneForTheNextServerToo) {
  Server &before = Start();
  const Serial agent = Child(before, kToken);
  kernel.Find(agent)->ignores_term = true;
  EndTree(before);
  before.Crash();
  const Serial late = Orphan(agent, std::string("ANY=") + kToken);
  Server &server = StartAndClean();
  ForgetSignals();
  Pass(HPR_GRACE_DEFAULT_MS);
  Proceed();
  EXPECT_NE("", SignalsTo(late));
  EXPECT_EQ(Pids{}, PidsOf(server));
}

/* The first server had found only part of it, and the next one finds nobody whom it knows. */
TEST_F(Tree, IsLookedForByTheNextServerThoughAllThatWereRecordedHaveGone) {
  Server &before = Start();
  const Serial agent = Child(before, kToken);
  EndTree(before);
  before.Crash();
  const Serial late = Orphan(agent, std::string("ANY=") + kToken);
  End(agent);
  Server &server = StartAndClean();
  Proceed();
  EXPECT_EQ("TERM CONT", SignalsTo(late));
  Proceed();
  EXPECT_EQ(Pids{}, PidsOf(server));
}

/* It ended while no server ran: as if it ended now. */
TEST_F(Tree, OfAnAgentThatIsFoundDeadIsEndedByTheNextServerOnce) {
  Server &before = Start();
  const Serial agent = Child(before, kToken), tool = Orphan(agent, std::string("ANY=") + kToken);
  before.Crash();
  End(agent);
  Server::Options options;
  options.tree = true;
  Server &server = Start(options);
  server.CleanupOrphans();
  EXPECT_EQ("TERM CONT", SignalsTo(tool));
  Proceed();
  EXPECT_EQ(Pids{}, PidsOf(server));
  EXPECT_EQ(Pids{Pid(agent)}, Exits(server));
}

/* Its exit was told long ago, and nobody was left in a group of its. */
TEST_F(Tree, OfAnAgentThatHasGoneIsEndedByItsName) {
  Server &server = Start();
  const Serial agent = Child(server, kToken), tool = Orphan(agent, std::string("ANY=") + kToken);
  End(agent);
  Proceed();
  ASSERT_EQ(Pids{}, PidsOf(server));
  const uint64_t request = EndTree(server);
  EXPECT_EQ("TERM CONT", SignalsTo(tool));
  Proceed();
  EXPECT_EQ("EXITED", OutcomeOf(server, request));
  EXPECT_EQ("ALREADY_GONE", OutcomeOf(server, EndTree(server)));
  EXPECT_EQ(Pids{Pid(agent)}, Exits(server));
}

/* A server inside it that has none but an announced token so far. */
TEST_F(Tree, LeavesOutAServerOfTheFileThatHasAnnouncedAToken) {
  Server &server = Start();
  const Serial agent = Child(server, kToken);
  Server::Options options;
  options.as = kernel.Spawn(agent);
  Server &inner = Start(options);
  inner.Do([](hpr_registry *registry) {
    EXPECT_EQ("HPR_OK", Code(hpr_registry_announce(registry, "token-of-its-next-agent")));
  });
  EndTree(server);
  EXPECT_EQ("", SignalsTo(options.as));
}

} // namespace
