#include <string.h>

#include "base/error.h"
#include "core/agent.h"
#include "core/turn.h"

const char *hpr_registry_socket_of(hpr_registry *registry, const char *session) {
  const hpr_entry *entry = hpr_table_find_session(&registry->table, session);
  const char *path = entry ? entry->row.socket_path : NULL;
  if (!path) return NULL;
  if (registry->files->names_socket(registry->files->self, path)) return path;
  hpr_outbox_warn(&registry->outbox, HPR_EINVAL, entry->row.main.pid, path);
  hpr_turn_tell(registry);
  return NULL;
}

void hpr_registry_attach_keeper(hpr_registry *registry, int32_t keeper_pid, const char *socket_path,
                                int32_t pi_pid) {
  hpr_entry *entry = hpr_table_find_pid(&registry->table, keeper_pid);
  if (!entry || !hpr_entry_is_live(entry)) return;
  hpr_turn_begin(registry);
  if (entry->row.keeper.pid == 0) {
    if (hpr_row_set_text(&entry->row.socket_path, socket_path) != 0) return;
    entry->row.keeper = entry->row.main;
    hpr_table_note_change(&registry->table);
    hpr_entry_touch(entry);
  }
  if (pi_pid != 0)
    hpr_agent_suggest(registry, entry, pi_pid);
  else
    hpr_agent_find(registry, entry);
  hpr_turn_end(registry);
}

/* --- adoption ------------------------------------------------------------------------------- */

/* An entry of ours knows that process, under whatever name. */
static bool is_known(const hpr_registry *registry, int32_t pid) {
  for (const hpr_entry *entry = registry->table.entries; entry; entry = entry->next)
    if (entry->row.main.pid == pid || entry->row.keeper.pid == pid) return true;
  return false;
}

/* Nobody's, as far as the file says; if it cannot be read nobody can tell. */
static bool is_nobodys(hpr_registry *registry, int32_t pid) {
  if (is_known(registry, pid)) return false;
  hpr_turn_write(registry); /* reads what others wrote, and may bring us its entry */
  return registry->ledger.file_error == 0 && !is_known(registry, pid) &&
         !hpr_pidfile_mentions(registry->ledger.pidfile, pid);
}

static void identify(const hpr_registry *registry, const hpr_adoption *from, hpr_row *row) {
  const hpr_process_ops *process = &registry->process;
  if (from->recorded_ms == HPR_SPAWNED_UNKNOWN)
    process->identify(process->self, from->keeper_pid, NULL, &row->main);
  else
    process->identify_recorded(process->self, from->keeper_pid, from->recorded_ms, &row->main);
  row->keeper = row->main;
  if (from->pi_pid == 0 || from->pi_pid == from->keeper_pid) return;
  process->identify(process->self, from->pi_pid, &row->main, &row->pi);
  if (!row->pi.kin) row->pi = (hpr_identity){0};
}

static int fill_row(const hpr_registry *registry, const hpr_adoption *from, hpr_row *row) {
  row->spawned_ms = from->spawned_ms;
  hpr_ledger_sign(&registry->ledger, &registry->owners, row);
  row->cwd = strdup(from->cwd);
  return row->cwd ? hpr_row_set_text(&row->socket_path, from->socket_path) : HPR_ENOMEM;
}

/* Takes the row over on success. */
static hpr_entry *add(hpr_registry *registry, hpr_row *row) {
  hpr_entry *entry = hpr_entry_new(row);
  if (!entry || hpr_table_add(&registry->table, entry, NULL) == 0) return entry;
  hpr_entry_free(entry);
  return NULL;
}

/* 0 and no entry: there is nothing to adopt. */
static int adopt(hpr_registry *registry, const hpr_adoption *adoption) {
  hpr_row row = {0};
  identify(registry, adoption, &row);
  if (row.main.state != HPR_RECORD_KNOWN) return 0; /* gone, another process, or not to be told */
  int result = fill_row(registry, adoption, &row);
  hpr_entry *entry = result == 0 ? add(registry, &row) : NULL;
  if (!entry) {
    hpr_row_done(&row);
    return HPR_ENOMEM;
  }
  if (!entry->row.main.kin)
    hpr_outbox_warn(&registry->outbox, HPR_ENOTKIN, entry->row.main.pid, NULL);
  hpr_table_mark(&registry->table, entry);
  return 0;
}

int hpr_registry_adopt_keeper(hpr_registry *registry, const hpr_adoption *adoption) {
  const bool sound =
      hpr_is_pid(adoption->keeper_pid) && (adoption->pi_pid == 0 || hpr_is_pid(adoption->pi_pid));
  if (!sound) return HPR_EINVAL;
  if (registry->guest || hpr_turn_is_forked(registry)) return 0;
  hpr_turn_begin(registry);
  int result = is_nobodys(registry, adoption->keeper_pid) ? adopt(registry, adoption) : 0;
  hpr_turn_end(registry);
  return result;
}
