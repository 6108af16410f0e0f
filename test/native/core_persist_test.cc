#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "support/machine.h"

namespace {

class Persist : public Machine {
protected:
  bool FileHas(const std::string &text) { return File().find(text) != std::string::npos; }
};

/* --- unset ---------------------------------------------------------------------------------- */

TEST_F(Persist, WritesNothingBeforeAnythingIsRegistered) {
  Server &server = Start();
  server.Kill("s");
  server.Link("t", "s");
  server.Remove(9000);
  server.KillAll();
  EXPECT_FALSE(disk.Read(sim::kPidFile));
  EXPECT_FALSE(server.NextTimer());
}

/* --- success -------------------------------------------------------------------------------- */

TEST_F(Persist, WritesWhatTheOriginalModuleReads) {
  Server &server = Start();
  server.Register(9000, "/w", "t", 9001);
  EXPECT_EQ(0u, File().find("{\"entries\":[\n{\"pid\":9000,\"cwd\":\"/w\",\"spawnedAt\":"
                            "\"2023-11-14T22:13:20.000Z\",\"spawnToken\":\"t\",\"keeperPid\":9001,"
                            "\"keeperSockPath\":\"/sessions/keeper.sock\""))
      << File();
}

TEST_F(Persist, WritesEachChangeBeforeTheCallReturns) {
  Server &server = Start();
  const Serial keeper = server.Spawn(), pi = kernel.Spawn(keeper);
  server.Register(Pid(keeper), "/", "t", Pid(keeper));
  EXPECT_EQ(Pids{Pid(keeper)}, FilePids());
  server.Link("t", "s", Pid(pi));
  EXPECT_EQ(Pid(pi), hpr_row_more(InFile(Pid(keeper)))->pi.pid);
  server.Register(9000);
  EXPECT_EQ((Pids{Pid(keeper), 9000}), FilePids());
  server.Do([](hpr_registry *registry) {
    hpr_registry_attach_keeper(registry, 9000, "/x.sock", nullptr, 0);
  });
  EXPECT_EQ(9000, hpr_row_more(InFile(9000))->keeper.pid);
  EXPECT_STREQ("/x.sock", hpr_row_more(InFile(9000))->socket_path);
  server.Remove(9000);
  EXPECT_EQ(Pids{Pid(keeper)}, FilePids());
  server.Kill("s");
  EXPECT_TRUE(InFile(Pid(keeper))->terminating);
}

/* Reclaimed ones: nobody but the native watch tells of them. */
TEST_F(Persist, LetsExitsWaitForAMomentAndWritesThemTogether) {
  Server &before = Start();
  const Serial one = Child(before), other = Child(before), third = Child(before);
  before.Crash();
  Server &server = StartAndClean();
  const auto die = [&](Serial child) {
    kernel.Die(child, 0);
    kernel.Reap(child);
    EXPECT_TRUE(server.Proceed());
  };
  die(one);
  die(other);
  EXPECT_EQ((Pids{Pid(one), Pid(other)}), Exits(server)) << "told at once";
  EXPECT_EQ((Pids{Pid(one), Pid(other), Pid(third)}), FilePids()) << "and not written yet";
  const int64_t written = disk.Writes();
  Pass(20);
  EXPECT_EQ(Pids{Pid(third)}, FilePids());
  EXPECT_EQ(written + 1, disk.Writes()) << "both at once";
  die(third);
  server.Register(9000);
  EXPECT_EQ(Pids{9000}, FilePids()) << "with the next change";
}

TEST_F(Persist, WritesWaitingExitsWhenItIsClosed) {
  Server &before = Start();
  const Serial child = Child(before);
  before.Crash();
  Server &server = StartAndClean();
  kernel.Die(child, 0);
  EXPECT_TRUE(server.Proceed());
  EXPECT_EQ(Pids{Pid(child)}, FilePids());
  server.Close();
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Persist, NamesItsOwner) {
  Server &server = Start();
  server.Register(9000);
  EXPECT_EQ(server.pid(), hpr_row_owner(InFile(9000))->identity.pid);
  EXPECT_EQ(HPR_RECORD_KNOWN, hpr_row_owner(InFile(9000))->identity.state);
  EXPECT_STRNE("", hpr_row_owner(InFile(9000))->id);
}

TEST_F(Persist, KeepsTheEntriesOfOthersToTheLetter) {
  const std::string theirs = R"({ "pid" : 7777 , "cwd":"/" ,"note":[1,{"a":9007199254740993}]})";
  WriteFile({theirs, "null", R"({"pid":-1,"cwd":"/"})"});
  Server &server = Start();
  server.Register(9000);
  server.Register(9001);
  server.Remove(9000);
  EXPECT_TRUE(FileHas(theirs)) << File();
  EXPECT_TRUE(FileHas("null"));
  EXPECT_TRUE(FileHas(R"({"pid":-1,"cwd":"/"})"));
  EXPECT_EQ((Pids{7777, 9001}), FilePids());
  EXPECT_EQ("", Warnings(server)) << "nobody has looked at them";
}

TEST_F(Persist, KeepsUnknownMembersOfAnEntryThatItTakesOver) {
  Server &before = Start();
  const Serial child = Child(before);
  before.Crash();
  std::string text = File();
  disk.Write(sim::kPidFile, text.insert(text.find("\"cwd\""), R"("note":{"a":[1e999]},)"));
  Server &server = StartAndClean();
  ASSERT_EQ(Pids{Pid(child)}, PidsOf(server));
  EXPECT_TRUE(FileHas(R"("note":{"a":[1e999]})"));
  server.Terminate(ByPid(Pid(child)));
  EXPECT_TRUE(FileHas(R"("note":{"a":[1e999]})")) << "rendered again";
}

TEST_F(Persist, KeepsUnknownMembersOfTheFile) {
  disk.Write(sim::kPidFile, R"({"version":3,"entries":[]})");
  Server &server = Start();
  server.Register(9000);
  EXPECT_TRUE(FileHas(R"("version":3)"));
  EXPECT_EQ(Pids{9000}, FilePids());
}

/* The original module has read our file and written it back. */
TEST_F(Persist, WritesNoProcessOfItsOwnTwice) {
  Server &server = Start();
  server.Register(9000);
  WriteFile({R"({"pid":9000,"cwd":"/"})"});
  server.Register(9001);
  EXPECT_EQ((Pids{9000, 9001}), FilePids());
}

TEST_F(Persist, LearnsWhatAnEarlierRegistryOfThisProcessKnew) {
  Server &first = Start();
  const Serial child = Child(first);
  first.Crash();
  Server &before = StartAndClean();
  before.Close();
  Server::Options options;
  options.as = before.serial();
  Server &server = Start(options);
  server.Register(Pid(child), "/", "t");
  EXPECT_EQ(Pids{Pid(child)}, FilePids());
  EXPECT_TRUE(server.KillByToken("t")) << "it is our relative";
  EXPECT_EQ("TERM CONT", SignalsTo(child));
}

/* What another living server says of the same process is its own business. */
TEST_F(Persist, KeepsWhatAnotherServerSaysOfTheSameProcess) {
  Server &server = Start(), &other = Start();
  const Serial child = Child(server);
  other.Register(Pid(child));
  server.Register(9000);
  EXPECT_EQ((Pids{Pid(child), Pid(child), 9000}), FilePids());
}

/* --- failure ---------------------------------------------------------------------------------- */

TEST_F(Persist, ReportsAFullDiskOnce) {
  Server &server = Start();
  server.Register(9000);
  disk.create_fault = HPR_ENOSPC;
  EXPECT_TRUE(server.Register(9001)) << "a file is no reason to fail";
  EXPECT_TRUE(server.Register(9002));
  server.Remove(9000);
  EXPECT_EQ("HPR_ENOSPC", Warnings(server));
  EXPECT_EQ(sim::kPidFile, server.warnings[0].path);
  EXPECT_EQ((Pids{9001, 9002}), PidsOf(server)) << "nothing is lost";
  EXPECT_EQ(Pids{9000}, FilePids()) << "as it was";
}

TEST_F(Persist, ReportsAFailureBeforeTheCallReturnsThatMetIt) {
  Server &other = Start(), &server = StartAndClean();
  Child(other);
  for (const int32_t pid : {9000, 9001}) server.Register(pid);
  disk.create_fault = HPR_ENOSPC;
  server.Remove(9000);
  EXPECT_EQ("HPR_ENOSPC", Warnings(server));
  disk.create_fault = HPR_EROFS;
  server.Do([](hpr_registry *registry) {
    hpr_registry_attach_keeper(registry, 9001, "/x.sock", nullptr, 0);
  });
  EXPECT_EQ("HPR_ENOSPC HPR_EROFS", Warnings(server));
  disk.create_fault = HPR_EACCES;
  other.Crash();
  while (server.DeliverNotice()) {}
  EXPECT_EQ("HPR_ENOSPC HPR_EROFS HPR_EACCES", Warnings(server));
}

TEST_F(Persist, TriesAgainAfterASecond) {
  Server &server = Start();
  disk.create_fault = HPR_ENOSPC;
  server.Register(9000);
  disk.create_fault = 0;
  Pass(999);
  EXPECT_EQ(Pids{}, FilePids());
  Pass(1);
  EXPECT_EQ(Pids{9000}, FilePids());
  EXPECT_FALSE(server.NextTimer());
  EXPECT_EQ("HPR_ENOSPC", Warnings(server));
}

TEST_F(Persist, TriesAgainUntilItSucceeds) {
  Server &server = Start();
  disk.create_fault = HPR_ENOSPC;
  server.Register(9000);
  Pass(10000);
  EXPECT_EQ("HPR_ENOSPC", Warnings(server)) << "once";
  EXPECT_EQ(kernel.now_ms + 1000, server.NextTimer());
  disk.create_fault = 0;
  Pass(1000);
  EXPECT_EQ(Pids{9000}, FilePids());
}

TEST_F(Persist, TriesAgainAtTheNextChange) {
  Server &server = Start();
  disk.create_fault = HPR_ENOSPC;
  server.Register(9000);
  disk.create_fault = 0;
  server.Register(9001);
  EXPECT_EQ((Pids{9000, 9001}), FilePids());
  disk.create_fault = HPR_ENOSPC;
  Pass(1000);
  EXPECT_EQ("HPR_ENOSPC", Warnings(server)) << "nothing was left to try";
  EXPECT_FALSE(server.NextTimer());
}

TEST_F(Persist, ReportsAnotherFailureAndALaterOne) {
  Server &server = Start();
  disk.create_fault = HPR_ENOSPC;
  server.Register(9000);
  disk.create_fault = HPR_EROFS;
  server.Register(9001);
  disk.create_fault = 0;
  server.Register(9002);
  disk.create_fault = HPR_EROFS;
  server.Register(9003);
  EXPECT_EQ("HPR_ENOSPC HPR_EROFS HPR_EROFS", Warnings(server));
}

TEST_F(Persist, StopsTryingWhenTheRegistryIsClosed) {
  Server &server = Start();
  Linked(server, "s");
  disk.create_fault = HPR_ENOSPC;
  server.Terminate(BySession("s"), HPR_SIGNAL_TERM, HPR_GRACE_NEVER);
  ASSERT_TRUE(server.NextTimer());
  server.on_report = [&](const std::string &) { EXPECT_FALSE(server.NextTimer()); };
  server.Close();
  EXPECT_EQ("UNKNOWN", OutcomeOf(server, 1));
}

TEST_F(Persist, KeepsOrphansThatItCouldNotWriteDown) {
  Server &before = Start();
  const Serial child = Child(before, "t");
  before.Crash();
  disk.create_fault = HPR_ENOSPC;
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
  EXPECT_EQ("HPR_ENOSPC", Warnings(server));
  disk.create_fault = 0;
  Pass(1000);
  EXPECT_EQ(Pids{Pid(child)}, FilePids());
  EXPECT_EQ(server.pid(), hpr_row_owner(InFile(Pid(child)))->identity.pid);
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
}

/* --- race ----------------------------------------------------------------------------------- */

TEST_F(Persist, WaitsForALockThatSomebodyHolds) {
  Server &server = Start();
  HoldLock();
  const int64_t start = kernel.now_ms;
  EXPECT_TRUE(server.Register(9000));
  const int64_t waited = kernel.now_ms - start;
  EXPECT_GT(waited, 0);
  EXPECT_LE(waited, 2 * HPR_WRITELOCK_WAIT_MS);
  EXPECT_TRUE(server.Register(9001));
  EXPECT_EQ(start + waited, kernel.now_ms) << "it waits no second time";
  EXPECT_EQ("HPR_EBUSY", Warnings(server));
  EXPECT_EQ((Pids{9000, 9001}), PidsOf(server));
  EXPECT_FALSE(disk.Read(sim::kPidFile));
  ReleaseLock();
  Pass(1000);
  EXPECT_EQ((Pids{9000, 9001}), FilePids());
  EXPECT_EQ("HPR_EBUSY", Warnings(server));
}

TEST_F(Persist, MergesWhatOthersWriteMeanwhile) {
  Server &a = Start(), &b = Start();
  for (const int32_t pid : {9000, 9002, 9004}) {
    a.Register(pid);
    b.Register(pid + 1);
  }
  EXPECT_EQ(6u, FilePids().size());
  a.Remove(9002);
  b.Remove(9005);
  Pids left = FilePids();
  std::sort(left.begin(), left.end());
  EXPECT_EQ((Pids{9000, 9001, 9003, 9004}), left);
}

TEST_F(Persist, WritesTheFileAnewThatSomebodyRemoved) {
  Server &server = Start();
  server.Register(9000);
  disk.ops()->unlink(const_cast<hpr_file_ops *>(disk.ops())->self, sim::kPidFile);
  server.Register(9001);
  EXPECT_EQ((Pids{9000, 9001}), FilePids());
}

/* It has the server's memory, but neither its children nor its file. */
TEST_F(Persist, IsNothingThatAForkOfTheServerDoes) {
  Server &server = Start();
  const Serial child = Linked(server, "s"), fork = kernel.Spawn(server.serial());
  const std::string before = File(),
                    temporary = std::string(sim::kPidFile) + ".0123456789abcdef.7.tmp";
  disk.Write(temporary, "half a te"); /* its parent is writing it */
  server.Do([&](hpr_registry *registry) {
    const sim::Acting acting(fork);
    const hpr_target target = BySession("s");
    hpr_registry_kill(registry, &target);
    hpr_registry_cleanup_orphans(registry);
    hpr_registry_remove(registry, 9000);
  });
  EXPECT_EQ(before, File());
  EXPECT_TRUE(disk.Read(temporary));
  EXPECT_EQ("", SignalsTo(child));
}

} // namespace
