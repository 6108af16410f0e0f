#include "base/error.h"
#include "core/others.h"
#include "core/turn.h"
#include "core/watch.h"

/* Of a child whose identity nobody told its parent's word is all there is: its pid is free now. */
static void free_untold_pid(hpr_entry *entry) {
  entry->row.main.state = HPR_RECORD_NOBODY;
  entry->row.main.kin = false;
  hpr_entry_touch(entry);
}

/*
 * What becomes of the registered process by its emitter's word. A parent that has reaped its child
 * knows; of one of ours the system is asked, and of whom we never could judge the word is all there
 * is.
 */
static void believe(hpr_entry *entry) {
  hpr_process *main = &entry->parts[HPR_PART_MAIN];
  if (entry->row.main.state == HPR_RECORD_OPAQUE) free_untold_pid(entry);
  if (!hpr_entry_answers_for(entry, HPR_PART_MAIN)) {
    if (main->presence != HPR_PRESENCE_GROUP) main->presence = HPR_PRESENCE_GONE;
    return;
  }
  main->suspect = true;
  if (entry->status_expected) main->exited = true;
}

/* It is known under its agent's pid now, or is only waited for: the status is all that counts.
 */
static bool is_of_registered(const hpr_entry *entry) {
  return hpr_row_more(&entry->row)->registered_pid == 0;
}

void hpr_registry_child_exited(hpr_registry *registry, hpr_ticket ticket, int exit_code,
                               const char *exit_signal, bool may_wait) {
  hpr_entry *entry = hpr_table_find_serial(&registry->table, ticket);
  if (!entry || entry->life == HPR_LIFE_TOLD) return;
  hpr_turn_begin(registry);
  registry->may_wait = may_wait;
  hpr_entry_set_status(entry, exit_code, exit_signal);
  if (entry->life == HPR_LIFE_RUNNING && is_of_registered(entry)) believe(entry);
  hpr_table_mark(&registry->table, entry);
  hpr_turn_end(registry);
}

int32_t hpr_registry_registered_pid(const hpr_registry *registry, hpr_ticket ticket) {
  const hpr_entry *entry = hpr_table_find_serial(&registry->table, ticket);
  return entry ? hpr_row_registered_pid(&entry->row) : 0;
}

static void part_exited(hpr_registry *registry, hpr_entry *entry, hpr_part part) {
  hpr_process *it = &entry->parts[part];
  it->watched = false;
  it->suspect = it->exited = it->noticed = true;
  hpr_table_mark(&registry->table, entry);
}

static bool is_current(const hpr_process *part, uint16_t round) {
  return part->watched && part->round == round;
}

/* False: it is about nothing that we know. */
static bool note_watch(hpr_registry *registry, uint64_t watch) {
  uint64_t number;
  uint16_t round;
  unsigned what;
  hpr_watch_split(watch, &number, &round, &what);
  if (what == HPR_WATCH_OWNER) {
    if (!hpr_owners_exited(&registry->owners, number)) return false;
    registry->ledger.orphans_due = true;
    return true;
  }
  hpr_entry *entry = hpr_table_find_serial(&registry->table, number);
  if (entry && what == HPR_WATCH_OTHER) {
    hpr_others_exited(entry, round);
    hpr_table_mark(&registry->table, entry);
    return true;
  }
  if (!entry || what >= HPR_PART_COUNT || !is_current(&entry->parts[what], round)) return false;
  part_exited(registry, entry, (hpr_part)what);
  return true;
}

void hpr_registry_watches_fired(hpr_registry *registry, const uint64_t watches[], size_t count) {
  bool any = false;
  hpr_turn_begin(registry);
  registry->may_wait = true;
  for (size_t i = 0; i < count; i++) any = note_watch(registry, watches[i]) || any;
  if (any)
    hpr_turn_end(registry);
  else
    registry->process.end(registry->process.self);
}
