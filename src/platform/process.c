/*
 * platform/process.c: the one door to processes, the same on every system. What stands before a
 * signal (fork, forbidden targets, identity, kinship) stands in signal.c, what makes an identity in
 * identify.c; what a system can tell and do stands in its folder's system.c.
 */
#include "platform/process.h"

#include <stdlib.h>

#include "platform/explain.h"
#include "platform/native.h"

bool hpr_is_pid(int32_t pid) { return pid >= HPR_PID_MIN; }

bool hpr_verdict_is_gone(hpr_verdict verdict) {
  return verdict == HPR_VERDICT_GONE || verdict == HPR_VERDICT_STRANGER;
}

bool hpr_verdict_is_reachable(hpr_verdict verdict) {
  return verdict == HPR_VERDICT_SAME || verdict == HPR_VERDICT_GROUP;
}

/* --- turns ---------------------------------------------------------------------------------- */

static void native_end(void *context) {
  hpr_native *self = context;
  hpr_held_done(&self->turn, self->system);
  hpr_groups_done(&self->groups);
  self->here.turn = NULL;
}

hpr_handle hpr_native_limit(const hpr_native *self) {
  if (self->here.turn) return self->here.limit;
  return self->system->handle_limit ? self->system->handle_limit() : INTPTR_MAX;
}

static void native_begin(void *context) {
  hpr_native *self = context;
  native_end(self);
  self->here.limit = hpr_native_limit(self);
  self->here.turn = &self->turn;
  self->ancestry.told = false;
}

const hpr_ancestry *hpr_native_ancestry(hpr_native *self) {
  if (!self->here.turn || !self->ancestry.told) hpr_ancestry_read(&self->ancestry, self->system);
  return &self->ancestry;
}

hpr_verdict hpr_native_verify(void *context, const hpr_identity *identity) {
  hpr_native *self = context;
  const hpr_verdict verdict = hpr_found_verdict(self->system, &self->here, identity);
  if (verdict == HPR_VERDICT_GONE && self->held) hpr_held_drop(&self->held, self->system, identity);
  return verdict;
}

static hpr_verdict native_verify_ended(void *context, const hpr_identity *identity) {
  hpr_native *self = context;
  self->here.groups = self->here.turn ? &self->groups : NULL;
  const hpr_verdict verdict = hpr_native_verify(self, identity);
  self->here.groups = NULL;
  return verdict;
}

static bool native_has_ended(void *context, const hpr_identity *identity) {
  const hpr_native *self = context;
  const hpr_found it = hpr_found_open(self->system, &self->here, identity);
  hpr_found_close(self->system, &it);
  return it.reaped || hpr_verdict_is_gone(it.verdict) || it.verdict == HPR_VERDICT_GROUP;
}

static void native_explain(void *context, const hpr_identity *identity, hpr_proof_visit visit,
                           void *visit_context) {
  const hpr_native *self = context;
  hpr_explain(self->system, &self->here, identity, visit, visit_context);
}

/* --- the whole ------------------------------------------------------------------------------ */

static bool native_withheld(void *self) {
  const hpr_system *system = ((const hpr_native *)self)->system;
  return system->withheld && system->withheld();
}

static int32_t native_self_pid(void *self) {
  return ((const hpr_native *)self)->system->self_pid();
}
static int64_t native_now_ms(void *self) { return ((const hpr_native *)self)->system->now_ms(); }
/* The boot's own, which a server in another time namespace reads alike. */
static int64_t native_clock_ms(void *context) {
  const hpr_native *self = context;
  return self->system->clock_ms() - self->here.host.clock_offset_ms;
}
static int64_t native_boot_ms(void *self) { return ((const hpr_native *)self)->system->boot_ms(); }
static uint64_t native_nonce(void *self) { return ((const hpr_native *)self)->system->nonce(); }

int hpr_process_open(const hpr_system *system, hpr_exit_notice notice, void *context,
                     hpr_process_ops *ret_ops) {
  hpr_native *self = calloc(1, sizeof *self);
  if (!self) return HPR_ENOMEM;
  self->system = system;
  self->opener = system->self_pid();
  system->host(&self->here.host);
  self->here.boot =
      hpr_boot_make(&self->here.host, self->here.host.boot_id[0] ? 0 : system->nonce());
  self->here.held = &self->held;
  self->notice = notice;
  self->notice_context = context;
  *ret_ops = (hpr_process_ops){
      .self = self,
      .begin = native_begin,
      .end = native_end,
      .identify = hpr_native_identify,
      .identify_recorded = hpr_native_identify_recorded,
      .verify = hpr_native_verify,
      .verify_ended = native_verify_ended,
      .has_ended = native_has_ended,
      .explain = native_explain,
      .renew = hpr_native_renew,
      .signal = hpr_native_signal,
      .leads = hpr_native_leads,
      .descendants = hpr_native_descendants,
      .members = hpr_native_members,
      .is_member = hpr_native_is_member,
      .signal_group = hpr_native_signal_group,
      .is_around_us = hpr_native_is_around_us,
      .lineage = hpr_native_lineage,
      .mark = hpr_native_mark,
      .marked = hpr_native_marked,
      .list = hpr_native_list,
      .same_user = hpr_native_same_user,
      .other_user = hpr_native_other_user,
      .command = hpr_native_command,
      .folder = hpr_native_folder,
      .age_ms = hpr_native_age_ms,
      .since_ms = hpr_native_since_ms,
      .withheld = native_withheld,
      .watch = hpr_native_watch,
      .unwatch = hpr_native_unwatch,
      .self_pid = native_self_pid,
      .now_ms = native_now_ms,
      .clock_ms = native_clock_ms,
      .boot_ms = native_boot_ms,
      .nonce = native_nonce,
  };
  return 0;
}

int hpr_process_native_open(hpr_exit_notice notice, void *context, hpr_process_ops *ret_ops) {
  return hpr_process_open(hpr_system_native(), notice, context, ret_ops);
}

void hpr_process_native_close(hpr_process_ops *ops) {
  hpr_native *self = ops->self;
  if (!self) return;
  /* In a fork there is no thread to stop, and the watcher is the parent's: leave both alone. */
  if (self->system->self_pid() == self->opener) self->system->watcher_close(self->watcher);
  hpr_held_done(&self->turn, self->system);
  hpr_groups_done(&self->groups);
  hpr_held_done(&self->held, self->system);
  free(self);
  ops->self = NULL;
}
