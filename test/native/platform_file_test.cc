#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "support/folder.h"
#include "support/native.h"

namespace {

using Names = std::vector<std::string>;

const hpr_file_ops &Files() { return *hpr_file_native(); }

/* An open file that is closed with the test; `result` tells how opening went. */
class Opened {
public:
  using Open = int (*)(void *self, const char *path, hpr_file *ret_file);

  Opened(Open open, const std::string &path) : result(open(Files().self, path.c_str(), &file)) {}
  ~Opened() { Close(); }
  Opened(const Opened &) = delete;
  Opened &operator=(const Opened &) = delete;

  void Close() {
    if (result == 0) Files().close(Files().self, file);
    result = HPR_ECLOSED;
  }

  hpr_file file = -1;
  int result;
};

std::string OpenCode(const std::string &path) { return Code(Opened(Files().open, path).result); }

hpr_file_info InfoAt(const std::string &path) {
  hpr_file_info info = {};
  EXPECT_EQ("HPR_OK", Code(Files().info_at(Files().self, path.c_str(), &info)));
  return info;
}

/* "" = known, and then the same for all names of one folder. */
std::string FolderCode(const std::string &path, hpr_patience patience, hpr_folder_id *ret_id) {
  const int result = Files().folder(Files().self, path.c_str(), patience, ret_id);
  return result == 0 ? "" : Code(result);
}

bool SameFolder(const std::string &a, const std::string &b, hpr_patience patience) {
  hpr_folder_id first, second;
  return FolderCode(a, patience, &first).empty() && FolderCode(b, patience, &second).empty() &&
         first.device == second.device && first.inode == second.inode;
}

/* True if this system can tell a folder without waiting. */
bool KnowsFolders() {
  hpr_folder_id id;
  return FolderCode("/", HPR_PATIENCE_NONE, &id) != "HPR_ENOTSUP";
}

TEST(NativeFile, OpensNothingThatIsNotThere) {
  Folder folder;
  EXPECT_EQ("HPR_ENOENT", OpenCode(folder / "none"));
  EXPECT_EQ("HPR_ENOENT", OpenCode(folder / "none/none"));
  Write(folder / "file", "");
  EXPECT_EQ("HPR_ENOENT", OpenCode(folder / "file/none")) << "below a file there is nothing";
}

TEST(NativeFile, TellsWhatAFileIs) {
  Folder folder;
  Write(folder / "file", "12345");
  const hpr_file_info info = InfoAt(folder / "file");
  EXPECT_TRUE(info.regular);
  EXPECT_TRUE(info.ours);
  EXPECT_FALSE(info.writable_by_all);
  EXPECT_EQ(1u, info.links);
  EXPECT_EQ(5, info.size_bytes);
  struct stat st;
  ASSERT_EQ(0, stat((folder / "file").c_str(), &st));
  EXPECT_EQ(st.st_ino, info.inode);
  EXPECT_EQ(st.st_dev, info.device);
  EXPECT_EQ(st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec, info.modified_ns);
}

TEST(NativeFile, TellsTheSameByNameAndByDescriptor) {
  Folder folder;
  Write(folder / "file", "12345");
  Opened it(Files().open, folder / "file");
  hpr_file_info info = {};
  ASSERT_EQ("HPR_OK", Code(Files().info(Files().self, it.file, &info)));
  EXPECT_EQ(InfoAt(folder / "file").inode, info.inode);
  EXPECT_EQ(5, info.size_bytes);
  ASSERT_EQ(0, unlink((folder / "file").c_str()));
  ASSERT_EQ("HPR_OK", Code(Files().info(Files().self, it.file, &info)));
  EXPECT_EQ(0u, info.links) << "deleted";
}

TEST(NativeFile, TellsWhatIsNoRegularFile) {
  Folder folder;
  Write(folder / "file", "");
  ASSERT_EQ(0, mkdir((folder / "folder").c_str(), 0700));
  ASSERT_EQ(0, mkfifo((folder / "fifo").c_str(), 0600));
  ASSERT_EQ(0, symlink("file", (folder / "link").c_str()));
  for (const std::string name : {"folder", "fifo", "link"})
    EXPECT_FALSE(InfoAt(folder / name).regular) << name;
}

TEST(NativeFile, TellsWhoElseMayWrite) {
  Folder folder;
  for (const mode_t mode : {0600, 0644, 0660, 0602, 0666}) {
    Write(folder / "file", "", mode);
    EXPECT_EQ((mode & 0002) != 0, InfoAt(folder / "file").writable_by_all) << std::oct << mode;
  }
}

TEST(NativeFile, NeverBlocksOnAFifo) {
  Folder folder;
  ASSERT_EQ(0, mkfifo((folder / "fifo").c_str(), 0600));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ("HPR_OK", OpenCode(folder / "fifo"));
  EXPECT_EQ("HPR_OK", Code(Opened(Files().open_lock, folder / "fifo").result));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

TEST(NativeFile, FollowsNoLink) {
  Folder folder;
  Write(folder / "file", "text");
  ASSERT_EQ(0, symlink("file", (folder / "link").c_str()));
  ASSERT_EQ(0, symlink("none", (folder / "dangling").c_str()));
  ASSERT_EQ(0, symlink("loop", (folder / "loop").c_str()));
  for (const std::string name : {"link", "dangling", "loop"}) {
    EXPECT_EQ("HPR_EUNSAFE", OpenCode(folder / name)) << name;
    EXPECT_EQ("HPR_EUNSAFE", Code(Opened(Files().open_lock, folder / name).result)) << name;
    EXPECT_EQ("HPR_EEXIST", Code(Opened(Files().create, folder / name).result)) << name;
  }
  EXPECT_FALSE(TextOf(folder / "none"));
}

TEST(NativeFile, GivesNoDescriptorToAnotherProgram) {
  Folder folder;
  Write(folder / "file", "");
  Opened read(Files().open, folder / "file"), made(Files().create, folder / "new"),
      lock(Files().open_lock, folder / "lock");
  for (const Opened *it : {&read, &made, &lock}) {
    ASSERT_EQ("HPR_OK", Code(it->result));
    EXPECT_TRUE(fcntl(static_cast<int>(it->file), F_GETFD) & FD_CLOEXEC);
  }
}

/* --- leases --------------------------------------------------------------------------------- */

/* What a signal handler exchanges, once. */
std::string the_live, the_other;

void ExchangeOnce(int) {
  signal(SIGURG, SIG_IGN);
  Files().exchange(Files().self, the_live.c_str(), the_other.c_str());
}

/* The name is taken to the file and then to another one; we are told of whoever opens the first. */
TEST(NativeFile, OpensWhatHasTheNameByNowWhereTheFileItLedToHasALease) {
  Folder folder;
  the_live = folder / "live";
  the_other = folder / "other";
  Write(the_live, "old");
  Write(the_other, "new");
  Opened leased(Files().open_leased, the_live);
  if (leased.result == HPR_ENOTSUP) GTEST_SKIP() << "no leases here";
  ASSERT_EQ("HPR_OK", Code(leased.result));
  EXPECT_EQ("HPR_EBUSY", OpenCode(the_live)) << "we do not wait";
  EXPECT_EQ("HPR_EBUSY", Code(Files().end_lease(Files().self, leased.file))) << "somebody came";
  leased.Close();
  Opened again(Files().open_leased, the_live);
  ASSERT_EQ("HPR_OK", Code(again.result));
  signal(SIGURG, ExchangeOnce);
  Opened read(Files().open, the_live);
  signal(SIGURG, SIG_DFL);
  ASSERT_EQ("HPR_OK", Code(read.result));
  char text[8] = "";
  size_t count = 0;
  ASSERT_EQ("HPR_OK", Code(Files().read(Files().self, read.file, text, sizeof text, &count)));
  EXPECT_STREQ("new", text);
  Files().end_lease(Files().self, again.file);
}

TEST(NativeFile, IsLeasedToNobodyElseWhileItIsOpen) {
  Folder folder;
  Write(folder / "file", "text");
  Opened pin(Files().pin, folder / "file");
  ASSERT_EQ("HPR_OK", Code(pin.result));
  {
    Opened leased(Files().open_leased, folder / "file");
    if (leased.result == HPR_ENOTSUP) GTEST_SKIP() << "no leases here";
    EXPECT_EQ("HPR_OK", Code(leased.result)) << "a pin is in nobody's way";
    EXPECT_EQ("HPR_EBUSY", Code(Opened(Files().open_leased, folder / "file").result));
    EXPECT_EQ("HPR_EBUSY", Code(Files().end_lease(Files().self, leased.file)));
  }
  Opened reader(Files().open, folder / "file");
  EXPECT_EQ("HPR_EBUSY", Code(Opened(Files().open_leased, folder / "file").result));
  reader.Close();
  Opened leased(Files().open_leased, folder / "file");
  EXPECT_EQ("HPR_OK", Code(leased.result));
  EXPECT_EQ("HPR_OK", Code(Files().end_lease(Files().self, leased.file)));
  EXPECT_EQ("HPR_ENOENT", Code(Opened(Files().open_leased, folder / "none").result));
}

TEST(NativeFile, KeepsItsNumberWhileItIsPinned) {
  Folder folder;
  Write(folder / "file", "text");
  const uint64_t inode = InfoAt(folder / "file").inode;
  Opened pin(Files().pin, folder / "file");
  unlink((folder / "file").c_str());
  for (int i = 0; i < 20; i++) {
    Write(folder / "file", "text");
    EXPECT_NE(inode, InfoAt(folder / "file").inode);
    unlink((folder / "file").c_str());
  }
}

TEST(NativeFile, ReadsAndWritesBytes) {
  Folder folder;
  {
    Opened made(Files().create, folder / "file");
    size_t count = 0;
    ASSERT_EQ("HPR_OK", Code(Files().write_at(Files().self, made.file, 0, "a\0b", 3, &count)));
    EXPECT_EQ(3u, count);
  }
  EXPECT_EQ(std::string("a\0b", 3), TextOf(folder / "file"));
  Opened read(Files().open, folder / "file");
  char text[8];
  size_t count = 0;
  ASSERT_EQ("HPR_OK", Code(Files().read(Files().self, read.file, text, sizeof text, &count)));
  EXPECT_EQ(3u, count);
  ASSERT_EQ("HPR_OK", Code(Files().read(Files().self, read.file, text, sizeof text, &count)));
  EXPECT_EQ(0u, count) << "the end";
}

TEST(NativeFile, ExchangesTwoFilesInOneStep) {
  Folder folder;
  Write(folder / "a", "A");
  Write(folder / "b", "B");
  const int result = Files().exchange(Files().self, (folder / "a").c_str(), (folder / "b").c_str());
  if (result == HPR_ENOTSUP) GTEST_SKIP() << "this file system cannot exchange two names";
  EXPECT_EQ("HPR_OK", Code(result));
  EXPECT_EQ("B", TextOf(folder / "a"));
  EXPECT_EQ("A", TextOf(folder / "b"));
}

TEST(NativeFile, ExchangesNothingWithAMissingFile) {
  Folder folder;
  Write(folder / "a", "A");
  const int result = Files().exchange(Files().self, (folder / "a").c_str(), (folder / "b").c_str());
  EXPECT_TRUE(result == HPR_ENOENT || result == HPR_ENOTSUP) << Code(result);
  EXPECT_EQ("A", TextOf(folder / "a"));
}

TEST(NativeFile, RenamesOverAnother) {
  Folder folder;
  Write(folder / "a", "A");
  Write(folder / "b", "B");
  EXPECT_EQ("HPR_OK",
            Code(Files().rename(Files().self, (folder / "a").c_str(), (folder / "b").c_str())));
  EXPECT_EQ("A", TextOf(folder / "b"));
  EXPECT_EQ("HPR_ENOENT",
            Code(Files().rename(Files().self, (folder / "a").c_str(), (folder / "b").c_str())));
}

TEST(NativeFile, UnlinksOnce) {
  Folder folder;
  Write(folder / "a", "A");
  EXPECT_EQ("HPR_OK", Code(Files().unlink(Files().self, (folder / "a").c_str())));
  EXPECT_EQ("HPR_ENOENT", Code(Files().unlink(Files().self, (folder / "a").c_str())));
}

TEST(NativeFile, MakesAFolderOnce) {
  Folder folder;
  EXPECT_EQ("HPR_OK", Code(Files().make_folder(Files().self, (folder / "a").c_str())));
  EXPECT_EQ("HPR_EEXIST", Code(Files().make_folder(Files().self, (folder / "a").c_str())));
  EXPECT_EQ("HPR_ENOENT", Code(Files().make_folder(Files().self, (folder / "b/c").c_str())));
  EXPECT_EQ(0700u, ModeOf(folder / "a"));
}

TEST(NativeFile, ListsEveryNameInAFolder) {
  Folder folder;
  Names expected;
  for (int i = 0; i < 300; i++) {
    expected.push_back("file " + std::to_string(i));
    Write(folder / expected.back(), "");
  }
  Names names;
  const hpr_file_visit visit = [](void *context, const char *name) {
    if (name[0] != '.') static_cast<Names *>(context)->emplace_back(name);
  };
  EXPECT_EQ("HPR_OK", Code(Files().list(Files().self, folder.path().c_str(), visit, &names)));
  std::sort(expected.begin(), expected.end());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(expected, names);
  EXPECT_EQ("HPR_ENOENT",
            Code(Files().list(Files().self, (folder / "none").c_str(), visit, &names)));
}

TEST(NativeFile, LocksAgainstEveryOtherDescriptor) {
  Folder folder;
  Opened first(Files().open_lock, folder / "lock"), second(Files().open_lock, folder / "lock");
  ASSERT_EQ("HPR_OK", Code(Files().try_lock(Files().self, first.file)));
  EXPECT_EQ("HPR_OK", Code(Files().try_lock(Files().self, first.file))) << "it has it already";
  EXPECT_EQ("HPR_EBUSY", Code(Files().try_lock(Files().self, second.file)));
  Files().unlock(Files().self, first.file);
  EXPECT_EQ("HPR_OK", Code(Files().try_lock(Files().self, second.file)));
  second.Close();
  EXPECT_EQ("HPR_OK", Code(Files().try_lock(Files().self, first.file))) << "closing releases";
}

TEST(NativeFile, LosesTheLockOfAProcessThatDies) {
  Folder folder;
  const pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    hpr_file file;
    const bool locked = Files().open_lock(Files().self, (folder / "lock").c_str(), &file) == 0 &&
                        Files().try_lock(Files().self, file) == 0;
    _exit(locked ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(pid, waitpid(pid, &status, 0));
  EXPECT_EQ(0, status);
  Opened lock(Files().open_lock, folder / "lock");
  EXPECT_EQ("HPR_OK", Code(Files().try_lock(Files().self, lock.file)));
}

TEST(NativeFile, KnowsAFolderByAllItsNames) {
  if (!KnowsFolders()) GTEST_SKIP() << "this system would have to wait";
  Folder folder;
  ASSERT_EQ(0, mkdir((folder / "a").c_str(), 0700));
  ASSERT_EQ(0, mkdir((folder / "b").c_str(), 0700));
  ASSERT_EQ(0, symlink("a", (folder / "link").c_str()));
  for (const hpr_patience patience :
       {HPR_PATIENCE_ENDLESS, HPR_PATIENCE_BRIEF, HPR_PATIENCE_NONE}) {
    EXPECT_TRUE(SameFolder(folder / "a", folder / "a", patience));
    EXPECT_TRUE(SameFolder(folder / "a", folder / "link", patience));
    EXPECT_TRUE(SameFolder(folder / "a/", folder / "b/../a/.", patience));
    EXPECT_FALSE(SameFolder(folder / "a", folder / "b", patience));
  }
}

TEST(NativeFile, KnowsNoFolderThatIsNone) {
  if (!KnowsFolders()) GTEST_SKIP() << "this system would have to wait";
  Folder folder;
  hpr_folder_id id;
  Write(folder / "file", "");
  for (const hpr_patience patience : {HPR_PATIENCE_ENDLESS, HPR_PATIENCE_BRIEF}) {
    EXPECT_EQ("HPR_ENOENT", FolderCode(folder / "file", patience, &id));
    EXPECT_EQ("HPR_ENOENT", FolderCode("", patience, &id));
    EXPECT_EQ("HPR_ENOENT", FolderCode(folder / "none", patience, &id));
  }
  EXPECT_NE("", FolderCode(folder / "none", HPR_PATIENCE_NONE, &id));
}

TEST(NativeFile, KnowsAFolderBehindALinkThatNobodyHasFollowed) {
  if (!KnowsFolders()) GTEST_SKIP() << "this system would have to wait";
  Folder folder;
  ASSERT_EQ(0, mkdir((folder / "a").c_str(), 0700));
  for (int round = 0; round < 50; round++) {
    const std::string link = folder / std::to_string(round);
    ASSERT_EQ(0, symlink((folder / "a").c_str(), link.c_str()));
    EXPECT_TRUE(SameFolder(folder / "a", link, HPR_PATIENCE_BRIEF)) << round;
  }
}

TEST(NativeFile, KnowsAPathByItsText) {
  EXPECT_TRUE(Files().same_path(Files().self, "/a", "/a"));
  EXPECT_FALSE(Files().same_path(Files().self, "/a", "/b"));
}

TEST(NativeFile, KnowsTheNameOfASocket) {
  const auto names = [](const std::string &path) {
    return Files().names_socket(Files().self, path.c_str());
  };
  EXPECT_TRUE(names("/tmp/s"));
  EXPECT_TRUE(names("/" + std::string(106, 'x')));
  EXPECT_FALSE(names("/" + std::string(107, 'x'))) << "the final NUL has no room";
  EXPECT_FALSE(names("tmp/s"));
  EXPECT_FALSE(names(""));
}

TEST(NativeFile, PausesForAMoment) {
  const auto start = std::chrono::steady_clock::now();
  Files().pause_ms(Files().self, 5);
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(4));
}

} // namespace
