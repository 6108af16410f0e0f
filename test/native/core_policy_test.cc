#include <gtest/gtest.h>

#include <string>

#include "support/machine.h"

namespace {

/* What the options say of orphans, and what is counted and reported of ends. */
class Policy : public Machine {
protected:
  Server &StartToEnd() {
    Server::Options options;
    options.end_orphans = true;
    return Start(options);
  }

  Serial Orphan() {
    Server &server = Start();
    const Serial orphan = Child(server);
    server.Crash();
    return orphan;
  }

  using Ends = std::vector<std::pair<hpr_reason, hpr_outcome>>;
};

TEST_F(Policy, EndsWhatADeadServerHasLeft) {
  const Serial orphan = Orphan();
  Server &server = StartToEnd();
  server.CleanupOrphans();
  EXPECT_EQ(0u, server.size());
  EXPECT_EQ("TERM CONT", SignalsTo(orphan));
  Proceed();
  EXPECT_EQ(Pids{}, FilePids());
  EXPECT_EQ((Ends{{HPR_REASON_ORPHAN, HPR_OUTCOME_EXITED}}), server.ends);
}

TEST_F(Policy, EndsNothingOfALivingServerUntilItDies) {
  Server &before = Start();
  const Serial child = Child(before);
  Server &server = StartToEnd();
  server.CleanupOrphans();
  Pass(5000);
  EXPECT_EQ("", SignalsTo(child));
  before.Crash();
  Pass(1000);
  EXPECT_EQ("TERM CONT", SignalsTo(child));
}

TEST_F(Policy, AdoptsWhatMayBeOfALivingServerOfTheOriginalModule) {
  Server &before = Start();
  const Serial child = Child(before);
  before.Crash();
  WriteFile({R"({"pid":)" + std::to_string(Pid(child)) + R"(,"cwd":"/"})"});
  Server &server = StartToEnd();
  server.CleanupOrphans();
  EXPECT_EQ(1u, server.size());
  EXPECT_EQ("", Signals());
}

TEST_F(Policy, EndsOrphansThatAreOlderThanTheOptionSays) {
  const Serial orphan = Orphan();
  kernel.now_ms += kDayMs;
  Server::Options options;
  options.orphan_max_age_ms = 2 * kDayMs;
  Server &young = Start(options);
  young.CleanupOrphans();
  EXPECT_EQ("", SignalsTo(orphan));
  young.Crash();
  options.orphan_max_age_ms = kDayMs / 2;
  Server &old = Start(options);
  old.CleanupOrphans();
  EXPECT_EQ("TERM CONT", SignalsTo(orphan));
  Proceed();
  EXPECT_EQ((Ends{{HPR_REASON_AGE, HPR_OUTCOME_EXITED}}), old.ends);
}

TEST_F(Policy, AdoptsOrphansOfAnyAgeIfTheOptionSaysSo) {
  Orphan();
  kernel.now_ms += 400 * kDayMs;
  Server::Options options;
  options.orphan_max_age_ms = HPR_AGE_NEVER;
  Server &server = Start(options);
  server.CleanupOrphans();
  EXPECT_EQ(1u, server.size());
  EXPECT_EQ("", Signals());
}

TEST_F(Policy, ReportsEveryEndOnceAndNoneThatNobodyBroughtAbout) {
  Server &server = Start();
  const Serial by_itself = Child(server), removed = Child(server);
  Linked(server, "s");
  Linked(server, "t");
  End(by_itself);
  Proceed();
  server.Remove(Pid(removed));
  server.Kill("s");
  Proceed();
  EXPECT_EQ((Ends{{HPR_REASON_KILL, HPR_OUTCOME_EXITED}}), server.ends);
  server.KillAll();
  server.Do([](hpr_registry *registry) { hpr_registry_report_ends(registry); });
  server.Do([](hpr_registry *registry) { hpr_registry_report_ends(registry); });
  Proceed();
  EXPECT_EQ(
      (Ends{{HPR_REASON_KILL, HPR_OUTCOME_EXITED}, {HPR_REASON_KILL_ALL, HPR_OUTCOME_UNKNOWN}}),
      server.ends);
}

TEST_F(Policy, ReportsAsUnknownWhatIsClosedBeforeItsEnd) {
  Server &server = Start();
  Linked(server, "s");
  server.Kill("s");
  server.Close();
  EXPECT_EQ((Ends{{HPR_REASON_KILL, HPR_OUTCOME_UNKNOWN}}), server.ends);
}

TEST_F(Policy, CountsWhatHappens) {
  Server &before = Start();
  Child(before);
  before.Crash();
  Server &server = StartAndClean();
  EXPECT_EQ(1u, server.Stats().adoptions);
  EXPECT_EQ(1u, server.Stats().live);
  EXPECT_EQ(1u, server.Stats().writes);
  Linked(server, "s");
  server.Register(Pid(Stranger()));
  EXPECT_EQ(1u, server.Stats().refusals);
  server.Kill("s");
  EXPECT_EQ(1u, server.Stats().terminating);
  EXPECT_EQ(1u, server.Stats().delivered);
  Proceed();
  EXPECT_EQ(0u, server.Stats().terminating);
  EXPECT_EQ(1u, server.Stats().exits);
  EXPECT_EQ(0u, server.Stats().refused + server.Stats().failed + server.Stats().gone);
}

} // namespace
