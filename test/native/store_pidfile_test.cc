#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/client.h"
#include "support/faulty_files.h"
#include "support/folder.h"
#include "support/native.h"
#include "support/subprocess.h"
#include "support/wait.h"

namespace {

using Names = std::vector<std::string>;
using Text = std::optional<std::string>;

/* Somebody else who holds a lock file, through a descriptor of his own. */
class Holder {
public:
  explicit Holder(const std::string &path) : fd_(open(path.c_str(), O_RDWR | O_CREAT, 0600)) {
    EXPECT_EQ(0, flock(fd_, LOCK_EX | LOCK_NB)) << "the lock is held already";
  }
  ~Holder() { close(fd_); }
  Holder(const Holder &) = delete;
  Holder &operator=(const Holder &) = delete;

private:
  int fd_;
};

/* --- unset ---------------------------------------------------------------------------------- */

TEST(PidFile, OpensNothingBeforeTheFirstSync) {
  Folder folder;
  const size_t before = OpenDescriptors();
  Server server(folder / "a/pids.json", 1);
  EXPECT_EQ(before, OpenDescriptors());
  EXPECT_TRUE(NamesIn(folder.path()).empty());
}

TEST(PidFile, ClosesNull) { hpr_pidfile_close(nullptr); }

TEST(PidFile, IsMadeWithItsFolders) {
  Folder folder;
  const size_t before = OpenDescriptors();
  {
    Server server(folder / "a/b/pids.json", 1);
    EXPECT_EQ("HPR_OK", Code(server.Sync()));
    EXPECT_TRUE(server.judged.empty());
    EXPECT_TRUE(server.warnings.empty());
  }
  EXPECT_EQ(FileOf({}), Unpadded(folder / "a/b/pids.json"));
  EXPECT_EQ((Names{"pids.json", "pids.json.lock"}), NamesIn(folder / "a/b"));
  EXPECT_EQ(before, OpenDescriptors());
}

TEST(PidFile, IsPrivateWithAllThatItMakes) {
  Folder folder;
  InSubprocess([&] {
    umask(0);
    Server server(folder / "a/b/pids.json", 1);
    EXPECT_EQ("HPR_OK", Code(server.Sync()));
  });
  EXPECT_EQ(0700u, ModeOf(folder / "a"));
  EXPECT_EQ(0700u, ModeOf(folder / "a/b"));
  EXPECT_EQ(0600u, ModeOf(folder / "a/b/pids.json"));
  EXPECT_EQ(0600u, ModeOf(folder / "a/b/pids.json.lock"));
}

/* --- success -------------------------------------------------------------------------------- */

TEST(PidFile, HoldsTheServersEntriesInTheirOrder) {
  Folder folder;
  Server server(folder / "pids.json", 1);
  server.own = {EntryOf(9), EntryOf(3), EntryOf(7)};
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(FileOf(server.own), Unpadded(folder / "pids.json"));
  server.own = {EntryOf(3)};
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(FileOf(server.own), Unpadded(folder / "pids.json"));
}

TEST(PidFile, IsFoundFromTheWorkingFolder) {
  InSubprocess([] {
    Folder folder;
    ASSERT_EQ(0, chdir(folder.path().c_str()));
    Server server("pids.json", 1);
    server.own = {EntryOf(9)};
    EXPECT_EQ("HPR_OK", Code(server.Sync()));
    EXPECT_EQ(FileOf(server.own), Unpadded(folder / "pids.json"));
    Write(folder / "pids.json.00000000000000ff.0.tmp", "");
    server.Collect();
    EXPECT_EQ((Names{"pids.json", "pids.json.lock"}), NamesIn(folder.path()));
  });
}

TEST(PidFile, KeepsWhatOthersWroteToTheLetter) {
  Folder folder;
  const Names foreign = {"null",
                         R"({ "pid" : -1 })",
                         R"({"pid":5,"cwd":"/","x":9007199254740993})",
                         R"({"pid":5,"pid":6})",
                         "\"text\"",
                         EntryOf(8)};
  std::string inside;
  for (const std::string &text : foreign) inside += (inside.empty() ? "" : " , ") + text;
  Write(folder / "pids.json", "{\"v\":1e999,\"entries\":[" + inside + "]}");
  Server server(folder / "pids.json", 1);
  server.own = {EntryOf(9)};
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(foreign, server.judged);
  std::string expected = FileOf({foreign[2], EntryOf(8), EntryOf(9)});
  const std::string refused =
      foreign[0] + ",\n" + foreign[1] + ",\n" + foreign[3] + ",\n" + foreign[4];
  expected.replace(expected.size() - 3, 3,
                   "],\n\"refused\":[\n" + refused + "\n],\n\"v\":1e999}\n");
  EXPECT_EQ(expected, Unpadded(folder / "pids.json"));
  EXPECT_TRUE(server.warnings.empty()) << "unsound entries are no damage";
}

TEST(PidFile, DropsWhatIsJudgedDead) {
  Folder folder;
  Write(folder / "pids.json", FileOf({EntryOf(2), EntryOf(3), EntryOf(4)}));
  Server server(folder / "pids.json", 1);
  server.judge = [](hpr_stored *stored) { return stored->row.main.pid == 3 ? HPR_DROP : HPR_KEEP; };
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(FileOf({EntryOf(2), EntryOf(4)}), Unpadded(folder / "pids.json"));
}

TEST(PidFile, LetsTheServerTakeARowOver) {
  Folder folder;
  Write(folder / "pids.json", FileOf({EntryOf(2)}));
  Server server(folder / "pids.json", 1);
  hpr_row taken = {};
  server.judge = [&](hpr_stored *stored) {
    taken = stored->row;
    stored->row = hpr_row{};
    return HPR_DROP;
  };
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(2, taken.main.pid);
  EXPECT_STREQ("/w", taken.cwd);
  hpr_row_done(&taken);
}

TEST(PidFile, DoesNotReadWhatNobodyWrote) {
  Folder folder;
  Write(folder / "pids.json", FileOf({EntryOf(2)}));
  FaultyFiles files;
  Server server(folder / "pids.json", 1, files.ops());
  server.own = {EntryOf(9)};
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_GT(files.count(Op::kRead), 0);
  files.ResetCounts();
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(0, files.count(Op::kRead));
  EXPECT_EQ(FileOf({EntryOf(2), EntryOf(9)}), Unpadded(folder / "pids.json"));
}

TEST(PidFile, MergesWhatAnotherServerWroteMeanwhile) {
  Folder folder;
  Server first(folder / "pids.json", 1), second(folder / "pids.json", 2);
  first.own = {EntryOf(11)};
  second.own = {EntryOf(21)};
  EXPECT_EQ("HPR_OK", Code(first.Sync()));
  EXPECT_EQ("HPR_OK", Code(second.Sync()));
  first.own.push_back(EntryOf(12));
  EXPECT_EQ("HPR_OK", Code(first.Sync()));
  EXPECT_EQ(FileOf({EntryOf(21), EntryOf(11), EntryOf(12)}), Unpadded(folder / "pids.json"));
  second.own.clear();
  second.judge = [](hpr_stored *stored) {
    return stored->row.main.pid == 21 ? HPR_DROP : HPR_KEEP;
  };
  EXPECT_EQ("HPR_OK", Code(second.Sync()));
  EXPECT_EQ(FileOf({EntryOf(11), EntryOf(12)}), Unpadded(folder / "pids.json"));
}

TEST(PidFile, NoticesAnotherWriterOfTheSameSize) {
  Folder folder;
  Server server(folder / "pids.json", 1);
  server.own = {EntryOf(11)};
  ASSERT_EQ("HPR_OK", Code(server.Sync()));
  Write(folder / "new", FileOf({EntryOf(22)}));
  ASSERT_EQ(0, rename((folder / "new").c_str(), (folder / "pids.json").c_str()));
  ASSERT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(FileOf({EntryOf(22), EntryOf(11)}), Unpadded(folder / "pids.json"));
}

/* A backup that is copied back can have both; only the file is another one. */
TEST(PidFile, NoticesAnotherFileOfTheSameSizeAndTime) {
  Folder folder;
  Server server(folder / "pids.json", 1);
  server.own = {EntryOf(11)};
  ASSERT_EQ("HPR_OK", Code(server.Sync()));
  struct stat st;
  ASSERT_EQ(0, stat((folder / "pids.json").c_str(), &st));
  Write(folder / "new", FileOf({EntryOf(22)}));
  const struct timespec times[2] = {st.st_mtim, st.st_mtim};
  ASSERT_EQ(0, utimensat(AT_FDCWD, (folder / "new").c_str(), times, 0));
  ASSERT_EQ(0, rename((folder / "new").c_str(), (folder / "pids.json").c_str()));
  ASSERT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(FileOf({EntryOf(22), EntryOf(11)}), Unpadded(folder / "pids.json"));
}

/*
 * File systems give the number of a deleted file to the next one, and two writers within a tick of
 * the kernel's clock write the same time: that nobody wrote must not be concluded from these.
 */
TEST(PidFile, NoticesAnotherFileOfTheSameNumberSizeAndTime) {
  Folder folder;
  Server server(folder / "pids.json", 1);
  server.own = {EntryOf(11)};
  ASSERT_EQ("HPR_OK", Code(server.Sync()));
  struct stat seen;
  ASSERT_EQ(0, stat((folder / "pids.json").c_str(), &seen));
  for (const int pid : {22, 33}) { /* the first frees the number, the second may get it */
    Write(folder / "new", FileOf({EntryOf(pid)}));
    const struct timespec times[2] = {seen.st_mtim, seen.st_mtim};
    ASSERT_EQ(0, utimensat(AT_FDCWD, (folder / "new").c_str(), times, 0));
    ASSERT_EQ(0, rename((folder / "new").c_str(), (folder / "pids.json").c_str()));
  }
  ASSERT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(FileOf({EntryOf(33), EntryOf(11)}), Unpadded(folder / "pids.json"));
}

TEST(PidFile, IsMadeAgainWhenItWasDeleted) {
  Folder folder;
  Write(folder / "pids.json", FileOf({EntryOf(2)}));
  Server server(folder / "pids.json", 1);
  server.own = {EntryOf(9)};
  ASSERT_EQ("HPR_OK", Code(server.Sync()));
  ASSERT_EQ(0, unlink((folder / "pids.json").c_str()));
  ASSERT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(FileOf({EntryOf(9)}), Unpadded(folder / "pids.json"));
}

TEST(PidFile, IsMadeAgainWhenItsFolderWasDeleted) {
  Folder folder;
  Server server(folder / "a/pids.json", 1);
  server.own = {EntryOf(9)};
  ASSERT_EQ("HPR_OK", Code(server.Sync()));
  for (const std::string name : {"a/pids.json", "a/pids.json.lock"})
    ASSERT_EQ(0, unlink((folder / name).c_str()));
  ASSERT_EQ(0, rmdir((folder / "a").c_str()));
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(FileOf({EntryOf(9)}), Unpadded(folder / "a/pids.json"));
}

TEST(PidFile, ReadsAByteOrderMarkWithoutAWarning) {
  Folder folder;
  Write(folder / "pids.json", "\xEF\xBB\xBF" + FileOf({EntryOf(2)}));
  Server server(folder / "pids.json", 1);
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(FileOf({EntryOf(2)}), Unpadded(folder / "pids.json"));
  EXPECT_TRUE(server.warnings.empty());
}

TEST(PidFile, ReleasesTheLockAfterEverySync) {
  Folder folder;
  Server server(folder / "pids.json", 1);
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_FALSE(IsLocked(folder / "pids.json.lock"));
  Write(folder / "pids.json", "", 0666);
  EXPECT_EQ("HPR_EUNSAFE", Code(server.Sync()));
  EXPECT_FALSE(IsLocked(folder / "pids.json.lock")) << "on failure as well";
}

TEST(PidFile, HoldsTheLockWhileItReadsAndWrites) {
  Folder folder;
  Write(folder / "pids.json", FileOf({EntryOf(2)}));
  FaultyFiles files;
  Server server(folder / "pids.json", 1, files.ops());
  int seen = 0;
  files.before = [&](Op op) {
    if (op != Op::kRead && op != Op::kCreate && op != Op::kWriteAt && op != Op::kExchange) return;
    seen++;
    EXPECT_TRUE(IsLocked(folder / "pids.json.lock"));
  };
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_GE(seen, 4);
}

TEST(PidFile, GivesItsLockToNoChildThatRunsAnotherProgram) {
  Folder folder;
  Server server(folder / "pids.json", 1);
  ASSERT_EQ("HPR_OK", Code(server.Sync()));
  for (const std::string &name : NamesIn("/proc/self/fd")) {
    char target[4096] = "";
    if (readlink(("/proc/self/fd/" + name).c_str(), target, sizeof target - 1) < 0) continue;
    if (std::string(target) != folder / "pids.json.lock") continue;
    EXPECT_TRUE(fcntl(std::stoi(name), F_GETFD) & FD_CLOEXEC);
    return;
  }
  FAIL() << "no descriptor of the lock file is open";
}

/* --- failure: damage ------------------------------------------------------------------------ */

TEST(PidFile, KeepsADamagedFileAside) {
  for (const std::string &damaged :
       {std::string(), std::string(" \n"), std::string("\0\0\0", 3), std::string("null"),
        std::string("[]"), std::string("{\"entries\":{}}"), FileOf({EntryOf(2)}) + "x",
        FileOf({EntryOf(2)}) + FileOf({EntryOf(3)}), FileOf({EntryOf(2), EntryOf(3)}).substr(0, 50),
        std::string(1000000, '[')}) {
    Folder folder;
    Write(folder / "pids.json", damaged, 0644);
    Server server(folder / "pids.json", 1);
    server.own = {EntryOf(9)};
    EXPECT_EQ("HPR_OK", Code(server.Sync()));
    const Names kept = NamesWith(folder.path(), ".corrupt-");
    ASSERT_EQ(1u, kept.size());
    EXPECT_EQ(damaged, TextOf(folder / kept[0]));
    EXPECT_EQ(0600u, ModeOf(folder / kept[0]));
    ASSERT_EQ(1u, server.warnings.size());
    EXPECT_EQ("HPR_ECORRUPT", server.warnings[0].first);
    EXPECT_EQ(folder / kept[0], server.warnings[0].second);
    EXPECT_TRUE(IsSound(*Unpadded(folder / "pids.json")));
  }
}

TEST(PidFile, UsesWhatCanBeReadOfADamagedFile) {
  Folder folder;
  Write(folder / "pids.json", FileOf({EntryOf(2), EntryOf(3)}) + "x");
  Server server(folder / "pids.json", 1);
  server.own = {EntryOf(9)};
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ((Names{EntryOf(2), EntryOf(3)}), server.judged);
  EXPECT_EQ(FileOf({EntryOf(2), EntryOf(3), EntryOf(9)}), Unpadded(folder / "pids.json"));
}

TEST(PidFile, IsSetAsideOnceAndNotAgain) {
  Folder folder;
  Write(folder / "pids.json", "damaged");
  Server server(folder / "pids.json", 1), other(folder / "pids.json", 2);
  for (int i = 0; i < 3; i++) {
    EXPECT_EQ("HPR_OK", Code(server.Sync()));
    EXPECT_EQ("HPR_OK", Code(other.Sync()));
  }
  EXPECT_EQ(1u, server.warnings.size() + other.warnings.size());
  EXPECT_EQ(1u, NamesWith(folder.path(), ".corrupt-").size());
}

TEST(PidFile, IsSetAsideOnceEvenIfItCannotBeReplacedYet) {
  Folder folder;
  Write(folder / "pids.json", "damaged");
  FaultyFiles files;
  Server server(folder / "pids.json", 1, files.ops());
  files.FailAll(Op::kExchange, HPR_EIO);
  files.FailAll(Op::kRename, HPR_EIO);
  for (int i = 0; i < 3; i++) EXPECT_EQ("HPR_EIO", Code(server.Sync()));
  EXPECT_EQ(1u, server.warnings.size());
  files.Heal();
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(1u, server.warnings.size());
  EXPECT_EQ("damaged", TextOf(folder / NamesWith(folder.path(), ".corrupt-").at(0)));
}

TEST(PidFile, IsNotReplacedWhileItCannotBeSetAside) {
  Folder folder;
  Write(folder / "pids.json", "damaged");
  FaultyFiles files;
  Server server(folder / "pids.json", 1, files.ops());
  files.FailAll(Op::kWriteAt, HPR_ENOSPC);
  EXPECT_EQ("HPR_ENOSPC", Code(server.Sync()));
  EXPECT_EQ("damaged", Unpadded(folder / "pids.json"));
  EXPECT_TRUE(NamesWith(folder.path(), ".corrupt-").empty());
  files.Heal();
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ("damaged", TextOf(folder / NamesWith(folder.path(), ".corrupt-").at(0)));
}

/* Two damages within a millisecond, or a backup that restored the time of an earlier one. */
TEST(PidFile, KeepsASecondDamagedFileOfTheSameTimeToo) {
  Folder folder;
  const struct timespec times[2] = {{1700000000, 0}, {1700000000, 0}};
  for (const std::string text : {"first damage", "second damage"}) {
    Write(folder / "pids.json", text);
    ASSERT_EQ(0, utimensat(AT_FDCWD, (folder / "pids.json").c_str(), times, 0));
    Server server(folder / "pids.json", 1);
    EXPECT_EQ("HPR_OK", Code(server.Sync()));
  }
  Names texts;
  for (const std::string &name : NamesWith(folder.path(), ".corrupt-"))
    texts.push_back(*TextOf(folder / name));
  EXPECT_EQ((Names{"first damage", "second damage"}), texts);
}

/* --- failure: what must not be read --------------------------------------------------------- */

TEST(PidFile, RefusesWhatIsNoPrivateRegularFile) {
  const struct {
    const char *what;
    std::function<void(const std::string &)> plant;
  } rows[] = {
      {"a link",
       [](const std::string &path) {
         Write(path + ".target", FileOf({EntryOf(2)}));
         ASSERT_EQ(0, symlink((path + ".target").c_str(), path.c_str()));
       }},
      {"a link to itself",
       [](const std::string &path) { ASSERT_EQ(0, symlink(path.c_str(), path.c_str())); }},
      {"a dangling link",
       [](const std::string &path) { ASSERT_EQ(0, symlink("none", path.c_str())); }},
      {"a FIFO", [](const std::string &path) { ASSERT_EQ(0, mkfifo(path.c_str(), 0600)); }},
      {"a folder", [](const std::string &path) { ASSERT_EQ(0, mkdir(path.c_str(), 0700)); }},
      {"a socket",
       [](const std::string &path) { ASSERT_EQ(0, mknod(path.c_str(), S_IFSOCK | 0600, 0)); }},
      {"writable by everybody",
       [](const std::string &path) { Write(path, FileOf({EntryOf(2)}), 0666); }},
  };
  for (const auto &row : rows) {
    Folder folder;
    row.plant(folder / "pids.json");
    const Names before = NamesIn(folder.path());
    Server server(folder / "pids.json", 1);
    server.own = {EntryOf(9)};
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 2; i++) EXPECT_EQ("HPR_EUNSAFE", Code(server.Sync())) << row.what;
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5)) << row.what;
    EXPECT_TRUE(server.judged.empty()) << row.what;
    Names after = NamesIn(folder.path());
    EXPECT_EQ(before.size() + 1, after.size()) << row.what << ": only the lock file is new";
  }
}

TEST(PidFile, RefusesADevice) {
  if (!CanChangeUser()) GTEST_SKIP() << "only root can make a device";
  Folder folder;
  if (mknod((folder / "pids.json").c_str(), S_IFCHR | 0600, 1 << 8 | 3) != 0)
    GTEST_SKIP() << "this system lets nobody make a device";
  Server server(folder / "pids.json", 1);
  EXPECT_EQ("HPR_EUNSAFE", Code(server.Sync()));
}

TEST(PidFile, RefusesAnotherUsersFile) {
  if (!CanChangeUser()) GTEST_SKIP() << "only root can give a file away";
  Folder folder;
  Write(folder / "pids.json", FileOf({EntryOf(2)}));
  ASSERT_EQ(0, chown((folder / "pids.json").c_str(), kNobody, kNobody));
  Server server(folder / "pids.json", 1);
  EXPECT_EQ("HPR_EUNSAFE", Code(server.Sync()));
  EXPECT_TRUE(server.judged.empty());
  EXPECT_EQ(FileOf({EntryOf(2)}), Unpadded(folder / "pids.json"));
}

TEST(PidFile, WithoutPermissionIsNotTakenForEmpty) {
  Folder folder;
  InSubprocess([&] {
    if (CanChangeUser()) {
      ASSERT_EQ(0, chown(folder.path().c_str(), kNobody, kNobody));
      BecomeNobody();
    }
    Write(folder / "pids.json", FileOf({EntryOf(2)}), 0000);
    Server server(folder / "pids.json", 1);
    server.own = {EntryOf(9)};
    EXPECT_EQ("HPR_EACCES", Code(server.Sync()));
    ASSERT_EQ(0, chmod((folder / "pids.json").c_str(), 0600));
    EXPECT_EQ(FileOf({EntryOf(2)}), Unpadded(folder / "pids.json"));
    EXPECT_EQ("HPR_OK", Code(server.Sync()));
    EXPECT_EQ(FileOf({EntryOf(2), EntryOf(9)}), Unpadded(folder / "pids.json"));
  });
}

TEST(PidFile, IsReadAndJudgedInAFolderThatCannotBeWritten) {
  Folder folder;
  InSubprocess([&] {
    if (CanChangeUser()) {
      ASSERT_EQ(0, chown(folder.path().c_str(), kNobody, kNobody));
      BecomeNobody();
    }
    Write(folder / "pids.json", FileOf({EntryOf(2)}));
    ASSERT_EQ(0, chmod(folder.path().c_str(), 0500));
    Server server(folder / "pids.json", 1);
    server.own = {EntryOf(9)};
    EXPECT_EQ("HPR_EACCES", Code(server.Sync()));
    EXPECT_EQ((Names{EntryOf(2)}), server.judged);
    EXPECT_EQ((Names{"pids.json"}), NamesIn(folder.path()));
    EXPECT_EQ(FileOf({EntryOf(2)}), Unpadded(folder / "pids.json"));
    ASSERT_EQ(0, chmod(folder.path().c_str(), 0700));
    EXPECT_EQ("HPR_OK", Code(server.Sync())) << "the next change tries again";
    EXPECT_EQ(FileOf({EntryOf(2), EntryOf(9)}), Unpadded(folder / "pids.json"));
  });
}

/* Where nobody can make one nobody writes; what is short now others may have had before. */
TEST(PidFile, IsJudgedWithoutALockFileOnlyWhereNobodyCanMakeOne) {
  for (const int code : {HPR_EROFS, HPR_EACCES, HPR_ENOSPC, HPR_EMFILE, HPR_ENOMEM}) {
    Folder folder;
    Write(folder / "pids.json", FileOf({EntryOf(2)}));
    FaultyFiles files;
    files.FailAll(Op::kOpenLock, code);
    Server server(folder / "pids.json", 1, files.ops());
    EXPECT_EQ(Code(code), Code(server.Sync()));
    const bool never = code == HPR_EROFS || code == HPR_EACCES;
    EXPECT_EQ(never ? Names{EntryOf(2)} : Names{}, server.judged) << Code(code);
  }
}

TEST(PidFile, OfMoreThanSixteenMegabytesIsRefusedUnread) {
  Folder folder;
  Write(folder / "pids.json", "");
  ASSERT_EQ(0, truncate((folder / "pids.json").c_str(), HPR_PIDFILE_MAX_BYTES + 1));
  FaultyFiles files;
  Server server(folder / "pids.json", 1, files.ops());
  EXPECT_EQ("HPR_ETOOBIG", Code(server.Sync()));
  EXPECT_EQ(0, files.count(Op::kRead));
  EXPECT_EQ((Names{"pids.json", "pids.json.lock"}), NamesIn(folder.path()));
  struct stat st;
  ASSERT_EQ(0, stat((folder / "pids.json").c_str(), &st));
  EXPECT_EQ(HPR_PIDFILE_MAX_BYTES + 1, st.st_size);
}

TEST(PidFile, OfSixteenMegabytesIsRead) {
  Folder folder;
  std::string text = FileOf({EntryOf(2)});
  text.insert(1, HPR_PIDFILE_MAX_BYTES - text.size(), ' ');
  Write(folder / "pids.json", text);
  Server server(folder / "pids.json", 1);
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(FileOf({EntryOf(2)}), Unpadded(folder / "pids.json"));
}

/* --- failure: planted names ----------------------------------------------------------------- */

TEST(PidFile, StepsOverAPlantedTemporaryLink) {
  Folder folder;
  Write(folder / "victim", "precious");
  for (int i = 0; i < 5; i++)
    ASSERT_EQ(
        0,
        symlink("victim",
                (folder / ("pids.json.0000000000000001." + std::to_string(i) + ".tmp")).c_str()));
  Server server(folder / "pids.json", 1);
  server.own = {EntryOf(9)};
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(FileOf({EntryOf(9)}), Unpadded(folder / "pids.json"));
  EXPECT_EQ("precious", TextOf(folder / "victim"));
  EXPECT_EQ(5u, NamesWith(folder.path(), ".tmp").size());
}

TEST(PidFile, FollowsNoPlantedLinkForItsLock) {
  Folder folder;
  Write(folder / "victim", "precious");
  ASSERT_EQ(0, symlink("victim", (folder / "pids.json.lock").c_str()));
  ASSERT_EQ(0, symlink("none", (folder / "other.json.lock").c_str()));
  Server server(folder / "pids.json", 1), other(folder / "other.json", 2);
  EXPECT_EQ("HPR_EUNSAFE", Code(server.Sync()));
  EXPECT_EQ("HPR_EUNSAFE", Code(other.Sync()));
  EXPECT_EQ("precious", TextOf(folder / "victim"));
  EXPECT_FALSE(TextOf(folder / "none"));
}

TEST(PidFile, FollowsNoPlantedLinkForItsQuarantine) {
  Folder folder;
  const struct timespec times[2] = {{1700000000, 0}, {1700000000, 0}};
  Write(folder / "victim", "precious");
  ASSERT_EQ(0, symlink("victim", (folder / "pids.json.corrupt-1700000000000").c_str()));
  Write(folder / "pids.json", "damaged");
  ASSERT_EQ(0, utimensat(AT_FDCWD, (folder / "pids.json").c_str(), times, 0));
  Server server(folder / "pids.json", 1);
  server.Sync();
  EXPECT_EQ("precious", TextOf(folder / "victim"));
  bool kept = Unpadded(folder / "pids.json") == "damaged";
  for (const std::string &name : NamesWith(folder.path(), ".corrupt-"))
    kept = kept || TextOf(folder / name) == "damaged";
  EXPECT_TRUE(kept) << "the damaged text is nowhere any more";
}

/* --- failure: faults at every call ---------------------------------------------------------- */

struct Scene {
  const char *name;
  Text before; /* what stands in the file at first */
  int warm;    /* how often the server has written it already */
  Text others; /* what somebody else put there since */
};

const std::string kForeign = R"({ "pid" : 5, "cwd" : "/", "x" : 9007199254740993 })";
const std::string kDead = R"({"pid":4040,"cwd":"/dead"})";

const Scene kScenes[] = {
    {"no file and no folder", std::nullopt, 0, std::nullopt},
    {"a file of others", FileOf({kForeign, kDead, "null"}), 0, std::nullopt},
    {"its own file", FileOf({kForeign, kDead}), 1, std::nullopt},
    {"its own file and a spare", FileOf({kForeign, kDead}), 3, std::nullopt},
    {"its own file and a spare, changed by others", FileOf({kForeign}), 3,
     FileOf({kForeign, kDead, "7"})},
    {"its own file, changed by others", FileOf({kForeign}), 1, FileOf({kForeign, kDead, "7"})},
    {"a damaged file", FileOf({kForeign, kDead}) + "x", 0, std::nullopt},
};

/* One server in one folder of one scene. */
class Stage {
public:
  Stage(const Scene &scene, FaultyFiles &files) : path(folder / "a/b/pids.json") {
    if (scene.before) {
      EXPECT_EQ("HPR_OK", Code(hpr_make_parents(hpr_file_native(), path.c_str())));
      Write(path, *scene.before);
    }
    server = NewServer(1, files.ops());
    for (int i = 0; i < scene.warm; i++) {
      server->own.push_back(EntryOf(7));
      EXPECT_EQ("HPR_OK", Code(server->Sync()));
      server->own.pop_back();
    }
    server->own = {EntryOf(7), EntryOf(8)};
    if (scene.others) Write(path, *scene.others);
    old = Unpadded(path);
  }

  std::unique_ptr<Server> NewServer(uint64_t nonce, const hpr_file_ops *files) {
    auto made = std::make_unique<Server>(path, nonce, files);
    made->own = {EntryOf(7)};
    made->judge = [](hpr_stored *stored) {
      const bool known = stored->error == 0;
      const int pid = known ? stored->row.main.pid : 0;
      return pid == 4040 || pid == 7 || pid == 8 ? HPR_DROP : HPR_KEEP;
    };
    return made;
  }

  Names Leftovers() {
    return Unpadded(path) || access((folder / "a/b").c_str(), F_OK) == 0
               ? NamesWith(folder / "a/b", ".tmp")
               : Names{};
  }

  Names QuarantinedTexts() {
    Names texts;
    if (access((folder / "a/b").c_str(), F_OK) != 0) return texts;
    for (const std::string &name : NamesWith(folder / "a/b", ".corrupt-"))
      texts.push_back(*TextOf(folder / ("a/b/" + name)));
    return texts;
  }

  Folder folder;
  std::string path;
  Text old;
  std::unique_ptr<Server> server;
};

/* The text that a sync without a fault leaves. */
std::string Wanted(const Scene &scene) {
  FaultyFiles files;
  Stage stage(scene, files);
  EXPECT_EQ("HPR_OK", Code(stage.server->Sync()));
  return *Unpadded(stage.path);
}

void ExpectWholeFile(Stage &stage, const std::string &wanted, int result) {
  const Text text = Unpadded(stage.path);
  const bool allowed = text == wanted || (result != 0 && text == stage.old);
  EXPECT_TRUE(allowed) << text.value_or("(no file)");
}

/* Fails the call with this number, then lets the server try again. False if there is no such call.
 */
bool SurvivesFaultAt(const Scene &scene, const std::string &wanted, int number, int code,
                     bool lasting) {
  const size_t descriptors = OpenDescriptors();
  FaultyFiles files;
  Stage stage(scene, files);
  files.skip_pauses = true;
  files.FailCall(number, code, lasting);
  const int result = stage.server->Sync();
  const bool met = files.met();
  ExpectWholeFile(stage, wanted, result);
  if (!files.met_unlink()) {
    EXPECT_EQ(Names{}, stage.Leftovers());
  }
  files.Heal();
  EXPECT_EQ("HPR_OK", Code(stage.server->Sync())) << "the next change tries again";
  EXPECT_EQ(wanted, Unpadded(stage.path));
  const bool damaged = stage.old && !IsSound(*stage.old);
  if (damaged && !files.met_unlink()) {
    EXPECT_EQ((Names{*stage.old}), stage.QuarantinedTexts());
  }
  stage.server->Collect();
  EXPECT_EQ(Names{}, stage.Leftovers());
  stage.server.reset();
  EXPECT_EQ(descriptors, OpenDescriptors());
  return met;
}

/* The server dies before the call with this number; another one takes over. */
bool SurvivesDeathAt(const Scene &scene, const std::string &wanted, int number) {
  FaultyFiles files;
  Stage stage(scene, files);
  files.skip_pauses = true;
  files.FailCall(number, HPR_EIO, true);
  const int result = stage.server->Sync();
  const bool met = files.met();
  ExpectWholeFile(stage, wanted, result);
  stage.server.reset();
  auto next = stage.NewServer(2, hpr_file_native());
  next->own = {EntryOf(7), EntryOf(8)};
  next->Collect();
  EXPECT_EQ("HPR_OK", Code(next->Sync()));
  EXPECT_EQ(wanted, Unpadded(stage.path));
  EXPECT_EQ(Names{}, stage.Leftovers());
  if (stage.old && !IsSound(*stage.old)) {
    bool kept = false;
    for (const std::string &text : stage.QuarantinedTexts()) kept = kept || text == *stage.old;
    EXPECT_TRUE(kept) << "the damaged text is nowhere any more";
  }
  return met;
}

void SurviveEveryFault(int code, bool lasting) {
  for (const Scene &scene : kScenes) {
    const std::string wanted = Wanted(scene);
    int number = 0;
    for (bool met = true; met; number++) {
      SCOPED_TRACE(std::string(scene.name) + ", " + Code(code) + " at call " +
                   std::to_string(number));
      met = SurvivesFaultAt(scene, wanted, number, code, lasting);
      if (testing::Test::HasFailure()) return; /* the first is the one to look at */
    }
    EXPECT_GT(number, 8) << "too few calls were failed to prove anything";
  }
}

TEST(PidFile, SurvivesAFullDiskAtEveryCall) { SurviveEveryFault(HPR_ENOSPC, false); }
TEST(PidFile, SurvivesAFailingDiskAtEveryCall) { SurviveEveryFault(HPR_EIO, false); }
TEST(PidFile, SurvivesAnInterruptionAtEveryCall) { SurviveEveryFault(HPR_EINTR, false); }

TEST(PidFile, DoesNotEvenTellOfOneInterruption) {
  for (const Scene &scene : kScenes) {
    bool met = true;
    for (int number = 0; met; number++) {
      FaultyFiles files;
      Stage stage(scene, files);
      files.FailCall(number, HPR_EINTR, false);
      EXPECT_EQ("HPR_OK", Code(stage.server->Sync())) << scene.name << ", call " << number;
      met = files.met();
    }
  }
}

TEST(PidFile, SurvivesALackOfDescriptorsAtEveryCall) { SurviveEveryFault(HPR_EMFILE, false); }
TEST(PidFile, SurvivesARefusalAtEveryCall) { SurviveEveryFault(HPR_EACCES, false); }
TEST(PidFile, SurvivesAReadOnlyDiskAtEveryCall) { SurviveEveryFault(HPR_EROFS, false); }

TEST(PidFile, SurvivesALastingFaultFromEveryCallOn) {
  for (const int code : {HPR_ENOSPC, HPR_EIO, HPR_EINTR, HPR_EMFILE, HPR_EACCES, HPR_EROFS})
    SurviveEveryFault(code, true);
}

TEST(PidFile, SurvivesTheDeathOfItsWriterAtEveryCall) {
  for (const Scene &scene : kScenes) {
    const std::string wanted = Wanted(scene);
    int number = 0;
    for (bool met = true; met; number++) {
      SCOPED_TRACE(std::string(scene.name) + ", death at call " + std::to_string(number));
      met = SurvivesDeathAt(scene, wanted, number);
      if (testing::Test::HasFailure()) return;
    }
    EXPECT_GT(number, 8);
  }
}

TEST(PidFile, IsTheSameThroughShortReadsAndWrites) {
  for (const Scene &scene : kScenes) {
    const std::string wanted = Wanted(scene);
    for (const size_t chunk : {1, 7, 64}) {
      FaultyFiles files;
      Stage stage(scene, files);
      files.chunk_bytes = chunk;
      EXPECT_EQ("HPR_OK", Code(stage.server->Sync())) << scene.name;
      EXPECT_EQ(wanted, Unpadded(stage.path)) << scene.name;
    }
  }
}

TEST(PidFile, WritesOutLaterWhatItDroppedWhileTheDiskWasFull) {
  Folder folder;
  Write(folder / "pids.json", FileOf({EntryOf(2), kDead}));
  FaultyFiles files;
  Server server(folder / "pids.json", 1, files.ops());
  server.judge = [](hpr_stored *stored) {
    return stored->row.main.pid == 4040 ? HPR_DROP : HPR_KEEP;
  };
  files.FailAll(Op::kWriteAt, HPR_ENOSPC);
  EXPECT_EQ("HPR_ENOSPC", Code(server.Sync()));
  EXPECT_EQ(FileOf({EntryOf(2), kDead}), Unpadded(folder / "pids.json"));
  EXPECT_EQ("HPR_ENOSPC", Code(server.Sync()));
  EXPECT_EQ((Names{EntryOf(2)}), server.judged) << "judged once, it is not asked about again";
  files.Heal();
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(FileOf({EntryOf(2)}), Unpadded(folder / "pids.json"));
}

/* --- failure: the lock ---------------------------------------------------------------------- */

TEST(PidFile, WaitsForTheLockOnlySoLong) {
  Folder folder;
  Write(folder / "pids.json", FileOf({EntryOf(2)}));
  Server server(folder / "pids.json", 1);
  server.own = {EntryOf(9)};
  Holder holder(folder / "pids.json.lock");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ("HPR_EBUSY", Code(server.Sync()));
  const auto waited = std::chrono::steady_clock::now() - start;
  EXPECT_GE(waited, std::chrono::milliseconds(HPR_WRITELOCK_WAIT_MS / 2));
  EXPECT_LT(waited, std::chrono::milliseconds(HPR_WRITELOCK_WAIT_MS * 20)) << "on a busy machine";
  EXPECT_EQ(FileOf({EntryOf(2)}), Unpadded(folder / "pids.json"));
  EXPECT_TRUE(server.judged.empty());
}

TEST(PidFile, IsImpatientUntilTheLockIsFreeAgain) {
  Folder folder;
  FaultyFiles files;
  files.skip_pauses = true;
  Server server(folder / "pids.json", 1, files.ops());
  auto holder = std::make_unique<Holder>(folder / "pids.json.lock");
  EXPECT_EQ("HPR_EBUSY", Code(server.Sync()));
  const int patient = files.count(Op::kTryLock);
  EXPECT_GT(patient, 10);
  files.ResetCounts();
  for (int i = 0; i < 5; i++) EXPECT_EQ("HPR_EBUSY", Code(server.Sync()));
  EXPECT_EQ(5, files.count(Op::kTryLock));
  EXPECT_EQ(0, files.count(Op::kPause));
  holder.reset();
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  holder = std::make_unique<Holder>(folder / "pids.json.lock");
  files.ResetCounts();
  EXPECT_EQ("HPR_EBUSY", Code(server.Sync()));
  EXPECT_EQ(patient, files.count(Op::kTryLock)) << "patient again";
}

TEST(PidFile, TakesTheLockAsSoonAsItIsFree) {
  Folder folder;
  FaultyFiles files;
  files.skip_pauses = true;
  Server server(folder / "pids.json", 1, files.ops());
  auto holder = std::make_unique<Holder>(folder / "pids.json.lock");
  files.before = [&](Op op) {
    if (op == Op::kPause && files.count(Op::kPause) == 3) holder.reset();
  };
  EXPECT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(4, files.count(Op::kTryLock));
}

TEST(PidFile, LocksTheNewLockFileWhenTheOldOneWasDeleted) {
  Folder folder;
  Server server(folder / "pids.json", 1);
  ASSERT_EQ("HPR_OK", Code(server.Sync()));
  ASSERT_EQ(0, unlink((folder / "pids.json.lock").c_str()));
  server.own = {EntryOf(9)};
  ASSERT_EQ("HPR_OK", Code(server.Sync()));
  EXPECT_EQ(FileOf({EntryOf(9)}), Unpadded(folder / "pids.json"));
  Holder holder(folder / "pids.json.lock");
  EXPECT_EQ("HPR_EBUSY", Code(server.Sync())) << "it locks the file that everybody sees";
}

TEST(PidFile, LocksTheNewLockFileWhenTheOldOneWasReplaced) {
  Folder folder;
  Server server(folder / "pids.json", 1);
  ASSERT_EQ("HPR_OK", Code(server.Sync()));
  Write(folder / "new", "");
  ASSERT_EQ(0, rename((folder / "new").c_str(), (folder / "pids.json.lock").c_str()));
  Holder holder(folder / "pids.json.lock");
  EXPECT_EQ("HPR_EBUSY", Code(server.Sync()));
}

TEST(PidFile, LocksTheNewLockFileWhenTheOldOneWasMovedAway) {
  Folder folder;
  Server server(folder / "pids.json", 1);
  ASSERT_EQ("HPR_OK", Code(server.Sync()));
  ASSERT_EQ(0, rename((folder / "pids.json.lock").c_str(), (folder / "elsewhere").c_str()));
  Holder holder(folder / "pids.json.lock");
  EXPECT_EQ("HPR_EBUSY", Code(server.Sync()));
}

TEST(PidFile, GivesUpWhenTheLockFileIsDeletedAgainAndAgain) {
  Folder folder;
  const size_t before = OpenDescriptors();
  FaultyFiles files;
  {
    Server server(folder / "pids.json", 1, files.ops());
    files.before = [&](Op op) {
      if (op == Op::kTryLock) unlink((folder / "pids.json.lock").c_str());
    };
    EXPECT_EQ("HPR_EBUSY", Code(server.Sync()));
    EXPECT_FALSE(Unpadded(folder / "pids.json"));
    files.before = nullptr;
    EXPECT_EQ("HPR_OK", Code(server.Sync()));
  }
  EXPECT_EQ(before, OpenDescriptors());
}

/* --- leftovers ------------------------------------------------------------------------------ */

TEST(PidFileCollect, RemovesOnlyOurTemporaryFiles) {
  Folder folder;
  const Names ours = {"pids.json.0123456789abcdef.0.tmp", "pids.json.ffffffffffffffff.12345.tmp",
                      "pids.json.0000000000000000.18446744073709551615.tmp"};
  const Names others = {"pids.json",
                        "pids.json.lock",
                        "pids.json.tmp",
                        "pids.json.corrupt-1700000000000",
                        "pids.json.0123456789abcde.0.tmp",   /* a digit short */
                        "pids.json.0123456789abcdef0.0.tmp", /* a digit long */
                        "pids.json.0123456789ABCDEF.0.tmp",  /* not as we write it */
                        "pids.json.0123456789abcdeg.0.tmp",
                        "pids.json.0123456789abcdef.tmp",
                        "pids.json.0123456789abcdef..tmp",
                        "pids.json.0123456789abcdef.0.tmp~",
                        "pids.json.0123456789abcdef.0.tm",
                        "pids.json.0123456789abcdef.x.tmp",
                        "pids.json.0123456789abcdef.-1.tmp",
                        "pids.json-0123456789abcdef.0.tmp",
                        "pids.json.0123456789abcdef-0.tmp",
                        "other.json.0123456789abcdef.0.tmp",
                        "xpids.json.0123456789abcdef.0.tmp",
                        "pids.jsonx.0123456789abcdef.0.tmp",
                        "pids.json.0123456789abcdef.184467440737095516150.tmp",
                        "pids.json.",
                        "pids.json.0",
                        "0123456789abcdef.0.tmp"};
  for (const Names &names : {ours, others})
    for (const std::string &name : names) Write(folder / name, "");
  Server server(folder / "pids.json", 1);
  server.Collect();
  Names expected = others;
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(expected, NamesIn(folder.path()));
  EXPECT_FALSE(IsLocked(folder / "pids.json.lock"));
}

TEST(PidFileCollect, HarmsNoFolderAndNoTargetOfALink) {
  Folder folder;
  Write(folder / "victim", "precious");
  ASSERT_EQ(0, mkdir((folder / "pids.json.0123456789abcdef.0.tmp").c_str(), 0700));
  ASSERT_EQ(0, symlink("victim", (folder / "pids.json.0123456789abcdef.1.tmp").c_str()));
  Server server(folder / "pids.json", 1);
  server.Collect();
  EXPECT_EQ("precious", TextOf(folder / "victim"));
  EXPECT_EQ((Names{"pids.json.0123456789abcdef.0.tmp", "pids.json.lock", "victim"}),
            NamesIn(folder.path()));
}

TEST(PidFileCollect, LeavesAWriterAtWorkAlone) {
  Folder folder;
  Write(folder / "pids.json.0123456789abcdef.0.tmp", "");
  Server server(folder / "pids.json", 1);
  {
    Holder writer(folder / "pids.json.lock");
    server.Collect();
    EXPECT_EQ(1u, NamesWith(folder.path(), ".tmp").size());
  }
  server.Collect();
  EXPECT_EQ(0u, NamesWith(folder.path(), ".tmp").size());
}

TEST(PidFileCollect, FailsWithoutALeakAtEveryCall) {
  const size_t before = OpenDescriptors();
  int number = 0;
  for (bool met = true; met; number++) {
    Folder folder;
    Write(folder / "pids.json", FileOf({EntryOf(2)}));
    Write(folder / "pids.json.0123456789abcdef.0.tmp", "");
    FaultyFiles files;
    files.FailCall(number, HPR_EIO, false);
    {
      Server server(folder / "pids.json", 1, files.ops());
      server.Collect();
      EXPECT_FALSE(IsLocked(folder / "pids.json.lock"));
    }
    met = files.met();
    EXPECT_EQ(FileOf({EntryOf(2)}), Unpadded(folder / "pids.json"));
    EXPECT_EQ(before, OpenDescriptors());
  }
  EXPECT_GT(number, 4);
}

/* --- race ----------------------------------------------------------------------------------- */

/* The original module knows no lock: it renames a new file over ours at any moment. */
TEST(PidFile, StaysWholeWhenSomebodyWritesWithoutTheLock) {
  for (const Op moment : {Op::kInfoAt, Op::kOpen, Op::kInfo, Op::kRead, Op::kCreate, Op::kWriteAt,
                          Op::kExchange, Op::kRename}) {
    Folder folder;
    Write(folder / "pids.json", FileOf({EntryOf(2)}));
    FaultyFiles files;
    Server server(folder / "pids.json", 1, files.ops());
    server.own = {EntryOf(9)};
    bool done = false;
    files.before = [&](Op op) {
      if (done || op != moment) return;
      done = true;
      Write(folder / "new", FileOf({EntryOf(3)}));
      ASSERT_EQ(0, rename((folder / "new").c_str(), (folder / "pids.json").c_str()));
    };
    EXPECT_EQ("HPR_OK", Code(server.Sync()));
    EXPECT_TRUE(done);
    EXPECT_TRUE(IsSound(*Unpadded(folder / "pids.json")));
    EXPECT_EQ("HPR_OK", Code(server.Sync()));
    EXPECT_NE(std::string::npos, Unpadded(folder / "pids.json")->find(EntryOf(9)));
    EXPECT_TRUE(NamesWith(folder.path(), ".tmp").empty());
  }
}

TEST(PidFile, StaysWholeWhenSomebodyDeletesIt) {
  for (const Op moment : {Op::kOpen, Op::kCreate, Op::kExchange, Op::kRename}) {
    Folder folder;
    Write(folder / "pids.json", FileOf({EntryOf(2)}));
    FaultyFiles files;
    Server server(folder / "pids.json", 1, files.ops());
    server.own = {EntryOf(9)};
    bool done = false;
    files.before = [&](Op op) {
      if (done || op != moment) return;
      done = true;
      unlink((folder / "pids.json").c_str());
    };
    server.Sync();
    EXPECT_TRUE(done);
    EXPECT_EQ("HPR_OK", Code(server.Sync()));
    EXPECT_NE(std::string::npos, Unpadded(folder / "pids.json")->find(EntryOf(9)));
    EXPECT_TRUE(NamesWith(folder.path(), ".tmp").empty());
  }
}

/* Writes `rounds` times; being refused the lock on a busy machine is no failure. */
void WriteManyTimes(const std::string &path, int number, int rounds) {
  Server server(path, static_cast<uint64_t>(number) + 100);
  const int first = 1000 * (number + 1);
  server.judge = [&](hpr_stored *stored) {
    const int pid = stored->row.main.pid;
    return pid >= first && pid < first + 1000 ? HPR_DROP : HPR_KEEP;
  };
  for (int round = 0; round < rounds; round++) {
    server.own = {EntryOf(first), EntryOf(first + 1 + round % 900)};
    ASSERT_TRUE(Eventually([&] { return server.Sync() == 0; })) << "the lock is never free";
  }
  EXPECT_TRUE(server.warnings.empty()) << "a reader saw a damaged file";
}

void ExpectEntriesOfAll(const std::string &path, int writers, int rounds) {
  const Text text = Unpadded(path);
  ASSERT_TRUE(text);
  EXPECT_TRUE(IsSound(*text));
  for (int number = 0; number < writers; number++) {
    const int first = 1000 * (number + 1);
    EXPECT_NE(std::string::npos, text->find(EntryOf(first)));
    EXPECT_NE(std::string::npos, text->find(EntryOf(first + 1 + (rounds - 1) % 900)));
  }
}

TEST(PidFile, LosesNothingToEightProcessesAtOnce) {
  constexpr int kWriters = 8, kRounds = 100;
  Folder folder;
  const std::string path = folder / "pids.json";
  std::vector<pid_t> pids;
  for (int number = 0; number < kWriters; number++) {
    const pid_t pid = fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      alarm(100);
      RunForked([&] { WriteManyTimes(path, number, kRounds); });
      _exit(testing::Test::HasFailure() ? 1 : 0);
    }
    pids.push_back(pid);
  }
  int torn = 0, reads = 0;
  bool seen = false;
  while (!pids.empty()) {
    const Text text = Unpadded(path);
    seen = seen || text;
    if (seen && (!text || !IsSound(*text))) torn++;
    reads++;
    int status;
    if (waitpid(pids.back(), &status, WNOHANG) != pids.back()) continue;
    pids.pop_back();
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  }
  EXPECT_GT(reads, 0);
  EXPECT_EQ(0, torn) << "of " << reads << " reads";
  ExpectEntriesOfAll(path, kWriters, kRounds);
  EXPECT_EQ((Names{"pids.json", "pids.json.lock"}), NamesIn(folder.path()));
}

TEST(PidFile, LosesNothingToFourThreadsAtOnce) {
  constexpr int kWriters = 4, kRounds = 100;
  Folder folder;
  std::vector<std::thread> threads;
  for (int number = 0; number < kWriters; number++)
    threads.emplace_back(WriteManyTimes, folder / "pids.json", number, kRounds);
  for (std::thread &thread : threads) thread.join();
  ExpectEntriesOfAll(folder / "pids.json", kWriters, kRounds);
}

} // namespace
