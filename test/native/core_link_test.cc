#include <gtest/gtest.h>

#include <string>

#include "support/machine.h"

namespace {

class Link : public Machine {
protected:
  /* The pi that an entry knows. */
  int32_t PiOf(int32_t pid) { return InFile(pid) ? hpr_row_more(InFile(pid))->pi.pid : -1; }
};

/* --- unset ---------------------------------------------------------------------------------- */

TEST_F(Link, OfAnEmptyTokenFindsNobody) {
  Server &server = Start();
  server.Register(9000, "/w", "");
  EXPECT_FALSE(server.Link("", "s"));
  EXPECT_EQ(0, server.PidOf("s"));
}

TEST_F(Link, OfAnEmptySessionIsNoLink) {
  Server &server = Start();
  server.Register(9000, "/w", "t");
  EXPECT_FALSE(server.Link("t", ""));
  EXPECT_FALSE(server.LinkByPid("", 9000));
  EXPECT_FALSE(server.LinkByCwd("", "/w"));
  EXPECT_EQ(0, server.PidOf(""));
  EXPECT_TRUE(server.Link("t", "s")) << "it is still free";
}

TEST_F(Link, OfAnUnknownNameFindsNobody) {
  Server &server = Start();
  server.Register(9000, "/w", "t");
  EXPECT_FALSE(server.Link("u", "s"));
  EXPECT_FALSE(server.LinkByPid("s", 9001));
  EXPECT_FALSE(server.LinkByPid("s", 0));
  EXPECT_FALSE(server.LinkByCwd("s", "/v"));
  EXPECT_EQ(0, server.PidOf("s"));
}

/* --- success: the three tiers --------------------------------------------------------------- */

TEST_F(Link, ByTokenFindsItsEntry) {
  Server &server = Start();
  server.Register(9000, "/w", "t");
  server.Register(3000, "/w", "u");
  EXPECT_TRUE(server.Link("u", "s"));
  EXPECT_EQ(3000, server.PidOf("s"));
}

TEST_F(Link, ByPidFindsItsEntry) {
  Server &server = Start();
  server.Register(9000);
  server.Register(3000);
  EXPECT_TRUE(server.LinkByPid("s", 3000));
  EXPECT_EQ(3000, server.PidOf("s"));
}

TEST_F(Link, ByFolderFindsTheFirstUnlinkedEntry) {
  Server &server = Start();
  server.Register(9000, "/v");
  server.Register(3000, "/w", "t");
  server.Register(7000, "/w");
  server.Link("t", "other");
  EXPECT_TRUE(server.LinkByCwd("s", "/w"));
  EXPECT_EQ(7000, server.PidOf("s"));
}

TEST_F(Link, ByFolderFindsTheSameFolderUnderAnotherName) {
  disk.links["/tmp"] = "/private/tmp";
  Server &server = Start();
  server.Register(9000, "/v");
  server.Register(3000, "/private/tmp");
  EXPECT_TRUE(server.LinkByCwd("s", "/tmp"));
  EXPECT_EQ(3000, server.PidOf("s"));
  EXPECT_TRUE(server.LinkByCwd("s", "/tmp")) << "it holds one of that folder";
}

TEST_F(Link, ByFolderPrefersTheSameText) {
  disk.links["/tmp"] = "/private/tmp";
  Server &server = Start();
  server.Register(9000, "/private/tmp");
  server.Register(3000, "/tmp");
  EXPECT_TRUE(server.LinkByCwd("s", "/tmp"));
  EXPECT_EQ(3000, server.PidOf("s"));
}

TEST_F(Link, ByFolderGoesByTextWhereTheFileSystemWouldHaveToBeAsked) {
  disk.links["/tmp"] = "/private/tmp";
  disk.uncached = {"/private/tmp"};
  Server &server = Start();
  server.Register(3000, "/private/tmp");
  server.Register(4000, "/private/tmp");
  EXPECT_FALSE(server.LinkByCwd("s", "/tmp"));
  EXPECT_TRUE(server.LinkByCwd("t", "/private/tmp"));
  EXPECT_EQ(3000, server.PidOf("t"));
  EXPECT_FALSE(server.LinkByCwd("t", "/tmp"));
  EXPECT_EQ(2u, server.folders_wanted.size());
  server.TellFolders();
  EXPECT_TRUE(server.LinkByCwd("t", "/tmp"));
  EXPECT_TRUE(server.LinkByCwd("s", "/tmp"));
  EXPECT_EQ(4000, server.PidOf("s"));
}

TEST_F(Link, ByFolderGoesByTextWhereItsOwnPathCannotBeTold) {
  disk.links["/tmp"] = "/private/tmp";
  disk.uncached = {"/tmp"};
  Server &server = Start();
  server.Register(3000, "/private/tmp");
  EXPECT_FALSE(server.LinkByCwd("s", "/tmp"));
  EXPECT_TRUE(server.folders_wanted.empty());
}

TEST_F(Link, ByFolderKnowsAFolderThatWasLearntBeforeItsDiskWasAway) {
  disk.links["/tmp"] = "/private/tmp";
  Server &server = Start();
  server.Register(3000, "/private/tmp");
  disk.uncached = {"/private/tmp"};
  EXPECT_TRUE(server.LinkByCwd("s", "/tmp"));
}

TEST_F(Link, ByFolderIsToldOfAnEntryThatHasGone) {
  disk.uncached = {"/work"};
  Server &server = Start();
  server.Register(3000, "/work");
  server.Remove(3000);
  server.TellFolders();
  EXPECT_FALSE(server.LinkByCwd("s", "/work"));
}

TEST_F(Link, ByFolderLearnsThoseOfAdoptedEntries) {
  disk.links["/tmp"] = "/private/tmp";
  Server &first = Start();
  const Serial child = first.Spawn();
  first.Register(Pid(child), "/private/tmp", "t");
  first.Crash();
  Server &server = Start();
  server.CleanupOrphans();
  EXPECT_TRUE(server.LinkByCwd("s", "/tmp"));
  EXPECT_EQ(Pid(child), server.PidOf("s"));
}

TEST_F(Link, ByFolderAndByAnotherNamePassesOverTheLinked) {
  disk.links["/tmp"] = "/private/tmp";
  Server &server = Start();
  for (const int32_t pid : {9000, 3000}) server.Register(pid, "/private/tmp");
  ASSERT_TRUE(server.LinkByCwd("a", "/tmp"));
  ASSERT_TRUE(server.LinkByCwd("b", "/tmp"));
  EXPECT_EQ(9000, server.PidOf("a"));
  EXPECT_EQ(3000, server.PidOf("b"));
  EXPECT_FALSE(server.LinkByCwd("c", "/tmp"));
}

/* --- success: pi ---------------------------------------------------------------------------- */

TEST_F(Link, ByTokenStoresThePiOfAKeeperAtOnce) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  EXPECT_EQ(Pid(pi), server.PidOf("s"));
  EXPECT_EQ(Pid(pi), PiOf(Pid(keeper)));
  EXPECT_EQ(HPR_RECORD_KNOWN, hpr_row_more(InFile(Pid(keeper)))->pi.state);
  EXPECT_TRUE(hpr_row_more(InFile(Pid(keeper)))->pi.kin);
  EXPECT_EQ("", Warnings(server));
}

TEST_F(Link, ByTokenStoresTheAgentBehindAWrapper) {
  Server &server = Start();
  const Serial child = Child(server, "t"), agent = kernel.Spawn(child);
  EXPECT_TRUE(server.Link("t", "s", Pid(agent)));
  EXPECT_EQ(Pid(agent), PiOf(Pid(child)));
  EXPECT_EQ(Pid(child), server.PidOf("s")) << "while it lives";
}

TEST_F(Link, ByTokenStoresNoAgentThatIsNoRelative) {
  Server &server = Start();
  const Serial child = Child(server, "t"), other = Child(server, "u");
  EXPECT_TRUE(server.Link("t", "s", Pid(other)));
  EXPECT_EQ(0, PiOf(Pid(child)));
  EXPECT_EQ("HPR_ENOTKIN", Warnings(server));
}

TEST_F(Link, ByTokenStoresNoAgentThatANearerEntryHas) {
  Server &server = Start();
  const Serial outer = Child(server, "outer"), inner = kernel.Spawn(outer),
               agent = kernel.Spawn(inner);
  server.Register(Pid(inner), "/", "inner");
  EXPECT_TRUE(server.Link("outer", "s", Pid(agent)));
  EXPECT_EQ(0, PiOf(Pid(outer)));
}

/* --- success: by ancestor ------------------------------------------------------------------- */

TEST_F(Link, ByPidFindsTheNearestAncestor) {
  Server &server = Start();
  const Serial outer = Child(server, "outer"), inner = kernel.Spawn(outer),
               agent = kernel.Spawn(kernel.Spawn(inner));
  server.Register(Pid(inner), "/", "inner");
  EXPECT_TRUE(server.LinkByPid("s", Pid(agent)));
  EXPECT_EQ(Pid(inner), server.PidOf("s"));
  EXPECT_EQ(Pid(agent), PiOf(Pid(inner)));
}

TEST_F(Link, ByPidNeverClimbsPastAnEntryThatIsHeldByEvidence) {
  Server &server = Start();
  const Serial outer = Child(server, "outer"), inner = kernel.Spawn(outer),
               agent = kernel.Spawn(inner);
  server.Register(Pid(inner), "/", "inner");
  server.Link("inner", "a");
  EXPECT_FALSE(server.LinkByPid("b", Pid(agent)));
  EXPECT_EQ(0, server.PidOf("b"));
  EXPECT_EQ(0, PiOf(Pid(outer)));
}

TEST_F(Link, ByPidNeverClimbsPastAnEntryThatIsEnding) {
  Server &server = Start();
  const Serial outer = Child(server, "outer"), inner = kernel.Spawn(outer),
               agent = kernel.Spawn(inner);
  server.Register(Pid(inner), "/", "inner");
  server.KillByToken("inner");
  EXPECT_FALSE(server.LinkByPid("b", Pid(agent)));
  EXPECT_EQ(0, PiOf(Pid(outer)));
}

TEST_F(Link, ByPidOfAnotherServersChildOrAStrangersFindsNobody) {
  Server &server = Start(), &other = Start();
  Child(server, "t");
  EXPECT_FALSE(server.LinkByPid("s", Pid(other.Spawn())));
  EXPECT_FALSE(server.LinkByPid("s", Pid(Stranger())));
  EXPECT_FALSE(server.LinkByPid("s", server.pid()));
}

TEST_F(Link, ByPidOfANumberThatHasPassedOnFindsItsHolder) {
  Server &server = Start();
  const Serial wrapper = Child(server, "w");
  const Serial before = Child(server, "t");
  const int32_t number = Pid(before);
  kernel.Die(before, 9);
  kernel.Reap(before);
  const Serial agent = kernel.Spawn(wrapper, number);
  ASSERT_EQ(number, Pid(agent));
  EXPECT_TRUE(server.LinkByPid("s", number));
  EXPECT_EQ(Pid(wrapper), server.PidOf("s"));
}

/* --- success: guesses ----------------------------------------------------------------------- */

TEST_F(Link, ByFolderGivesWayToEvidence) {
  Server &server = Start();
  const Serial one = Child(server, "one", "/w"), two = Child(server, "two", "/w");
  server.LinkByCwd("2", "/w");
  server.LinkByCwd("1", "/w");
  EXPECT_EQ("HPR_EGUESS", Warnings(server)) << "there were two for the first";
  EXPECT_TRUE(server.Link("one", "1"));
  EXPECT_EQ(Pid(one), server.PidOf("1"));
  EXPECT_EQ(0, server.PidOf("2")) << "no swap";
  EXPECT_EQ("HPR_EGUESS HPR_EGUESS", Warnings(server));
  EXPECT_TRUE(server.LinkByPid("2", Pid(two)));
  EXPECT_EQ(Pid(two), server.PidOf("2"));
  EXPECT_EQ(Pids{}, Exits(server));
}

TEST_F(Link, ThatWasGuessedIsProvedByItsOwnSession) {
  Server &server = Start();
  const Serial one = Child(server, "one", "/w");
  server.LinkByCwd("s", "/w");
  EXPECT_TRUE(server.LinkByPid("s", Pid(one)));
  EXPECT_FALSE(server.Link("one", "other")) << "a pid does not give way to a token";
  EXPECT_FALSE(server.LinkByPid("other", Pid(one)));
  EXPECT_EQ(Pid(one), server.PidOf("s"));
}

TEST_F(Link, ThatIsProvedFreesTheSessionsGuess) {
  Server &server = Start();
  const Serial one = Child(server, "one", "/w"), two = Child(server, "two", "/v");
  server.LinkByCwd("s", "/w");
  EXPECT_TRUE(server.Link("two", "s"));
  EXPECT_EQ(Pid(two), server.PidOf("s"));
  EXPECT_TRUE(server.LinkByCwd("other", "/w"));
  EXPECT_EQ(Pid(one), server.PidOf("other"));
}

TEST_F(Link, ByTokenStoresNoPiThatIsTheEntryItself) {
  Server &server = Start();
  const Serial keeper = server.Spawn();
  server.Register(Pid(keeper), "/", "t", Pid(keeper));
  EXPECT_TRUE(server.Link("t", "s", Pid(keeper)));
  EXPECT_EQ(0, PiOf(Pid(keeper)));
}

TEST_F(Link, ByPidFindsTheFirstUnlinkedEntryOfThatPi) {
  const std::string rest = R"(,"cwd":"/","spawnedAt":"2023-11-14T22:13:20.000Z","piPid":110})";
  Server &before = Start();
  const Serial first = before.Spawn(), second = before.Spawn(), pi = kernel.Spawn(first, 110);
  WriteFile({R"({"pid":)" + std::to_string(Pid(first)) + rest,
             R"({"pid":)" + std::to_string(Pid(second)) + rest});
  ASSERT_NE(0u, pi);
  Server &server = StartAndClean();
  ASSERT_EQ(2u, server.size());
  EXPECT_TRUE(server.LinkByPid("a", 110));
  EXPECT_TRUE(server.LinkByPid("a", 110)) << "it holds it";
  EXPECT_EQ(Pid(first), server.Rows()[0]->main.pid);
  EXPECT_TRUE(server.Kill("a"));
  EXPECT_TRUE(server.LinkByPid("b", 110)) << "the second one has that pi too";
  EXPECT_FALSE(server.LinkByPid("c", 110));
}

TEST_F(Link, ByPidFindsNoPiOfAnEntryThatIsEnding) {
  Server &before = Start();
  const auto [keeper, pi] = Keeper(before, "s");
  kernel.Find(pi)->ignores_term = true;
  before.Crash();
  Server &server = StartAndClean();
  ASSERT_TRUE(server.KillByToken("s"));
  EXPECT_FALSE(server.LinkByPid("s", Pid(pi)));
  EXPECT_FALSE(server.LinkByPid("s", Pid(keeper)));
}

/* --- failure: what is linked stays ----------------------------------------------------------- */

TEST_F(Link, IsForGood) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  EXPECT_FALSE(server.Link("s", "other"));
  EXPECT_FALSE(server.LinkByPid("other", Pid(keeper)));
  EXPECT_FALSE(server.LinkByPid("other", Pid(pi)));
  EXPECT_FALSE(server.LinkByCwd("other", "/"));
  EXPECT_EQ(0, server.PidOf("other"));
  EXPECT_EQ(Pid(pi), server.PidOf("s"));
}

TEST_F(Link, ToWhatASessionHoldsIsTrueAndChangesNothing) {
  Server &server = Start();
  const auto [keeper, pi] = Keeper(server, "s");
  server.Register(9000, "/", "s");
  const std::string before = File();
  EXPECT_TRUE(server.Link("s", "s", 12345));
  EXPECT_TRUE(server.LinkByPid("s", Pid(keeper)));
  EXPECT_TRUE(server.LinkByPid("s", Pid(pi)));
  EXPECT_EQ(before, File());
  EXPECT_TRUE(server.Link("s", "other")) << "the second entry of that token is still free";
  EXPECT_EQ(9000, server.PidOf("other"));
}

/* A bridge that reconnects must not be given another session's agent. */
TEST_F(Link, ByFolderGivesASessionThatHoldsAnEntryNoOther) {
  Server &server = Start();
  server.Register(9000, "/v", "t");
  server.Link("t", "s");
  server.Register(3000, "/w");
  server.Register(7000, "/v");
  EXPECT_FALSE(server.LinkByCwd("s", "/w"));
  EXPECT_TRUE(server.LinkByCwd("s", "/v"));
  EXPECT_TRUE(server.LinkByCwd("a", "/w"));
  EXPECT_TRUE(server.LinkByCwd("b", "/v"));
  EXPECT_EQ(9000, server.PidOf("s"));
  EXPECT_EQ(3000, server.PidOf("a"));
  EXPECT_EQ(7000, server.PidOf("b"));
}

TEST_F(Link, ByTokenAndByPidGivesASessionASecondEntry) {
  Server &server = Start();
  for (const int32_t pid : {9000, 3000, 7000}) server.Register(pid, "/", std::to_string(pid));
  EXPECT_TRUE(server.Link("9000", "s"));
  EXPECT_TRUE(server.Link("3000", "s"));
  EXPECT_TRUE(server.LinkByPid("s", 7000));
  EXPECT_EQ(9000, server.PidOf("s"));
  EXPECT_TRUE(server.Link("3000", "s")) << "one of those that it holds";
  EXPECT_FALSE(server.Link("3000", "other"));
  EXPECT_FALSE(server.LinkByPid("other", 7000));
}

/* --- failure: strangers ---------------------------------------------------------------------- */

TEST_F(Link, KeepsAStrangerAsPiAndNeverSignalsIt) {
  Server &server = Start();
  const Serial stranger = Stranger(), keeper = server.Spawn();
  server.Register(Pid(keeper), "/", "t", Pid(keeper));
  EXPECT_TRUE(server.Link("t", "s", Pid(stranger)));
  EXPECT_EQ("HPR_ENOTKIN", Warnings(server));
  EXPECT_EQ(Pid(stranger), server.warnings[0].pid);
  EXPECT_EQ(Pid(stranger), server.PidOf("s"));
  EXPECT_EQ(Pid(stranger), PiOf(Pid(keeper)));
  EXPECT_TRUE(server.Kill("s"));
  EXPECT_EQ("TERM CONT", SignalsTo(keeper)) << "at once: there is no pi to wait for";
  Pass(HPR_GRACE_DEFAULT_MS);
  EXPECT_EQ("", SignalsTo(stranger));
}

TEST_F(Link, WarnsOfNoPiWhereTheKeeperIsNobody) {
  Server &server = Start();
  server.Register(9000, "/", "t", 9000);
  EXPECT_TRUE(server.Link("t", "s", 5000));
  EXPECT_EQ("", Warnings(server));
  EXPECT_EQ(5000, server.PidOf("s"));
}

/* Another child of the server is no relative of this entry. */
TEST_F(Link, TakesNoChildOfAnotherEntryForItsPi) {
  Server &server = Start();
  const Serial other = server.Spawn(), keeper = server.Spawn();
  server.Register(Pid(keeper), "/", "t", Pid(keeper));
  EXPECT_TRUE(server.Link("t", "s", Pid(other)));
  EXPECT_EQ("HPR_ENOTKIN", Warnings(server));
  server.Kill("s");
  Pass(HPR_GRACE_DEFAULT_MS);
  EXPECT_EQ("", SignalsTo(other));
}

/* --- race: a row whose pi is known is unlinked again after a restart ---------------------------
 */

TEST_F(Link, ReplacesNoLivingPiByAStranger) {
  Server &before = Start();
  const auto [keeper, pi] = Keeper(before, "s");
  const Serial stranger = Stranger();
  before.Crash();
  Server &server = StartAndClean();
  EXPECT_TRUE(server.Link("s", "s", Pid(stranger)));
  EXPECT_EQ("HPR_ENOTKIN", Warnings(server));
  EXPECT_EQ(Pid(pi), server.PidOf("s"));
  EXPECT_EQ(Pid(pi), PiOf(Pid(keeper)));
}

TEST_F(Link, ReplacesADeadPiByAStranger) {
  Server &before = Start();
  const auto [keeper, pi] = Keeper(before, "s");
  const Serial stranger = Stranger();
  before.Crash();
  Server &server = StartAndClean();
  End(pi);
  EXPECT_TRUE(server.Link("s", "s", Pid(stranger)));
  EXPECT_EQ(Pid(stranger), server.PidOf("s"));
}

TEST_F(Link, ReplacesALivingPiByARelative) {
  Server &before = Start();
  const auto [keeper, pi] = Keeper(before, "s");
  const Serial next = kernel.Spawn(keeper);
  before.Crash();
  Server &server = StartAndClean();
  EXPECT_TRUE(server.Link("s", "s", Pid(next)));
  EXPECT_EQ(Pid(next), server.PidOf("s"));
  EXPECT_TRUE(server.LinkByPid("s", Pid(next)));
  EXPECT_FALSE(server.LinkByPid("other", Pid(pi))) << "its keeper is another session's";
}

} // namespace
