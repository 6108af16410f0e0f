#include "core/lost.h"

#include "base/error.h"
#include "core/announced.h"
#include "core/heir.h"
#include "core/others.h"
#include "core/watch.h"

static const char *path_of(const hpr_ledger_scope *scope) {
  return hpr_pidfile_path(scope->ledger->pidfile);
}

/* --- what an entry of ours learns ----------------------------------------------------------- */

static bool is_agent_known(const hpr_ledger_scope *scope, const hpr_entry *entry) {
  const hpr_identity *agent = &hpr_row_more(&entry->row)->pi;
  if (agent->pid == 0 || !agent->kin) return false;
  return !hpr_verdict_is_gone(scope->process->verify(scope->process->self, agent));
}

void hpr_lost_take_agent(const hpr_ledger_scope *scope, hpr_entry *entry, const hpr_row *row) {
  if (!hpr_row_more(row)->pi.kin || is_agent_known(scope, entry)) return;
  hpr_watch_stop(scope->process, entry);
  hpr_table_set_agent(scope->table, entry, &hpr_row_more(row)->pi);
  entry->parts[HPR_PART_AGENT].suspect = true;
  hpr_table_mark(scope->table, entry);
}

/* --- taking over ---------------------------------------------------------------------------- */

/*
 * What is left of a grace is told by the clock of the turn's begin, from which it is counted: the
 * call may have waited for the lock since.
 */
static void request_end(const hpr_ledger_scope *scope, hpr_entry *entry, hpr_reason reason) {
  const hpr_process_ops *process = scope->process;
  const bool resumed = hpr_row_more(&entry->row)->ending != NULL;
  const hpr_ending_request request = {
      .reason = reason,
      .signal = HPR_SIGNAL_TERM,
      .grace_ms = scope->grace_ms,
      .now_ms = scope->now_ms,
      .began_ms =
          resumed ? scope->now_ms - scope->clock_offset_ms : process->clock_ms(process->self),
      .began_boot_ms = process->boot_ms(process->self),
      .recorded = true,
      .tree = scope->orphans.tree && reason != HPR_REASON_RESUMED,
  };
  if (hpr_table_resume_end(scope->table, entry, &request) == 0 && resumed) hpr_others_resume(entry);
}

static void end_if_due(const hpr_ledger_scope *scope, hpr_entry *entry, hpr_fate fate) {
  if (fate == HPR_FATE_RESUME) request_end(scope, entry, HPR_REASON_RESUMED);
  if (fate == HPR_FATE_END) request_end(scope, entry, HPR_REASON_ORPHAN);
  if (fate == HPR_FATE_END_OLD) request_end(scope, entry, HPR_REASON_AGE);
}

/*
 * `runs`: its registered process was just seen; whoever watches it looks again. Lack of memory
 * leaves the row as it was, a dead server's.
 */
static hpr_keep adopt(const hpr_ledger_scope *scope, hpr_row *row, hpr_fate fate, bool runs) {
  const bool remainder = row->remainder || hpr_heir_was_told(scope->ledger, row);
  hpr_entry *entry = hpr_table_add(scope->table, row, NULL);
  if (!entry) return HPR_KEEP;
  entry->row.remainder = remainder;
  hpr_row_set_owner(&entry->row, scope->ledger->owner);
  if (entry->row.rest) entry->row.rest->foreign_since_ms = 0;
  entry->unrecorded = true;
  entry->claimed = scope->ledger->claimed;
  scope->ledger->unrecorded++;
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++)
    entry->parts[part].suspect = entry->parts[part].presence == HPR_PRESENCE_THERE;
  if (runs && fate == HPR_FATE_ADOPT)
    entry->parts[HPR_PART_MAIN].suspect = false; /* nothing is to be decided */
  if (entry->row.remainder) hpr_table_make_remainder(scope->table, entry);
  end_if_due(scope, entry, fate);
  scope->ledger->adoptions++;
  hpr_table_mark(scope->table, entry);
  return HPR_DROP;
}

/* --- keeping -------------------------------------------------------------------------------- */

hpr_keep hpr_lost_keep_with_warning(const hpr_ledger_scope *scope, int error, int32_t pid) {
  if (scope->ledger->judging_again) return HPR_KEEP;
  hpr_outbox_warn(scope->outbox, error, pid, path_of(scope));
  return HPR_KEEP;
}

hpr_keep hpr_lost_keep_for_later(const hpr_ledger_scope *scope, const hpr_row *row) {
  hpr_owners_judge_again(scope->owners, row);
  return HPR_KEEP;
}

hpr_keep hpr_lost_keep_elsewhere(const hpr_ledger_scope *scope, hpr_row *row) {
  const int64_t since_ms = hpr_row_more(row)->foreign_since_ms;
  int64_t now_ms = 0; /* by the folder's clock: the first reader may have been another host */
  const bool told = hpr_pidfile_time(scope->ledger->pidfile, &now_ms) == 0;
  const bool dated = since_ms != 0 && since_ms <= now_ms;
  if (dated && now_ms - since_ms > HPR_ORPHAN_MAX_AGE_MS) {
    hpr_outbox_warn(scope->outbox, HPR_EABANDONED, row->main.pid, path_of(scope));
    return HPR_DROP;
  }
  if (!scope->ledger->told_elsewhere)
    (void)hpr_lost_keep_with_warning(scope, HPR_EFOREIGN, row->main.pid);
  scope->ledger->told_elsewhere = true;
  if (dated || !told) return HPR_KEEP;
  hpr_row_rest *rest = hpr_row_add_more(row);
  if (!rest) return HPR_KEEP; /* another time */
  rest->foreign_since_ms = now_ms;
  return HPR_KEEP_CHANGED;
}

/* --- what a row's fate asks for ------------------------------------------------------------- */

/*
 * We have an entry under that pid. If it is of that process it learns what a dead server knew, but
 * not that its end was asked for: whom the caller has registered or taken over it wants to live.
 */
static hpr_keep hand_over(const hpr_ledger_scope *scope, hpr_entry *entry, const hpr_row *row,
                          bool runs) {
  /* Of ours nobody could tell who it is; the row's process has ended, and is not it. */
  if (!runs && entry->row.main.state != HPR_RECORD_KNOWN)
    return hpr_lost_keep_for_later(scope, row);
  /* Of another process, which must be gone: its exit is under way, and the row can wait. */
  if (!hpr_entry_learn(entry, &row->main)) return hpr_lost_keep_for_later(scope, row);
  /* An agent that ours does not know was not asked to end with it. */
  if (entry->ending)
    return hpr_row_more(row)->pi.kin ? hpr_lost_keep_for_later(scope, row) : HPR_DROP;
  hpr_lost_take_agent(scope, entry, row);
  entry->parts[HPR_PART_MAIN].suspect = true;
  hpr_table_mark(scope->table, entry);
  return HPR_DROP;
}

/* It ended while no server ran. One whose exit was told before is a remainder that has gone. */
static bool is_to_be_told(const hpr_ledger_scope *scope, const hpr_row *row) {
  return !row->remainder && hpr_judge_was_seen(row) && !hpr_heir_was_told(scope->ledger, row) &&
         !hpr_heir_is_ours(scope, row);
}

static void tell_exit(const hpr_ledger_scope *scope, hpr_row *row) {
  hpr_entry *entry = is_to_be_told(scope, row) ? hpr_entry_new(row) : NULL;
  if (entry) hpr_heir_tell(scope, entry);
}

static int copy_row(const hpr_row *row, hpr_row *ret_copy) {
  hpr_buffer text = {0};
  hpr_row_write(row, &text);
  const hpr_span span = {text.text, text.length};
  const int result = text.failed ? HPR_ENOMEM : hpr_row_read(span, ret_copy);
  hpr_buffer_done(&text);
  return result;
}

/* Its exit is told now; the row stays for what it may have left, as that of a remainder. */
static hpr_keep keep_unproved(const hpr_ledger_scope *scope, hpr_row *row) {
  hpr_row ended;
  scope->ledger->unsure = true;
  (void)hpr_lost_keep_with_warning(scope, HPR_EUNKNOWN, row->main.pid);
  if (row->remainder || copy_row(row, &ended) != 0) return HPR_KEEP;
  tell_exit(scope, &ended);
  hpr_row_done(&ended);
  row->remainder = true;
  return HPR_KEEP_CHANGED;
}

static hpr_keep apply(const hpr_ledger_scope *scope, hpr_row *row, hpr_fate fate, bool runs) {
  hpr_entry *holder = hpr_table_find_pid(scope->table, row->main.pid);
  /* Adopted, it ends under our eyes. */
  if (fate == HPR_FATE_TREE && (holder || !is_to_be_told(scope, row))) fate = HPR_FATE_DROP;
  switch (fate) {
  case HPR_FATE_DROP: tell_exit(scope, row); return HPR_DROP;
  case HPR_FATE_ELSEWHERE: return hpr_lost_keep_elsewhere(scope, row);
  case HPR_FATE_FOREIGN: return hpr_lost_keep_with_warning(scope, HPR_EFOREIGN, row->main.pid);
  case HPR_FATE_UNKNOWN:
    scope->ledger->unsure = true;
    return hpr_lost_keep_with_warning(scope, HPR_EUNKNOWN, row->main.pid);
  case HPR_FATE_UNPROVED: return keep_unproved(scope, row);
  case HPR_FATE_ADOPT:
  case HPR_FATE_RESUME:
  case HPR_FATE_END:
  case HPR_FATE_END_OLD:
  case HPR_FATE_TREE: break;
  }
  return holder ? hand_over(scope, holder, row, runs) : adopt(scope, row, fate, runs);
}

hpr_keep hpr_lost_drop(const hpr_ledger_scope *scope, hpr_row *row) {
  return apply(scope, row, HPR_FATE_DROP, false);
}

/* --- judging -------------------------------------------------------------------------------- */

static bool is_taken(hpr_fate fate) {
  return fate == HPR_FATE_ADOPT || fate == HPR_FATE_RESUME || fate == HPR_FATE_END ||
         fate == HPR_FATE_END_OLD;
}

static hpr_judge_scope judge_scope_of(const hpr_ledger_scope *scope) {
  return (hpr_judge_scope){
      .process = scope->process,
      .files = scope->files,
      .pid_file = path_of(scope),
      .shared = scope->owners->shared,
      .dead_mount = &scope->ledger->dead_mount,
  };
}

hpr_keep hpr_lost_judge(const hpr_ledger_scope *scope, hpr_row *row, bool lost) {
  const hpr_judge_scope by = judge_scope_of(scope);
  hpr_ledger *ledger = scope->ledger;
  if (ledger->unwritable && ledger->judging_again && !ledger->claimed) { /* to be given up again */
    ledger->held_back = true;
    return hpr_lost_keep_for_later(scope, row);
  }
  const bool unproved = row->main.state == HPR_RECORD_NONE;
  const int32_t pid = row->main.pid;
  bool runs;
  const hpr_fate fate = hpr_judge_orphan(&by, &scope->orphans, lost, row, &runs);
  if (is_taken(fate) && unproved && !row->main.kin)
    hpr_outbox_warn(scope->outbox, HPR_ENOTKIN, pid, path_of(scope));
  return apply(scope, row, fate, runs);
}

/* --- announced tokens ----------------------------------------------------------------------- */

static hpr_keep ask_again(const hpr_ledger_scope *scope) {
  scope->ledger->unsure = true;
  return HPR_KEEP;
}

/* A child that its server did not live to register: as if it had been. */
static hpr_keep adopt_announced(const hpr_ledger_scope *scope, hpr_row *row) {
  const hpr_judge_scope by = judge_scope_of(scope);
  bool runs;
  const hpr_fate fate = hpr_judge_orphan(&by, &scope->orphans, true, row, &runs);
  if (is_taken(fate) && adopt(scope, row, fate, false) == HPR_DROP) return HPR_DROP;
  hpr_row_done(row);
  return ask_again(scope);
}

/* We may have seen its server's end before its child was itself. */
static bool is_starting(const hpr_ledger_scope *scope, const hpr_row *announced) {
  return !scope->ledger->called_for && hpr_announced_is_new(scope, announced);
}

hpr_keep hpr_lost_judge_token(const hpr_ledger_scope *scope, hpr_stored *stored) {
  const hpr_row *row = &stored->row;
  hpr_row child;
  switch (hpr_announced_find(scope, stored, &child)) {
  case HPR_FOUND_NOBODY:
    return is_starting(scope, row) ? hpr_lost_keep_for_later(scope, row) : HPR_DROP;
  case HPR_FOUND_FORBIDDEN: return HPR_KEEP;
  case HPR_FOUND_UNSURE: return ask_again(scope);
  case HPR_FOUND_CHILD: break;
  }
  return adopt_announced(scope, &child);
}
