#include "platform/process.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/darwin/aim.h"
#include "platform/darwin/bsdinfo.h"
#include "platform/darwin/identity.h"
#include "platform/darwin/kin.h"
#include "platform/darwin/watch.h"
#include "platform/posix/descent.h"
#include "platform/posix/pids.h"
#include "platform/posix/signum.h"

enum { LEGACY_SLACK_MS = 5000 }; /* between a spawn and the original module's writing it down */

typedef struct native {
  int32_t opener; /* the process that may act; a fork of it may not */
  char boot[HPR_BOOT_SIZE];
  hpr_exit_notice notice;
  void *notice_context;
  hpr_watcher *watcher; /* NULL until the first watch */
} native;

/* --- identify ------------------------------------------------------------------------------- */

/* Returns 0 if the identity is KNOWN; its kinship is yet to be told. */
static int record(const native *self, int32_t pid, hpr_bsd_info *ret_info,
                  hpr_identity *ret_identity) {
  int result = self->boot[0] ? hpr_bsd_info_read(pid, ret_info) : HPR_EUNKNOWN;
  if (result == 0 && ret_info->dead) result = HPR_ESRCH;
  if (result == 0 && ret_info->born_us == 0) result = HPR_EUNKNOWN; /* another user's */
  *ret_identity = (hpr_identity){.pid = pid, .state = HPR_RECORD_OPAQUE};
  if (result == HPR_ESRCH) ret_identity->state = HPR_RECORD_NOBODY;
  memcpy(ret_identity->boot, self->boot, sizeof self->boot);
  if (result != 0) return result;
  ret_identity->state = HPR_RECORD_KNOWN;
  hpr_birth_write(ret_info->born_us, ret_identity->birth);
  return 0;
}

static hpr_verdict native_verify(void *context, const hpr_identity *identity) {
  const native *self = context;
  return hpr_aim_take(self->boot, identity).verdict;
}

static bool is_ours(int32_t pid, const hpr_bsd_info *info) {
  return info->parent == hpr_pids_self() || hpr_kin_descends(pid, hpr_pids_self());
}

/* The family is judged last: then the number was the family's while its relatives were told. */
static bool is_relative(void *context, int32_t pid, const hpr_identity *family) {
  return family->kin && hpr_kin_related(pid, family->pid) &&
         native_verify(context, family) == HPR_VERDICT_SAME;
}

static void native_identify(void *context, int32_t pid, const hpr_identity *family,
                            hpr_identity *ret_identity) {
  const native *self = context;
  hpr_bsd_info info;
  if (record(self, pid, &info, ret_identity) != 0) {
    if (ret_identity->state == HPR_RECORD_OPAQUE && !family)
      ret_identity->kin = hpr_pids_child(pid) == HPR_CHILD_RUNNING; /* ours until we reap it */
    return;
  }
  ret_identity->kin = family ? is_relative(context, pid, family) : is_ours(pid, &info);
  /* Nothing holds the number while its relatives are asked for: they count if it is still there. */
  if (native_verify(context, ret_identity) != HPR_VERDICT_SAME) ret_identity->kin = false;
}

static void native_identify_recorded(void *context, int32_t pid, int64_t recorded_ms,
                                     hpr_identity *ret_identity) {
  const native *self = context;
  hpr_bsd_info info;
  if (record(self, pid, &info, ret_identity) != 0) return;
  if (info.born_us / 1000 - LEGACY_SLACK_MS > recorded_ms)
    *ret_identity = (hpr_identity){.pid = pid, .state = HPR_RECORD_NOBODY};
  else
    ret_identity->kin = true;
}

/* --- signal --------------------------------------------------------------------------------- */

static bool is_forbidden(int32_t pid) {
  return pid < HPR_PID_MIN || pid == hpr_pids_self() || pid == hpr_pids_own_group() ||
         hpr_kin_descends(hpr_pids_self(), pid);
}

static int native_signal(void *context, const hpr_identity *identity, hpr_signal signal) {
  const native *self = context;
  if (hpr_pids_self() != self->opener) return HPR_EFORKED;
  if (is_forbidden(identity->pid)) return HPR_EFORBIDDEN;
  hpr_aim it = hpr_aim_take(self->boot, identity);
  if (!identity->kin && (it.verdict == HPR_VERDICT_SAME || it.verdict == HPR_VERDICT_GROUP))
    return HPR_ENOTKIN;
  int result = hpr_aim_signal(&it, identity, hpr_signum_of(signal));
  if (result != 0 || signal == HPR_SIGNAL_KILL) return result;
  /* A stopped process keeps a signal pending until it runs again. The first may have ended it. */
  it = hpr_aim_take(self->boot, identity);
  hpr_aim_signal(&it, identity, SIGCONT);
  return 0;
}

/* --- watch ---------------------------------------------------------------------------------- */

static bool may_be_there(hpr_verdict verdict) {
  return verdict != HPR_VERDICT_GONE && verdict != HPR_VERDICT_STRANGER;
}

static bool is_there(const void *context, const hpr_identity *identity) {
  const native *self = context;
  return may_be_there(hpr_aim_take(self->boot, identity).verdict);
}

static int open_watcher(native *self) {
  if (self->watcher) return 0;
  return hpr_watcher_open(self->notice, self->notice_context, is_there, self, &self->watcher);
}

/* Armed first, verified after: who exits in between is told by the watch. */
static int native_watch(void *context, const hpr_identity *identity, uint64_t watch) {
  native *self = context;
  if (hpr_pids_self() != self->opener) return HPR_EFORKED;
  const hpr_verdict before = native_verify(self, identity);
  if (!may_be_there(before)) return HPR_ESRCH;
  int result = open_watcher(self);
  if (result == 0)
    result = hpr_watcher_add(self->watcher, identity, before != HPR_VERDICT_SAME, watch);
  if (result != 0 || may_be_there(native_verify(self, identity))) return result;
  return hpr_watcher_remove(self->watcher, watch) ? HPR_ESRCH : 0; /* 0: it has been told */
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
  (void)context;
  uint64_t number;
  arc4random_buf(&number, sizeof number);
  return number;
}

int hpr_process_native_open(hpr_exit_notice notice, void *context, hpr_process_ops *ret_ops) {
  native *self = calloc(1, sizeof *self);
  if (!self) return HPR_ENOMEM;
  self->opener = hpr_pids_self();
  hpr_boot_read(self->boot);
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
  /* In a fork there is neither thread nor kqueue: leave both alone. */
  if (hpr_pids_self() == self->opener) hpr_watcher_close(self->watcher);
  free(self);
  ops->self = NULL;
}
