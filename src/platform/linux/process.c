#include "platform/process.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "platform/linux/aim.h"
#include "platform/linux/identity.h"
#include "platform/linux/kin.h"
#include "platform/linux/pidfd.h"
#include "platform/linux/procfs.h"
#include "platform/linux/watch.h"
#include "platform/posix/descent.h"
#include "platform/posix/pids.h"
#include "platform/posix/signum.h"

enum { LEGACY_SLACK_MS = 5000 }; /* between a spawn and the original module's writing it down */

typedef struct native {
  int32_t opener; /* the process that may act; a fork of it may not */
  hpr_here here;
  hpr_exit_notice notice;
  void *notice_context;
  hpr_watcher *watcher; /* NULL until the first watch */
} native;

static bool exists(int32_t pid) { return hpr_pids_signal(pid, 0, false) != HPR_ESRCH; }

/* --- identify ------------------------------------------------------------------------------- */

static int read_pinned(int32_t pid, int fd, hpr_proc_stat *ret_stat) {
  int result = hpr_procfs_stat(pid, ret_stat);
  if (result == HPR_ESRCH && exists(pid)) return HPR_EUNKNOWN; /* hidepid */
  if (result == 0 && ret_stat->dead) return HPR_ESRCH;
  /* Not reaped after the read: then what was read was its own. */
  if (result == 0 && fd >= 0) return hpr_pidfd_signal(fd, 0, false) == HPR_ESRCH ? HPR_ESRCH : 0;
  return result;
}

/* Reads a process's stat so that it is known to be that of the descriptor's process. */
static int pin(int32_t pid, int *ret_fd, hpr_proc_stat *ret_stat) {
  int fd = -1, result = hpr_pidfd_open(pid, &fd);
  if (result == HPR_ESRCH || result == HPR_EINVAL) return HPR_ESRCH;
  /* Without, the identity would lack its name, and on this kernel nobody would miss it. */
  if (result == HPR_EMFILE || result == HPR_ENOMEM) return exists(pid) ? result : HPR_ESRCH;
  if (result != 0 && !hpr_procfs_is_process(pid)) return exists(pid) ? HPR_EUNKNOWN : HPR_ESRCH;
  result = read_pinned(pid, fd, ret_stat);
  if (result == 0)
    *ret_fd = fd;
  else if (fd >= 0)
    hpr_pidfd_close(fd);
  return result;
}

/* Returns 0 if the identity is KNOWN; its kinship is yet to be told. */
static int record(const native *self, int32_t pid, hpr_proc_stat *ret_stat,
                  hpr_identity *ret_identity) {
  int fd, result = self->here.boot[0] ? pin(pid, &fd, ret_stat) : HPR_EUNKNOWN;
  *ret_identity = (hpr_identity){.pid = pid, .state = HPR_RECORD_OPAQUE};
  if (result == HPR_ESRCH) ret_identity->state = HPR_RECORD_NOBODY;
  memcpy(ret_identity->boot, self->here.boot, sizeof self->here.boot);
  if (result != 0) return result;
  ret_identity->state = HPR_RECORD_KNOWN;
  hpr_birth_write(&self->here, ret_stat->start_ticks, fd, ret_identity->birth);
  if (fd >= 0) hpr_pidfd_close(fd);
  return 0;
}

static hpr_verdict native_verify(void *context, const hpr_identity *identity);

static bool is_ours(int32_t pid, const hpr_proc_stat *stat) {
  return stat->parent == hpr_pids_self() || hpr_kin_descends(pid, hpr_pids_self());
}

/* The family is judged last: then the number was the family's while its relatives were told. */
static bool is_relative(void *context, int32_t pid, const hpr_proc_stat *stat,
                        const hpr_identity *family) {
  return family->kin && hpr_kin_related(pid, stat, family->pid) &&
         native_verify(context, family) == HPR_VERDICT_SAME;
}

static void native_identify(void *context, int32_t pid, const hpr_identity *family,
                            hpr_identity *ret_identity) {
  const native *self = context;
  hpr_proc_stat stat;
  if (record(self, pid, &stat, ret_identity) == 0)
    ret_identity->kin = family ? is_relative(context, pid, &stat, family) : is_ours(pid, &stat);
  else if (ret_identity->state == HPR_RECORD_OPAQUE && !family)
    ret_identity->kin = hpr_pids_child(pid) == HPR_CHILD_RUNNING; /* ours until we reap it */
}

static void native_identify_recorded(void *context, int32_t pid, int64_t recorded_ms,
                                     hpr_identity *ret_identity) {
  const native *self = context;
  hpr_proc_stat stat;
  if (record(self, pid, &stat, ret_identity) != 0) return;
  if (stat.kernel_thread)
    *ret_identity = (hpr_identity){.pid = pid, .state = HPR_RECORD_OPAQUE};
  else if (hpr_procfs_started_ms(stat.start_ticks) - LEGACY_SLACK_MS > recorded_ms)
    *ret_identity = (hpr_identity){.pid = pid, .state = HPR_RECORD_NOBODY};
  else
    ret_identity->kin = true;
}

static hpr_verdict native_verify(void *context, const hpr_identity *identity) {
  const native *self = context;
  hpr_aim it = hpr_aim_take(&self->here, identity);
  hpr_aim_done(&it);
  return it.verdict;
}

/* --- signal --------------------------------------------------------------------------------- */

static bool is_forbidden(int32_t pid) {
  return pid < HPR_PID_MIN || pid == hpr_pids_self() || pid == hpr_pids_own_group() ||
         hpr_kin_descends(hpr_pids_self(), pid);
}

/*
 * Asked after is_forbidden: if /proc is there, it was there for that. Without it nobody can say who
 * our ancestors are, but that a child of ours is none.
 */
static bool is_surely_permitted(int32_t pid) {
  hpr_proc_stat stat;
  return hpr_procfs_stat(hpr_pids_self(), &stat) == 0 || hpr_pids_child(pid) != HPR_CHILD_NONE;
}

static int native_signal(void *context, const hpr_identity *identity, hpr_signal signal) {
  const native *self = context;
  if (hpr_pids_self() != self->opener) return HPR_EFORKED;
  if (is_forbidden(identity->pid)) return HPR_EFORBIDDEN;
  if (!is_surely_permitted(identity->pid)) return HPR_EUNKNOWN;
  hpr_aim it = hpr_aim_take(&self->here, identity);
  int result = 0;
  if (!identity->kin && (it.verdict == HPR_VERDICT_SAME || it.verdict == HPR_VERDICT_GROUP))
    result = HPR_ENOTKIN;
  if (result == 0) result = hpr_aim_signal(&it, identity, hpr_signum_of(signal));
  /* A stopped process keeps a signal pending until it runs again; SIGKILL needs no help. */
  if (result == 0 && signal != HPR_SIGNAL_KILL) hpr_aim_signal(&it, identity, SIGCONT);
  hpr_aim_done(&it);
  return result;
}

/* --- watch ---------------------------------------------------------------------------------- */

static bool is_there(const void *context, const hpr_identity *identity) {
  const native *self = context;
  hpr_aim it = hpr_aim_take(&self->here, identity);
  hpr_aim_done(&it);
  return it.verdict != HPR_VERDICT_GONE && it.verdict != HPR_VERDICT_STRANGER;
}

/* A descriptor of any living member of the group; -1: it must be probed. */
static int member_of(int32_t group) {
  int32_t member;
  hpr_proc_stat stat;
  int fd = -1;
  if (hpr_procfs_group_member(group, &member) != 0 || pin(member, &fd, &stat) != 0) return -1;
  if (stat.group == group) return fd;
  if (fd >= 0) hpr_pidfd_close(fd);
  return -1;
}

static int open_watcher(native *self) {
  if (self->watcher) return 0;
  return hpr_watcher_open(self->notice, self->notice_context, is_there, self, &self->watcher);
}

static int native_watch(void *context, const hpr_identity *identity, uint64_t watch) {
  native *self = context;
  if (hpr_pids_self() != self->opener) return HPR_EFORKED;
  hpr_aim it = hpr_aim_take(&self->here, identity);
  const bool gone = it.verdict == HPR_VERDICT_GONE || it.verdict == HPR_VERDICT_STRANGER;
  int result = gone ? HPR_ESRCH : open_watcher(self);
  if (result == 0 && it.verdict == HPR_VERDICT_SAME)
    return hpr_watcher_add(self->watcher, it.fd, identity, watch);
  hpr_aim_done(&it);
  if (result != 0) return result;
  int fd = it.verdict == HPR_VERDICT_GROUP ? member_of(identity->pid) : -1;
  return hpr_watcher_add(self->watcher, fd, identity, watch);
}

static void native_unwatch(void *context, uint64_t watch) {
  native *self = context;
  if (self->watcher && hpr_pids_self() == self->opener) hpr_watcher_remove(self->watcher, watch);
}

/* --- the whole ------------------------------------------------------------------------------ */

static int64_t native_now_ms(void *context) {
  (void)context;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int32_t native_self_pid(void *context) {
  (void)context;
  return hpr_pids_self();
}

static uint64_t native_nonce(void *context) {
  uint64_t number;
  if (getrandom(&number, sizeof number, GRND_NONBLOCK) == (ssize_t)sizeof number) return number;
  /* Only in the first moments of a boot, or under a filter: time and place tell us apart too. */
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_nsec << 32 ^ (uint64_t)now.tv_sec ^ (uint64_t)(uintptr_t)context ^
         (uint64_t)hpr_pids_self() << 16;
}

int hpr_process_native_open(hpr_exit_notice notice, void *context, hpr_process_ops *ret_ops) {
  native *self = calloc(1, sizeof *self);
  if (!self) return HPR_ENOMEM;
  self->opener = hpr_pids_self();
  self->here = hpr_here_read();
  self->notice = notice;
  self->notice_context = context;
  *ret_ops = (hpr_process_ops){
      .self = self,
      .identify = native_identify,
      .identify_recorded = native_identify_recorded,
      .verify = native_verify,
      .signal = native_signal,
      .watch = native_watch,
      .unwatch = native_unwatch,
      .self_pid = native_self_pid,
      .now_ms = native_now_ms,
      .nonce = native_nonce,
  };
  return 0;
}

void hpr_process_native_close(hpr_process_ops *ops) {
  native *self = ops->self;
  if (!self) return;
  /* In a fork there is no thread to stop, and the epoll set is the parent's: leave both alone. */
  if (hpr_pids_self() == self->opener) hpr_watcher_close(self->watcher);
  free(self);
  ops->self = NULL;
}
