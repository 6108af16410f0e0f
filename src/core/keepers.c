#include <string.h>

#include "core/state.h"

static bool is_pid(int32_t pid) { return pid >= HPR_PID_MIN; }

void hpr_registry_attach_keeper(hpr_registry *registry, int32_t keeper_pid,
                                const char *socket_path) {
  hpr_entry *entry = hpr_find_pid(registry, keeper_pid);
  if (!entry || entry->ending || entry->row.keeper.pid != 0) return;
  if (hpr_row_set_text(&entry->row.socket_path, socket_path) != 0) return;
  entry->row.keeper = entry->row.main;
  hpr_entry_touch(entry);
  hpr_persist(registry);
  hpr_deliver(registry);
}

/* --- adoption ------------------------------------------------------------------------------- */

/* An entry of ours knows that process, under whatever name. */
static bool is_known(const hpr_registry *registry, int32_t pid) {
  for (const hpr_entry *entry = registry->entries; entry; entry = entry->next)
    if (entry->row.main.pid == pid || entry->row.keeper.pid == pid) return true;
  return false;
}

/* Nobody's, as far as the file says; if it cannot be read nobody can tell. */
static bool is_nobodys(hpr_registry *registry, int32_t pid) {
  if (is_known(registry, pid)) return false;
  hpr_persist(registry); /* reads what others wrote, and may bring us its entry */
  return registry->file_error == 0 && !is_known(registry, pid) &&
         !hpr_pidfile_mentions(registry->pidfile, pid);
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
  hpr_sign(registry, row);
  row->cwd = strdup(from->cwd);
  return row->cwd ? hpr_row_set_text(&row->socket_path, from->socket_path) : HPR_ENOMEM;
}

/* Takes the row over on success. */
static hpr_entry *add(hpr_registry *registry, hpr_row *row) {
  hpr_entry *entry = hpr_entry_new(row);
  if (!entry || hpr_attach(registry, entry, NULL) == 0) return entry;
  hpr_entry_free(entry);
  return NULL;
}

int hpr_registry_adopt_keeper(hpr_registry *registry, const hpr_adoption *adoption) {
  const bool sound =
      is_pid(adoption->keeper_pid) && (adoption->pi_pid == 0 || is_pid(adoption->pi_pid));
  if (!sound) return HPR_EINVAL;
  if (hpr_is_forked(registry) || !is_nobodys(registry, adoption->keeper_pid)) return 0;
  hpr_row row = {0};
  identify(registry, adoption, &row);
  if (row.main.state != HPR_RECORD_KNOWN) return 0; /* gone, another process, or not to be told */
  int result = fill_row(registry, adoption, &row);
  hpr_entry *entry = result == 0 ? add(registry, &row) : NULL;
  if (!entry) {
    hpr_row_done(&row);
    return HPR_ENOMEM;
  }
  if (!entry->row.main.kin) hpr_report_warning(registry, HPR_ENOTKIN, entry->row.main.pid, NULL);
  hpr_review_live(registry, entry);
  hpr_persist(registry);
  hpr_deliver(registry);
  return 0;
}
