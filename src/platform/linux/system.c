#include "platform/system.h"

#include <signal.h>
#include <sys/random.h>

#include "platform/linux/pidfd.h"
#include "platform/linux/procfs.h"
#include "platform/posix/clock.h"
#include "platform/posix/pids.h"
#include "platform/posix/words.h"
#include "platform/watcher.h"

static int64_t boot_ms(void) { return hpr_clock_read_ms(CLOCK_BOOTTIME); }

static uint64_t nonce(void) {
  uint64_t number;
  if (getrandom(&number, sizeof number, GRND_NONBLOCK) == (ssize_t)sizeof number) return number;
  /* Only in the first moments of a boot, or under a filter: time and place tell us apart too. */
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_nsec << 32 ^ (uint64_t)now.tv_sec ^ (uint64_t)(uintptr_t)&number ^
         (uint64_t)hpr_pids_self() << 16;
}

const hpr_system *hpr_system_native(void) {
  static const hpr_system linux_system = {
      .host = hpr_procfs_host,
      .self_pid = hpr_pids_self,
      .own_group = hpr_pids_own_group,
      .own_session = hpr_pids_own_session,
      .look = hpr_procfs_look,
      .group_of = hpr_pids_group_of,
      .child = hpr_pids_child,
      .visit = hpr_procfs_visit,
      .groups = hpr_procfs_groups,
      .same_user = hpr_procfs_same_user,
      .folder = hpr_procfs_folder,
      .words = hpr_words_read,
      .signal = hpr_pids_signal,
      .open = hpr_pidfd_open,
      .reopen = hpr_pidfd_reopen,
      .close = hpr_pidfd_close,
      .handle_limit = hpr_pidfd_limit,
      .copy = hpr_pidfd_copy,
      .withheld = hpr_pidfd_withheld,
      .handle_name = hpr_pidfd_name,
      .handle_pid = hpr_pidfd_pid,
      .handle_runs = hpr_pidfd_runs,
      .handle_signal = hpr_pidfd_signal,
      .signum_of = hpr_signum_of,
      .wake_signum = SIGCONT,
      .started_ms = hpr_procfs_started_ms,
      .now_ms = hpr_clock_wall_ms,
      .clock_ms = hpr_clock_monotonic_ms,
      .boot_ms = boot_ms,
      .nonce = nonce,
      .watcher_open = hpr_watcher_open,
      .watcher_close = hpr_watcher_close,
      .watcher_add = hpr_watcher_add,
      .watcher_remove = hpr_watcher_remove,
  };
  return &linux_system;
}
