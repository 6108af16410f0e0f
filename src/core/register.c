#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/shared.h"
#include "core/forget.h"
#include "core/folder.h"
#include "core/turn.h"
#include "core/watch.h"

/* --- whom a pid stands for ------------------------------------------------------------------ */

/*
 * What is known of a pid's holder already. A process that was ours when it was first recorded is
 * ours, whoever its parent is by now; and where the system tells nothing today, and it is no child
 * of ours, it is the one that it was until the contrary is proved.
 */
static void use_earlier_record(const hpr_registry *registry, hpr_identity *identity) {
  const hpr_process_ops *process = &registry->process;
  const hpr_entry *before = hpr_table_find_pid(&registry->table, identity->pid);
  const hpr_identity *known = before ? &before->row.main : NULL;
  if (!known || !known->kin || known->state != HPR_RECORD_KNOWN) return;
  if (identity->state == HPR_RECORD_OPAQUE) {
    const hpr_verdict verdict = process->verify(process->self, known);
    const bool may_be_it =
        identity->kin ? verdict == HPR_VERDICT_SAME : !hpr_verdict_is_gone(verdict);
    if (may_be_it) *identity = *known;
  } else if (hpr_identity_equal(known, identity)) {
    identity->kin = true;
  }
}

/*
 * Where the system tells nothing, a child of ours is itself until its exit is told. Nobody tells
 * us of the exit of others, and a pid of which we hear no more may be another child's by then.
 */
static void distrust(hpr_identity *identity) {
  if (identity->state == HPR_RECORD_OPAQUE) identity->kin = false;
}

static int fill_row(const hpr_registry *registry, const hpr_registration *from, hpr_row *row) {
  const hpr_process_ops *process = &registry->process;
  if (from->keeper_pid != 0 && !hpr_row_add_more(row)) return HPR_ENOMEM;
  row->spawned_ms = process->now_ms(process->self);
  row->spawned_boot_ms = process->boot_ms(process->self);
  process->identify(process->self, from->pid, NULL, &row->main);
  if (!from->status_expected) distrust(&row->main);
  use_earlier_record(registry, &row->main);
  if (from->keeper_pid == from->pid) {
    row->rest->keeper = row->main;
  } else if (from->keeper_pid != 0) {
    process->identify(process->self, from->keeper_pid, NULL, &row->rest->keeper);
    distrust(&row->rest->keeper);
  }
  hpr_row_set_owner(row, registry->ledger.owner);
  row->cwd = hpr_shared_new(from->cwd);
  int result = row->cwd ? hpr_row_set_text(&row->token, from->token) : HPR_ENOMEM;
  if (result == 0) result = hpr_row_set_socket_path(row, from->socket_path);
  if (result == 0) result = hpr_row_set_goal(row, from->goal);
  return result == 0 && from->fields ? hpr_row_set_fields(row, from->fields) : result;
}

/* --- who has the pid already ---------------------------------------------------------------- */

/*
 * Another entry has the pid. If it is of another process this one has ended, and goes on as its
 * agent or is told; if it is of the same the caller wants that one back, and only the agent ends.
 */
static void give_up_number(hpr_registry *registry, hpr_entry *entry, bool same) {
  hpr_process *main = &entry->parts[HPR_PART_MAIN];
  hpr_watch_stop(&registry->process, entry);
  main->exited = true;
  main->suspect = !same;
  if (same) {
    main->presence = HPR_PRESENCE_GONE;
    hpr_row_drop_asked(&entry->row, &entry->row.main); /* the next server must not ask it again */
    hpr_entry_touch(entry);
  }
  hpr_table_free_number(&registry->table, entry);
  hpr_table_mark(&registry->table, entry);
}

/* The pid is the group's yet, and nobody holds it. */
static bool leaves_group(const hpr_registry *registry, const hpr_entry *entry) {
  const hpr_process_ops *process = &registry->process;
  return hpr_entry_answers_for(entry, HPR_PART_MAIN) &&
         process->verify(process->self, &entry->row.main) == HPR_VERDICT_GROUP;
}

/* Its agent may have an entry of its own. */
static bool can_go_on_as_agent(const hpr_table *table, const hpr_entry *entry) {
  return hpr_entry_agent_runs(entry) &&
         !hpr_table_find_pid(table, hpr_row_more(&entry->row)->pi.pid);
}

/* An entry of its own learns from this one, which goes, that the agent is ours. */
static void pass_agent_on(hpr_registry *registry, const hpr_entry *entry) {
  const hpr_identity *agent = &hpr_row_more(&entry->row)->pi;
  hpr_entry *other =
      hpr_entry_agent_runs(entry) ? hpr_table_find_pid(&registry->table, agent->pid) : NULL;
  if (other && hpr_entry_learn(other, agent)) hpr_table_mark(&registry->table, other);
}

/* Told at once: with its place in the file it has lost the time to wait for its status. */
static void replace(hpr_registry *registry, hpr_entry *entry, bool same) {
  const bool was_seen = entry->parts[HPR_PART_MAIN].presence == HPR_PRESENCE_THERE;
  if (!same && was_seen && entry->life == HPR_LIFE_RUNNING)
    hpr_past_tell_exit(&registry->ledger.past, &registry->outbox, entry);
  pass_agent_on(registry, entry);
  hpr_forget(registry, entry, same ? HPR_OUTCOME_UNKNOWN : HPR_OUTCOME_EXITED);
}

/* Lack of memory must find everything as it was: what is there makes room last. */
static int add_entry(hpr_registry *registry, hpr_row *take_row, hpr_entry **ret_entry) {
  hpr_table *table = &registry->table;
  hpr_entry *before = hpr_table_find_pid(table, take_row->main.pid);
  const bool same = before && hpr_identity_equal(&before->row.main, &take_row->main);
  const bool goes_on = before && (same ? before->ending && can_go_on_as_agent(table, before)
                                       : before->ending || hpr_entry_agent_runs(before) ||
                                             leaves_group(registry, before));
  const bool keeps_place = before && !goes_on && !before->ending;
  hpr_entry *entry = hpr_table_add(table, take_row, keeps_place ? before : NULL);
  if (!entry) return HPR_ENOMEM;
  if (goes_on)
    give_up_number(registry, before, same);
  else if (before)
    replace(registry, before, same);
  *ret_entry = entry;
  return 0;
}

/* Its process is known by now, whatever it was registered with. */
static void clear_announced(hpr_registry *registry, const hpr_entry *entry) {
  hpr_tokens *tokens = &registry->ledger.tokens;
  if (!hpr_tokens_remove(tokens, entry->row.token))
    hpr_tokens_remove_carried(tokens, &registry->process,
                              hpr_pidfile_path(registry->ledger.pidfile), &entry->row.main);
}

/* --- the calls ------------------------------------------------------------------------------ */

static bool is_sound(const hpr_registration *it) {
  return hpr_is_pid(it->pid) && (it->keeper_pid == 0 || hpr_is_pid(it->keeper_pid));
}

static size_t length_of(const char *text) { return text ? strlen(text) : 0; }

/* Exactly where it is close. */
static int check_room(const hpr_registry *registry, const hpr_row *row,
                      void (*write)(const hpr_row *, hpr_buffer *)) {
  enum { IDENTITIES = 4096, ESCAPED = 6 }; /* "\u0001" for one byte */
  const hpr_pidfile *file = registry->ledger.pidfile;
  const hpr_row_rest *rest = hpr_row_more(row);
  const size_t texts = length_of(row->cwd) + length_of(row->token) + length_of(rest->socket_path) +
                       length_of(rest->goal) + length_of(rest->fields);
  if (hpr_pidfile_has_room(file, texts * ESCAPED + IDENTITIES)) return 0;
  hpr_buffer text = {0};
  write(row, &text);
  const bool fits = hpr_pidfile_has_room(file, text.length);
  const int result = text.failed ? HPR_ENOMEM : fits ? 0 : HPR_ETOOBIG;
  hpr_buffer_done(&text);
  return result;
}

int hpr_registry_announce(hpr_registry *registry, const char *token) {
  if (registry->guest) return HPR_ECLOSED; /* from a report of its own closing */
  hpr_row row = {0};
  hpr_turn_begin(registry);
  hpr_row_set_owner(&row, registry->ledger.owner);
  int result = hpr_row_set_text(&row.token, token);
  if (result == 0) result = check_room(registry, &row, hpr_row_write_announced);
  if (result == 0) result = hpr_tokens_add(&registry->ledger.tokens, token, &registry->process);
  hpr_row_done(&row);
  if (result == 0) registry->table.lines.changed = true;
  hpr_turn_end(registry);
  return result;
}

int hpr_registry_register(hpr_registry *registry, const hpr_registration *registration,
                          hpr_ticket *ret_ticket) {
  if (!is_sound(registration)) return HPR_EINVAL;
  if (registry->guest) return HPR_ECLOSED; /* from a report of its own closing */
  hpr_row row = {0};
  hpr_entry *entry;
  hpr_turn_begin(registry);
  int result = fill_row(registry, registration, &row);
  if (result == 0) result = check_room(registry, &row, hpr_row_write);
  if (result == 0) result = add_entry(registry, &row, &entry);
  if (result != 0) {
    hpr_row_done(&row);
    return result;
  }
  hpr_turn_warn_of_limits(registry);
  if (entry->row.main.state == HPR_RECORD_KNOWN && !entry->row.main.kin)
    hpr_outbox_warn(&registry->outbox, HPR_ENOTKIN, entry->row.main.pid, NULL);
  entry->status_expected = registration->status_expected;
  /* A child of ours whose exit is yet to be told: it is a zombie. */
  if (entry->status_expected && entry->row.main.state == HPR_RECORD_NOBODY)
    entry->parts[HPR_PART_MAIN].presence = HPR_PRESENCE_GONE;
  clear_announced(registry, entry);
  *ret_ticket = entry->serial;
  hpr_folder_learn(registry, entry);
  hpr_table_mark(&registry->table, entry);
  hpr_turn_end(registry);
  return 0;
}
