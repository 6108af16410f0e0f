/* support/faulty_files.h: the native file operations, with a fault at a chosen call. */
#ifndef HPR_TEST_SUPPORT_FAULTY_FILES_H
#define HPR_TEST_SUPPORT_FAULTY_FILES_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>

#include "support/native.h"

enum class Op {
  kOpen,
  kCreate,
  kOpenLock,
  kInfo,
  kInfoAt,
  kRead,
  kExchange,
  kRename,
  kUnlink,
  kMakeFolder,
  kList,
  kTryLock,
  kReadAt,
  kWriteAt,
  kResize,
  kPin,
  kOpenLeased,
  kEndLease,
  kOpenBytes,
  kLockByte,
  kTestByte,
  kPause,
};

/*
 * Counts the calls that can fail, from 0. A fault that lasts takes every call from the chosen one
 * on: a full disk, or with any code a process that died there, as it can do nothing any more.
 */
class FaultyFiles {
public:
  FaultyFiles();
  FaultyFiles(const FaultyFiles &) = delete;
  FaultyFiles &operator=(const FaultyFiles &) = delete;

  const hpr_file_ops *ops() const { return &ops_; }

  void FailCall(int number, int code, bool lasting);
  /* Every call of one operation fails. */
  void FailAll(Op op, int code) { always_[op] = code; }
  void Heal();

  /* Whether a fault was met since it was set, and whether it kept a file from being removed. */
  bool met() const { return met_; }
  bool met_unlink() const { return met_unlink_; }

  int count(Op op) const;
  void ResetCounts() { counts_.clear(); }

  size_t chunk_bytes = SIZE_MAX;  /* how much one read or write moves at most */
  bool skip_pauses = false;       /* pauses are counted and not waited for */
  std::function<void(Op)> before; /* what somebody else does meanwhile */

  /* For the operations themselves: counts the call and returns the code it has to fail with. */
  int Enter(Op op);

private:
  hpr_file_ops ops_;
  std::map<Op, int> counts_, always_;
  int calls_ = 0, fail_at_ = -1, code_ = 0;
  bool lasting_ = false, met_ = false, met_unlink_ = false;
};

#endif
