/* sim/disk.h: files in memory behind platform/file.h; locks go with whoever held them. */
#ifndef HPR_TEST_SIM_DISK_H
#define HPR_TEST_SIM_DISK_H

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "sim/kernel.h"

extern "C" {
#include "platform/file.h"
}

namespace sim {

/* The clock of a file system is coarse: two writes can have one time. */
constexpr int64_t kDiskTickMs = 100;

class Disk {
public:
  Disk();

  const hpr_file_ops *ops() const { return &ops_; }
  std::optional<std::string> Read(const std::string &path) const;
  /* What the system does for a process of the_kernel's that is gone. */
  void CloseAllOf(Serial owner);
  size_t OpenFilesOf(Serial owner) const;
  /* Names that start with `prefix`. */
  std::vector<std::string> List(const std::string &prefix) const;
  /* As somebody who is no server of ours. */
  void Write(const std::string &path, const std::string &text);
  void Remove(const std::string &path);
  void Empty(const std::string &path);

  /* How often a file took another one's name. */
  int64_t Writes() const { return writes_; }

  int create_fault = 0;                     /* what making or changing a file answers; 0: done */
  int byte_fault = 0;                       /* what locking a byte answers */
  int lock_fault = 0;                       /* what opening a file with locks answers */
  std::map<std::string, std::string> links; /* folders by other names that they have */
  std::set<std::string> uncached;           /* folders that cannot be told without waiting */
  hpr_folder_id IdOf(const std::string &path);

  bool shared = false;               /* other hosts may write to it */
  bool locks_reach = true;           /* those of one host are seen by the others, too */
  std::function<void()> on_replaced; /* the file of that name is another, by the_kernel's doing */
  bool leases = true;                /* a file can be had for oneself */

  std::string live_name; /* of the file that nobody may write to while it has it */
  std::string broken;    /* what nobody may do, and somebody did; empty: nothing */

private:
  struct Inode {
    uint64_t number = 0;
    uint64_t links = 1;
    std::string data;
    int64_t modified_ns = 0;
    bool for_locks = false;                       /* it holds no text of ours */
    std::map<const Kernel *, intptr_t> locked_by; /* a handle; by whose locks are seen there */
    intptr_t leased_by = 0;
    std::map<std::pair<const Kernel *, uint64_t>, intptr_t> bytes_locked; /* by which handle */
  };
  struct Handle {
    const Kernel *host = nullptr;
    Serial owner = 0;
    std::shared_ptr<Inode> inode;
    size_t at = 0;
    bool for_life = false;
    bool pin = false; /* it is in the way of no lease */
    bool reads = false;
  };
  friend struct DiskCalls;

  void Free(intptr_t handle);

  hpr_file_ops ops_ = {};
  std::map<std::string, std::shared_ptr<Inode>> names_;
  std::map<intptr_t, Handle> handles_;
  intptr_t next_handle_ = 1;
  uint64_t next_inode_ = 1;
  int64_t writes_ = 0;
};

} // namespace sim

#endif
