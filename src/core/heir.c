#include "core/heir.h"

#include <utlist.h>

#include "base/error.h"

bool hpr_heir_claim(const hpr_ledger_scope *scope, const hpr_row *row) {
  const int result = hpr_pidfile_claim(scope->ledger->pidfile, hpr_row_owner(row));
  scope->ledger->claimed = result == 0;
  return result != HPR_EBUSY;
}

static bool is_entry_of(const hpr_entry *entry, const hpr_row *row) {
  const hpr_origin one = hpr_row_origin_of(&entry->row);
  const hpr_origin other = hpr_row_origin_of(row);
  return hpr_origin_equal(&one, &other);
}

static void give_up(const hpr_ledger_scope *scope, hpr_entry *entry) {
  entry->unrecorded = false;
  scope->ledger->unrecorded--;
  scope->ledger->adoptions--;
  hpr_table_give_up(scope->table, entry);
}

/* Where nothing could be locked, or the lock's file has gone. */
void hpr_heir_give_way(const hpr_ledger_scope *scope, const hpr_row *row) {
  hpr_entry *same = scope->ledger->unrecorded > 0 ? hpr_table_find_same(scope->table, row) : NULL;
  if (same && same->unrecorded && is_entry_of(same, row)) give_up(scope, same);
}

static void tell(const hpr_ledger_scope *scope, hpr_entry *take_entry) {
  hpr_past_tell_exit(&scope->ledger->past, scope->outbox, take_entry);
  hpr_entry_free(take_entry);
}

void hpr_heir_tell(const hpr_ledger_scope *scope, hpr_entry *take_entry) {
  if (scope->ledger->claimed)
    tell(scope, take_entry);
  else
    DL_APPEND(scope->ledger->exits, take_entry);
}

bool hpr_heir_was_told(const hpr_ledger *ledger, const hpr_row *row) {
  const hpr_origin it = hpr_row_origin_of(row);
  if (hpr_past_has_row(&ledger->past, row)) return true;
  for (const hpr_entry *entry = ledger->exits; entry; entry = entry->next) {
    const hpr_origin held = hpr_row_origin_of(&entry->row);
    if (hpr_origin_equal(&held, &it)) return true;
  }
  return false;
}

/* False: another server may tell of them, and they are judged again. */
static bool tell_exits(const hpr_ledger_scope *scope, hpr_sync_end end) {
  hpr_entry *it, *next;
  const bool all = !scope->ledger->exits || end == HPR_SYNC_DONE;
  DL_FOREACH_SAFE(scope->ledger->exits, it, next) {
    DL_DELETE(scope->ledger->exits, it);
    if (all)
      tell(scope, it);
    else
      hpr_entry_free(it);
  }
  return all;
}

void hpr_heir_after_write(const hpr_ledger_scope *scope) {
  hpr_ledger *ledger = scope->ledger;
  const hpr_sync_end end = hpr_pidfile_last_sync(ledger->pidfile);
  ledger->unwritable = end == HPR_SYNC_FAILED;
  if (!tell_exits(scope, end)) hpr_pidfile_take_back(ledger->pidfile);
  if (ledger->unrecorded == 0 || end == HPR_SYNC_UNLOCKED) return;
  bool given_up = false;
  for (hpr_entry *entry = scope->table->entries; entry; entry = entry->next)
    if (entry->unrecorded && end == HPR_SYNC_DONE) {
      entry->unrecorded = false;
    } else if (entry->unrecorded && !entry->claimed) {
      give_up(scope, entry);
      given_up = true;
    }
  if (end == HPR_SYNC_DONE)
    ledger->unrecorded = 0;
  else if (given_up)
    hpr_pidfile_take_back(ledger->pidfile);
}

bool hpr_heir_is_ours(const hpr_ledger_scope *scope, const hpr_row *row) {
  const hpr_entry *same = hpr_table_find_same(scope->table, row);
  if (same && is_entry_of(same, row)) return true;
  const hpr_entry *it = scope->ledger->file_error != 0 ? scope->table->entries : NULL;
  while (it && !is_entry_of(it, row)) it = it->next;
  return it != NULL;
}
