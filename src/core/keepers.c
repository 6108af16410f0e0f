#include <string.h>

#include "base/error.h"
#include "base/shared.h"
#include "core/agent.h"
#include "core/turn.h"

const char *hpr_registry_socket_of(hpr_registry *registry, const char *session) {
  const hpr_entry *entry = hpr_table_find_session(&registry->table, session);
  const char *path = entry ? hpr_row_more(&entry->row)->socket_path : NULL;
  if (!path) return NULL;
  if (registry->files->names_socket(registry->files->self, path)) return path;
  hpr_outbox_warn(&registry->outbox, HPR_EINVAL, entry->row.main.pid, path);
  hpr_turn_tell(registry);
  return NULL;
}

/* --- whose socket it is --------------------------------------------------------------------- */

/* An entry of ours knows that process, under whatever name. */
static bool is_known(const hpr_registry *registry, int32_t pid) {
  for (const hpr_entry *entry = registry->table.entries; entry; entry = entry->next)
    if (entry->row.main.pid == pid || hpr_row_more(&entry->row)->keeper.pid == pid) return true;
  return false;
}

/* An entry that is not known to be a keeper's. */
static bool lacks_keeper(const hpr_entry *entry) {
  return hpr_entry_is_live(entry) && hpr_row_more(&entry->row)->keeper.pid == 0;
}

bool hpr_registry_wants_listener(const hpr_registry *registry, int32_t keeper_pid, bool adopts) {
  const hpr_entry *entry = hpr_table_find_pid(&registry->table, keeper_pid);
  if (entry && lacks_keeper(entry)) return entry->row.main.state != HPR_RECORD_NOBODY;
  return adopts && (entry ? !entry->row.main.kin : !is_known(registry, keeper_pid));
}

/* The pid alone may be another container's, or have been reused. */
static bool listens(const hpr_identity *main, const hpr_identity *listener) {
  if (main->state == HPR_RECORD_NOBODY) return true; /* as in unit tests: as it was told */
  return listener && listener->pid == main->pid &&
         (main->state != HPR_RECORD_KNOWN || hpr_identity_equal(main, listener));
}

static int make_keeper(hpr_registry *registry, hpr_entry *entry, const char *socket_path) {
  const int result = hpr_row_set_socket_path(&entry->row, socket_path);
  if (result != 0) return result;
  hpr_row_add_more(&entry->row)->keeper = entry->row.main;
  hpr_table_note_change(&registry->table);
  hpr_entry_touch(entry);
  return 0;
}

bool hpr_registry_attach_keeper(hpr_registry *registry, int32_t keeper_pid, const char *socket_path,
                                const hpr_identity *listener, int32_t pi_pid) {
  hpr_entry *entry = hpr_table_find_pid(&registry->table, keeper_pid);
  if (!entry || !hpr_entry_is_live(entry)) return true;
  const bool lacks = lacks_keeper(entry);
  if (lacks && !listens(&entry->row.main, listener)) return false;
  hpr_turn_begin(registry);
  if (lacks && make_keeper(registry, entry, socket_path) != 0) return true;
  if (pi_pid != 0)
    hpr_agent_suggest(registry, entry, pi_pid);
  else
    hpr_agent_find(registry, entry);
  hpr_turn_end(registry);
  return true;
}

/* --- adoption ------------------------------------------------------------------------------- */

/* Nobody's, as far as the file says; if it cannot be read nobody can tell. */
static bool is_nobodys(hpr_registry *registry, int32_t pid) {
  if (is_known(registry, pid)) return false;
  hpr_turn_write(registry); /* reads what others wrote, and may bring us its entry */
  return registry->ledger.file_error == 0 && !is_known(registry, pid) &&
         !hpr_pidfile_mentions(registry->ledger.pidfile, pid);
}

/* Leaves no KNOWN record of a process that has the pid and cannot be meant. */
static void identify_keeper(const hpr_process_ops *process, const hpr_adoption *from,
                            hpr_identity *ret_keeper) {
  if (from->listener && from->listener->pid == from->keeper_pid) {
    *ret_keeper = *from->listener;
    ret_keeper->kin = true;
    if (hpr_verdict_is_gone(process->verify(process->self, ret_keeper)))
      ret_keeper->state = HPR_RECORD_NOBODY;
    return;
  }
  if (from->recorded_ms != HPR_SPAWNED_UNKNOWN)
    process->identify_recorded(process->self, from->keeper_pid, from->recorded_ms, ret_keeper);
  else
    process->identify(process->self, from->keeper_pid, NULL, ret_keeper);
  ret_keeper->kin = false; /* even a child of ours: it need not be the one that is meant */
}

static void identify(const hpr_process_ops *process, const hpr_adoption *from, hpr_row *row) {
  identify_keeper(process, from, &row->main);
  row->rest->keeper = row->main;
  if (from->pi_pid == 0 || from->pi_pid == from->keeper_pid) return;
  process->identify(process->self, from->pi_pid, &row->main, &row->rest->pi);
  if (!row->rest->pi.kin) row->rest->pi = (hpr_identity){0};
}

static int fill_row(const hpr_registry *registry, const hpr_adoption *from, hpr_row *row) {
  row->spawned_ms = from->spawned_ms;
  hpr_row_set_owner(row, registry->ledger.owner);
  row->cwd = hpr_shared_new(from->cwd);
  return row->cwd ? hpr_row_set_socket_path(row, from->socket_path) : HPR_ENOMEM;
}

/* 0 and no entry: there is nothing to adopt. */
static int adopt(hpr_registry *registry, const hpr_adoption *adoption) {
  hpr_row row = {0};
  if (!hpr_row_add_more(&row)) return HPR_ENOMEM;
  identify(&registry->process, adoption, &row);
  if (row.main.state != HPR_RECORD_KNOWN) { /* gone, another process, or not to be told */
    hpr_row_done(&row);
    return 0;
  }
  int result = fill_row(registry, adoption, &row);
  hpr_entry *entry = result == 0 ? hpr_table_add(&registry->table, &row, NULL) : NULL;
  if (!entry) {
    hpr_row_done(&row);
    return HPR_ENOMEM;
  }
  if (!entry->row.main.kin)
    hpr_outbox_warn(&registry->outbox, HPR_ENOTKIN, entry->row.main.pid, NULL);
  hpr_table_mark(&registry->table, entry);
  registry->ledger.adoptions++;
  return 0;
}

/* One that was not proved when it was adopted: it had not begun to listen. */
static void prove_known(const hpr_registry *registry, const hpr_adoption *from) {
  hpr_entry *entry = hpr_table_find_pid(&registry->table, from->keeper_pid);
  if (!entry || entry->row.main.kin || !from->listener) return;
  hpr_identity listener = *from->listener;
  listener.kin = true;
  hpr_entry_learn(entry, &listener);
}

int hpr_registry_adopt_keeper(hpr_registry *registry, const hpr_adoption *adoption) {
  const bool sound =
      hpr_is_pid(adoption->keeper_pid) && (adoption->pi_pid == 0 || hpr_is_pid(adoption->pi_pid));
  if (!sound) return HPR_EINVAL;
  if (registry->guest || hpr_turn_is_forked(registry)) return 0;
  hpr_turn_begin(registry);
  prove_known(registry, adoption);
  int result = is_nobodys(registry, adoption->keeper_pid) ? adopt(registry, adoption) : 0;
  hpr_turn_end(registry);
  return result;
}
