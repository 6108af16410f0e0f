/*
 * platform/windows/process.c: processes as Windows has them.
 *
 * - An identity is a number and the time of birth, to 100 ns. A verdict is made through an open
 *   handle, and a signal goes through the same one: there is no moment in between.
 * - A watch keeps its process open, so that the number is nobody else's until the watch is over.
 * - There are no signals. Every hpr_signal is TerminateProcess with exit code 1, as in Node's own
 *   kill(): the process is not asked and cannot clean up, so that SIGTERM ends what SIGKILL would.
 * - There are no process groups. In their place the descendants that can still be proved to be some
 *   are ended with a process (tree.h); those of a process that is gone are not, GROUP is never
 * said.
 * - There is no fork(): HPR_EFORKED is never said either.
 * - Kinship is descent alone. Sessions are the user's whole desktop, and no family.
 */
#include "platform/process.h"

#include <stdlib.h>
#include <string.h>

#include "platform/windows/aim.h"
#include "platform/windows/handle.h"
#include "platform/windows/identity.h"
#include "platform/windows/kin.h"
#include "platform/windows/self.h"
#include "platform/windows/snapshot.h"
#include "platform/windows/ticks.h"
#include "platform/windows/tree.h"
#include "platform/windows/watch.h"

enum {
  LEGACY_SLACK_MS = 5000, /* between a spawn and the original module's writing it down */
  SYSTEM_PID = 4,         /* the kernel's threads; programs have higher numbers */
};

typedef struct native {
  hpr_here here;
  hpr_exit_notice notice;
  void *notice_context;
  hpr_watcher *watcher; /* NULL until the first watch */
} native;

/* --- identify ------------------------------------------------------------------------------- */

static bool is_forbidden_number(int32_t pid) { return pid <= SYSTEM_PID; }

/* When its holder was born, HPR_ESRCH if it has none. */
static int read_birth(int32_t pid, uint64_t *ret_born) {
  void *handle;
  int result = hpr_handle_open(pid, HPR_HANDLE_LOOK, &handle);
  if (result != 0) return result;
  const uint64_t born = hpr_handle_born(handle);
  if (!hpr_handle_runs(handle))
    result = HPR_ESRCH;
  else if (born == 0)
    result = HPR_EUNKNOWN;
  else
    *ret_born = born;
  hpr_handle_close(handle);
  return result;
}

/* Returns true if the identity is KNOWN; its kinship is yet to be told. */
static bool record(const native *self, int32_t pid, uint64_t *ret_born,
                   hpr_identity *ret_identity) {
  const int result = self->here.boot[0] ? read_birth(pid, ret_born) : HPR_EUNKNOWN;
  *ret_identity = (hpr_identity){.pid = pid, .state = HPR_RECORD_OPAQUE};
  if (result == HPR_ESRCH) ret_identity->state = HPR_RECORD_NOBODY;
  memcpy(ret_identity->boot, self->here.boot, sizeof self->here.boot);
  if (result != 0) return false;
  ret_identity->state = HPR_RECORD_KNOWN;
  hpr_birth_write(*ret_born, ret_identity->birth);
  return true;
}

static hpr_verdict native_verify(void *context, const hpr_identity *identity) {
  const native *self = context;
  const hpr_aim it = hpr_aim_take(&self->here, identity);
  hpr_aim_done(&it);
  return it.verdict;
}

/* The family is judged last: then the number was the family's while its relatives were told. */
static bool is_relative(void *context, int32_t pid, const hpr_identity *family) {
  return family->kin && hpr_kin_descends(pid, family->pid) &&
         native_verify(context, family) == HPR_VERDICT_SAME;
}

static void native_identify(void *context, int32_t pid, const hpr_identity *family,
                            hpr_identity *ret_identity) {
  uint64_t born;
  if (!record(context, pid, &born, ret_identity)) return;
  const bool kin =
      family ? is_relative(context, pid, family) : hpr_kin_descends(pid, hpr_self_pid());
  /* Asked again: the relative may have ended, and its number have passed to who was recorded. */
  ret_identity->kin = kin && native_verify(context, ret_identity) != HPR_VERDICT_STRANGER;
}

static void native_identify_recorded(void *context, int32_t pid, int64_t recorded_ms,
                                     hpr_identity *ret_identity) {
  uint64_t born;
  if (!record(context, pid, &born, ret_identity)) return;
  if (is_forbidden_number(pid))
    *ret_identity = (hpr_identity){.pid = pid, .state = HPR_RECORD_OPAQUE};
  else if (hpr_ticks_to_ms(born) - LEGACY_SLACK_MS > recorded_ms)
    *ret_identity = (hpr_identity){.pid = pid, .state = HPR_RECORD_NOBODY};
  else
    ret_identity->kin = true;
}

/* --- signal --------------------------------------------------------------------------------- */

static bool is_forbidden(const hpr_snapshot *all, int32_t pid) {
  return is_forbidden_number(pid) || pid == hpr_self_pid() ||
         hpr_kin_may_descend(all, hpr_self_pid(), pid);
}

/* The list is taken with the process in our hand: its number stands for it there. */
static int end(const hpr_identity *identity, const hpr_aim *it) {
  hpr_snapshot all;
  if (hpr_snapshot_init(&all) != 0) return HPR_EUNKNOWN; /* nobody can say who our ancestors are */
  int result = is_forbidden(&all, identity->pid) ? HPR_EFORBIDDEN : hpr_aim_error(it);
  if (result == 0 && !identity->kin) result = HPR_ENOTKIN;
  if (result == 0) result = hpr_tree_end(it->handle, &all);
  hpr_snapshot_done(&all);
  return result == HPR_EACCES ? HPR_EFOREIGN : result;
}

static int native_signal(void *context, const hpr_identity *identity, hpr_signal signal) {
  (void)signal; /* whatever it is, TerminateProcess is all there is */
  const native *self = context;
  const hpr_aim it = hpr_aim_take(&self->here, identity);
  const int result = end(identity, &it);
  hpr_aim_done(&it);
  return result;
}

/* --- watch ---------------------------------------------------------------------------------- */

static int open_watcher(native *self) {
  if (self->watcher) return 0;
  return hpr_watcher_open(self->notice, self->notice_context, &self->watcher);
}

static int native_watch(void *context, const hpr_identity *identity, uint64_t watch) {
  native *self = context;
  const hpr_aim it = hpr_aim_take(&self->here, identity);
  const bool gone = it.verdict == HPR_VERDICT_GONE || it.verdict == HPR_VERDICT_STRANGER;
  int result = gone ? HPR_ESRCH : it.handle ? open_watcher(self) : HPR_ENOTSUP;
  if (result == 0) return hpr_watcher_add(self->watcher, it.handle, watch);
  hpr_aim_done(&it);
  return result;
}

static void native_unwatch(void *context, uint64_t watch) {
  native *self = context;
  if (self->watcher) hpr_watcher_remove(self->watcher, watch);
}

/* --- the whole ------------------------------------------------------------------------------ */

static int32_t native_self_pid(void *context) {
  (void)context;
  return hpr_self_pid();
}

static int64_t native_now_ms(void *context) {
  (void)context;
  return hpr_self_now_ms();
}

static uint64_t native_nonce(void *context) {
  (void)context;
  return hpr_self_nonce();
}

int hpr_process_native_open(hpr_exit_notice notice, void *context, hpr_process_ops *ret_ops) {
  native *self = calloc(1, sizeof *self);
  if (!self) return HPR_ENOMEM;
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
  hpr_watcher_close(self->watcher);
  free(self);
  ops->self = NULL;
}
