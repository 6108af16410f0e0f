/* The spare of a pid file: everything that can be in its way, and nothing that shows in the file.
 */
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <vector>

#include "support/client.h"
#include "support/faulty_files.h"
#include "support/folder.h"
#include "support/subprocess.h"
#include "support/wait.h"

namespace {

using Names = std::vector<std::string>;

std::string Text(int fd) {
  char text[4096];
  const ssize_t length = pread(fd, text, sizeof text, 0);
  return std::string(text, length < 0 ? 0 : static_cast<size_t>(length));
}

uint64_t InodeOf(const std::string &path) {
  struct stat st = {};
  EXPECT_EQ(0, stat(path.c_str(), &st)) << path;
  return st.st_ino;
}

/* As a registry does it: what was its own is not kept for others. */
hpr_keep JudgeBut(int others, const hpr_stored *stored) {
  return stored->row.main.pid / 1000 == others / 1000 ? HPR_KEEP : HPR_DROP;
}

/* A server that has written three times: it has a spare, a change behind. */
class Spare : public testing::Test {
protected:
  void SetUp() override {
    server.own = {EntryOf(1001)};
    server.judge = [](hpr_stored *stored) { return JudgeBut(2000, stored); };
    Sync();
    Change();
    Change();
    if (!HasSpare()) GTEST_SKIP() << "no leases where temporary files are";
    files.ResetCounts();
  }

  bool HasSpare() const { return access((path + ".spare").c_str(), F_OK) == 0; }

  void Sync() { ASSERT_EQ("HPR_OK", Code(server.Sync())); }

  void Change() {
    server.own.push_back(EntryOf(1001 + static_cast<int>(++changes_)));
    if (server.own.size() > 5) server.own.erase(server.own.begin());
    Sync();
    EXPECT_EQ(FileOf(server.own), Unpadded(path));
  }

  /* By the spare alone. */
  void ExpectFastChange() {
    files.ResetCounts();
    Change();
    EXPECT_EQ(0, files.count(Op::kCreate));
    EXPECT_EQ(0, files.count(Op::kUnlink));
    EXPECT_EQ(1, files.count(Op::kExchange));
  }

  void ExpectNewFile() {
    files.ResetCounts();
    Change();
    EXPECT_EQ(1, files.count(Op::kCreate));
  }

  Folder folder;
  const std::string path = folder / "pids.json";
  FaultyFiles files;
  Server server{path, 1, files.ops()};
  unsigned changes_ = 0;
};

/* --- success -------------------------------------------------------------------------------- */

TEST_F(Spare, TakesThePlaceOfTheFileAndTheFileItsOwn) {
  const uint64_t first = InodeOf(path), second = InodeOf(path + ".spare");
  for (int i = 0; i < 100; i++) {
    ExpectFastChange();
    EXPECT_EQ(i % 2 ? first : second, InodeOf(path));
  }
  EXPECT_EQ((Names{"pids.json", "pids.json.lock", "pids.json.spare"}), NamesIn(folder.path()));
}

TEST_F(Spare, IsPrivate) { EXPECT_EQ(0600u, ModeOf(path + ".spare")); }

TEST_F(Spare, IsGoneWithItsServer) {
  hpr_pidfile *pidfile = nullptr;
  hpr_lines lines = {};
  ASSERT_EQ(0, hpr_pidfile_open(path.c_str(), 7, false, hpr_file_native(), &pidfile));
  hpr_pidfile_client client = {};
  client.judge = [](void *, hpr_stored *) { return HPR_KEEP; };
  client.lines = [](void *self) { return static_cast<hpr_lines *>(self); };
  client.self = &lines;
  ASSERT_EQ(0, hpr_pidfile_sync(pidfile, &client));
  hpr_pidfile_leave(pidfile);
  hpr_pidfile_close(pidfile);
  hpr_lines_done(&lines);
  EXPECT_FALSE(HasSpare());
  ExpectNewFile();
  ExpectFastChange();
}

TEST_F(Spare, IsCollectedFromAServerThatDied) {
  Server next(path, 2);
  next.Collect();
  EXPECT_FALSE(HasSpare());
  ExpectNewFile();
  server.Collect();
  EXPECT_TRUE(HasSpare()) << "its own";
}

TEST_F(Spare, IsPinnedByNobodyWhoOnlyPointsToIt) {
  const int live = open(path.c_str(), O_PATH | O_CLOEXEC);
  const int spare = open((path + ".spare").c_str(), O_PATH | O_CLOEXEC);
  for (int i = 0; i < 4; i++) ExpectFastChange();
  close(live);
  close(spare);
}

/* --- what is in its way --------------------------------------------------------------------- */

TEST_F(Spare, IsNotTouchedWhileAReaderHasItOpen) {
  const int reader = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const std::string read = Text(reader);
  ExpectFastChange(); /* what the reader has is the spare now */
  EXPECT_EQ(read, Text(reader));
  ExpectNewFile();
  EXPECT_EQ(read, Text(reader));
  ExpectFastChange();
  ExpectFastChange();
  EXPECT_EQ(read, Text(reader));
  close(reader);
}

TEST_F(Spare, IsNotTouchedWhereItHasAnotherNameToo) {
  ASSERT_EQ(0, link(path.c_str(), (folder / "backup").c_str()));
  const auto backup = TextOf(folder / "backup");
  for (int i = 0; i < 6; i++) Change();
  EXPECT_EQ(backup, TextOf(folder / "backup"));
  ExpectFastChange();
}

TEST_F(Spare, IsNotTakenFromWhomItWasOpenedTo) {
  ASSERT_EQ(0, chmod(path.c_str(), 0644));
  for (int i = 0; i < 4; i++) Change();
  EXPECT_EQ(0600u, ModeOf(path));
  EXPECT_EQ(0600u, ModeOf(path + ".spare"));
}

TEST_F(Spare, ThatIsNoFileOfOursIsLeftAlone) {
  Write(folder / "victim", "precious");
  for (const auto &plant : std::vector<std::function<void(const char *)>>{
           [](const char *spare) { ASSERT_EQ(0, symlink("victim", spare)); },
           [](const char *spare) { ASSERT_EQ(0, mkfifo(spare, 0600)); },
           [&](const char *spare) { ASSERT_EQ(0, link((folder / "victim").c_str(), spare)); },
       }) {
    const std::string spare = path + ".spare";
    ASSERT_EQ(0, unlink(spare.c_str()));
    plant(spare.c_str());
    Change();
    Change();
    EXPECT_EQ("precious", TextOf(folder / "victim"));
    ExpectFastChange();
  }
}

TEST_F(Spare, IsKnownAgainIfSomebodyHasChangedIt) {
  Write(path + ".spare", "something else");
  ExpectFastChange();
  Write(path + ".spare", std::string(100000, 'x'));
  ExpectFastChange();
}

TEST_F(Spare, IsDoneWithoutWhereThereAreNoLeases) {
  files.FailAll(Op::kOpenLeased, HPR_ENOTSUP);
  for (int i = 0; i < 3; i++) ExpectNewFile();
  EXPECT_EQ((Names{"pids.json", "pids.json.lock"}), NamesIn(folder.path()));
  EXPECT_EQ(std::string::npos, TextOf(path)->find("  ")) << "and nothing needs room to grow";
}

TEST_F(Spare, IsDoneWithoutWhereNothingCanBeExchanged) {
  files.FailAll(Op::kExchange, HPR_ENOTSUP);
  for (int i = 0; i < 3; i++) ExpectNewFile();
}

/* Whoever was stopped for long may have written what somebody was reading. */
TEST_F(Spare, DoesNotTakeTheNameIfTheLeaseWasLost) {
  const uint64_t spare = InodeOf(path + ".spare");
  files.FailAll(Op::kEndLease, HPR_EBUSY);
  ExpectNewFile();
  EXPECT_NE(spare, InodeOf(path));
  files.Heal();
  ExpectFastChange();
}

/* Who had looked the name up before the exchange opens it by now, whatever was written. */
TEST_F(Spare, IsEmptyAndNotTornWhenItCannotBeWritten) {
  const int found = open((path + ".spare").c_str(), O_PATH); /* in the way of no lease */
  bool leased = false;
  files.before = [&](Op op) {
    leased = leased || op == Op::kOpenLeased;
    if (!leased || op != Op::kWriteAt) return;
    files.FailCall(0, HPR_ENOSPC, false);
    files.before = nullptr;
  };
  ExpectNewFile();
  EXPECT_EQ("", TextOf("/proc/self/fd/" + std::to_string(found)));
  close(found);
  files.Heal();
  ExpectFastChange();
}

/* --- readers that come meanwhile ------------------------------------------------------------ */

/* Opens the spare while we have a lease on it, as one who had just looked its name up. */
class LateReader {
public:
  explicit LateReader(const std::string &path) {
    int pipes[2];
    EXPECT_EQ(0, pipe(pipes));
    pid_ = fork();
    if (pid_ == 0) {
      alarm(20);
      const std::string text = TextOf(path).value_or("(none)"); /* waits in open(2) */
      _exit(write(pipes[1], text.data(), text.size()) != static_cast<ssize_t>(text.size()));
    }
    close(pipes[1]);
    output_ = pipes[0];
  }
  LateReader(const LateReader &) = delete;
  LateReader &operator=(const LateReader &) = delete;
  ~LateReader() { close(output_); }

  std::string Read() {
    char text[4096];
    ssize_t length;
    std::string whole;
    while ((length = read(output_, text, sizeof text)) > 0)
      whole.append(text, static_cast<size_t>(length));
    int status = 1;
    waitpid(pid_, &status, 0);
    EXPECT_EQ(0, status);
    return whole;
  }

private:
  pid_t pid_;
  int output_;
};

/*
 * The kernel tells us of the reader by a signal, each time: the one that it sends unless told
 * otherwise would end this process.
 */
TEST_F(Spare, GivesWayToAReaderEachTimeAndLivesOn) {
  InSubprocess([&] {
    sigset_t urgent;
    sigemptyset(&urgent);
    sigaddset(&urgent, SIGURG);
    sigprocmask(SIG_BLOCK, &urgent, nullptr);
    for (int i = 0; i < 3; i++) {
      std::unique_ptr<LateReader> reader;
      files.before = [&](Op op) {
        if (op != Op::kEndLease || reader) return;
        reader = std::make_unique<LateReader>(path + ".spare");
        const timespec patience = {20, 0};
        ASSERT_EQ(SIGURG, sigtimedwait(&urgent, nullptr, &patience));
      };
      ExpectNewFile();
      ASSERT_TRUE(reader);
      EXPECT_TRUE(IsSound(reader->Read())) << "whole, if not the file's";
      files.before = nullptr;
      ExpectFastChange();
    }
  });
}

/* Readers of ours do not even wait. */
TEST_F(Spare, IsOpenedByNoReaderOfOurs) {
  bool done = false;
  files.before = [&](Op op) {
    if (op != Op::kEndLease) return;
    hpr_file file;
    const std::string spare = path + ".spare";
    EXPECT_EQ("HPR_EBUSY",
              Code(hpr_file_native()->open(hpr_file_native()->self, spare.c_str(), &file)));
    done = true;
  };
  Change();
  EXPECT_TRUE(done);
}

/* --- other writers -------------------------------------------------------------------------- */

TEST_F(Spare, IsOneForAllServers) {
  Server other(path, 2);
  other.judge = [](hpr_stored *stored) { return JudgeBut(1000, stored); };
  for (int i = 0; i < 50; i++) {
    other.own.push_back(EntryOf(2000 + i));
    if (i % 3 == 2) other.own.erase(other.own.begin());
    ASSERT_EQ("HPR_OK", Code(other.Sync()));
    server.own.push_back(EntryOf(1500 + i));
    if (i % 3 == 1) server.own.erase(server.own.begin());
    Sync();
    Names all = other.own;
    all.insert(all.end(), server.own.begin(), server.own.end());
    ASSERT_EQ(FileOf(all), Unpadded(path)) << i;
    ASSERT_EQ((Names{"pids.json", "pids.json.lock", "pids.json.spare"}), NamesIn(folder.path()));
  }
}

/* Its size, its time and its number may be those of the file that we wrote last. */
TEST_F(Spare, IsNotBelievedAfterAnotherServerHasWrittenTwice) {
  Server other(path, 2);
  other.judge = [](hpr_stored *stored) { return JudgeBut(1000, stored); };
  ASSERT_EQ("HPR_OK", Code(other.Sync()));
  for (int i = 0; i < 20; i++) {
    Change();
    other.own = {EntryOf(2000 + i)};
    ASSERT_EQ("HPR_OK", Code(other.Sync()));
    other.own = {EntryOf(2500 + i)};
    ASSERT_EQ("HPR_OK", Code(other.Sync()));
    server.own.push_back(EntryOf(1500 + i));
    Sync();
    Names all = other.own;
    all.insert(all.end(), server.own.begin(), server.own.end());
    ASSERT_EQ(FileOf(all), Unpadded(path));
    other.own.clear();
    ASSERT_EQ("HPR_OK", Code(other.Sync()));
  }
}

/* A writer has died over the spare, and the live file is still the one that we wrote. */
TEST_F(Spare, IsNotBelievedAfterADeadWriterHasTouchedIt) {
  FaultyFiles failing;
  auto other = std::make_unique<Server>(path, 2, failing.ops());
  other->own = {EntryOf(2000), EntryOf(2001), EntryOf(2002)};
  other->judge = [](hpr_stored *stored) { return JudgeBut(1000, stored); };
  failing.before = [&](Op op) {
    if (op == Op::kEndLease) failing.FailCall(0, HPR_EIO, true); /* dead from here on */
  };
  EXPECT_NE("HPR_OK", Code(other->Sync()));
  other.reset();
  Change();
  Change();
}

/* The original module knows no lock: it renames a new file over ours at any moment. */
TEST_F(Spare, IsNotBelievedAfterTheOriginalModuleHasWritten) {
  for (const Op moment :
       {Op::kInfoAt, Op::kOpenLeased, Op::kInfo, Op::kWriteAt, Op::kEndLease, Op::kExchange}) {
    bool done = false;
    files.before = [&](Op op) {
      if (done || op != moment) return;
      done = true;
      Write(folder / "new", FileOf({EntryOf(2003)}), 0644);
      ASSERT_EQ(0, rename((folder / "new").c_str(), path.c_str()));
    };
    server.own.push_back(EntryOf(1900));
    Sync();
    EXPECT_TRUE(done);
    files.before = nullptr;
    EXPECT_TRUE(IsSound(*TextOf(path)));
    server.judge = [](hpr_stored *) { return HPR_DROP; };
    Sync();
    server.own.pop_back();
    Sync();
    EXPECT_EQ(FileOf(server.own), Unpadded(path));
    EXPECT_EQ(0600u, ModeOf(path));
    ExpectFastChange();
  }
}

TEST_F(Spare, IsNotBelievedAfterSomebodyHasWrittenInPlace) {
  const int fd = open(path.c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC);
  const std::string text = FileOf({EntryOf(2003)});
  ASSERT_EQ(static_cast<ssize_t>(text.size()), write(fd, text.data(), text.size()));
  close(fd);
  Names all = {EntryOf(2003)};
  all.insert(all.end(), server.own.begin(), server.own.end());
  Sync();
  EXPECT_EQ(FileOf(all), Unpadded(path));
}

TEST_F(Spare, IsNotBelievedWhereTheFileWasDeleted) {
  unlink(path.c_str());
  Change();
  Change();
  ExpectFastChange();
}

} // namespace
