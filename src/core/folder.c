#include "core/folder.h"

enum { UNANSWERED_MOST = 32 };

static bool is_known(const hpr_folder_id *id) { return id->device != 0 || id->inode != 0; }

static int find(const hpr_registry *registry, const char *path, hpr_patience patience,
                hpr_folder_id *ret_id) {
  const hpr_file_ops *files = registry->files;
  return files->folder(files->self, path, patience, ret_id);
}

void hpr_folder_learn(hpr_registry *registry, hpr_entry *entry) {
  if (find(registry, entry->row.cwd, HPR_PATIENCE_NONE, &entry->folder) == HPR_EBUSY)
    hpr_outbox_ask_folder(&registry->outbox, entry->serial, entry->row.cwd);
}

void hpr_registry_folder_told(hpr_registry *registry, hpr_ticket ticket, const hpr_folder_id *id) {
  hpr_entry *entry = hpr_table_find_serial(&registry->table, ticket);
  if (entry) entry->folder = *id;
}

/* False: not answered in time, which leaves a thread behind and is not waited for again. */
static bool ask(hpr_registry *registry, const char *path, bool patient, hpr_folder_id *ret_id) {
  patient = patient && registry->unanswered < UNANSWERED_MOST;
  const hpr_patience patience = patient ? HPR_PATIENCE_BRIEF : HPR_PATIENCE_NONE;
  const bool waited_in_vain = find(registry, path, patience, ret_id) == HPR_EBUSY && patient;
  if (waited_in_vain) registry->unanswered++;
  return !waited_in_vain;
}

static void look_at_place(hpr_registry *registry, hpr_place *place) {
  if (place->looked) return;
  place->looked = true;
  place->dead = !ask(registry, place->path, true, &place->id);
}

/* One dead mount is waited for in a call; the others' paths count by their text. */
static void look_at_entry(hpr_registry *registry, hpr_entry *entry, hpr_place *place) {
  if (is_known(&entry->folder)) return;
  const bool patient = !place->dead && !entry->folder_is_dead;
  if (ask(registry, entry->row.cwd, patient, &entry->folder)) return;
  place->dead = entry->folder_is_dead = true;
}

bool hpr_folder_is_at(hpr_registry *registry, hpr_entry *entry, hpr_place *place) {
  const hpr_file_ops *files = registry->files;
  if (files->same_path(files->self, entry->row.cwd, place->path)) return true;
  look_at_place(registry, place);
  if (!is_known(&place->id)) return false;
  look_at_entry(registry, entry, place);
  return entry->folder.device == place->id.device && entry->folder.inode == place->id.inode;
}
