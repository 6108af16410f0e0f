#include "core/table.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/error.h"

void hpr_table_show(hpr_table *table, hpr_board *board) {
  table->board = board;
  table->index.by[HPR_BY_TOKEN].filter = board ? &board->tokens : NULL;
  table->index.by[HPR_BY_SESSION].filter = board ? &board->sessions : NULL;
}

void hpr_table_done(hpr_table *table) {
  hpr_lines_done(&table->lines);
  hpr_index_done(&table->index);
  hpr_paths_done(&table->paths);
}

/* --- finding -------------------------------------------------------------------------------- */

hpr_entry *hpr_table_find_serial(const hpr_table *table, uint64_t serial) {
  return hpr_index_at(&table->index, serial);
}

hpr_entry *hpr_table_find_pid(const hpr_table *table, int32_t pid) {
  return hpr_index_find(&table->index, HPR_BY_PID, &pid, sizeof pid);
}

hpr_entry *hpr_table_find_same(const hpr_table *table, const hpr_row *row) {
  hpr_entry *entry = hpr_table_find_pid(table, row->main.pid);
  /* Two of whom the system told nothing need not be the same one. */
  bool same =
      entry && row->main.state != HPR_RECORD_OPAQUE &&
      (row->main.state == HPR_RECORD_NONE || hpr_identity_equal(&entry->row.main, &row->main));
  return same ? entry : NULL;
}

hpr_entry *hpr_table_find_session(const hpr_table *table, const char *session) {
  return hpr_index_find_text(&table->index, HPR_BY_SESSION, session);
}

hpr_entry *hpr_table_find_token(const hpr_table *table, const char *token) {
  return hpr_index_find_text(&table->index, HPR_BY_TOKEN, token);
}

/* --- membership ----------------------------------------------------------------------------- */

void hpr_table_note_change(const hpr_table *table) {
  if (table->board) table->board->lookups++;
}

static void set_live(hpr_table *table, size_t live) {
  table->live = live;
  if (table->board) table->board->size = (uint32_t)live;
}

/* Out of all indexes but that of pids. */
static void leave_lookups(hpr_table *table, hpr_entry *entry) {
  hpr_table_note_change(table);
  hpr_index_remove(&table->index, HPR_BY_SESSION, entry);
  hpr_index_remove(&table->index, HPR_BY_TOKEN, entry);
  hpr_index_remove(&table->index, HPR_BY_AGENT, entry);
  hpr_index_remove(&table->index, HPR_BY_CWD, entry);
}

static int enter(hpr_table *table, hpr_entry *entry) {
  static const hpr_by all[] = {HPR_BY_PID, HPR_BY_TOKEN, HPR_BY_AGENT, HPR_BY_CWD};
  int result = hpr_index_enter(&table->index, entry);
  for (size_t i = 0; i < sizeof all / sizeof all[0] && result == 0; i++)
    result = hpr_index_add(&table->index, all[i], entry);
  return result ? result : hpr_lines_add(&table->lines, entry->order, entry);
}

static void leave(hpr_table *table, hpr_entry *entry) {
  leave_lookups(table, entry);
  hpr_index_remove(&table->index, HPR_BY_PID, entry);
  hpr_index_leave(&table->index, entry);
}

static void free_but_row(hpr_entry *entry, hpr_row *ret_row) {
  *ret_row = entry->row;
  entry->row = (hpr_row){0};
  hpr_entry_free(entry);
}

hpr_entry *hpr_table_add(hpr_table *table, hpr_row *take_row, const hpr_entry *replaced) {
  hpr_entry *entry = hpr_entry_new(take_row);
  if (!entry) return NULL;
  entry->order = replaced ? replaced->order : ++table->next_order;
  if (enter(table, entry) != 0) {
    leave(table, entry);
    free_but_row(entry, take_row);
    return NULL;
  }
  hpr_paths_share(&table->paths, &entry->row.cwd);
  hpr_entry *place = (hpr_entry *)replaced;
  if (place)
    DL_APPEND_ELEM(table->entries, place, entry);
  else
    DL_APPEND(table->entries, entry);
  entry->lines = &table->lines;
  entry->looked_up = true;
  set_live(table, table->live + 1);
  table->changes++;
  return entry;
}

void hpr_table_retire(hpr_table *table, hpr_entry *entry) {
  if (!entry->looked_up) return;
  leave_lookups(table, entry);
  entry->looked_up = false;
  set_live(table, table->live - 1);
}

void hpr_table_free_number(hpr_table *table, hpr_entry *entry) {
  hpr_index_remove(&table->index, HPR_BY_PID, entry);
}

/* --- the turn's work ------------------------------------------------------------------------ */

static void drop_due(hpr_table *table, hpr_entry *entry) {
  DL_DELETE2(table->due, entry, prev_due, next_due);
  entry->due = false;
}

void hpr_table_mark(hpr_table *table, hpr_entry *entry) {
  if (entry->due) return;
  entry->due = true;
  entry->next_due = NULL;
  DL_APPEND2(table->due, entry, prev_due, next_due);
}

void hpr_table_done_with(hpr_table *table, hpr_entry *entry) {
  if (entry->due) drop_due(table, entry);
}

void hpr_table_set_timed(hpr_table *table, hpr_entry *entry, bool timed) {
  if (entry->timed == timed) return;
  entry->timed = timed;
  if (timed)
    DL_APPEND2(table->timed, entry, prev_timed, next_timed);
  else
    DL_DELETE2(table->timed, entry, prev_timed, next_timed);
}

void hpr_table_give_up(hpr_table *table, hpr_entry *entry) {
  hpr_table_retire(table, entry);
  hpr_table_free_number(table, entry);
  hpr_lines_remove(&table->lines, entry->order, entry);
  entry->lines = NULL;
  entry->given_up = true;
  hpr_table_mark(table, entry);
}

void hpr_table_make_remainder(hpr_table *table, hpr_entry *entry) {
  hpr_table_retire(table, entry);
  hpr_table_free_number(table, entry);
  hpr_entry_make_remainder(entry);
}

hpr_entry *hpr_table_add_remainder(hpr_table *table, hpr_row *take_row) {
  hpr_entry *entry = hpr_table_add(table, take_row, NULL);
  if (!entry) return NULL;
  hpr_table_make_remainder(table, entry);
  entry->parts[HPR_PART_MAIN].suspect = true;
  return entry;
}

void hpr_table_remove(hpr_table *table, hpr_entry *entry) {
  hpr_table_done_with(table, entry);
  hpr_table_set_timed(table, entry, false);
  hpr_table_retire(table, entry);
  leave(table, entry);
  table->changes++;
  DL_DELETE(table->entries, entry);
  hpr_lines_remove(&table->lines, entry->order, entry);
  hpr_paths_leave(&table->paths, entry->row.cwd);
  entry->lines = NULL;
}

static void set_ending(hpr_table *table, hpr_entry *entry, hpr_ending *take_ending) {
  hpr_table_retire(table, entry);
  entry->ending = take_ending;
  hpr_table_mark(table, entry);
}

static int record_end(hpr_entry *entry, const hpr_ending_request *request) {
  const hpr_ending_record how = {
      .signal = request->signal,
      .grace_ms = request->grace_ms,
      .began_ms = request->began_ms,
      .began_boot_ms = request->began_boot_ms,
      .tree = request->tree,
  };
  return hpr_row_begin_ending(&entry->row, &how);
}

int hpr_table_end(hpr_table *table, hpr_entry *entry, const hpr_ending_request *request) {
  hpr_ending *ending = malloc(sizeof *ending);
  int result = ending ? 0 : HPR_ENOMEM;
  if (result == 0 && request->recorded) result = record_end(entry, request);
  if (result != 0) {
    free(ending);
    return result;
  }
  hpr_ending_init(ending, request->signal, request->grace_ms, request->now_ms);
  ending->reason = request->reason;
  ending->recorded = request->recorded;
  ending->tree = request->tree;
  hpr_process *main = &entry->parts[HPR_PART_MAIN];
  /* Nobody to signal. killAll leaves it in the file: its emitter's exit is yet to come. */
  if (main->presence == HPR_PRESENCE_UNSEEN && request->recorded)
    main->presence = HPR_PRESENCE_GONE;
  else if (main->presence == HPR_PRESENCE_UNSEEN)
    ending->parts[HPR_PART_MAIN].sent = HPR_SENT_KILL;
  if (request->recorded) hpr_entry_touch(entry);
  set_ending(table, entry, ending);
  return 0;
}

void hpr_table_record_end(hpr_entry *entry, const hpr_ending_request *request) {
  entry->ending->recorded = record_end(entry, request) == 0;
  hpr_entry_touch(entry);
}

static int32_t grace_left(const hpr_ending_record *record, int64_t clock_ms) {
  if (record->grace_ms < 0) return HPR_GRACE_NEVER;
  const int64_t waited_ms = clock_ms - record->began_ms;
  if (waited_ms <= 0) return record->grace_ms;
  return waited_ms < record->grace_ms ? record->grace_ms - (int32_t)waited_ms : 0;
}

int hpr_table_resume_end(hpr_table *table, hpr_entry *entry, const hpr_ending_request *request) {
  const hpr_ending_record *record = hpr_row_more(&entry->row)->ending;
  if (!record) return hpr_table_end(table, entry, request);
  hpr_ending *ending = malloc(sizeof *ending);
  if (!ending) return HPR_ENOMEM;
  hpr_ending_init(ending, record->signal, record->grace_ms < 0 ? HPR_GRACE_NEVER : record->grace_ms,
                  request->now_ms);
  ending->reason = HPR_REASON_RESUMED;
  ending->recorded = true;
  ending->tree = record->tree;
  if (record->sent_count > 0)
    hpr_ending_resume(ending, grace_left(record, request->began_ms), request->now_ms);
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    const hpr_identity *identity = hpr_entry_part(entry, part);
    const bool asked = identity && hpr_row_was_asked(&entry->row, identity);
    if (asked) ending->parts[part].sent = HPR_SENT_FIRST;
  }
  set_ending(table, entry, ending);
  return 0;
}

/* --- changes -------------------------------------------------------------------------------- */

int hpr_table_link(hpr_table *table, hpr_entry *entry, const char *session, hpr_link by) {
  char *copy = strdup(session);
  if (!copy) return HPR_ENOMEM;
  hpr_table_unlink(table, entry);
  entry->session = copy;
  if (hpr_index_add(&table->index, HPR_BY_SESSION, entry) != 0) {
    entry->session = NULL;
    free(copy);
    return HPR_ENOMEM;
  }
  hpr_index_remove(&table->index, HPR_BY_CWD, entry);
  entry->linked_by = by;
  hpr_entry_touch(entry); /* the file says so to the person whose server is gone */
  return 0;
}

void hpr_table_unlink(hpr_table *table, hpr_entry *entry) {
  hpr_table_note_change(table);
  if (!entry->session) return;
  hpr_index_remove(&table->index, HPR_BY_SESSION, entry);
  free(entry->session);
  entry->session = NULL;
  entry->linked_by = HPR_LINK_NONE;
  hpr_entry_touch(entry);
  /* Without memory its folder's text does not lead to it; hpr_registry_link_by_cwd looks on. */
  if (entry->looked_up) hpr_index_add(&table->index, HPR_BY_CWD, entry);
}

/* It runs, or its group does, and it has no entry of its own. */
static bool is_agent_left(const hpr_table *table, const hpr_entry *entry) {
  const hpr_presence presence = entry->parts[HPR_PART_AGENT].presence;
  if (presence == HPR_PRESENCE_GROUP) return true;
  return presence == HPR_PRESENCE_THERE && hpr_entry_is_proved(entry, HPR_PART_AGENT) &&
         !hpr_table_find_pid(table, hpr_row_more(&entry->row)->pi.pid);
}

static void keep_as_former(hpr_entry *entry, const hpr_identity *agent) {
  hpr_process *former = &entry->parts[HPR_PART_FORMER];
  const uint16_t round = former->round;
  hpr_row_leave_agent(&entry->row, agent);
  *former = entry->parts[HPR_PART_AGENT];
  former->round = round;
}

/* What is left of its group gets a row of its own. Lack of memory forgets it. */
static void split_off(hpr_table *table, hpr_entry *entry) {
  hpr_row row;
  const char *session = entry->session ? entry->session : entry->row.session;
  if (hpr_row_split_agent(&entry->row, session, &row) != 0) return;
  hpr_entry *remainder = hpr_table_add_remainder(table, &row);
  if (remainder)
    hpr_table_mark(table, remainder);
  else
    hpr_row_done(&row);
}

static void leave_agent(hpr_table *table, hpr_entry *entry, const hpr_identity *successor) {
  const bool left = successor->pid != 0 && is_agent_left(table, entry);
  const hpr_identity agent = entry->row.rest->pi;
  if (hpr_identity_equal(&entry->row.rest->former, successor)) hpr_entry_drop_former(entry);
  if (left && !hpr_entry_has_former(entry))
    keep_as_former(entry, &agent);
  else if (left)
    split_off(table, entry);
  hpr_row_leave_agent(&entry->row, NULL);
}

int hpr_table_set_agent(hpr_table *table, hpr_entry *entry, const hpr_identity *agent) {
  const hpr_identity before = hpr_row_more(&entry->row)->pi;
  hpr_row_rest *rest = hpr_row_add_more(&entry->row);
  if (!rest) return HPR_ENOMEM;
  hpr_table_note_change(table);
  hpr_index_remove(&table->index, HPR_BY_AGENT, entry);
  rest->pi = *agent;
  if (hpr_index_add(&table->index, HPR_BY_AGENT, entry) != 0) {
    rest->pi = before;
    hpr_index_add(&table->index, HPR_BY_AGENT, entry);
    return HPR_ENOMEM;
  }
  rest->pi = before;
  leave_agent(table, entry, agent);
  rest->pi = *agent;
  hpr_entry_meet(entry, HPR_PART_AGENT);
  hpr_entry_touch(entry);
  return 0;
}

int hpr_table_promote(hpr_table *table, hpr_entry *entry) {
  const int32_t number = hpr_row_more(&entry->row)->pi.pid;
  if (hpr_table_find_pid(table, number)) return HPR_EEXIST;
  hpr_table_note_change(table);
  hpr_index_remove(&table->index, HPR_BY_AGENT, entry);
  hpr_index_remove(&table->index, HPR_BY_PID, entry);
  hpr_entry_promote(entry);
  return hpr_index_add(&table->index, HPR_BY_PID, entry);
}
