#include "core/ledger.h"

#include <string.h>

#include "base/error.h"
#include "core/announced.h"
#include "core/heir.h"
#include "core/lost.h"

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

/* --- rows that others wrote ----------------------------------------------------------------- */

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
  if (named) hpr_lost_take_agent(scope, same, row);
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
  if (ledger->file_error != 0 && hpr_heir_was_told(ledger, &stored->row)) return HPR_DROP;
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

/* --- whose server may be gone ---------------------------------------------------------------- */

/* Its owner lives: whatever somebody else took it for, it is not lost. */
static hpr_keep keep_owned(hpr_row *row) {
  if (hpr_row_more(row)->foreign_since_ms == 0) return HPR_KEEP;
  row->rest->foreign_since_ms = 0;
  return HPR_KEEP_CHANGED;
}

static hpr_keep judge_orphan(void *self, hpr_stored *stored) {
  const hpr_ledger_scope *scope = self;
  hpr_row *row = &stored->row;
  note_place(scope);
  if (stored->error != 0) return hpr_lost_keep_with_warning(scope, stored->error, 0);
  if (is_own(scope, stored)) return HPR_DROP;
  hpr_announced_note_row(scope, row);
  const hpr_ownership owner = hpr_owners_ask(scope->owners, scope->process, row);
  scope->ledger->claimed = false;
  switch (owner) {
  case HPR_OWNER_LIVES: hpr_heir_give_way(scope, row); return keep_owned(row);
  case HPR_OWNER_ELSEWHERE: return hpr_lost_keep_elsewhere(scope, row);
  case HPR_OWNER_UNNAMED:
    if (hpr_table_find_same(scope->table, row)) return HPR_DROP;
    break;
  case HPR_OWNER_GONE:
    if (!hpr_heir_claim(scope, row)) return hpr_lost_keep_for_later(scope, row);
    if (scope->ledger->file_error != 0 && hpr_heir_is_ours(scope, row)) return HPR_DROP;
    if (hpr_owners_took_all_along(scope->owners, scope->process, row))
      return hpr_lost_drop(scope, row);
    break;
  }
  return hpr_lost_judge(scope, row, owner == HPR_OWNER_GONE);
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

static hpr_keep judge_announced(void *self, hpr_stored *stored) {
  const hpr_ledger_scope *scope = self;
  hpr_row *row = &stored->row;
  note_place(scope);
  if (stored->error != 0) return HPR_KEEP;
  if (is_own(scope, stored) || hpr_announced_is_ours(scope, row)) return HPR_DROP;
  switch (hpr_owners_ask(scope->owners, scope->process, row)) {
  case HPR_OWNER_LIVES: return keep_owned(row);
  case HPR_OWNER_ELSEWHERE: return hpr_lost_keep_elsewhere(scope, row);
  case HPR_OWNER_UNNAMED:
  case HPR_OWNER_GONE: break;
  }
  return hpr_heir_claim(scope, row) ? hpr_lost_judge_token(scope, stored)
                                    : hpr_lost_keep_for_later(scope, row);
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
