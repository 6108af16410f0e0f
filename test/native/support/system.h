/* support/system.h: this system's processes through the contract, and the notices it gave. */
#ifndef HPR_TEST_SUPPORT_SYSTEM_H
#define HPR_TEST_SUPPORT_SYSTEM_H

#include <sys/types.h>

#include <mutex>
#include <string>
#include <vector>

#include "support/native.h"

class System {
public:
  System();
  ~System();
  System(const System &) = delete;
  System &operator=(const System &) = delete;

  void Close();

  hpr_identity Identify(pid_t pid, const hpr_identity *family = nullptr);
  hpr_identity IdentifyRecorded(pid_t pid, int64_t recorded_ms);
  void Renew(hpr_identity *identity);
  bool Withheld() { return ops_.withheld(ops_.self); }
  std::string Verify(const hpr_identity &identity);
  bool HasEnded(const hpr_identity &identity);
  std::string Signal(const hpr_identity &identity, hpr_signal signal = HPR_SIGNAL_TERM,
                     hpr_scope scope = HPR_SCOPE_GROUP);
  std::string SignalGroup(const hpr_identity &member, pid_t group,
                          hpr_signal signal = HPR_SIGNAL_TERM);
  bool IsMember(const hpr_identity &identity, pid_t group);
  /* Up to `capacity`; fails the test if they cannot be told. */
  std::vector<hpr_identity> Members(const hpr_identity &leader, size_t capacity = 16);
  /* The pids, the nearest first; empty if they cannot be told. */
  std::vector<pid_t> Lineage(pid_t pid);
  hpr_mark Mark(const hpr_identity &identity, const std::string &token,
                const std::string &pid_file = "/pids.json");
  /* Empty if it cannot be told. */
  std::string FirstWord(const hpr_identity &identity);
  std::string Watch(const hpr_identity &identity, uint64_t watch);
  void Unwatch(uint64_t watch);
  int64_t NowMs();
  hpr_process_ops *ops() { return &ops_; }

  /* In the order in which they came. */
  std::vector<uint64_t> Notices();
  /* Waits until there are so many. */
  bool HasNotices(size_t count);

private:
  static void Notice(void *context, uint64_t watch);

  hpr_process_ops ops_ = {};
  std::mutex lock_;
  std::vector<uint64_t> notices_;
};

/* Whether this kernel gives processes names, which it never gives again (Linux 6.9). */
bool KernelNamesProcesses();
extern const char kNoNames[]; /* why a test is skipped then */
/*
 * Whether we may find a process by its name, also when it was reaped (Linux 6.14). Without, a group
 * whose leader was reaped cannot be told from another one's.
 */
bool KernelFindsByName();
extern const char kNoFinding[];
/* Whether a descriptor of a leader reaches its group, and nobody else's (Linux 6.9). */
bool KernelSignalsGroups();
extern const char kNoGroups[];

/* A birth text with one of its parts replaced: 0 pid namespace, 1 start ticks, 2 name,
 * 3 time namespace. */
std::string WithPart(const std::string &birth, size_t part, const std::string &text);
std::string PartOf(const std::string &birth, size_t part);

/* Of a process that started at another time: on macOS a birth has no parts. */
std::string AnotherBirth(const std::string &birth);

#endif
