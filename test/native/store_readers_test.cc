/*
 * Readers that read without a pause while a server writes without one, on each kind of file system.
 * HPR_READS says how often; HPR_READS=100000 is what a release is checked with.
 */
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "support/client.h"
#include "support/faulty_files.h"
#include "support/folder.h"
#include "support/subprocess.h"
#include "support/wait.h"

namespace {

constexpr int kReaders = 2, kEntries = 12;

long Reads() {
  const char *wanted = getenv("HPR_READS");
  return wanted ? strtol(wanted, nullptr, 10) : 2000;
}

/* What the processes tell each other. The newest entry's pid counts up. */
struct Shared {
  std::atomic<int> written{0}, fast{0}, torn{0}, stale{0};
  std::atomic<long> reads{0};
  std::atomic<bool> stop{false}, has_spare{false};
};

class SharedMemory {
public:
  SharedMemory()
      : it_(new (mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                      -1, 0)) Shared) {}
  ~SharedMemory() { munmap(it_, sizeof(Shared)); }
  SharedMemory(const SharedMemory &) = delete;
  SharedMemory &operator=(const SharedMemory &) = delete;
  Shared *operator->() { return it_; }

private:
  Shared *it_;
};

/* The last pid of a file of which every line is sound; 0: it is torn. */
int NewestIn(const std::string &text) {
  if (!IsSound(text)) return 0;
  const std::vector<int32_t> pids = PidsIn(text);
  return pids.size() == kEntries ? pids.back() : 0;
}

/* As we read it, who do not wait for a lease. */
std::string OurReading(const std::string &path) {
  char *text = nullptr;
  hpr_file_info info;
  if (hpr_read_whole(hpr_file_native(), path.c_str(), 1 << 20, &text, &info) != 0) return "";
  std::string copy(text, static_cast<size_t>(info.size_bytes));
  free(text);
  return copy;
}

/* As anybody's program reads it, with a plain open(2), or as we do. */
void Read(const std::string &path, bool ours, SharedMemory &shared) {
  while (!shared->stop) {
    const int before = shared->written;
    const std::string text = ours ? OurReading(path) : TextOf(path).value_or("");
    const int newest = NewestIn(text);
    shared->reads++;
    if (newest == 0 && shared->torn++ == 0)
      printf("torn: %zu bytes: %s\n", text.size(), text.c_str());
    else if (newest != 0 && newest < before)
      shared->stale++;
  }
}

void WriteOn(const std::string &path, SharedMemory &shared) {
  FaultyFiles files;
  Server server(path, 1, files.ops());
  for (int pid = 1001; !shared->stop; pid++) {
    server.own.push_back(EntryOf(pid));
    if (server.own.size() > kEntries) server.own.erase(server.own.begin());
    files.ResetCounts();
    if (server.Sync() != 0) _exit(1);
    shared->fast += files.count(Op::kCreate) == 0;
    shared->has_spare = access((path + ".spare").c_str(), F_OK) == 0; /* in the end */
    if (server.own.size() == kEntries) shared->written = pid;
  }
}

pid_t Fork(const std::function<void()> &body) {
  fflush(nullptr);
  const pid_t pid = fork();
  if (pid != 0) return pid;
  alarm(900); /* whatever happens to the test, this ends */
  RunForked(body);
  _exit(0);
}

/* `as_writer` is run in the writer's process first; another user's file is none that we would read.
 */
void Hammer(const std::string &folder, const std::function<void()> &as_writer = nullptr) {
  const std::string path = folder + "/pids.json";
  SharedMemory shared;
  std::vector<pid_t> children = {Fork([&] {
    if (as_writer) as_writer();
    WriteOn(path, shared);
  })};
  ASSERT_TRUE(Eventually([&] { return shared->written > 0; }));
  for (int i = 0; i < kReaders; i++)
    children.push_back(Fork([&] { Read(path, i % 2 && !as_writer, shared); }));
  while (shared->reads < Reads() * kReaders && shared->torn + shared->stale == 0 &&
         waitpid(children[0], nullptr, WNOHANG) == 0)
    usleep(1000);
  shared->stop = true;
  for (const pid_t child : children) waitpid(child, nullptr, 0);
  printf("%s: %ld reads, %d writes, %d of them by the spare\n", folder.c_str(),
         shared->reads.load(), shared->written - 1000, shared->fast.load());
  EXPECT_EQ(0, shared->torn);
  EXPECT_EQ(0, shared->stale);
  EXPECT_GE(shared->reads, Reads());
  EXPECT_EQ(shared->has_spare, shared->fast > 0); /* there is none without leases */
  EXPECT_FALSE(IsLocked(path + ".lock"));
}

TEST(Readers, SeeNoTornAndNoStaleFileWhereTemporaryFilesAre) {
  Folder folder;
  Hammer(folder.path());
}

TEST(Readers, SeeNoTornAndNoStaleFileInMemory) {
  std::string folder = "/dev/shm/hpr-readers-XXXXXX";
  if (!mkdtemp(folder.data())) GTEST_SKIP() << "no /dev/shm here";
  Hammer(folder);
  for (const std::string &name : NamesIn(folder)) unlink((folder + "/" + name).c_str());
  rmdir(folder.c_str());
}

bool MountOverlay(const std::string &base) {
  if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return false;
  mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
  if (mount("hpr", base.c_str(), "tmpfs", 0, nullptr) != 0) return false;
  for (const char *name : {"lower", "upper", "work", "merged"})
    if (mkdir((base + "/" + name).c_str(), 0700) != 0) return false;
  const std::string options =
      "lowerdir=" + base + "/lower,upperdir=" + base + "/upper,workdir=" + base + "/work";
  return mount("hpr", (base + "/merged").c_str(), "overlay", 0, options.c_str()) == 0;
}

TEST(Readers, SeeNoTornAndNoStaleFileOnAnOverlay) {
  Folder folder;
  fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    if (!MountOverlay(folder.path())) _exit(77);
    RunForked([&] { Hammer(folder / "merged"); });
    fflush(nullptr);
    _exit(HasFailure());
  }
  int status = 0;
  ASSERT_EQ(child, waitpid(child, &status, 0));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "nobody may mount here";
  EXPECT_EQ(0, status);
}

TEST(Readers, OfAnotherUserSeeNoTornAndNoStaleFile) {
  if (!CanChangeUser()) GTEST_SKIP() << "only root reads another user's file";
  Folder folder;
  ASSERT_EQ(0, chown(folder.path().c_str(), kNobody, kNobody));
  Hammer(folder.path(), BecomeNobody);
}

} // namespace
