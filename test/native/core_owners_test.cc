#include <gtest/gtest.h>

#include <string>

#include "support/machine.h"

namespace {

class Owners : public Machine {
protected:
  /* As the original module writes rows: the first one names no owner. */
  void ForgetOwner() {
    std::string text = File();
    const size_t at = text.find(R"("owner")"), end = text.find('}', at);
    disk.Write(sim::kPidFile, text.erase(at - 1, end + 2 - at));
  }
};

/* --- unset ---------------------------------------------------------------------------------- */

TEST_F(Owners, ThatNobodyAskedForAreNotWatched) {
  Server &other = Start(), &server = Start();
  const Serial child = Child(other);
  server.Register(9000);
  other.Crash();
  Proceed();
  server.Register(9001);
  EXPECT_EQ((Pids{9000, 9001}), PidsOf(server)) << "nobody wanted orphans";
  EXPECT_EQ((Pids{Pid(child), 9000, 9001}), FilePids());
}

/* --- success -------------------------------------------------------------------------------- */

TEST_F(Owners, KeepTheirEntriesWhileTheyLive) {
  Server &other = Start();
  const Serial child = Child(other), ending = Linked(other, "s");
  kernel.Find(ending)->ignores_term = true;
  other.Kill("s");
  ForgetSignals();
  kernel.now_ms += 8 * kDayMs;
  const std::string before = File();
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{}, PidsOf(server));
  EXPECT_EQ(before, File());
  EXPECT_EQ("", Signals());
  EXPECT_EQ("", Warnings(server));
  server.Register(9000);
  EXPECT_EQ((Pids{Pid(child), Pid(ending), 9000}), FilePids());
  other.Register(9001);
  EXPECT_EQ(4u, FilePids().size());
}

TEST_F(Owners, LeaveTheirEntriesToUsWhenTheyDie) {
  Server &other = Start();
  const Serial child = Child(other, "t");
  Server &server = StartAndClean();
  other.Crash();
  Proceed();
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server)) << "without another call";
  EXPECT_EQ(server.pid(), hpr_row_owner(InFile(Pid(child)))->identity.pid);
  EXPECT_TRUE(server.KillByToken("t"));
  EXPECT_EQ("TERM CONT", SignalsTo(child));
}

TEST_F(Owners, AreRegistriesAndNotProcesses) {
  Server &first = Start();
  const Serial child = Child(first);
  Server::Options options;
  options.as = first.serial();
  Server &second = Start(options);
  second.CleanupOrphans();
  Pass(2000);
  EXPECT_EQ(Pids{}, PidsOf(second));
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(first));
  first.Close();
  EXPECT_EQ(Pids{}, PidsOf(second));
  Pass(1000);
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(second)) << "without another call";
}

TEST_F(Owners, ThatCameLateLeaveTheirEntriesToo) {
  Server &server = StartAndClean(), &late = Start();
  const Serial child = Child(late);
  Pass(1000);
  EXPECT_EQ(Pids{}, PidsOf(server));
  late.Crash();
  Proceed();
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server)) << "its process was watched";
}

TEST_F(Owners, WithAnotherLockFileAreJudgedByTheirProcess) {
  Server &other = Start();
  const Serial child = Child(other);
  Server &server = StartAndClean();
  disk.Write(std::string(sim::kPidFile) + ".owners", "");
  server.CleanupOrphans();
  EXPECT_EQ(Pids{}, PidsOf(server));
  Pass(1000);
  EXPECT_EQ(hpr_row_owner(InFile(Pid(child)))->file,
            disk.Read(std::string(sim::kPidFile) + ".owners")->substr(0, 16));
  other.Close();
  Pass(1000);
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server)) << "the new lock counts";
}

TEST_F(Owners, OfOlderVersionsAreTheirProcesses) {
  Server &other = Start();
  const Serial child = Child(other);
  const std::string text = File();
  const std::string name = ",\"file\":\"";
  std::string old = text;
  old.erase(old.find(name), name.size() + 17);
  disk.Write(sim::kPidFile, old);
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{}, PidsOf(server));
  kernel.Die(other.serial(), 9); /* without a word, as its lock says nothing */
  Proceed();
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
}

TEST_F(Owners, LeaveTheirEntriesOneByOne) {
  Server &first = Start(), &second = Start();
  const Serial a = Child(first), b = Child(second);
  Server &server = StartAndClean();
  second.Crash();
  Proceed();
  EXPECT_EQ(Pids{Pid(b)}, PidsOf(server));
  EXPECT_EQ(first.pid(), hpr_row_owner(InFile(Pid(a)))->identity.pid);
  first.Crash();
  Proceed();
  EXPECT_EQ((Pids{Pid(b), Pid(a)}), PidsOf(server));
}

TEST_F(Owners, LeaveTheirEntriesToOneOfUs) {
  Server &other = Start();
  const Serial child = Child(other);
  Server &a = StartAndClean(), &b = StartAndClean();
  other.Crash();
  Proceed();
  EXPECT_EQ(1u, a.size() + b.size());
  EXPECT_EQ(Pids{Pid(child)}, FilePids());
}

TEST_F(Owners, LeaveWhatTheyHadBegunToEnd) {
  Server &other = Start();
  const Serial child = Linked(other, "s");
  kernel.Find(child)->ignores_term = true;
  Server &server = StartAndClean();
  other.Kill("s");
  other.Crash();
  Proceed();
  Pass(HPR_GRACE_DEFAULT_MS);
  EXPECT_EQ("TERM CONT KILL", SignalsTo(child));
  Proceed();
  EXPECT_EQ(Pids{Pid(child)}, Exits(server));
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Owners, AreGoneThoughTheirGroupLives) {
  Server::Options options;
  options.leads_group = true;
  Server &other = Start(options);
  const Serial child = other.Spawn(false); /* in its group */
  other.Register(Pid(child));
  other.Crash();
  kernel.Reap(other.serial());
  ASSERT_TRUE(kernel.GroupLives(other.serial()));
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
}

/* --- failure ---------------------------------------------------------------------------------- */

TEST_F(Owners, ThatCannotBeToldKeepTheirEntries) {
  Server &other = Start();
  const Serial child = Child(other);
  other.Crash();
  kernel.proc_mounted = false;
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{}, PidsOf(server));
  EXPECT_EQ(Pids{Pid(child)}, FilePids());
}

TEST_F(Owners, OfAnotherUserKeepTheirEntries) {
  Server &other = Start();
  const Serial child = Child(other);
  kernel.Find(other.serial())->other_user = true;
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{}, PidsOf(server));
  EXPECT_EQ(Pids{Pid(child)}, FilePids());
}

TEST_F(Owners, ThatCouldNotBeWatchedAreJudgedAtTheNextCall) {
  Server &other = Start();
  const Serial child = Child(other);
  kernel.watches_left = false;
  Server &server = StartAndClean();
  kernel.watches_left = true;
  server.CleanupOrphans();
  other.Crash();
  Proceed();
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server)) << "watched by the second call";
}

TEST_F(Owners, WhoseNumberIsUsedAgainAreGone) {
  Server &other = Start();
  const Serial child = Child(other);
  other.Crash();
  UseAgain(other.serial());
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
}

TEST_F(Owners, LeaveWhatNobodyCanTellOfUntilSomebodyCan) {
  kernel.features.names = false;
  Server &other = Start();
  const Serial child = Child(other);
  Server &server = StartAndClean();
  kernel.proc_mounted = false;
  other.Crash();
  Pass(1000);
  Pass(1000);
  EXPECT_EQ(Pids{}, PidsOf(server));
  EXPECT_EQ("HPR_EUNKNOWN", Warnings(server)) << "once";
  kernel.proc_mounted = true;
  Pass(1000);
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server)) << "without another call";
}

/* --- race ----------------------------------------------------------------------------------- */

TEST_F(Owners, MetAtALaterWriteAreWatchedFromThenOn) {
  Server &server = StartAndClean(), &other = Start();
  const Serial child = Child(other);
  server.Register(9000);
  EXPECT_EQ(Pids{9000}, PidsOf(server));
  other.Crash();
  Proceed();
  EXPECT_EQ((Pids{9000, Pid(child)}), PidsOf(server));
}

TEST_F(Owners, ThatAreDeadWhenTheyAreMetLeaveTheirEntriesAtOnce) {
  Server &server = StartAndClean(), &other = Start();
  const Serial child = Child(other);
  other.Crash();
  Proceed();
  EXPECT_EQ(Pids{}, PidsOf(server)) << "never met";
  server.Register(9000);
  EXPECT_EQ((Pids{9000, Pid(child)}), PidsOf(server));
  EXPECT_EQ((Pids{9000, Pid(child)}), FilePids());
}

TEST_F(Owners, MetByAWriteThatCannotTellAreJudgedUntilSomebodyCan) {
  kernel.features.names = false;
  Server &server = StartAndClean(), &other = Start();
  const Serial child = Child(other);
  other.Crash();
  kernel.proc_mounted = false;
  server.Register(9000);
  EXPECT_EQ(Pids{9000}, PidsOf(server));
  kernel.proc_mounted = true;
  Pass(1000);
  EXPECT_EQ((Pids{9000, Pid(child)}), PidsOf(server)) << "without another call";
}

TEST_F(Owners, WhoDieWhileTheFileCannotBeWrittenAreNotForgotten) {
  Server &other = Start();
  const Serial child = Child(other);
  Server &server = StartAndClean();
  HoldLock();
  other.Crash();
  Proceed();
  EXPECT_EQ(Pids{}, PidsOf(server)) << "it could not be read";
  ReleaseLock();
  Pass(1000);
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
}

/* Another server has written meanwhile, and their rows are in the file again. */
TEST_F(Owners, LeaveNothingBehindThatWasJudgedWhileTheFileCouldNotBeWritten) {
  Server &other = Start(), &neighbour = Start();
  const Serial dead = Child(other), child = Child(other);
  neighbour.Register(9000);
  Server &server = StartAndClean();
  disk.create_fault = HPR_ENOSPC;
  other.Crash();
  End(dead);
  Proceed();
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
  EXPECT_EQ(Pids{Pid(dead)}, Exits(server));
  End(child);
  Proceed();
  disk.create_fault = 0;
  neighbour.Register(9001);
  ASSERT_EQ((Pids{9000, 9001, Pid(dead), Pid(child)}).size(), FilePids().size());
  Pass(1000);
  EXPECT_EQ((Pids{9000, 9001}), FilePids());
  EXPECT_EQ((Pids{Pid(dead), Pid(child)}), Exits(server)) << "each once";
}

TEST_F(Owners, LeaveAnExitToTheEntryThatWasTakenOverFromThem) {
  Server &other = Start(), &neighbour = Start();
  const Serial child = Child(other);
  neighbour.Register(9000);
  Server &server = StartAndClean();
  disk.create_fault = HPR_ENOSPC;
  other.Crash();
  Proceed();
  disk.create_fault = 0;
  neighbour.Register(9001); /* and its row is in the file again */
  End(child);
  Pass(1000); /* it is judged before its entry hears of it */
  Proceed();
  EXPECT_EQ(Pids{Pid(child)}, Exits(server)) << "once";
  EXPECT_EQ((Pids{9000, 9001}), FilePids());
}

TEST_F(Owners, LeaveOneExitOfAnAgentThatTookItsKeepersPlaceUnrecorded) {
  Server &other = Start(), &neighbour = Start();
  const auto [keeper, pi] = Keeper(other, "s");
  neighbour.Register(9000);
  Server &server = StartAndClean();
  disk.create_fault = HPR_ENOSPC;
  other.Crash();
  End(keeper);
  Proceed();
  EXPECT_EQ(Pids{Pid(pi)}, PidsOf(server));
  End(pi);
  Proceed();
  disk.create_fault = 0;
  neighbour.Register(9001); /* and the keeper's row is in the file again */
  Pass(1000);
  Proceed();
  EXPECT_EQ(Pids{Pid(keeper)}, Exits(server)) << "once";
  EXPECT_EQ((Pids{9000, 9001}), FilePids());
}

TEST_F(Owners, LeaveOneExitOfWhoseNumberIsRegisteredAgainUnrecorded) {
  Server &other = Start(), &neighbour = Start();
  const Serial child = Child(other);
  neighbour.Register(9000);
  Server &server = StartAndClean();
  disk.create_fault = HPR_ENOSPC;
  other.Crash();
  Proceed();
  ASSERT_EQ(Pids{Pid(child)}, PidsOf(server));
  server.Register(Pid(UseAgain(child)));
  EXPECT_EQ(Pids{Pid(child)}, Exits(server));
  disk.create_fault = 0;
  neighbour.Register(9001); /* and its row is in the file again */
  Pass(1000);
  EXPECT_EQ(Pids{Pid(child)}, Exits(server)) << "once";
}

/* --- taken over, and not recorded ------------------------------------------------------------ */

TEST_F(Owners, HaveOneHeirThoughTheFileCannotSayIt) {
  Server &other = Start();
  const Serial child = Child(other), dead = Child(other);
  other.Crash();
  End(dead);
  disk.create_fault = HPR_ENOSPC;
  Server &server = StartAndClean();
  disk.create_fault = 0;
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
  Server &late = StartAndClean();
  late.Register(9000);
  EXPECT_EQ(Pids{9000}, PidsOf(late)) << "its owner's lock is held by its heir";
  EXPECT_EQ(Pids{}, Exits(late));
  Pass(1000);
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
  EXPECT_EQ(server.pid(), hpr_row_owner(InFile(Pid(child)))->identity.pid);
  EXPECT_EQ(Pids{Pid(dead)}, Exits(server));
  EXPECT_EQ((Pids{9000, Pid(child)}).size(), FilePids().size());
}

TEST_F(Owners, HaveOneHeirThoughTheLocksVanishMeanwhile) {
  const std::string locks = std::string(sim::kPidFile) + ".owners";
  Server &other = Start(), &neighbour = Start();
  neighbour.CleanupOrphans();
  const Serial child = Child(other);
  disk.create_fault = HPR_ENOSPC;
  Server &server = StartAndClean();
  other.Crash();
  server.Do(hpr_registry_look_at_owners);
  disk.Remove(locks);
  neighbour.Do(hpr_registry_look_at_owners);
  EXPECT_EQ(Pids{}, PidsOf(neighbour)) << "it has the earlier file open";
  Pass(1000);
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
  disk.create_fault = 0;
  Server &late = StartAndClean();
  EXPECT_EQ(Pids{}, PidsOf(late)) << "the lock was brought along";
  disk.create_fault = HPR_ENOSPC;
  disk.Remove(locks);
  Pass(1000);
  neighbour.Do(hpr_registry_look_at_owners);
  disk.create_fault = 0;
  EXPECT_EQ(Pids{}, PidsOf(StartAndClean())) << "and again";
  neighbour.CleanupOrphans();
  EXPECT_EQ(Pids{}, PidsOf(neighbour));
  Pass(1000);
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
  EXPECT_EQ(server.pid(), hpr_row_owner(InFile(Pid(child)))->identity.pid);
}

/* What it holds in a file that has vanished nobody else would see. */
TEST_F(Owners, AreInheritedInTheFileOfLocksThatIsThereNow) {
  Server &other = Start(), &server = Start();
  const Serial child = Child(other);
  server.Register(9000);
  other.Crash();
  disk.Remove(std::string(sim::kPidFile) + ".owners");
  disk.create_fault = HPR_ENOSPC;
  server.CleanupOrphans();
  disk.create_fault = 0;
  Server &late = StartAndClean();
  EXPECT_EQ(Pids{}, PidsOf(late));
  Pass(1000);
  EXPECT_EQ((Pids{9000, Pid(child)}), PidsOf(server));
}

/* Descriptors run out for the one, and not for the others. */
TEST_F(Owners, AreInheritedByWhoCanHaveALock) {
  Server &other = Start();
  const Serial dead = Child(other), child = Child(other);
  other.Crash();
  End(dead);
  disk.lock_fault = HPR_EMFILE;
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{}, PidsOf(server));
  EXPECT_EQ(Pids{}, Exits(server));
  disk.lock_fault = 0;
  Pass(1000);
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
  EXPECT_EQ(Pids{Pid(dead)}, Exits(server));
}

TEST_F(Owners, HaveAnotherHeirWhenTheirsDiesBeforeTheFileCanSayIt) {
  Server &other = Start();
  const Serial child = Child(other);
  other.Crash();
  disk.create_fault = HPR_ENOSPC;
  Server &server = StartAndClean();
  disk.create_fault = 0;
  Server &late = StartAndClean();
  EXPECT_EQ(Pids{}, PidsOf(late));
  server.Crash();
  Pass(1000);
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(late));
}

/* Its exit is another server's to tell, which can say in the file that it has. */
TEST_F(Owners, WithoutALockLeaveAnExitToWhoeverCanWrite) {
  Server &other = Start();
  const Serial child = Child(other);
  other.Crash();
  ForgetOwner();
  End(child);
  disk.create_fault = HPR_ENOSPC;
  Server &server = StartAndClean();
  disk.create_fault = 0;
  EXPECT_EQ(Pids{}, Exits(server));
  Server &late = StartAndClean();
  EXPECT_EQ(Pids{Pid(child)}, Exits(late));
  Pass(2000);
  EXPECT_EQ(Pids{}, Exits(server));
  EXPECT_EQ(Pids{}, FilePids());
}

TEST_F(Owners, LeaveOneExitOfAProcessWhoseNumberIsRegisteredAnewUnrecorded) {
  Server &other = Start(), &neighbour = Start();
  const Serial child = Child(other);
  const int32_t number = Pid(child);
  neighbour.Register(9000);
  Server &server = StartAndClean();
  disk.create_fault = HPR_ENOSPC;
  other.Crash();
  Proceed();
  const Serial next = UseAgain(child);
  kernel.now_ms++;
  server.Register(number);
  EXPECT_EQ(Pids{number}, Exits(server));
  disk.create_fault = 0;
  neighbour.Register(9001); /* and the first one's row is in the file again */
  End(next);
  Proceed();
  Pass(1000);
  EXPECT_EQ((Pids{number, number}), Exits(server)) << "one each";
}

/* The original's, and those of older versions: no lock of theirs can be held. */
TEST_F(Owners, WithoutALockAreInheritedWithARecordOrNotAtAll) {
  Server &other = Start();
  const Serial child = Child(other, "t");
  kernel.Find(child)->environment = {"PI_DASHBOARD_SPAWN_TOKEN=t"};
  other.Crash();
  ForgetOwner();
  ASSERT_EQ(0, hpr_row_owner(InFile(Pid(child)))->identity.pid);
  kernel.now_ms += 8 * kDayMs; /* it is to end for its age */
  disk.create_fault = HPR_ENOSPC;
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{}, PidsOf(server));
  Pass(5000);
  EXPECT_EQ(Pids{}, PidsOf(server));
  EXPECT_EQ("", Signals());
  EXPECT_EQ("HPR_ENOSPC", Warnings(server));
  EXPECT_EQ(0u, server.Stats().adoptions);
  EXPECT_EQ(Pids{Pid(child)}, FilePids());
  disk.create_fault = 0;
  Pass(2000);
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server)) << "and nobody has to ask";
  EXPECT_EQ("TERM CONT", SignalsTo(child));
}

/* A file system that is read-only to one of them, and a lock that nobody of its kind can have. */
TEST_F(Owners, HaveTheHeirThatTheFileNames) {
  Server &other = Start();
  const Serial child = Child(other, "t");
  other.Crash();
  disk.lock_fault = disk.create_fault = HPR_EROFS;
  Server &server = StartAndClean();
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(server));
  disk.lock_fault = disk.create_fault = 0;
  Server &late = StartAndClean();
  EXPECT_EQ(Pids{Pid(child)}, PidsOf(late));
  disk.lock_fault = disk.create_fault = HPR_EROFS;
  EXPECT_FALSE(server.KillByToken("t")) << "the file says that it is another's";
  EXPECT_EQ("", SignalsTo(child));
  EXPECT_EQ(Pids{}, PidsOf(server));
  disk.lock_fault = disk.create_fault = 0;
  EXPECT_TRUE(late.KillByToken("t"));
  EXPECT_EQ(Pids{}, Exits(server));
}

TEST_F(Owners, AreNoMoreWatchedAfterTheEnd) {
  Server &other = Start();
  Child(other);
  Server &server = StartAndClean();
  EXPECT_EQ(1u, kernel.OpenPidfds(server.serial()));
  server.CleanupOrphans();
  EXPECT_EQ(1u, kernel.OpenPidfds(server.serial())) << "watched once";
  server.Close();
  EXPECT_EQ(0u, kernel.OpenPidfds(server.serial()));
}

} // namespace
