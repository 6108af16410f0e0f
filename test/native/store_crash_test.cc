/* A writer that is killed at any moment, again and again, and a reader that looks all the while. */
#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "support/client.h"
#include "support/folder.h"
#include "support/subprocess.h"
#include "support/wait.h"

namespace {

constexpr int kKills = 500;
constexpr int kEntries = 16; /* that the file holds; older ones are removed */
constexpr int kLongestLifeUs = 1500;

/*
 * What the processes tell each other. Registrations are pids counting up: acknowledged is the
 * last one whose write returned, and those below oldest may be gone.
 */
struct Ledger {
  std::atomic<int> oldest{1001}, acknowledged{1000};
  std::atomic<int> lives{0}; /* writers that are past their start */
  std::atomic<long> reads{0}, leftovers{0};
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  char what[4096] = ""; /* the first that was wrong */

  void Complain(const std::string &text) {
    if (wrong.fetch_add(1) == 0) snprintf(what, sizeof what, "%s", text.c_str());
  }
};

/* In memory that forked processes share. */
class SharedLedger {
public:
  SharedLedger()
      : ledger_(new (mmap(nullptr, sizeof(Ledger), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0)) Ledger) {}
  ~SharedLedger() { munmap(ledger_, sizeof(Ledger)); }
  SharedLedger(const SharedLedger &) = delete;
  SharedLedger &operator=(const SharedLedger &) = delete;
  Ledger *operator->() { return ledger_; }
  Ledger &operator*() { return *ledger_; }

private:
  Ledger *ledger_;
};

int32_t LastPidIn(const std::string &text) {
  const std::vector<int32_t> pids = PidsIn(text);
  return pids.empty() ? 0 : pids.back();
}

/* Every pid from first to last that is not in the text. */
std::string Missing(const std::string &text, int first, int last) {
  const std::vector<int32_t> found = PidsIn(text);
  const std::set<int32_t> pids(found.begin(), found.end());
  std::string missing;
  for (int pid = first; pid <= last; pid++)
    if (pids.count(pid) == 0) missing += " " + std::to_string(pid);
  return missing;
}

/* One look of the reader. The bounds move meanwhile: towards the looser on either side. */
void Look(const std::string &path, Ledger &ledger) {
  const int acknowledged = ledger.acknowledged;
  const auto text = TextOf(path);
  const int oldest = ledger.oldest;
  ledger.reads++;
  if (!text) return ledger.Complain("the file is missing");
  if (!IsSound(*text)) return ledger.Complain("torn: " + *text);
  const std::string missing = Missing(*text, oldest, acknowledged);
  if (!missing.empty()) ledger.Complain("lost:" + missing + " from " + *text);
}

void CollectLeftovers(Server &server, const std::string &folder, Ledger &ledger) {
  server.Collect();
  if (!NamesWith(folder, ".tmp").empty()) ledger.Complain("leftovers were not collected");
}

void SyncOrComplain(Server &server, Ledger &ledger) {
  const int result = server.Sync();
  if (result != 0) ledger.Complain(Code(result) + ", though nobody else writes");
}

/* A server's life: keeps what the dead have left in the file, and registers until it is killed. */
void Live(const std::string &path, Ledger &ledger) {
  Server server(path, static_cast<uint64_t>(getpid()));
  CollectLeftovers(server, path.substr(0, path.rfind('/')), ledger);
  int last = ledger.acknowledged;
  server.judge = [&](hpr_stored *stored) {
    last = std::max(last, stored->row.main.pid); /* whoever wrote it may not have lived to say so */
    return stored->row.main.pid < ledger.oldest ? HPR_DROP : HPR_KEEP;
  };
  SyncOrComplain(server, ledger);
  ledger.lives++;
  for (;;) {
    const int next = last + 1;
    ledger.oldest = std::max(ledger.oldest.load(), next - kEntries + 1);
    server.own.push_back(EntryOf(next));
    if (server.own.size() > kEntries) server.own.erase(server.own.begin());
    SyncOrComplain(server, ledger);
    ledger.acknowledged = last = next;
  }
}

pid_t Fork(const std::function<void()> &body) {
  fflush(nullptr);
  const pid_t pid = fork();
  if (pid != 0) return pid;
  alarm(100); /* whatever happens to the test, this ends */
  RunForked(body);
  _exit(0);
}

/* Forks a writer and kills it at a moment that nobody knows; or not before it has written. */
void KillOne(const std::string &path, Ledger &ledger, int life_us, bool after_a_write) {
  const int before = ledger.lives, acknowledged = ledger.acknowledged;
  const pid_t writer = Fork([&] { Live(path, ledger); });
  ASSERT_GT(writer, 0);
  const bool began = Eventually([&] {
    return ledger.lives > before && (!after_a_write || ledger.acknowledged > acknowledged);
  });
  usleep(static_cast<useconds_t>(life_us));
  kill(writer, SIGKILL);
  ASSERT_EQ(writer, waitpid(writer, nullptr, 0));
  ASSERT_TRUE(began) << "the writer did not even start";
  const std::string folder = path.substr(0, path.rfind('/'));
  ledger.leftovers += static_cast<long>(NamesWith(folder, ".tmp").size());
  const auto spare = TextOf(path + ".spare");
  if (spare && LastPidIn(*spare) > LastPidIn(*TextOf(path))) ledger.leftovers++;
}

TEST(PidFileCrash, LosesAndTearsNothingWhenItsWriterIsKilledAtAnyMoment) {
  Folder folder;
  SharedLedger ledger;
  const std::string path = folder / "pids.json";
  Write(path, FileOf({}));
  const unsigned seed = std::random_device{}();
  std::mt19937 random(seed);
  std::uniform_int_distribution<int> life_us(0, kLongestLifeUs);

  const pid_t reader = Fork([&] {
    while (!ledger->stop) Look(path, *ledger);
  });
  ASSERT_GT(reader, 0);
  for (int kills = 0; kills < kKills && ledger->wrong == 0 && !HasFailure(); kills++)
    KillOne(path, *ledger, life_us(random), kills % 2 == 0);
  ledger->stop = true;
  ASSERT_EQ(reader, waitpid(reader, nullptr, 0));

  printf("%d kills (seed %u): %ld reads, %d registrations, %ld leftovers\n", ledger->lives.load(),
         seed, ledger->reads.load(), ledger->acknowledged - 1000, ledger->leftovers.load());
  EXPECT_EQ(0, ledger->wrong) << ledger->what;
  EXPECT_EQ(kKills, ledger->lives);
  EXPECT_GT(ledger->reads, kKills);
  EXPECT_GE(ledger->acknowledged - 1000, kKills / 2) << "the writers hardly got to write";
  EXPECT_GT(ledger->leftovers, 0) << "no kill hit a write in its middle";

  Server next(path, 1);
  next.Collect();
  EXPECT_EQ("HPR_OK", Code(next.Sync())) << "no dead writer holds the lock";
  EXPECT_EQ((std::vector<std::string>{"pids.json", "pids.json.lock", "pids.json.spare"}),
            NamesIn(folder.path()));
  EXPECT_EQ("", Missing(*TextOf(path), ledger->oldest, ledger->acknowledged));
}

} // namespace
