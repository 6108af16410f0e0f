/* The locks by which owners prove that they live. */
#include <gtest/gtest.h>
#include <stdio.h>
#include <string.h>

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "support/client.h"
#include "support/faulty_files.h"
#include "support/folder.h"
#include "support/native.h"

namespace {

constexpr uint64_t kId = UINT64_C(0xfedcba9876543210);

/* One owner of a pid file. */
class Owner {
public:
  explicit Owner(const std::string &path, uint64_t id = kId, bool is_init = false,
                 const hpr_file_ops *files = hpr_file_native())
      : id_(id) {
    EXPECT_EQ("HPR_OK", Code(hpr_ownerfile_open(path.c_str(), id, is_init, files, &it)));
  }
  ~Owner() { Close(); }
  Owner(const Owner &) = delete;
  Owner &operator=(const Owner &) = delete;

  void Close() {
    hpr_ownerfile_close(it);
    it = nullptr;
  }
  std::string Take() { return Code(hpr_ownerfile_take(it)); }
  bool IsCurrent() const { return hpr_ownerfile_is_current(it); }
  hpr_owner_name Name() const {
    hpr_owner_name name = {};
    snprintf(name.id, sizeof name.id, "%016llx", static_cast<unsigned long long>(id_));
    snprintf(name.file, sizeof name.file, "%s", hpr_ownerfile_birth(it));
    snprintf(name.init, sizeof name.init, "%s", hpr_ownerfile_init(it));
    return name;
  }
  hpr_proof Judge(const hpr_owner_name &name) const { return hpr_ownerfile_test(it, &name); }

  hpr_ownerfile *it = nullptr;

private:
  uint64_t id_;
};

class OwnerFile : public testing::Test {
protected:
  void SetUp() override {
    Owner probe(folder / "probe.json");
    ASSERT_EQ("HPR_OK", probe.Take());
    bytes = hpr_ownerfile_bytes(probe.it) != nullptr;
  }
  bool Exists(const std::string &name) {
    const auto names = NamesIn(folder.path());
    return std::find(names.begin(), names.end(), name) != names.end();
  }

  Folder folder;
  const std::string path = folder / "pids.json";
  const std::string locks = folder / "pids.json.owners";
  bool bytes = false; /* single bytes can be locked here */
};

TEST_F(OwnerFile, IsNotMadeByWhoOnlyAsks) {
  Owner other(path, 7);
  hpr_owner_name name = Owner(path).Name();
  EXPECT_EQ(HPR_PROOF_NONE, other.Judge(name)) << "it names no lock";
  snprintf(name.file, sizeof name.file, "0123456789abcdef");
  EXPECT_EQ(HPR_PROOF_NONE, other.Judge(name)) << "there is no file";
  EXPECT_FALSE(Exists("pids.json.owners"));
}

TEST_F(OwnerFile, TellsWhoLivesAndWhoHasEnded) {
  Owner owner(path), other(path, 7);
  ASSERT_EQ("HPR_OK", owner.Take());
  ASSERT_EQ("HPR_OK", other.Take());
  EXPECT_TRUE(owner.IsCurrent());
  const hpr_owner_name name = owner.Name();
  EXPECT_EQ(HPR_PROOF_LIVES, other.Judge(name));
  EXPECT_EQ(HPR_PROOF_LIVES, owner.Judge(other.Name()));
  owner.Close();
  EXPECT_EQ(HPR_PROOF_ENDED, other.Judge(name));
}

TEST_F(OwnerFile, LetsOneHeirHoldTheLockOfWhoHasEnded) {
  if (!bytes) GTEST_SKIP() << "each owner has a file of its own here";
  Owner owner(path), heir(path, 7), third(path, 8);
  for (Owner *it : {&owner, &heir, &third}) ASSERT_EQ("HPR_OK", it->Take());
  const hpr_owner_name name = owner.Name();
  EXPECT_EQ("HPR_EBUSY", Code(hpr_ownerfile_claim(heir.it, &name))) << "it lives";
  owner.Close();
  for (int twice = 0; twice < 2; twice++)
    EXPECT_EQ("HPR_OK", Code(hpr_ownerfile_claim(heir.it, &name)));
  EXPECT_EQ("HPR_EBUSY", Code(hpr_ownerfile_claim(third.it, &name)));
  EXPECT_EQ(HPR_PROOF_LIVES, third.Judge(name));
  EXPECT_EQ(HPR_PROOF_ENDED, heir.Judge(name)) << "the heir itself is not deceived";
  EXPECT_EQ(HPR_PROOF_LIVES, third.Judge(heir.Name()));
  hpr_ownerfile_release(heir.it);
  EXPECT_EQ(HPR_PROOF_ENDED, third.Judge(name));
  EXPECT_EQ(HPR_PROOF_LIVES, third.Judge(heir.Name()));
  EXPECT_EQ("HPR_OK", Code(hpr_ownerfile_claim(third.it, &name)));
  third.Close();
  EXPECT_EQ("HPR_OK", Code(hpr_ownerfile_claim(heir.it, &name))) << "it goes with its holder";
}

TEST_F(OwnerFile, LetsNobodyHoldALockOfAnotherFile) {
  Owner owner(path), heir(path, 7);
  ASSERT_EQ("HPR_OK", owner.Take());
  hpr_owner_name name = owner.Name();
  owner.Close();
  EXPECT_EQ("HPR_ENOLCK", Code(hpr_ownerfile_claim(heir.it, &name))) << "it has none itself";
  ASSERT_EQ("HPR_OK", heir.Take());
  name.file[0] ^= 1;
  EXPECT_EQ("HPR_ENOLCK", Code(hpr_ownerfile_claim(heir.it, &name)));
}

TEST_F(OwnerFile, SaysNothingOfRowsThatNameAnother) {
  Owner owner(path), other(path, 7);
  ASSERT_EQ("HPR_OK", owner.Take());
  const hpr_owner_name name = owner.Name();
  ASSERT_EQ(0, rename(locks.c_str(), (locks + ".away").c_str()));
  if (!bytes) GTEST_SKIP() << "each owner has a file of its own here";
  EXPECT_FALSE(owner.IsCurrent());
  EXPECT_EQ(HPR_PROOF_NONE, other.Judge(name)) << "gone";
  Write(locks, *TextOf(locks + ".away"));
  EXPECT_EQ(HPR_PROOF_NONE, other.Judge(name)) << "a copy, in which nobody can have a lock";
  ASSERT_EQ("HPR_OK", other.Take());
  EXPECT_EQ(HPR_PROOF_NONE, other.Judge(name)) << "born anew";
  EXPECT_NE(TextOf(locks), TextOf(locks + ".away"));
  ASSERT_EQ("HPR_OK", owner.Take());
  EXPECT_EQ(HPR_PROOF_LIVES, other.Judge(owner.Name()));
  EXPECT_EQ(HPR_PROOF_NONE, other.Judge(name)) << "until its rows are written anew";
}

/* Rows of the earlier file may be on the disk yet, and that file come back. */
TEST_F(OwnerFile, KeepsTheEarlierLockUntilItsRowsAreWrittenAnew) {
  if (!bytes) GTEST_SKIP() << "each owner has a file of its own here";
  Owner owner(path), other(path, 7);
  ASSERT_EQ("HPR_OK", owner.Take());
  const hpr_owner_name name = owner.Name();
  ASSERT_EQ(0, rename(locks.c_str(), (locks + ".away").c_str()));
  ASSERT_EQ("HPR_OK", owner.Take());
  ASSERT_EQ(0, rename((locks + ".away").c_str(), locks.c_str()));
  EXPECT_EQ(HPR_PROOF_LIVES, other.Judge(name));
  hpr_ownerfile_leave_earlier(owner.it);
  EXPECT_EQ(HPR_PROOF_ENDED, other.Judge(name));
}

TEST_F(OwnerFile, ThatWasEmptiedIsBornAnewAndKeepsItsLocks) {
  if (!bytes) GTEST_SKIP() << "each owner has a file of its own here";
  Owner owner(path), other(path, 7);
  ASSERT_EQ("HPR_OK", owner.Take());
  ASSERT_EQ("HPR_OK", other.Take());
  const hpr_owner_name before = owner.Name();
  ASSERT_EQ(0, truncate(locks.c_str(), 0));
  EXPECT_FALSE(owner.IsCurrent());
  EXPECT_EQ(HPR_PROOF_NONE, Owner(path, 9).Judge(before));
  EXPECT_EQ(HPR_PROOF_LIVES, other.Judge(before)) << "it had the file open before";
  ASSERT_EQ("HPR_OK", owner.Take());
  EXPECT_EQ(HPR_PROOF_LIVES, other.Judge(owner.Name()));
  EXPECT_FALSE(other.IsCurrent()) << "its rows name the earlier birth";
  ASSERT_EQ("HPR_OK", other.Take());
  EXPECT_EQ(HPR_PROOF_LIVES, owner.Judge(other.Name()));
}

TEST_F(OwnerFile, ThatVanishesTakesNoClaimAlong) {
  if (!bytes) GTEST_SKIP() << "each owner has a file of its own here";
  Owner dead(path), heir(path, 7), other(path, 9);
  ASSERT_EQ("HPR_OK", dead.Take());
  ASSERT_EQ("HPR_OK", heir.Take());
  const hpr_owner_name name = dead.Name();
  dead.Close();
  ASSERT_EQ("HPR_OK", Code(hpr_ownerfile_claim(heir.it, &name)));
  ASSERT_EQ(0, unlink(locks.c_str()));
  ASSERT_EQ("HPR_OK", other.Take());
  EXPECT_EQ("HPR_ENOLCK", Code(hpr_ownerfile_claim(other.it, &name))) << "its rows name another";
  ASSERT_EQ("HPR_OK", heir.Take());
  EXPECT_EQ("HPR_OK", Code(hpr_ownerfile_claim(heir.it, &name)));
  EXPECT_EQ("HPR_EBUSY", Code(hpr_ownerfile_claim(other.it, &name)));
  hpr_ownerfile_release(heir.it);
  EXPECT_EQ("HPR_ENOLCK", Code(hpr_ownerfile_claim(other.it, &name)));
}

TEST_F(OwnerFile, OfOthersIsRefused) {
  if (!bytes) GTEST_SKIP() << "each owner has a file of its own here";
  ASSERT_EQ(0, symlink("elsewhere", locks.c_str()));
  Owner owner(path);
  EXPECT_EQ("HPR_EUNSAFE", owner.Take());
  ASSERT_EQ(0, unlink(locks.c_str()));
  Write(locks, "");
  ASSERT_EQ(0, chmod(locks.c_str(), 0666));
  EXPECT_EQ("HPR_EUNSAFE", owner.Take());
}

TEST_F(OwnerFile, HoldsAByteOfAProcessOneThatNoCloseReleases) {
  if (!bytes) GTEST_SKIP() << "there are no pid namespaces here";
  Owner one(path, kId, true), two(path, 8, true), other(path, 7);
  ASSERT_EQ("HPR_OK", one.Take());
  ASSERT_EQ("HPR_OK", two.Take());
  ASSERT_EQ("HPR_OK", other.Take());
  const hpr_owner_name name = one.Name();
  EXPECT_STREQ(name.init, hpr_ownerfile_init(two.it)) << "one for the process";
  EXPECT_STREQ("", hpr_ownerfile_init(other.it));
  one.Close();
  two.Close();
  EXPECT_EQ(HPR_PROOF_ENDED, other.Judge(name));
  EXPECT_EQ(HPR_PROOF_LIVES, hpr_ownerfile_test_init(other.it, &name));
}

/* --- without locks on single bytes ---------------------------------------------------------- */

TEST_F(OwnerFile, OfOneOwnerDoesWhereBytesCannotBeLocked) {
  FaultyFiles files;
  files.FailAll(Op::kLockByte, HPR_ENOTSUP);
  files.FailAll(Op::kTestByte, HPR_ENOTSUP);
  Owner owner(path, kId, true, files.ops()), other(path, 7, false, files.ops());
  ASSERT_EQ("HPR_OK", owner.Take());
  EXPECT_TRUE(owner.IsCurrent());
  EXPECT_TRUE(Exists("pids.json.owner-fedcba9876543210"));
  const hpr_owner_name name = owner.Name();
  EXPECT_EQ(HPR_PROOF_LIVES, other.Judge(name));
  owner.Close();
  EXPECT_EQ(HPR_PROOF_ENDED, other.Judge(name));
}

TEST_F(OwnerFile, OfOneOwnerIsCollectedWhenThatOneHasEnded) {
  FaultyFiles files;
  files.FailAll(Op::kLockByte, HPR_ENOTSUP);
  files.FailAll(Op::kTestByte, HPR_ENOTSUP);
  Owner owner(path, kId, false, files.ops());
  ASSERT_EQ("HPR_OK", owner.Take());
  Write(folder / "pids.json.owner-mine", "");
  Server server(path, 1, files.ops());
  server.Collect();
  EXPECT_TRUE(Exists("pids.json.owner-fedcba9876543210"));
  owner.Close();
  server.Collect();
  EXPECT_FALSE(Exists("pids.json.owner-fedcba9876543210"));
  EXPECT_TRUE(Exists("pids.json.owner-mine"));
}

/* --- without locks -------------------------------------------------------------------------- */

TEST_F(OwnerFile, IsDoneWithoutWhereThereAreNoLocks) {
  FaultyFiles files;
  for (const Op op : {Op::kLockByte, Op::kTestByte, Op::kTryLock}) files.FailAll(op, HPR_ENOLCK);
  Server server(path, 1, files.ops());
  server.Own();
  server.own = {EntryOf(9)};
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  server.own = {EntryOf(9), EntryOf(10)};
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(FileOf(server.own), Unpadded(path));
  ASSERT_EQ(1u, server.warnings.size()) << "one warning";
  EXPECT_EQ("HPR_ENOLCK", server.warnings[0].first);
  EXPECT_TRUE(server.names.empty());
}

/* --- the line of writers -------------------------------------------------------------------- */

TEST_F(OwnerFile, HasALineInWhichWritersWait) {
  if (!bytes) GTEST_SKIP() << "no line without locks on single bytes";
  FaultyFiles files;
  files.skip_pauses = true;
  Server server(path, 1, files.ops());
  server.Own();
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(0, files.count(Op::kPause));
  hpr_file next;
  ASSERT_EQ(0, files.ops()->open_bytes(files.ops()->self, locks.c_str(), &next));
  ASSERT_EQ(0, hpr_file_native()->lock_byte(nullptr, next, HPR_WRITELOCK_NEXT));
  files.before = [&](Op op) { /* who was first has had its turn */
                              if (op == Op::kPause && files.count(Op::kPause) == 5)
                                hpr_file_native()->unlock_byte(nullptr, next, HPR_WRITELOCK_NEXT);
  };
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(5, files.count(Op::kPause)) << "though nobody had the lock itself";
  EXPECT_EQ("HPR_OK", Code(hpr_file_native()->test_byte(nullptr, next, HPR_WRITELOCK_NEXT)));
  files.before = nullptr;
  files.ops()->close_bytes(files.ops()->self, next);
}

TEST_F(OwnerFile, HasALineThatIsPassedByWhenItDoesNotMove) {
  if (!bytes) GTEST_SKIP() << "no line without locks on single bytes";
  FaultyFiles files;
  files.skip_pauses = true;
  Server server(path, 1, files.ops());
  server.Own();
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  hpr_file next;
  ASSERT_EQ(0, files.ops()->open_bytes(files.ops()->self, locks.c_str(), &next));
  ASSERT_EQ(0, hpr_file_native()->lock_byte(nullptr, next, HPR_WRITELOCK_NEXT));
  EXPECT_EQ("HPR_OK", Code(server.Sync())) << "whoever is first may have been stopped";
  const int waited = files.count(Op::kPause);
  EXPECT_GT(waited, 10);
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(waited, files.count(Op::kPause)) << "once is enough";
  files.ops()->close_bytes(files.ops()->self, next);
}

TEST_F(OwnerFile, IsWaitedForAsLongAsOthersMakeProgress) {
  FaultyFiles files;
  files.skip_pauses = true;
  Server server(path, 1, files.ops()), other(path, 2);
  EXPECT_EQ("HPR_OK", Code(other.Sync()));
  hpr_file lock;
  const hpr_file_ops *native = hpr_file_native();
  ASSERT_EQ(0, native->open_lock(nullptr, (path + ".lock").c_str(), &lock));
  ASSERT_EQ(0, native->try_lock(nullptr, lock));
  files.before = [&](Op op) { /* others, one after the other, who never leave it free for us */
                              const int pauses = files.count(Op::kPause);
                              if (op != Op::kPause || pauses % 50 != 0 || pauses > 1000) return;
                              if (pauses == 1000) return native->unlock(nullptr, lock);
                              const uint64_t generation = 1000 + static_cast<uint64_t>(pauses);
                              size_t count;
                              native->write_at(nullptr, lock, 8,
                                               reinterpret_cast<const char *>(&generation), 8,
                                               &count);
  };
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(1000, files.count(Op::kPause));
  files.before = nullptr;
  native->close(nullptr, lock);
}

/* --- limits --------------------------------------------------------------------------------- */

TEST_F(OwnerFile, StandsBesideAFileThatIsNeverLargerThanReadersTake) {
  Server server(path, 1);
  server.own = {EntryOf(9)};
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  const std::string before = *TextOf(path);
  server.own = {EntryOf(9), "\"" + std::string(HPR_PIDFILE_MAX_BYTES, 'x') + "\""};
  EXPECT_EQ("HPR_ETOOBIG", Code(server.Sync()));
  EXPECT_EQ(before, TextOf(path));
}

} // namespace
