#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "sim/random.h"
#include "support/machine.h"

namespace {

class Membership : public Machine {};

/* --- unset ---------------------------------------------------------------------------------- */

TEST_F(Membership, OfANewRegistryIsEmpty) {
  Server &server = Start();
  EXPECT_EQ(0u, server.size());
  EXPECT_EQ(Pids{}, PidsOf(server));
  EXPECT_EQ(0, server.PidOf("s"));
  EXPECT_FALSE(disk.Read(sim::kPidFile)) << "opening touches no file";
}

TEST_F(Membership, ForgetsAnUnknownPidWithoutAWrite) {
  Server &server = Start();
  server.Remove(77);
  EXPECT_FALSE(disk.Read(sim::kPidFile));
}

/* --- success -------------------------------------------------------------------------------- */

TEST_F(Membership, KeepsTheOrderOfRegistration) {
  Server &server = Start();
  for (const int32_t pid : {9000, 3000, 7000}) server.Register(pid);
  EXPECT_EQ((Pids{9000, 3000, 7000}), PidsOf(server));
  EXPECT_EQ((Pids{9000, 3000, 7000}), FilePids());
}

TEST_F(Membership, KeepsTheFolderOfManyOnce) {
  Server &server = Start();
  for (const int32_t pid : {9000, 3000, 7000}) server.Register(pid, pid == 3000 ? "/b" : "/a");
  EXPECT_EQ(server.Rows()[0]->cwd, server.Rows()[2]->cwd);
  EXPECT_STREQ("/b", server.Rows()[1]->cwd);
  for (const int32_t pid : {9000, 3000}) server.Remove(pid);
  EXPECT_STREQ("/a", server.Rows()[0]->cwd) << "it is another's yet";
  server.Register(3000, "/a");
  EXPECT_EQ(server.Rows()[0]->cwd, server.Rows()[1]->cwd);
}

TEST_F(Membership, KeepsThePlaceOfAPidThatRegistersAgain) {
  Server &server = Start();
  for (const int32_t pid : {9000, 3000, 7000}) server.Register(pid, "/a", "t");
  server.Register(3000, "/b", "u");
  EXPECT_EQ((Pids{9000, 3000, 7000}), PidsOf(server));
  EXPECT_EQ((Pids{9000, 3000, 7000}), FilePids());
  EXPECT_EQ(3u, server.size());
  EXPECT_STREQ("/b", InFile(3000)->cwd);
  EXPECT_STREQ("u", InFile(3000)->token);
}

TEST_F(Membership, FindsAReplacedEntryInItsOldPlace) {
  Server &server = Start();
  for (const int32_t pid : {9000, 3000, 7000}) server.Register(pid, "/a", "t");
  server.Register(9000, "/a", "t");
  ASSERT_TRUE(server.Link("t", "s"));
  EXPECT_EQ(9000, server.PidOf("s")) << "the first in order, not in time";
}

TEST_F(Membership, ForgetsSessionAndTokenOfAReplacedEntry) {
  Server &server = Start();
  server.Register(9000, "/", "t");
  server.Link("t", "s");
  server.Register(9000, "/", "u");
  EXPECT_EQ(0, server.PidOf("s"));
  EXPECT_FALSE(server.Link("t", "other"));
  EXPECT_TRUE(server.Link("u", "s"));
}

TEST_F(Membership, ReplacesAKeeperThatRegistersAgainWithItsPi) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  ASSERT_TRUE(server.Register(Pid(keeper), "/", "t", Pid(keeper)));
  EXPECT_EQ(Pids{Pid(keeper)}, PidsOf(server)) << "the caller speaks of the same process";
  EXPECT_EQ(0, hpr_row_more(InFile(Pid(keeper)))->pi.pid);
  EXPECT_TRUE(server.Link("t", "s", Pid(pi)));
  EXPECT_EQ(Pid(pi), server.PidOf("s"));
}

TEST_F(Membership, FindsTheFirstOfOneSession) {
  Server &server = Start();
  for (const int32_t pid : {9000, 3000, 7000}) {
    server.Register(pid, "/", "t" + std::to_string(pid));
    server.Link("t" + std::to_string(pid), "s");
  }
  EXPECT_EQ(9000, server.PidOf("s"));
  server.Remove(9000);
  EXPECT_EQ(3000, server.PidOf("s"));
  server.Register(3000);
  EXPECT_EQ(7000, server.PidOf("s"));
  server.Remove(7000);
  EXPECT_EQ(0, server.PidOf("s"));
}

TEST_F(Membership, PutsALateLinkBeforeAnEarlierOneOfAYoungerEntry) {
  Server &server = Start();
  server.Register(9000, "/", "a");
  server.Register(3000, "/", "b");
  server.Link("b", "s");
  server.Link("a", "s");
  EXPECT_EQ(9000, server.PidOf("s"));
}

TEST_F(Membership, FindsTheFirstOfOneToken) {
  Server &server = Start();
  for (const int32_t pid : {9000, 3000}) server.Register(pid, "/", "t");
  server.Link("t", "a");
  server.Link("t", "b");
  EXPECT_EQ(9000, server.PidOf("a"));
  EXPECT_EQ(3000, server.PidOf("b"));
  EXPECT_FALSE(server.Link("t", "c"));
}

TEST_F(Membership, FindsTheFirstOfOnePi) {
  Server &server = Start();
  for (const int32_t pid : {9000, 3000}) {
    server.Register(pid, "/", "t", pid);
    server.Link("t", "s" + std::to_string(pid), 5000);
    server.Register(pid + 1, "/", "u", pid + 1); /* unlinked yet */
  }
  EXPECT_FALSE(server.LinkByPid("other", 5000)) << "both are linked";
  EXPECT_TRUE(server.LinkByPid("s3000", 5000));
}

TEST_F(Membership, FindsTheFirstOfOneFolder) {
  Server &server = Start();
  for (const int32_t pid : {9000, 3000, 7000}) server.Register(pid, "/w");
  server.LinkByCwd("a", "/w");
  server.LinkByCwd("b", "/w");
  EXPECT_EQ(9000, server.PidOf("a"));
  EXPECT_EQ(3000, server.PidOf("b"));
}

TEST_F(Membership, CountsOnlyTheLiving) {
  Server &server = Start();
  Linked(server, "s");
  Child(server);
  ASSERT_TRUE(server.Kill("s"));
  EXPECT_EQ(1u, server.size());
  EXPECT_EQ(2u, PidsOf(server).size()) << "its end is still of interest";
  EXPECT_EQ(2u, FilePids().size());
  EXPECT_EQ(0, server.PidOf("s"));
  EXPECT_FALSE(server.Link("s", "other")) << "and its token is nobody's";
  EXPECT_FALSE(server.LinkByPid("other", PidsOf(server)[0]));
}

/* An ending entry is still unlinked, and still in its folder. */
TEST_F(Membership, GivesNobodyAnUnlinkedEntryThatIsEnding) {
  Server &server = Start();
  Child(server, "t", "/w");
  disk.links["/v"] = "/w";
  ASSERT_TRUE(server.KillByToken("t"));
  EXPECT_FALSE(server.LinkByCwd("s", "/w"));
  EXPECT_FALSE(server.LinkByCwd("s", "/v"));
}

TEST_F(Membership, FindsAPromotedPiUnderItsOwnNumberOnly) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  const int32_t before = Pid(keeper), after = Pid(pi);
  End(keeper);
  Proceed();
  EXPECT_EQ(Pids{after}, PidsOf(server));
  EXPECT_EQ(after, server.PidOf("s"));
  EXPECT_TRUE(server.Link("s", "s")) << "the token still leads to it";
  EXPECT_TRUE(server.LinkByPid("s", after));
  EXPECT_FALSE(server.LinkByPid("s", before));
  server.Remove(before);
  EXPECT_EQ(1u, server.size());
  server.Remove(after);
  EXPECT_EQ(0u, server.size());
  EXPECT_EQ(0, server.PidOf("s"));
}

TEST_F(Membership, KeepsThePlaceOfAPromotedPi) {
  Server &server = Start();
  server.Register(9000, "/", "first");
  const auto [keeper, pi] = Keeper(server, "s");
  server.Register(8000, "/", "s");
  server.Link("s", "s2");
  End(keeper);
  Proceed();
  EXPECT_EQ((Pids{9000, Pid(pi), 8000}), PidsOf(server));
  EXPECT_EQ((Pids{9000, Pid(pi), 8000}), FilePids());
}

/* --- race ----------------------------------------------------------------------------------- */

TEST_F(Membership, OfHundredsWithOneTokenSurvivesRemovalInAnyOrder) {
  Server &server = Start();
  Pids left;
  for (int32_t pid = 1000; pid < 1300; pid++) {
    server.Register(pid, "/", "t");
    left.push_back(pid);
  }
  sim::Random random(7);
  for (int i = 0; i < 298; i++) {
    const auto it = left.begin() + static_cast<std::ptrdiff_t>(random.Below(left.size()));
    server.Remove(*it);
    left.erase(it);
  }
  EXPECT_EQ(left, PidsOf(server));
  ASSERT_TRUE(server.Link("t", "a"));
  ASSERT_TRUE(server.Link("t", "b"));
  EXPECT_EQ(left[0], server.PidOf("a"));
  EXPECT_EQ(left[1], server.PidOf("b"));
}

} // namespace
