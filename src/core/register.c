#include <string.h>

#include "core/state.h"

/*
 * What is known of a pid's holder already. A process that was ours when it was first recorded is
 * ours, whoever its parent is by now; and where the system tells nothing today, and it is no child
 * of ours, it is the one that it was until the contrary is proved.
 */
static void recall(const hpr_registry *registry, hpr_identity *identity) {
  const hpr_entry *before = hpr_find_pid(registry, identity->pid);
  const hpr_identity *known = before ? &before->row.main : NULL;
  if (!known || identity->kin || !known->kin || known->state != HPR_RECORD_KNOWN) return;
  bool untold = identity->state == HPR_RECORD_OPAQUE && hpr_is_there(registry, known);
  if (untold || hpr_same_identity(known, identity)) *identity = *known;
}

/*
 * Where the system tells nothing, a child of ours is itself until its exit is told. Nobody tells
 * us of the exit of others, and a number of which we hear no more may be another child's by then.
 */
static void doubt(hpr_identity *identity) {
  if (identity->state == HPR_RECORD_OPAQUE) identity->kin = false;
}

static int fill_row(const hpr_registry *registry, const hpr_registration *from, hpr_row *row) {
  const hpr_process_ops *process = &registry->process;
  row->spawned_ms = process->now_ms(process->self);
  process->identify(process->self, from->pid, NULL, &row->main);
  if (!from->parent_tells) doubt(&row->main);
  recall(registry, &row->main);
  if (from->keeper_pid == from->pid) {
    row->keeper = row->main;
  } else if (from->keeper_pid != 0) {
    process->identify(process->self, from->keeper_pid, NULL, &row->keeper);
    doubt(&row->keeper);
  }
  hpr_sign(registry, row);
  row->cwd = strdup(from->cwd);
  int result = row->cwd ? hpr_row_set_text(&row->token, from->token) : HPR_ENOMEM;
  return result ? result : hpr_row_set_text(&row->socket_path, from->socket_path);
}

/*
 * An entry has to leave its pid to another: its process is gone if the pid has passed on, and if it
 * is the same process that is being ended, the caller wants it back. Its pi goes on.
 */
static void displace(hpr_registry *registry, hpr_entry *entry) {
  bool kept = hpr_part_is_left(registry, entry, HPR_PART_PI) && hpr_keep_pi(registry, entry);
  if (kept && entry->row.pi.pid == 0) {
    entry->ending ? (void)hpr_review_ending(registry, entry) : hpr_review_live(registry, entry);
    return;
  }
  hpr_answer_all(registry, entry, HPR_OUTCOME_UNKNOWN);
  hpr_detach(registry, entry);
  hpr_entry_free(entry);
}

/* True if the new holder of its pid takes over the entry's place in the order, and all of it. */
static bool is_replaced(hpr_registry *registry, const hpr_entry *entry,
                        const hpr_identity *holder) {
  return !entry->ending && (hpr_same_identity(&entry->row.main, holder) ||
                            !hpr_part_is_left(registry, entry, HPR_PART_PI));
}

/* Lack of memory must find everything as it was: what is there makes room last. */
static int add_entry(hpr_registry *registry, hpr_row *take_row, hpr_entry **ret_entry) {
  hpr_entry *before = hpr_find_pid(registry, take_row->main.pid);
  hpr_entry *entry = hpr_entry_new(take_row);
  if (!entry) return HPR_ENOMEM;
  const bool replaced = before && is_replaced(registry, before, &entry->row.main);
  int result = hpr_attach(registry, entry, replaced ? before : NULL);
  if (result != 0) {
    *take_row = entry->row;
    entry->row = (hpr_row){0};
    hpr_entry_free(entry);
    return result;
  }
  if (replaced) {
    hpr_detach(registry, before);
    hpr_entry_free(before);
  } else if (before) {
    displace(registry, before);
  }
  *ret_entry = entry;
  return 0;
}

static bool is_pid(int32_t pid) { return pid >= HPR_PID_MIN; }

int hpr_registry_register(hpr_registry *registry, const hpr_registration *registration,
                          hpr_ticket *ret_ticket) {
  if (!is_pid(registration->pid)) return HPR_EINVAL;
  if (registration->keeper_pid != 0 && !is_pid(registration->keeper_pid)) return HPR_EINVAL;
  hpr_row row = {0};
  hpr_entry *entry;
  int result = fill_row(registry, registration, &row);
  if (result == 0) result = add_entry(registry, &row, &entry);
  if (result != 0) {
    hpr_row_done(&row);
    return result;
  }
  if (entry->row.main.state == HPR_RECORD_KNOWN && !entry->row.main.kin)
    hpr_report_warning(registry, HPR_ENOTKIN, entry->row.main.pid, NULL);
  *ret_ticket = hpr_ticket_of(entry);
  entry->parent_tells = registration->parent_tells;
  if (entry->row.main.state == HPR_RECORD_KNOWN) hpr_watch_part(registry, entry, HPR_PART_MAIN);
  hpr_persist(registry);
  hpr_deliver(registry);
  return 0;
}
