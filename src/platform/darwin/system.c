#include "platform/system.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sysctl.h>

#include "platform/darwin/bsdinfo.h"
#include "platform/posix/clock.h"
#include "platform/posix/pids.h"
#include "platform/posix/words.h"
#include "platform/watcher.h"

/* --- the host ------------------------------------------------------------------------------- */

/* kern.bootsessionuuid is new with every boot. */
static void read_host(hpr_system_host *ret_host) {
  char session[HPR_BOOT_ID_SIZE];
  size_t size = sizeof session;
  *ret_host = (hpr_system_host){0};
  if (sysctlbyname("kern.bootsessionuuid", session, &size, NULL, 0) != 0) return;
  session[sizeof session - 1] = '\0';
  snprintf(ret_host->boot_id, HPR_BOOT_ID_SIZE, "%s", session);
}

static int64_t started_ms(uint64_t start_us) { return (int64_t)(start_us / 1000); }

static uint64_t nonce(void) {
  uint64_t number;
  arc4random_buf(&number, sizeof number);
  return number;
}

/* --- there are no handles here: a look and a signal belong close together ------------------- */

static int open_handle(int32_t pid, hpr_handle *ret_handle) {
  (void)pid, (void)ret_handle;
  return HPR_ENOTSUP;
}

static int reopen_handle(const hpr_birth *named, hpr_handle *ret_handle) {
  (void)named, (void)ret_handle;
  return HPR_ENOTSUP;
}

/* --- the whole ------------------------------------------------------------------------------ */

const hpr_system *hpr_system_native(void) {
  static const hpr_system darwin_system = {
      .host = read_host,
      .self_pid = hpr_pids_self,
      .own_group = hpr_pids_own_group,
      .own_session = hpr_pids_own_session,
      .look = hpr_bsd_look,
      .group_of = hpr_pids_group_of,
      .child = hpr_pids_child,
      .visit = hpr_bsd_visit,
      .same_user = hpr_bsd_same_user,
      .folder = hpr_bsd_folder,
      .words = hpr_words_read,
      .signal = hpr_pids_signal,
      .open = open_handle,
      .reopen = reopen_handle,
      .signum_of = hpr_signum_of,
      .wake_signum = SIGCONT,
      .started_ms = started_ms,
      .now_ms = hpr_clock_wall_ms,
      .clock_ms = hpr_clock_monotonic_ms,
      .boot_ms = hpr_clock_monotonic_ms, /* goes on while the machine sleeps, clock_gettime(3) */
      .nonce = nonce,
      .watcher_open = hpr_watcher_open,
      .watcher_close = hpr_watcher_close,
      .watcher_add = hpr_watcher_add,
      .watcher_remove = hpr_watcher_remove,
  };
  return &darwin_system;
}
