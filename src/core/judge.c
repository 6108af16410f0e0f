#include "core/judge.h"

#include <string.h>

#include "core/registry.h"

/* Clocks of one machine differ by no more between two runs; a later time is no time. */
enum { CLOCK_SLACK_MS = 60 * 1000 };

/* Fills in what the original module did not record. */
static void complete_identities(const hpr_process_ops *process, hpr_row *row) {
  if (row->main.state == HPR_RECORD_NONE)
    process->identify_recorded(process->self, row->main.pid, row->spawned_ms, &row->main);
  if (row->keeper.pid == row->main.pid)
    row->keeper = row->main;
  else if (row->keeper.pid != 0 && row->keeper.state == HPR_RECORD_NONE)
    process->identify_recorded(process->self, row->keeper.pid, row->spawned_ms, &row->keeper);
  if (row->pi.pid == 0 || row->pi.state != HPR_RECORD_NONE) return;
  /* pi starts when its keeper gets round to it; being its relative is the better proof. */
  process->identify(process->self, row->pi.pid, &row->main, &row->pi);
  if (row->pi.state == HPR_RECORD_KNOWN && !row->pi.kin)
    process->identify_recorded(process->self, row->pi.pid, row->spawned_ms, &row->pi);
}

static bool is_dated(const hpr_process_ops *process, const hpr_row *row) {
  return row->spawned_ms != HPR_SPAWNED_UNKNOWN &&
         row->spawned_ms <= process->now_ms(process->self) + CLOCK_SLACK_MS;
}

static bool is_too_old(const hpr_process_ops *process, const hpr_row *row) {
  return process->now_ms(process->self) - row->spawned_ms > HPR_ORPHAN_MAX_AGE_MS;
}

/* A recorded member of a dead leader's group proves it where the leader's record cannot. */
static bool has_member(const hpr_process_ops *process, const hpr_row *row, hpr_part part,
                       int32_t group) {
  const hpr_members *members = row->members[part];
  for (size_t i = 0; members && i < members->count; i++)
    if (process->is_member(process->self, &members->list[i], group)) return true;
  return false;
}

static bool is_group_left(const hpr_process_ops *process, const hpr_row *row, hpr_part part,
                          const hpr_identity *leader) {
  if (leader->pid == 0 || !leader->kin) return false;
  return has_member(process, row, part, leader->pid) ||
         process->verify(process->self, leader) == HPR_VERDICT_GROUP;
}

static hpr_verdict verify_main(const hpr_process_ops *process, const hpr_row *row) {
  hpr_verdict verdict = process->verify(process->self, &row->main);
  const bool may_be_group = hpr_verdict_is_gone(verdict) || verdict == HPR_VERDICT_UNKNOWN;
  const bool left = may_be_group && has_member(process, row, HPR_PART_MAIN, row->main.pid);
  return left ? HPR_VERDICT_GROUP : verdict;
}

/* Its processes are gone; a group that one of the others led need not be. */
static hpr_verdict verdict_of_rest(const hpr_process_ops *process, const hpr_row *row,
                                   hpr_verdict verdict) {
  const bool left = is_group_left(process, row, HPR_PART_AGENT, &row->pi) ||
                    is_group_left(process, row, HPR_PART_FORMER, &row->former);
  return hpr_verdict_is_gone(verdict) && left ? HPR_VERDICT_GROUP : verdict;
}

/* Whom the row is about: the registered process or, where that is gone, its agent. */
static hpr_verdict find_subject(const hpr_process_ops *process, hpr_row *row) {
  hpr_verdict verdict = verify_main(process, row);
  const bool stranger = row->pi.state == HPR_RECORD_KNOWN && !row->pi.kin; /* keeps nothing alive */
  if (row->pi.pid == 0 || stranger ||
      !(hpr_verdict_is_gone(verdict) || verdict == HPR_VERDICT_GROUP))
    return verdict_of_rest(process, row, verdict);
  const hpr_verdict agent = process->verify(process->self, &row->pi);
  if (hpr_verdict_is_gone(agent) || agent == HPR_VERDICT_GROUP)
    return verdict_of_rest(process, row, verdict);
  hpr_row_promote(row, verdict == HPR_VERDICT_GROUP);
  return process->verify(process->self, &row->main);
}

hpr_verdict hpr_judge_row(const hpr_process_ops *process, hpr_row *row) {
  const bool dated = is_dated(process, row);
  if (dated) complete_identities(process, row);
  hpr_verdict verdict = find_subject(process, row);
  bool there = verdict == HPR_VERDICT_SAME || verdict == HPR_VERDICT_GROUP;
  return there && !dated ? HPR_VERDICT_UNKNOWN : verdict;
}

/* Processes beside its own that an end was asked for are there yet. */
static bool is_ending_left(const hpr_process_ops *process, const hpr_row *row) {
  for (size_t i = 0; row->ending && i < row->ending->sent_count; i++) {
    const hpr_asked *it = &row->ending->sent[i];
    hpr_identity identity = {.pid = it->pid, .state = HPR_RECORD_KNOWN, .kin = true};
    memcpy(identity.boot, row->main.boot, sizeof identity.boot);
    memcpy(identity.birth, it->birth, sizeof identity.birth);
    if (it->birth[0] && process->verify(process->self, &identity) == HPR_VERDICT_SAME) return true;
  }
  return false;
}

hpr_fate hpr_judge_orphan(const hpr_process_ops *process, hpr_row *row) {
  switch (hpr_judge_row(process, row)) {
  case HPR_VERDICT_GONE:
  case HPR_VERDICT_STRANGER:
    return row->terminating && is_ending_left(process, row) ? HPR_FATE_END : HPR_FATE_DROP;
  case HPR_VERDICT_FOREIGN: return HPR_FATE_FOREIGN;
  case HPR_VERDICT_UNKNOWN: return HPR_FATE_UNKNOWN;
  default: return row->terminating || is_too_old(process, row) ? HPR_FATE_END : HPR_FATE_ADOPT;
  }
}

bool hpr_judge_was_seen(const hpr_row *row) { return row->main.state == HPR_RECORD_KNOWN; }
