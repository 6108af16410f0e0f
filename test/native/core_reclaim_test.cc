#include <gtest/gtest.h>
#include <signal.h>

#include <string>

#include "support/machine.h"

namespace {

using sim::kDiskTickMs;

class Reclaim : public Machine {
protected:
  /* An entry as the original module wrote it. */
  std::string Legacy(int32_t pid, int64_t spawned_ms, const std::string &more = "") {
    char time[HPR_TIMESTAMP_SIZE];
    hpr_timestamp_write(spawned_ms, time);
    return Undated(pid, R"(,"spawnedAt":")" + std::string(time) + '"' + more);
  }

  std::string Undated(int32_t pid, const std::string &more) {
    return R"({"pid":)" + std::to_string(pid) + R"(,"cwd":"/")" + more + "}";
  }

  void ReplaceInFile(const std::string &from, const std::string &to) {
    std::string text = File();
    const size_t at = text.find(from);
    ASSERT_NE(std::string::npos, at);
    disk.Write(sim::kPidFile, text.replace(at, from.size(), to));
  }

  bool IsKept(const Server &server, Serial serial) {
    return FilePids() == Pids{Pid(serial)} && server.size() == 0;
  }

  void Sleep(int64_t ms) {
    kernel.now_ms += ms;
    kernel.slept_ms += ms;
  }

  /* A process of ours that no server has as its child any more. */
  Serial Orphan() {
    Server &server = Start();
    const Serial orphan = server.Spawn();
    server.Crash();
    return orphan;
  }
};

/* --- unset ---------------------------------------------------------------------------------- */

TEST_F(Reclaim, OfNoFileFindsNothing) {
  Server &server = StartAndClean();
  EXPECT_EQ(0u, server.size());
  EXPECT_EQ(Pids{}, FilePids());
  EXPECT_EQ("", Warnings(server));
}

TEST_F(Reclaim, CollectsWhatDeadWritersLeft) {
  const std::string temporary = std::string(sim::kPidFile) + ".0123456789abcdef.7.tmp";
  disk.Write(temporary, "half a te");
  Server &server = Start();
  server.Register(9000);
  EXPECT_TRUE(disk.Read(temporary));
  server.CleanupOrphans();
  EXPECT_FALSE(disk.Read(temporary));
}

TEST_F(Reclaim, WaitsUntilItIsAskedFor) {
  Server &before = Start();
  const Serial child = Child(before);
  before.Crash();
  Server &server = Start();
  server.Register(9000);
  EXPECT_EQ(Pids{9000}, PidsOf(server));
  EXPECT_EQ((Pids{Pid(child), 9000}), FilePids());
}

/* --- success: verdicts ----------------------------------------------------------------------- */

TEST_F(Reclaim, TakesOverWhatLivesInItsOrder) {
  Server &before = Start();
  const Serial a = Child(before, "t", "/w");
  const auto [keeper, pi] = Keeper(before, "s");
  const Serial b = Child(before);
  before.Crash();
  Server &server = StartAndClean();
  EXPECT_EQ((Pids{Pid(a), Pid(keeper), Pid(b)}), PidsOf(server));
  EXPECT_EQ((Pids{Pid(a), Pid(keeper), Pid(b)}), FilePids());
  EXPECT_EQ(3u, server.size());
  for (const hpr_row *row : server.Rows())
    EXPECT_EQ(server.pid(), hpr_row_owner(row)->identity.pid);
  server.Register(9000);
  EXPECT_EQ(server.pid(), hpr_row_owner(InFile(Pid(a)))->identity.pid);
  EXPECT_STREQ(hpr_row_owner(InFile(9000))->id, hpr_row_owner(InFile(Pid(a)))->id);
  server.Remove(9000);
  EXPECT_EQ("", Signals());
  EXPECT_EQ("", Warnings(server));
  EXPECT_TRUE(server.Link("t", "again"));
  EXPECT_TRUE(server.LinkByPid("s", Pid(pi)));
  EXPECT_TRUE(server.Kill("s"));
  EXPECT_EQ("TERM CONT", SignalsTo(pi));
}

TEST_F(Reclaim, TakesOverAGroupThatItsLeaderHasLeft) {
  Server &before = Start();
  const Serial child = Child(before, "t"), member = kernel.Spawn(child);
  before.Crash();
  End(child);
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
  EXPECT_TRUE(server.KillByToken("t"));
  EXPECT_EQ("TERM CONT", SignalsTo(member));
  Proceed();
  EXPECT_EQ(Pids{Pid(child)}, Exits(server));
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Reclaim, DropsWhatIsGone) {
  Server &before = Start();
  const Serial gone = Child(before), child = Child(before), zombie = Child(before);
  before.Crash();
  End(gone);
  kernel.Die(zombie, 0);
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{Pid(child)}, FilePids());
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
  EXPECT_EQ((Pids{Pid(gone), Pid(zombie)}), Exits(server)) << "nobody else has told of them";
  EXPECT_EQ("", Warnings(server));
}

TEST_F(Reclaim, DropsAStrangerThatHasThePidNow) {
  for (const bool names : {true, false}) {
    kernel.features.names = names; /* with names also within one tick of the clock */
    Server &before = Start();
    const Serial child = Child(before);
    before.Crash();
    const Serial stranger = UseAgain(child);
    kernel.now_ms += 8 * kDayMs; /* old enough to be ended */
    StartAndClean();
    EXPECT_EQ(Pids{}, FilePids()) << names;
    EXPECT_EQ("", SignalsTo(stranger)) << names;
    kernel.now_ms -= 8 * kDayMs;
  }
}

TEST_F(Reclaim, KeepsAnotherUsersProcessAndSignalsItNever) {
  Server &before = Start();
  const Serial child = Child(before);
  before.Crash();
  kernel.Find(child)->other_user = true; /* a setuid program */
  kernel.now_ms += 8 * kDayMs;
  Server &server = StartAndClean();
  EXPECT_TRUE(IsKept(server, child));
  EXPECT_EQ("HPR_EFOREIGN", Warnings(server));
  EXPECT_EQ(Pid(child), server.warnings[0].pid);
  EXPECT_EQ(sim::kPidFile, server.warnings[0].path);
  EXPECT_EQ("", Signals());
  server.Register(9000);
  EXPECT_EQ("HPR_EFOREIGN", Warnings(server)) << "it was judged once";
}

TEST_F(Reclaim, DropsAnotherBootsProcessOfALocalFile) {
  Server &before = Start();
  Child(before);
  before.Crash();
  const std::string key = R"("identity":{"boot":")";
  ReplaceInFile(key + sim::Kernel::BootNumber(1), key + sim::Kernel::BootNumber(0));
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{}, FilePids());
  EXPECT_EQ("", Warnings(server));
}

TEST_F(Reclaim, KeepsAnotherHostsProcessesOfASharedFile) {
  disk.shared = true;
  Server &before = Start();
  const Serial first = Child(before), second = Child(before);
  before.Crash();
  std::string text = File();
  const std::string ours = sim::Kernel::BootNumber(1), theirs = sim::Kernel::BootNumber(8);
  for (size_t at = 0; (at = text.find(ours, at)) != std::string::npos;)
    text.replace(at, ours.size(), theirs);
  disk.Write(sim::kPidFile, text);
  Server &server = StartAndClean();
  EXPECT_EQ((Pids{Pid(first), Pid(second)}), FilePids());
  EXPECT_EQ(0u, server.size());
  EXPECT_EQ("HPR_EFOREIGN", Warnings(server)) << "once a registry";
  EXPECT_NEAR(kernel.now_ms, hpr_row_more(InFile(Pid(first)))->foreign_since_ms, kDiskTickMs);
  server.CleanupOrphans();
  EXPECT_EQ("HPR_EFOREIGN", Warnings(server));
}

/* As after a reboot, on a file that other hosts could share. */
TEST_F(Reclaim, GivesUpWhatNobodyHasLookedAfterForSevenDays) {
  disk.shared = true;
  Server &before = Start();
  const Serial child = Child(before);
  const int32_t pid = Pid(child);
  kernel.Reboot();
  before.Crash();
  StartAndClean();
  const int64_t first_seen_ms = hpr_row_more(InFile(pid))->foreign_since_ms;
  kernel.now_ms += 7 * kDayMs;
  Server &later = StartAndClean();
  EXPECT_EQ(Pids{pid}, FilePids());
  EXPECT_EQ(first_seen_ms, hpr_row_more(InFile(pid))->foreign_since_ms)
      << "the first reader's date counts";
  EXPECT_EQ("HPR_EFOREIGN", Warnings(later));
  kernel.now_ms += kDiskTickMs;
  Server &last = StartAndClean();
  EXPECT_EQ(Pids{}, FilePids());
  EXPECT_EQ("HPR_EABANDONED", Warnings(last));
  EXPECT_EQ("", Signals());
}

TEST_F(Reclaim, CountsAnewWhereTheDateLiesAhead) {
  disk.shared = true;
  Server &before = Start();
  const int32_t pid = Pid(Child(before));
  kernel.Reboot();
  before.Crash();
  StartAndClean();
  kernel.now_ms -= 30 * kDayMs;
  StartAndClean();
  EXPECT_NEAR(kernel.now_ms, hpr_row_more(InFile(pid))->foreign_since_ms, kDiskTickMs);
}

/* Each reader is a host with a clock of its own; the file server's is one for all of them. */
TEST_F(Reclaim, CountsTheDaysByTheClockOfWhoeverKeepsTheFile) {
  disk.shared = true;
  Server &before = Start();
  const int32_t pid = Pid(Child(before));
  kernel.Reboot();
  before.Crash();
  for (const int64_t wrong_ms : {-30 * kDayMs, 30 * kDayMs, -8 * kDayMs, INT64_C(0)}) {
    kernel.wrong_by_ms = wrong_ms;
    StartAndClean();
    EXPECT_EQ(Pids{pid}, FilePids()) << wrong_ms / kDayMs;
  }
  kernel.wrong_by_ms = -30 * kDayMs;
  kernel.now_ms += 7 * kDayMs + kDiskTickMs;
  EXPECT_EQ("HPR_EABANDONED", Warnings(StartAndClean()));
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Reclaim, GivesNothingUpWhileNobodyTellsTheTime) {
  disk.shared = true;
  Server &before = Start();
  const int32_t pid = Pid(Child(before));
  kernel.Reboot();
  before.Crash();
  ReplaceInFile(R"("identity")", R"("foreignSince":"2023-11-01T00:00:00.000Z","identity")");
  disk.create_fault = HPR_ENOSPC;
  EXPECT_EQ(std::string::npos, Warnings(StartAndClean()).find("HPR_EABANDONED"));
  EXPECT_EQ(Pids{pid}, FilePids());
  disk.create_fault = 0;
  EXPECT_EQ("HPR_EABANDONED", Warnings(StartAndClean()));
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Reclaim, ForgetsTheDateWhenItsOwnerLives) {
  disk.shared = true;
  Server &owner = Start();
  const Serial child = Child(owner);
  ReplaceInFile(R"("identity")", R"("foreignSince":"2023-11-01T00:00:00.000Z","identity")");
  StartAndClean();
  EXPECT_EQ(0, hpr_row_more(InFile(Pid(child)))->foreign_since_ms);
  EXPECT_EQ(Pids{Pid(child)}, FilePids());
}

/* It cannot see that we live, and would give up what we have. */
TEST_F(Reclaim, TellsAnotherHostEachSecondThatWeLive) {
  disk.shared = true;
  Server &owner = Start();
  const Serial child = Child(owner);
  const std::string before = File();
  ReplaceInFile(R"("identity")", R"("foreignSince":"2023-11-01T00:00:00.000Z","identity")");
  Pass(1000);
  EXPECT_EQ(0, hpr_row_more(InFile(Pid(child)))->foreign_since_ms);
  disk.Write(sim::kPidFile, R"({"entries":[]})");
  Pass(1000);
  EXPECT_EQ(Pids{Pid(child)}, FilePids());
  const int64_t writes = disk.Writes();
  Pass(5000);
  EXPECT_EQ(writes, disk.Writes()) << "once";
}

TEST_F(Reclaim, DropsNoEntryOfTheOriginalFromASharedFile) {
  disk.shared = true;
  WriteFile({Legacy(9000, kernel.now_ms)});
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{9000}, FilePids());
  EXPECT_EQ(HPR_RECORD_NONE, InFile(9000)->main.state) << "the next reader knows no more than we";
  EXPECT_EQ("HPR_EFOREIGN", Warnings(server));
}

TEST_F(Reclaim, KeepsWhatCannotBeTold) {
  kernel.features.names = false;
  Server &before = Start();
  const Serial child = Child(before);
  before.Crash();
  kernel.Reap(before.serial());
  Server &server = Start();
  kernel.proc_mounted = false;
  server.CleanupOrphans();
  EXPECT_TRUE(IsKept(server, child));
  EXPECT_EQ("HPR_EUNKNOWN", Warnings(server));
  Pass(5000);
  EXPECT_TRUE(IsKept(server, child));
  EXPECT_EQ("HPR_EUNKNOWN", Warnings(server)) << "once";
  kernel.proc_mounted = true;
  Pass(1000);
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server)) << "now it can, and nobody has to ask";
}

TEST_F(Reclaim, ChangesNothingInTheFileWhileItCannotTell) {
  kernel.features.names = false;
  Server &before = Start();
  Child(before);
  before.Crash();
  kernel.Reap(before.serial());
  Server &server = Start();
  kernel.proc_mounted = false;
  server.CleanupOrphans();
  disk.Write(sim::kPidFile, File() + "  ");
  const std::string text = File();
  Pass(5000);
  EXPECT_EQ(text, File());
}

/* --- what could not be told at one moment ------------------------------------------------------
 */

TEST_F(Reclaim, AsksAgainWhoAChildIs) {
  Server &server = Start();
  const Serial child = server.Spawn();
  kernel.proc_mounted = false;
  server.Register(Pid(child));
  EXPECT_EQ(HPR_RECORD_OPAQUE, InFile(Pid(child))->main.state);
  Pass(3000);
  EXPECT_EQ("HPR_EUNKNOWN", Warnings(server)) << "once";
  kernel.proc_mounted = true;
  Pass(1000);
  EXPECT_EQ(HPR_RECORD_KNOWN, InFile(Pid(child))->main.state);
  EXPECT_TRUE(InFile(Pid(child))->main.kin);
  server.Crash();
  Server &next = StartAndClean();
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(next)) << "and the next server knows it";
}

TEST_F(Reclaim, AsksAtOnceWhenAnEntryHasGone) {
  Server &server = Start();
  const Serial other = Child(server), child = server.Spawn();
  kernel.proc_mounted = false;
  server.Register(Pid(child));
  kernel.proc_mounted = true;
  End(other);
  Proceed();
  EXPECT_EQ(HPR_RECORD_KNOWN, InFile(Pid(child))->main.state);
}

TEST_F(Reclaim, LearnsLaterOnlyWhoHadTheNumberWhenItWasTold) {
  Server &server = Start();
  kernel.now_ms += 1000;
  const Serial told = Stranger(), passed_on = Stranger();
  kernel.now_ms += 1000;
  kernel.proc_mounted = false;
  server.Register(Pid(told));
  server.Register(Pid(passed_on));
  kernel.now_ms += 1000;
  UseAgain(passed_on);
  kernel.proc_mounted = true;
  Pass(1000);
  EXPECT_EQ(HPR_RECORD_KNOWN, InFile(Pid(told))->main.state);
  EXPECT_EQ(HPR_RECORD_OPAQUE, InFile(Pid(passed_on))->main.state);
  EXPECT_FALSE(InFile(Pid(told))->main.kin) << "it is known, and no relative";
}

TEST_F(Reclaim, GivesADeadKeepersPlaceToNobodyWhoWasOnlyToldOf) {
  Server &server = Start();
  const Serial keeper = server.Spawn(), stranger = Stranger();
  server.Register(Pid(keeper), "/", "t", Pid(keeper));
  kernel.proc_mounted = false;
  server.Link("t", "s", Pid(stranger));
  EXPECT_EQ(HPR_RECORD_OPAQUE, hpr_row_more(InFile(Pid(keeper)))->pi.state);
  End(keeper);
  Proceed();
  EXPECT_EQ(Pids{Pid(keeper)}, FilePids()) << "nobody can tell yet";
  kernel.proc_mounted = true;
  Pass(1000);
  EXPECT_EQ(Pids{Pid(keeper)}, Exits(server));
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Reclaim, LearnsLaterWhoAnAgentIs) {
  Server &server = Start();
  const Serial keeper = server.Spawn(), pi = kernel.Spawn(keeper);
  server.Register(Pid(keeper), "/", "t", Pid(keeper));
  kernel.proc_mounted = false;
  server.Link("t", "s", Pid(pi));
  kernel.proc_mounted = true;
  Pass(1000);
  EXPECT_TRUE(hpr_row_more(InFile(Pid(keeper)))->pi.kin);
  End(keeper);
  Proceed();
  EXPECT_EQ(Pids{Pid(pi)}, FilePids()) << "it goes on for its keeper";
}

TEST_F(Reclaim, LearnsLaterThatAProcessWasRegisteredTwice) {
  Server &server = Start();
  const Serial keeper = server.Spawn(), stranger = Stranger();
  server.Register(Pid(keeper), "/", "t", Pid(keeper));
  kernel.descriptors_left = false;
  server.Link("t", "s", Pid(stranger));
  server.Register(Pid(keeper), "/new");
  EXPECT_EQ(2u, server.Rows().size()) << "it may be another process";
  kernel.descriptors_left = true;
  Pass(1000);
  Proceed();
  EXPECT_EQ(Pids{}, Exits(server)) << "it runs";
  EXPECT_EQ(Pids{Pid(keeper)}, FilePids());
  EXPECT_STREQ("/new", InFile(Pid(keeper))->cwd);
}

TEST_F(Reclaim, DropsAllOfAnEarlierBoot) {
  Server &before = Start();
  const Serial child = Child(before);
  const auto [keeper, pi] = Keeper(before, "s");
  const Pids numbers = {Pid(child), Pid(keeper), Pid(pi)};
  before.Kill("s");
  before.Crash();
  kernel.Reboot();
  for (const int32_t number : numbers) Stranger(number);
  StartAndClean();
  EXPECT_EQ(Pids{}, FilePids());
  EXPECT_EQ("", SignalsTo(kernel.Holder(numbers[0])->serial));
}

/* --- success: keepers ------------------------------------------------------------------------ */

TEST_F(Reclaim, TakesPiForItsDeadKeeper) {
  for (const bool leads : {false, true}) {
    Server &before = Start();
    const auto [keeper, pi] = Keeper(before, "s");
    if (leads) kernel.LeadGroup(pi);
    before.Crash();
    End(keeper);
    Server &server = StartAndClean();
    EXPECT_EQ(Pids{Pid(pi)}, PidsOf(server)) << leads;
    EXPECT_EQ(Pids{Pid(pi)}, FilePids()) << leads;
    EXPECT_TRUE(server.KillByToken("s"));
    EXPECT_EQ("TERM CONT", SignalsTo(pi));
    Proceed();
    EXPECT_EQ(Pids{}, FilePids());
    server.Crash();
  }
}

TEST_F(Reclaim, LearnsThePiOfAKeeperThatIsRegisteredAgain) {
  Server &before = Start();
  const auto [keeper, pi] = Keeper(before, "s");
  before.Crash();
  Server &server = Start();
  server.Register(Pid(keeper), "/", "s", Pid(keeper), false);
  server.LinkByPid("s", Pid(keeper));
  EXPECT_EQ(Pid(keeper), server.PidOf("s"));
  EXPECT_TRUE(server.AnswersHold());
  server.CleanupOrphans();
  EXPECT_EQ(Pid(pi), server.PidOf("s"));
  EXPECT_TRUE(server.AnswersHold()); /* the change was counted */
}

TEST_F(Reclaim, DropsAKeeperWhosePiIsDeadToo) {
  Server &before = Start();
  const auto [keeper, pi] = Keeper(before, "s");
  before.Crash();
  const Serial stranger = UseAgain(pi);
  End(keeper);
  StartAndClean();
  EXPECT_EQ(Pids{}, FilePids());
  EXPECT_EQ("", SignalsTo(stranger));
}

TEST_F(Reclaim, TakesWhatIsLeftOfAKeepersGroupWithoutAPi) {
  Server &before = Start();
  const auto [keeper, pi] = Keeper(before, "s");
  const Serial member = kernel.Spawn(keeper);
  before.Crash();
  End(keeper);
  End(pi);
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{Pid(keeper)}, PidsOf(server));
  EXPECT_TRUE(server.KillByToken("s"));
  EXPECT_EQ("TERM CONT", SignalsTo(member));
}

TEST_F(Reclaim, KeepsAnotherUsersPiOfADeadKeeper) {
  Server &before = Start();
  const auto [keeper, pi] = Keeper(before, "s");
  kernel.LeadSession(pi);
  before.Crash();
  End(keeper);
  kernel.Find(pi)->other_user = true;
  Server &server = StartAndClean();
  EXPECT_EQ(0u, server.size());
  EXPECT_EQ(Pids{Pid(keeper)}, FilePids());
  EXPECT_EQ("HPR_EFOREIGN", Warnings(server));
}

/* As long as nobody can tell whose the agent's number is, the row stays as it is. */
TEST_F(Reclaim, TellsOfADeadProcessWhenItsUntoldAgentHasGone) {
  Server &before = Start(), &server = Start();
  const Serial child = Child(before), agent = Stranger();
  before.Crash();
  End(child);
  ReplaceInFile(R"("cwd":"/")", R"("cwd":"/","agentPid":)" + std::to_string(Pid(agent)));
  kernel.proc_mounted = false;
  server.CleanupOrphans();
  EXPECT_EQ(Pids{}, Exits(server));
  EXPECT_EQ(Pids{Pid(child)}, FilePids());
  End(agent);
  kernel.proc_mounted = true;
  server.CleanupOrphans();
  EXPECT_EQ(Pids{Pid(child)}, Exits(server));
}

TEST_F(Reclaim, NeverSignalsWhoHasADeadKeepersNumber) {
  Server &before = Start();
  const Serial keeper = before.Spawn(), child = before.Spawn();
  before.Register(Pid(child), "/", "t", Pid(keeper));
  before.Crash();
  const Serial stranger = UseAgain(keeper);
  Server &server = StartAndClean();
  EXPECT_TRUE(server.KillByToken("t"));
  EXPECT_EQ("TERM CONT", SignalsTo(child));
  EXPECT_EQ("", SignalsTo(stranger));
}

/* --- success: what is to end ------------------------------------------------------------------ */

TEST_F(Reclaim, FinishesWhatADeadServerBegan) {
  Server &before = Start();
  const Serial child = Linked(before, "s");
  kernel.Find(child)->ignores_term = true;
  before.Kill("s");
  before.Crash();
  ForgetSignals();
  Server &server = StartAndClean();
  EXPECT_EQ(0u, server.size());
  EXPECT_EQ("", SignalsTo(child)) << "it has had its signal";
  EXPECT_TRUE(InFile(Pid(child))->terminating);
  Pass(HPR_GRACE_DEFAULT_MS);
  EXPECT_EQ("KILL", SignalsTo(child));
  Proceed();
  EXPECT_EQ(Pids{Pid(child)}, Exits(server));
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Reclaim, CountsOnWithTheGraceThatADeadServerBegan) {
  Server &before = Start();
  const Serial child = Linked(before, "s");
  kernel.Find(child)->ignores_term = true;
  before.Kill("s");
  Pass(HPR_GRACE_DEFAULT_MS - 10);
  before.Crash();
  ForgetSignals();
  StartAndClean();
  EXPECT_EQ("", SignalsTo(child));
  Pass(10);
  EXPECT_EQ("KILL", SignalsTo(child));
}

/* It started its agent anew when its server had died, and there was nobody to see it. */
TEST_F(Reclaim, FinishesTheEndOfAKeeperWithItsNewAgent) {
  for (const bool grouped : {false, true}) {
    Server &before = Start();
    const auto [keeper, pi] = Keeper(before, "s");
    const Serial beside = kernel.Spawn(keeper);
    kernel.Find(keeper)->ignores_term = true;
    kernel.now_ms += 5000;
    before.Kill("s");
    before.Crash();
    End(pi, SIGTERM);
    kernel.now_ms += 50;
    const Serial again = kernel.Spawn(keeper);
    if (grouped) kernel.LeadGroup(again);
    kernel.now_ms += 50;
    ForgetSignals();
    StartAndClean();
    EXPECT_EQ("TERM CONT", SignalsTo(again));
    EXPECT_EQ("", SignalsTo(beside)) << "it was there before";
    EXPECT_EQ("", SignalsTo(keeper)) << "it has its turn when its agent has gone";
    Proceed();
    Pass(2000);
    Proceed();
    EXPECT_EQ(Pids{}, FilePids());
    for (const Serial serial : {keeper, again, beside}) EXPECT_FALSE(kernel.IsAlive(serial));
  }
}

/* Its age has in it what the machine has slept, whenever that was. */
TEST_F(Reclaim, TellsAKeepersNewAgentFromWhoWasThereAcrossASuspend) {
  for (const bool early : {true, false}) {
    Server &before = Start();
    const auto [keeper, pi] = Keeper(before, "s");
    const Serial beside = kernel.Spawn(keeper);
    kernel.Find(keeper)->ignores_term = true;
    kernel.now_ms += 50;
    before.Kill("s");
    before.Crash();
    End(pi, SIGTERM);
    if (early) Sleep(kDayMs / 24);
    kernel.now_ms += 50;
    const Serial again = kernel.Spawn(keeper);
    if (!early) Sleep(kDayMs / 24);
    kernel.now_ms += 50;
    StartAndClean();
    EXPECT_EQ("TERM CONT", SignalsTo(again)) << early;
    EXPECT_EQ("", SignalsTo(beside)) << "it was there before";
    Proceed();
    Pass(2000);
    Proceed();
    ForgetSignals();
  }
}

TEST_F(Reclaim, AsksAKeepersNewAgentOnceThatHasTheDeadOnesNumber) {
  Server &before = Start();
  const auto [keeper, pi] = Keeper(before, "s");
  before.Kill("s");
  before.Crash();
  End(pi, SIGTERM);
  const Serial again = kernel.Spawn(keeper, Pid(pi));
  kernel.Find(again)->ignores_term = true;
  Server &server = StartAndClean();
  EXPECT_EQ("TERM CONT", SignalsTo(again));
  server.Crash();
  StartAndClean();
  EXPECT_EQ("TERM CONT", SignalsTo(again)) << "its row says so";
}

/* Whenever it dies and is started anew while the next server takes the entry over. */
TEST_F(Reclaim, AsksAKeepersNewAgentThatComesWhileTheEndIsGoneOnWith) {
  for (int moment = 1, calls = moment; calls >= moment; moment++) {
    Server &before = Start();
    const Pair old = Keeper(before, "s");
    kernel.Find(old.pi)->ignores_term = kernel.Find(old.keeper)->ignores_term = true;
    kernel.now_ms += 5000;
    before.Kill("s");
    before.Crash();
    kernel.now_ms += 50;
    Serial again = 0;
    calls = 0;
    kernel.on_system_call = [&] {
      if (++calls != moment) return;
      End(old.pi);
      again = kernel.Spawn(old.keeper);
    };
    Server &server = StartAndClean();
    kernel.on_system_call = nullptr;
    for (int i = 0; i < 3; i++) {
      Proceed();
      Pass(200);
    }
    if (again) {
      EXPECT_EQ("TERM CONT", SignalsTo(again)) << moment;
    }
    Pass(2000);
    Proceed();
    server.Crash();
  }
}

TEST_F(Reclaim, AsksNoToolOfAnAgentThatIsEndingYet) {
  Server &before = Start();
  const auto [keeper, pi] = Keeper(before, "s");
  kernel.Find(pi)->ignores_term = true;
  before.Kill("s");
  before.Crash();
  kernel.now_ms += 50;
  const Serial tool = kernel.Spawn(pi);
  kernel.LeadSession(tool);
  StartAndClean();
  EXPECT_EQ("", SignalsTo(tool));
}

TEST_F(Reclaim, EndsOrphansOfMoreThanSevenDays) {
  Server &before = Start();
  const Serial old = Child(before);
  kernel.now_ms += sim::kTickMs;
  const Serial young = Child(before);
  before.Crash();
  kernel.now_ms += 7 * kDayMs;
  Server &server = StartAndClean();
  EXPECT_EQ("TERM CONT", SignalsTo(old));
  EXPECT_EQ("", SignalsTo(young)) << "seven days and no more";
  EXPECT_EQ(1u, server.size());
  Proceed();
  EXPECT_EQ(Pids{Pid(young)}, FilePids());
}

TEST_F(Reclaim, ForgetsWhatIsToEndAndIsNotOurs) {
  Server &before = Start();
  const Serial stranger = Stranger();
  before.Register(Pid(stranger));
  before.Crash();
  kernel.now_ms += 8 * kDayMs;
  Server &server = StartAndClean();
  EXPECT_EQ("", SignalsTo(stranger));
  EXPECT_EQ(0u, PidsOf(server).size());
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Reclaim, LeavesWhatKillAllHasNotEnded) {
  Server &before = Start();
  const Serial child = Linked(before, "s");
  kernel.Find(child)->ignores_term = true;
  before.KillAll();
  before.Crash();
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
  EXPECT_EQ(1u, server.size());
}

/* --- success: the original module's files ------------------------------------------------------
 */

TEST_F(Reclaim, TrustsALegacyProcessThatStartedThenAndThere) {
  for (const int64_t late_ms : {-15000, 0, 5000}) {
    const Serial orphan = Orphan();
    WriteFile({Legacy(Pid(orphan), kernel.now_ms - late_ms, R"(,"spawnToken":"t")")});
    Server &server = StartAndClean();
    EXPECT_EQ(Pids{Pid(orphan)}, PidsOf(server)) << late_ms;
    EXPECT_EQ(HPR_RECORD_KNOWN, InFile(Pid(orphan))->main.state) << late_ms;
    EXPECT_EQ("", Warnings(server)) << late_ms;
    EXPECT_TRUE(server.KillByToken("t")) << late_ms;
    EXPECT_EQ("TERM CONT", SignalsTo(orphan)) << late_ms;
    Proceed();
    server.Crash();
  }
}

TEST_F(Reclaim, TracksALegacyProcessThatIsNotProvedAndSignalsItNever) {
  struct Case {
    const char *name, *folder;
    int64_t late_ms;
  };
  for (const Case &it : {Case{"too early", "/", -15001}, Case{"too late", "/", 5001},
                         Case{"another folder", "/elsewhere", 0}}) {
    const Serial other = Stranger();
    kernel.Find(other)->folder = it.folder;
    WriteFile({Legacy(Pid(other), kernel.now_ms - it.late_ms, R"(,"spawnToken":"t")")});
    Server &server = StartAndClean();
    EXPECT_EQ(Pids{Pid(other)}, PidsOf(server)) << it.name;
    EXPECT_FALSE(server.Rows()[0]->main.kin) << it.name;
    EXPECT_EQ("HPR_ENOTKIN", Warnings(server)) << it.name;
    EXPECT_FALSE(server.KillByToken("t")) << it.name;
    server.KillAll();
    EXPECT_EQ("", SignalsTo(other)) << it.name;
    server.Crash();
    WriteFile({Legacy(Pid(other), kernel.now_ms - it.late_ms)});
    Server &next = StartAndClean();
    End(other);
    Proceed();
    EXPECT_EQ(Pids{}, FilePids()) << it.name << ": gone when its process ends";
    next.Crash();
  }
}

TEST_F(Reclaim, DropsALegacyProcessThatStartedLaterAndElsewhere) {
  const Serial stranger = Stranger();
  kernel.Find(stranger)->folder = "/elsewhere";
  for (const int64_t late_ms : {int64_t{5001}, 8 * kDayMs}) {
    WriteFile({Legacy(Pid(stranger), kernel.now_ms - late_ms)});
    Server &server = StartAndClean();
    EXPECT_EQ(Pids{}, FilePids()) << late_ms;
    EXPECT_EQ(Pids{}, PidsOf(server)) << late_ms;
    EXPECT_EQ("", Warnings(server)) << late_ms;
  }
  EXPECT_EQ("", SignalsTo(stranger));
}

TEST_F(Reclaim, TrustsALegacyPiThatIsItsKeepersRelative) {
  const Serial keeper = Orphan();
  const int64_t spawned_ms = kernel.now_ms;
  kernel.now_ms += 60000;
  const Serial pi = kernel.Spawn(keeper), stranger = Stranger();
  const std::string more = R"(,"keeperPid":)" + std::to_string(Pid(keeper)) + R"(,"piPid":)";
  WriteFile({Legacy(Pid(keeper), spawned_ms, more + std::to_string(Pid(pi)))});
  Server &server = StartAndClean();
  ASSERT_TRUE(server.LinkByPid("s", Pid(pi)));
  EXPECT_TRUE(hpr_row_more(server.Rows()[0])->pi.kin);
  EXPECT_TRUE(hpr_row_more(server.Rows()[0])->keeper.kin);
  server.Crash();
  WriteFile({Legacy(Pid(keeper), spawned_ms, more + std::to_string(Pid(stranger)))});
  Server &next = StartAndClean();
  ASSERT_EQ(1u, next.size());
  EXPECT_FALSE(hpr_row_more(next.Rows()[0])->pi.kin);
  next.Terminate(ByPid(Pid(keeper)));
  EXPECT_EQ("", SignalsTo(stranger));
}

TEST_F(Reclaim, TrustsALegacyPiOfADeadKeeperByItsAge) {
  const Serial pi = Orphan();
  const std::string more = R"(,"keeperPid":9000,"piPid":)" + std::to_string(Pid(pi));
  WriteFile({Legacy(9000, kernel.now_ms, more)});
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{Pid(pi)}, PidsOf(server));
  EXPECT_TRUE(server.Rows()[0]->main.kin);
}

/* When it takes the place of the registered process it is no keeper besides. */
TEST_F(Reclaim, TakesALegacyKeeperThatIsItsOwnPiForOne) {
  const Serial child = Orphan(), pi = kernel.Spawn(child);
  kernel.LeadGroup(pi);
  const std::string number = std::to_string(Pid(pi));
  WriteFile({Legacy(Pid(child), kernel.now_ms,
                    R"(,"spawnToken":"t","keeperPid":)" + number + R"(,"piPid":)" + number)});
  Server &server = StartAndClean();
  End(child);
  Proceed();
  ASSERT_EQ(Pids{Pid(pi)}, PidsOf(server));
  EXPECT_TRUE(server.KillByToken("t"));
  EXPECT_EQ("TERM CONT", SignalsTo(pi)) << "once";
  Proceed();
  EXPECT_EQ(Pids{Pid(child)}, Exits(server));
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Reclaim, LearnsWhoALegacyKeeperOfItsOwnPidIs) {
  const Serial child = Orphan(), keeper = Orphan();
  WriteFile({Legacy(Pid(child), kernel.now_ms, R"(,"keeperPid":)" + std::to_string(Pid(keeper)))});
  Server &server = StartAndClean();
  ASSERT_EQ(Pids{Pid(child)}, PidsOf(server));
  EXPECT_EQ(HPR_RECORD_KNOWN, hpr_row_more(server.Rows()[0])->keeper.state);
  server.Terminate(ByPid(Pid(child)));
  EXPECT_EQ("TERM CONT", SignalsTo(keeper));
}

/* --- failure ---------------------------------------------------------------------------------- */

TEST_F(Reclaim, TracksALivingProcessWithoutASoundDateAndSignalsItNever) {
  const Serial orphan = Orphan();
  for (const char *date :
       {"", R"(,"spawnedAt":"yesterday")", R"(,"spawnedAt":0)", R"(,"spawnedAt":1700000000)",
        R"(,"spawnedAt":"1970-01-20T16:13:20.000Z")", R"(,"spawnedAt":"9999-12-31T23:59:59.999Z")",
        R"(,"spawnedAt":"2023-11-14T22:14:21.000Z")"}) {
    WriteFile({Undated(Pid(orphan), date)});
    Server &server = StartAndClean();
    EXPECT_EQ(Pids{Pid(orphan)}, FilePids()) << date;
    EXPECT_EQ("HPR_ENOTKIN", Warnings(server)) << date;
    server.KillAll();
    server.Crash();
  }
  EXPECT_EQ("", Signals());
}

TEST_F(Reclaim, DropsADeadProcessWithoutASoundDate) {
  WriteFile({Undated(9000, ""), Undated(9001, R"(,"spawnedAt":"yesterday")")});
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{}, FilePids());
  EXPECT_EQ("", Warnings(server));
}

/* Dates are for people: the wall clock of one of the two servers was wrong. */
TEST_F(Reclaim, GoesOnWithAnEndWhateverTheDateSays) {
  Server &before = Start();
  const Serial child = Linked(before, "s");
  kernel.Find(child)->ignores_term = true;
  before.Kill("s");
  before.Crash();
  ForgetSignals();
  ReplaceInFile("2023-11-14", "9999-11-14");
  StartAndClean();
  Pass(HPR_GRACE_DEFAULT_MS);
  EXPECT_EQ("KILL", SignalsTo(child));
}

TEST_F(Reclaim, TellsAgesByTheTimeOfTheBoot) {
  for (const int64_t step_ms : {-10 * kDayMs, kDayMs / 24, 10 * kDayMs}) {
    Server &before = Start();
    const Serial child = Child(before);
    before.Crash();
    kernel.wrong_by_ms += step_ms;
    Server &server = StartAndClean();
    EXPECT_EQ(Pids{Pid(child)}, PidsOf(server)) << "young, whatever the wall clock says";
    EXPECT_EQ("", SignalsTo(child));
    server.Crash();
    kernel.now_ms += 7 * kDayMs + kDayMs / 24;
    StartAndClean();
    EXPECT_EQ("TERM CONT", SignalsTo(child)) << "old, whatever the wall clock says";
    Proceed();
  }
}

TEST_F(Reclaim, TellsAgesOfVersion01ByTheirStart) {
  Server &before = Start();
  const Serial child = Child(before);
  before.Crash();
  kernel.now_ms += 8 * kDayMs;
  std::string text = File();
  const size_t at = text.find(R"("spawnedBootMs":)"), end = text.find(',', at);
  disk.Write(sim::kPidFile, text.erase(at, end - at + 1));
  StartAndClean();
  EXPECT_EQ("TERM CONT", SignalsTo(child));
}

TEST_F(Reclaim, JudgesEntriesOneByOne) {
  Server &before = Start();
  const Serial child = Child(before);
  before.Crash();
  const std::string good =
      File().substr(File().find("{\"pid\""), File().find("\n]") - File().find("{\"pid\""));
  WriteFile({"null", R"({"pid":-1,"cwd":"/"})", R"({"pid":1,"cwd":"/"})", good, R"({"pid":"7"})"});
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
  EXPECT_EQ("HPR_EINVAL HPR_EINVAL HPR_EINVAL HPR_EINVAL", Warnings(server));
  for (const char *kept : {"null", R"({"pid":-1,"cwd":"/"})", R"({"pid":"7"})"})
    EXPECT_NE(std::string::npos, File().find(kept)) << kept;
  EXPECT_EQ("", Signals());
}

TEST_F(Reclaim, OfADamagedFileUsesWhatIsWhole) {
  Server &before = Start();
  const Serial child = Child(before);
  before.Crash();
  disk.Write(sim::kPidFile, File() + "garbage");
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
  EXPECT_EQ("HPR_ECORRUPT", Warnings(server));
  EXPECT_EQ(1u, disk.List(std::string(sim::kPidFile) + ".corrupt-").size());
}

/* --- race: entries that are ours already --------------------------------------------------------
 */

TEST_F(Reclaim, ChangesNothingTheSecondTime) {
  Server &before = Start();
  Child(before, "t");
  Keeper(before, "s");
  before.Crash();
  Server &server = StartAndClean();
  server.Link("s", "s");
  server.Link("t", "other");
  server.Kill("other");
  const std::string text = File(), signals = Signals();
  const int32_t pi = server.PidOf("s");
  server.CleanupOrphans();
  EXPECT_EQ(text, File());
  EXPECT_EQ(signals, Signals());
  EXPECT_EQ(pi, server.PidOf("s"));
  EXPECT_EQ(1u, server.size());
  EXPECT_EQ("", Warnings(server));
}

TEST_F(Reclaim, LeavesOurOwnEntriesAlone) {
  Server &server = Start();
  const Serial child = Linked(server, "s"), untold = server.Spawn();
  kernel.proc_mounted = false;
  server.Register(Pid(untold));
  kernel.proc_mounted = true;
  const auto [keeper, pi] = Keeper(server, "k");
  server.Kill("k");
  disk.Write(sim::kPidFile, File()); /* by somebody else, so that it is read again */
  server.CleanupOrphans();
  EXPECT_EQ((Pids{Pid(child), Pid(untold), Pid(keeper)}), PidsOf(server));
  EXPECT_EQ((Pids{Pid(child), Pid(untold), Pid(keeper)}), FilePids());
  EXPECT_EQ(Pid(child), server.PidOf("s"));
  EXPECT_EQ("HPR_EUNKNOWN", Warnings(server)) << "of the untold one";
}

/* The original module has read our file and written it back without what it does not know. */
TEST_F(Reclaim, DropsALegacyEntryOfAProcessThatIsOursAlready) {
  Server &server = Start();
  const Serial child = Linked(server, "s");
  WriteFile({Legacy(Pid(child), kernel.now_ms), Undated(Pid(child), "")});
  server.CleanupOrphans();
  EXPECT_EQ(Pids{Pid(child)}, FilePids());
  EXPECT_EQ("", Warnings(server));
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
  EXPECT_EQ(Pid(child), server.PidOf("s"));
}

TEST_F(Reclaim, LearnsWhatADeadServerKnewOfOurProcess) {
  Server &before = Start(), &server = Start();
  const auto [keeper, pi] = Keeper(before, "s");
  server.Register(Pid(keeper), "/", "t", Pid(keeper));
  ASSERT_EQ("HPR_ENOTKIN", Warnings(server));
  server.Link("t", "own");
  before.Crash();
  server.CleanupOrphans();
  EXPECT_EQ(Pids{Pid(keeper)}, FilePids());
  EXPECT_EQ(Pid(pi), server.PidOf("own"));
  EXPECT_TRUE(server.Kill("own"));
  EXPECT_EQ("TERM CONT", SignalsTo(pi));
  kernel.Die(pi, 15);
  server.Proceed();
  Pass(HPR_KEEPER_TURN_MS);
  EXPECT_NE("", SignalsTo(keeper)) << "it is our relative by now";
}

/* A file that somebody has put back. */
TEST_F(Reclaim, TakesNoOtherPiForOneThatLives) {
  Server &before = Start();
  const auto [keeper, first] = Keeper(before, "s");
  const Serial second = kernel.Spawn(keeper);
  const std::string with_first = File();
  before.Crash();
  Server &between = StartAndClean();
  ASSERT_TRUE(between.Link("s", "s", Pid(second)));
  const std::string with_second = File();
  between.Crash();
  disk.Write(sim::kPidFile, with_first);
  Server &server = StartAndClean();
  server.Link("s", "s");
  disk.Write(sim::kPidFile, with_second);
  server.CleanupOrphans();
  EXPECT_EQ(Pids{Pid(keeper)}, FilePids());
  EXPECT_EQ(Pid(first), server.PidOf("s"));
  End(first);
  disk.Write(sim::kPidFile, with_second);
  server.CleanupOrphans();
  EXPECT_EQ(Pid(second), server.PidOf("s")) << "but for one that is dead";
}

TEST_F(Reclaim, LeavesARowWhosePiIsNotAskedToEndWithItsKeeper) {
  Server &before = Start();
  const Serial keeper = before.Spawn(), pi = kernel.Spawn(keeper);
  kernel.LeadSession(pi);
  before.Register(Pid(keeper), "/", "t", Pid(keeper));
  const std::string without = File();
  before.Link("t", "s", Pid(pi));
  const std::string with = File();
  before.Crash();
  disk.Write(sim::kPidFile, without);
  Server &server = StartAndClean();
  ASSERT_TRUE(server.KillByToken("t"));
  disk.Write(sim::kPidFile, without);
  server.CleanupOrphans();
  EXPECT_EQ(Pids{Pid(keeper)}, FilePids()) << "it says nothing new";
  disk.Write(sim::kPidFile, with);
  server.CleanupOrphans();
  EXPECT_EQ((Pids{Pid(keeper), Pid(keeper)}), FilePids());
  Proceed();
  server.CleanupOrphans();
  EXPECT_EQ(Pids{Pid(pi)}, PidsOf(server));
  EXPECT_EQ("", SignalsTo(pi));
}

TEST_F(Reclaim, LeavesARowToWaitForTheExitOfAnotherProcess) {
  Server &before = Start(), &server = Start();
  const Serial old = Child(server);
  const int32_t number = Pid(old);
  End(old);
  ASSERT_TRUE(server.ReapOne()); /* its exit event is yet to come */
  const Serial child = before.Spawn(true, number);
  ASSERT_TRUE(before.Register(number, "/", "t"));
  before.Crash();
  server.CleanupOrphans();
  EXPECT_EQ((Pids{number, number}), FilePids());
  Proceed();
  EXPECT_EQ(Pids{number}, Exits(server));
  EXPECT_EQ(Pids{number}, FilePids());
  server.CleanupOrphans();
  EXPECT_TRUE(server.KillByToken("t"));
  EXPECT_EQ("TERM CONT", SignalsTo(child));
}

/* Of ours nobody could tell who it is, and it is not the one that has had its number before. */
TEST_F(Reclaim, TakesNoDeadProcessForOneOfWhomNobodyTold) {
  Server &before = Start(), &server = Start();
  const Serial old = before.Spawn(false), tool = kernel.Spawn(old);
  const int32_t number = Pid(old);
  kernel.Find(tool)->ignores_term = true;
  before.Register(number, "/", "old");
  before.KillByToken("old");
  before.Crash();
  Proceed();
  const Serial child = server.Spawn(true, number);
  kernel.proc_mounted = false;
  ASSERT_TRUE(server.Register(number, "/", "new"));
  kernel.proc_mounted = true;
  server.CleanupOrphans();
  EXPECT_EQ(Pids{}, Exits(server));
  EXPECT_TRUE(server.KillByToken("new"));
  EXPECT_EQ("TERM CONT", SignalsTo(child));
}

TEST_F(Reclaim, TakesOverWhatAnEarlierRegistryOfThisProcessLeft) {
  Server &before = Start();
  const Serial child = Child(before, "t");
  before.Close();
  Server::Options options;
  options.as = before.serial();
  Server &server = Start(options);
  server.CleanupOrphans();
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
  EXPECT_EQ(Pids{Pid(child)}, FilePids());
  EXPECT_TRUE(server.KillByToken("t"));
}

/* After killAll, where the end of one is never told. */
/* Its row comes back with the file that another server writes meanwhile. */
TEST_F(Reclaim, TellsAnExitOnceThoughItsRowCannotBeDropped) {
  Server &before = Start(), &other = Start();
  const Serial gone = Child(before);
  before.Crash();
  End(gone);
  disk.create_fault = HPR_ENOSPC;
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{Pid(gone)}, Exits(server));
  disk.create_fault = 0;
  const Serial child = Child(other);
  EXPECT_EQ((Pids{Pid(gone), Pid(child)}), FilePids());
  Pass(1000);
  EXPECT_EQ(Pids{Pid(child)}, FilePids());
  server.CleanupOrphans();
  EXPECT_EQ(Pids{Pid(gone)}, Exits(server));
}

TEST_F(Reclaim, SweepsWhatHasEndedUnnoticed) {
  Server &before = Start();
  const Serial child = Child(before, "t");
  before.Crash();
  Server &server = StartAndClean();
  kernel.watches_left = false;
  server.KillAll();
  kernel.ForgetPidfds(server.serial()); /* no notice comes */
  End(child);
  server.CleanupOrphans();
  EXPECT_EQ(Pids{Pid(child)}, Exits(server));
  EXPECT_EQ(Pids{}, FilePids());
}

} // namespace
