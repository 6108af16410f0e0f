#include "core/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "core/announced.h"
#include "core/heir.h"
#include "core/others.h"
#include "core/watch.h"

enum {
  RETRY_MS = 1000,     /* between two tries of what failed */
  LOCK_RETRY_MS = 100, /* while others have the lock */
};

void hpr_ledger_done(hpr_ledger *ledger) {
  hpr_owner_name_drop(ledger->owner);
  hpr_past_done(&ledger->past);
}

static const char *path_of(const hpr_ledger_scope *scope) {
  return hpr_pidfile_path(scope->ledger->pidfile);
}

/* Of a row, or an announced token, that can be read. */
static bool is_own(const hpr_ledger_scope *scope, const hpr_stored *stored) {
  return stored->error == 0 &&
         strcmp(hpr_row_owner(&stored->row)->id, scope->ledger->owner->id) == 0;
}

/* Our lock is held in another file than before, or for the first time. */
static void note_owned(void *self, const char *birth, const char *init) {
  const hpr_ledger_scope *scope = self;
  hpr_owner_name_prove(scope->ledger->owner, birth, init);
  for (hpr_entry *entry = scope->table->entries; entry; entry = entry->next) hpr_entry_touch(entry);
}

/* --- exits that were told -------------------------------------------------------------------- */

/* Of a row that came back: a write of ours, or another server's, had failed. */
static bool was_told(const hpr_ledger *ledger, const hpr_row *row) {
  const hpr_origin it = hpr_row_origin_of(row);
  if (hpr_past_has_row(&ledger->past, row)) return true;
  for (const hpr_entry *entry = ledger->exits; entry; entry = entry->next) {
    const hpr_origin held = hpr_row_origin_of(&entry->row);
    if (hpr_origin_equal(&held, &it)) return true;
  }
  return false;
}

void hpr_ledger_tell_exit(hpr_ledger *ledger, hpr_outbox *outbox, const hpr_entry *entry,
                          size_t marked) {
  hpr_outbox_exited(outbox, entry, marked);
  hpr_past_add(&ledger->past, entry);
}

/* --- rows that others wrote ----------------------------------------------------------------- */

static bool is_agent_known(const hpr_ledger_scope *scope, const hpr_entry *entry) {
  const hpr_identity *agent = &hpr_row_more(&entry->row)->pi;
  if (agent->pid == 0 || !agent->kin) return false;
  return !hpr_verdict_is_gone(scope->process->verify(scope->process->self, agent));
}

/* Ours learns the agent that a registry which is gone knew. */
static void take_agent(const hpr_ledger_scope *scope, hpr_entry *entry, const hpr_row *row) {
  if (!hpr_row_more(row)->pi.kin || is_agent_known(scope, entry)) return;
  hpr_watch_stop(scope->process, entry);
  hpr_table_set_agent(scope->table, entry, &hpr_row_more(row)->pi);
  entry->parts[HPR_PART_AGENT].suspect = true;
  hpr_table_mark(scope->table, entry);
}

/*
 * An entry of a process that we have ourselves now: nobody's, which the original module has read
 * from us and written back, or one that an earlier registry of this process has left.
 */
static bool is_superseded(const hpr_ledger_scope *scope, const hpr_row *row) {
  hpr_entry *same = hpr_table_find_same(scope->table, row);
  if (!same) return false;
  const bool named = hpr_row_owner(row)->identity.pid != 0;
  if (named && !hpr_identity_equal(&hpr_row_owner(row)->identity, &scope->owners->self))
    return false;
  if (named && hpr_owners_lives(scope->owners, scope->process, row)) return false;
  if (named && same->ending && hpr_row_more(row)->pi.kin)
    return false; /* its agent was not asked to end */
  hpr_entry_learn(same, &row->main);
  if (named) take_agent(scope, same, row);
  return true;
}

/* The judge of an ordinary write: what others wrote is theirs, be it of the same process. */
static hpr_keep judge_ordinary(void *self, hpr_stored *stored) {
  const hpr_ledger_scope *scope = self;
  hpr_ledger *ledger = scope->ledger;
  if (stored->error != 0) return HPR_KEEP;
  if (is_own(scope, stored)) return HPR_DROP;
  hpr_announced_note_row(scope, &stored->row);
  if (is_superseded(scope, &stored->row)) return HPR_DROP;
  if (ledger->file_error != 0 && was_told(ledger, &stored->row)) return HPR_DROP;
  if (ledger->adopting && hpr_owners_meet(scope->owners, scope->process, &stored->row))
    ledger->orphans_due = true;
  if (ledger->unrecorded > 0 && hpr_owners_lives(scope->owners, scope->process, &stored->row))
    hpr_heir_give_way(scope, &stored->row);
  return HPR_KEEP;
}

/* Asked of each first row, when the folder surely exists. */
static void note_place(const hpr_ledger_scope *scope) {
  if (!scope->ledger->place_told)
    scope->owners->shared = hpr_pidfile_is_shared(scope->ledger->pidfile);
  scope->ledger->place_told = true;
}

/* --- rows of servers that are gone ---------------------------------------------------------- */

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
  const bool remainder = row->remainder || was_told(scope->ledger, row);
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

static hpr_keep keep_with_warning(const hpr_ledger_scope *scope, int error, int32_t pid) {
  if (scope->ledger->judging_again) return HPR_KEEP;
  hpr_outbox_warn(scope->outbox, error, pid, path_of(scope));
  return HPR_KEEP;
}

static hpr_keep keep_for_later(const hpr_ledger_scope *scope, const hpr_row *row) {
  hpr_owners_judge_again(scope->owners, row);
  return HPR_KEEP;
}

/*
 * Nobody here can tell whether it lives, nor who looks after it. It stays for the time in which
 * somebody may come back who can: whoever owns it writes its row anew, without that date.
 */
static hpr_keep keep_elsewhere(const hpr_ledger_scope *scope, hpr_row *row) {
  const int64_t since_ms = hpr_row_more(row)->foreign_since_ms;
  int64_t now_ms = 0; /* by the folder's clock: the first reader may have been another host */
  const bool told = hpr_pidfile_time(scope->ledger->pidfile, &now_ms) == 0;
  const bool dated = since_ms != 0 && since_ms <= now_ms;
  if (dated && now_ms - since_ms > HPR_ORPHAN_MAX_AGE_MS) {
    hpr_outbox_warn(scope->outbox, HPR_EABANDONED, row->main.pid, path_of(scope));
    return HPR_DROP;
  }
  if (!scope->ledger->told_elsewhere) (void)keep_with_warning(scope, HPR_EFOREIGN, row->main.pid);
  scope->ledger->told_elsewhere = true;
  if (dated || !told) return HPR_KEEP;
  hpr_row_rest *rest = hpr_row_add_more(row);
  if (!rest) return HPR_KEEP; /* another time */
  rest->foreign_since_ms = now_ms;
  return HPR_KEEP_CHANGED;
}

/* Its owner lives: whatever somebody else took it for, it is not lost. */
static hpr_keep keep_owned(hpr_row *row) {
  if (hpr_row_more(row)->foreign_since_ms == 0) return HPR_KEEP;
  row->rest->foreign_since_ms = 0;
  return HPR_KEEP_CHANGED;
}

/*
 * We have an entry under that pid. If it is of that process it learns what a dead server knew, but
 * not that its end was asked for: whom the caller has registered or taken over it wants to live.
 */
static hpr_keep hand_over(const hpr_ledger_scope *scope, hpr_entry *entry, const hpr_row *row,
                          bool runs) {
  /* Of ours nobody could tell who it is; the row's process has ended, and is not it. */
  if (!runs && entry->row.main.state != HPR_RECORD_KNOWN) return keep_for_later(scope, row);
  /* Of another process, which must be gone: its exit is under way, and the row can wait. */
  if (!hpr_entry_learn(entry, &row->main)) return keep_for_later(scope, row);
  /* An agent that ours does not know was not asked to end with it. */
  if (entry->ending) return hpr_row_more(row)->pi.kin ? keep_for_later(scope, row) : HPR_DROP;
  take_agent(scope, entry, row);
  entry->parts[HPR_PART_MAIN].suspect = true;
  hpr_table_mark(scope->table, entry);
  return HPR_DROP;
}

/* It ended while no server ran. One whose exit was told before is a remainder that has gone. */
static bool is_to_be_told(const hpr_ledger_scope *scope, const hpr_row *row) {
  return !row->remainder && hpr_judge_was_seen(row) && !was_told(scope->ledger, row) &&
         !hpr_heir_is_ours(scope, row);
}

static void tell_exit(const hpr_ledger_scope *scope, hpr_row *row) {
  hpr_entry *entry = is_to_be_told(scope, row) ? hpr_entry_new(row) : NULL;
  if (entry) hpr_heir_tell(scope, entry);
}

static hpr_keep apply(const hpr_ledger_scope *scope, hpr_row *row, hpr_fate fate, bool runs) {
  hpr_entry *holder = hpr_table_find_pid(scope->table, row->main.pid);
  /* Adopted, it ends under our eyes. */
  if (fate == HPR_FATE_TREE && (holder || !is_to_be_told(scope, row))) fate = HPR_FATE_DROP;
  switch (fate) {
  case HPR_FATE_DROP: tell_exit(scope, row); return HPR_DROP;
  case HPR_FATE_ELSEWHERE: return keep_elsewhere(scope, row);
  case HPR_FATE_FOREIGN: return keep_with_warning(scope, HPR_EFOREIGN, row->main.pid);
  case HPR_FATE_UNKNOWN:
    scope->ledger->unsure = true;
    return keep_with_warning(scope, HPR_EUNKNOWN, row->main.pid);
  case HPR_FATE_ADOPT:
  case HPR_FATE_RESUME:
  case HPR_FATE_END:
  case HPR_FATE_END_OLD:
  case HPR_FATE_TREE: break;
  }
  return holder ? hand_over(scope, holder, row, runs) : adopt(scope, row, fate, runs);
}

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

/* Nobody looks after it; `lost`: whoever did has provably ended. */
static hpr_keep judge_lost(const hpr_ledger_scope *scope, hpr_row *row, bool lost) {
  const hpr_judge_scope by = judge_scope_of(scope);
  hpr_ledger *ledger = scope->ledger;
  if (ledger->unwritable && ledger->judging_again && !ledger->claimed) { /* to be given up again */
    ledger->held_back = true;
    return keep_for_later(scope, row);
  }
  const bool unproved = row->main.state == HPR_RECORD_NONE;
  const int32_t pid = row->main.pid;
  bool runs;
  const hpr_fate fate = hpr_judge_orphan(&by, &scope->orphans, lost, row, &runs);
  if (is_taken(fate) && unproved && !row->main.kin)
    hpr_outbox_warn(scope->outbox, HPR_ENOTKIN, pid, path_of(scope));
  return apply(scope, row, fate, runs);
}

static hpr_keep judge_orphan(void *self, hpr_stored *stored) {
  const hpr_ledger_scope *scope = self;
  hpr_row *row = &stored->row;
  note_place(scope);
  if (stored->error != 0) return keep_with_warning(scope, stored->error, 0);
  if (is_own(scope, stored)) return HPR_DROP;
  hpr_announced_note_row(scope, row);
  const hpr_ownership owner = hpr_owners_ask(scope->owners, scope->process, row);
  scope->ledger->claimed = false;
  switch (owner) {
  case HPR_OWNER_LIVES: hpr_heir_give_way(scope, row); return keep_owned(row);
  case HPR_OWNER_ELSEWHERE: return keep_elsewhere(scope, row);
  case HPR_OWNER_UNNAMED:
    if (hpr_table_find_same(scope->table, row)) return HPR_DROP;
    break;
  case HPR_OWNER_GONE:
    if (!hpr_heir_claim(scope, row)) return keep_for_later(scope, row);
    if (scope->ledger->file_error != 0 && hpr_heir_is_ours(scope, row)) return HPR_DROP;
    if (hpr_owners_took_all_along(scope->owners, scope->process, row))
      return apply(scope, row, HPR_FATE_DROP, false);
    break;
  }
  return judge_lost(scope, row, owner == HPR_OWNER_GONE);
}

/* --- announced tokens ----------------------------------------------------------------------- */

/*
 * Our own are written anew each time; a file that was read again has them, too. What others leave
 * is found by the first who sees that they have ended.
 */
static hpr_keep keep_announced(void *self, hpr_stored *stored) {
  const hpr_ledger_scope *scope = self;
  if (stored->error != 0) return HPR_KEEP;
  if (is_own(scope, stored) || hpr_announced_is_ours(scope, &stored->row)) return HPR_DROP;
  if (scope->ledger->adopting && hpr_owners_meet(scope->owners, scope->process, &stored->row))
    scope->ledger->orphans_due = true;
  return HPR_KEEP;
}

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

static hpr_keep judge_lost_token(const hpr_ledger_scope *scope, hpr_stored *stored) {
  const hpr_row *row = &stored->row;
  hpr_row child;
  switch (hpr_announced_find(scope, stored, &child)) {
  case HPR_FOUND_NOBODY: return is_starting(scope, row) ? keep_for_later(scope, row) : HPR_DROP;
  case HPR_FOUND_FORBIDDEN: return HPR_KEEP;
  case HPR_FOUND_UNSURE: return ask_again(scope);
  case HPR_FOUND_CHILD: break;
  }
  return adopt_announced(scope, &child);
}

static hpr_keep judge_announced(void *self, hpr_stored *stored) {
  const hpr_ledger_scope *scope = self;
  hpr_row *row = &stored->row;
  note_place(scope);
  if (stored->error != 0) return HPR_KEEP;
  if (is_own(scope, stored) || hpr_announced_is_ours(scope, row)) return HPR_DROP;
  switch (hpr_owners_ask(scope->owners, scope->process, row)) {
  case HPR_OWNER_LIVES: return keep_owned(row);
  case HPR_OWNER_ELSEWHERE: return keep_elsewhere(scope, row);
  case HPR_OWNER_UNNAMED:
  case HPR_OWNER_GONE: break;
  }
  return hpr_heir_claim(scope, row) ? judge_lost_token(scope, stored) : keep_for_later(scope, row);
}

static void announce(void *self, hpr_buffer *own_announced) {
  const hpr_ledger_scope *scope = self;
  for (hpr_token *it = scope->ledger->tokens.list; it; it = it->next) {
    hpr_row_set_owner(&it->row, scope->ledger->owner);
    hpr_document_announce(own_announced, &it->row);
  }
}

/* --- writing -------------------------------------------------------------------------------- */

/* Both come when all of them have been looked at, whether they can be written or not. */
static hpr_lines *note_looked(void *self) {
  const hpr_ledger_scope *scope = self;
  hpr_owners_looked(scope->owners, scope->process, false);
  return &scope->table->lines;
}

static hpr_lines *note_judged(void *self) {
  const hpr_ledger_scope *scope = self;
  scope->ledger->orphans_due = false;
  hpr_owners_looked(scope->owners, scope->process, true);
  return &scope->table->lines;
}

static void warn(void *self, int error, const char *detail) {
  hpr_outbox_warn(((const hpr_ledger_scope *)self)->outbox, error, 0, detail);
}

/* What is judged and not written may come back: from a file that somebody else has written since.
 */
static void judge_again_later(const hpr_ledger_scope *scope, int result) {
  hpr_ledger *ledger = scope->ledger;
  const bool lost = result != 0 && !ledger->orphans_due;
  ledger->judge_ms = ledger->unsure ? scope->now_ms + RETRY_MS : HPR_TIME_NEVER;
  ledger->unsure = ledger->judging_again = false;
  if (lost) ledger->orphans_due = ledger->judging_again = true;
}

/* Nothing of ours has changed: the file is written only if a row can be judged by now. */
static bool is_look(const hpr_ledger_scope *scope) {
  return scope->ledger->judging_again && !scope->changed && scope->ledger->file_error == 0;
}

static int sync(const hpr_ledger_scope *scope) {
  hpr_ledger_scope copy = *scope;
  const bool judging = scope->ledger->orphans_due;
  scope->ledger->place_told = scope->ledger->dead_mount = scope->ledger->held_back = false;
  const hpr_pidfile_client client = {
      .self = &copy,
      .judge = judging ? judge_orphan : judge_ordinary,
      .judge_announced = judging ? judge_announced : keep_announced,
      .announce = announce,
      .lines = judging ? note_judged : note_looked,
      .write_line = hpr_entry_write,
      .owned = note_owned,
      .only_changes = is_look(scope),
      .warn = warn,
  };
  hpr_owners_begin(scope->owners);
  if (judging) (void)hpr_pidfile_is_proved(scope->ledger->pidfile); /* else claims are nobody's */
  const int result = hpr_pidfile_sync(scope->ledger->pidfile, &client);
  hpr_carriers_done(&scope->ledger->carriers);
  hpr_heir_after_write(scope);
  return result;
}

static void note_result(const hpr_ledger_scope *scope, int result) {
  hpr_ledger *ledger = scope->ledger;
  if (result != 0 && result != ledger->file_error)
    hpr_outbox_warn(scope->outbox, result, 0, path_of(scope));
  if (result != 0)
    ledger->write_failures++;
  else if (!is_look(scope))
    ledger->writes++;
  ledger->file_error = result;
  const bool waiting = hpr_pidfile_is_waiting(ledger->pidfile);
  ledger->write_due_ms =
      result == 0 ? HPR_TIME_NEVER : scope->now_ms + (waiting ? LOCK_RETRY_MS : RETRY_MS);
  scope->table->lines.changed = false; /* also after a failure: the retry is due */
}

void hpr_ledger_write(const hpr_ledger_scope *scope) {
  bool judging = scope->ledger->orphans_due;
  int result = sync(scope);
  if (!judging && scope->ledger->orphans_due) { /* just found */
    judging = true;
    result = sync(scope);
  }
  if (result == 0 && scope->ledger->held_back) { /* the file can be written by now */
    scope->ledger->orphans_due = true;
    result = sync(scope);
  }
  note_result(scope, result);
  if (judging) judge_again_later(scope, result);
}

/* --- looking -------------------------------------------------------------------------------- */

typedef struct looking {
  hpr_ledger_scope scope;
  size_t own;    /* rows */
  bool disowned; /* one of them says that we are lost */
} looking;

static hpr_keep judge_seen(void *self, hpr_stored *stored) {
  looking *it = self;
  if (is_own(&it->scope, stored)) {
    it->own++;
    it->disowned = it->disowned || hpr_row_more(&stored->row)->foreign_since_ms != 0;
  }
  return judge_ordinary(&it->scope, stored);
}

static hpr_keep meet_announced(void *self, hpr_stored *stored) {
  return keep_announced(&((looking *)self)->scope, stored);
}

static void warn_seen(void *self, int error, const char *detail) {
  warn(&((looking *)self)->scope, error, detail);
}

/* Another host, which cannot see our lock, has dated what we have, or given it up. */
static bool look_at_others(const hpr_ledger_scope *scope) {
  looking it = {.scope = *scope};
  const hpr_pidfile_client client = {
      .self = &it, .judge = judge_seen, .judge_announced = meet_announced, .warn = warn_seen};
  const hpr_lines *lines = &scope->table->lines;
  hpr_owners_begin(scope->owners);
  const bool read = hpr_pidfile_look(scope->ledger->pidfile, &client);
  const bool written = !lines->changed && scope->ledger->file_error == 0;
  return hpr_pidfile_was_shared(scope->ledger->pidfile) &&
         (it.disowned || (read && written && it.own < lines->living));
}

bool hpr_ledger_look(const hpr_ledger_scope *scope) {
  hpr_ledger *ledger = scope->ledger;
  bool due = !hpr_pidfile_is_proved(ledger->pidfile);
  const bool looks = ledger->adopting || hpr_pidfile_was_shared(ledger->pidfile);
  if (looks && !ledger->orphans_due) due = look_at_others(scope) || due;
  return due || ledger->orphans_due;
}
