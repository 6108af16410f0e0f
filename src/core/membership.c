#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/state.h"

static hpr_entry *first(const hpr_index *index, const void *key, size_t size) {
  const hpr_slot *slot = hpr_index_find(index, key, size);
  return slot ? slot->entry : NULL;
}

hpr_entry *hpr_find_pid(const hpr_registry *registry, int32_t pid) {
  return first(&registry->by_pid, &pid, sizeof pid);
}

hpr_entry *hpr_find_same(const hpr_registry *registry, const hpr_row *row) {
  hpr_entry *entry = hpr_find_pid(registry, row->main.pid);
  /* Two of whom the system told nothing need not be the same one. */
  bool same =
      entry && row->main.state != HPR_RECORD_OPAQUE &&
      (row->main.state == HPR_RECORD_NONE || hpr_same_identity(&entry->row.main, &row->main));
  return same ? entry : NULL;
}

hpr_ticket hpr_ticket_of(const hpr_entry *entry) {
  return (hpr_ticket)entry->row.main.pid << 32 | entry->generation;
}

hpr_entry *hpr_find_ticket(const hpr_registry *registry, hpr_ticket ticket) {
  hpr_entry *entry = hpr_find_pid(registry, (int32_t)(ticket >> 32));
  return entry && hpr_ticket_of(entry) == ticket ? entry : NULL;
}

hpr_entry *hpr_find_session(const hpr_registry *registry, const char *session) {
  return first(&registry->by_session, session, strlen(session));
}

hpr_entry *hpr_find_token(const hpr_registry *registry, const char *token) {
  return first(&registry->by_token, token, strlen(token));
}

static int index_text(hpr_index *index, hpr_slot *slot, hpr_entry *entry, const char *text) {
  return text && text[0] ? hpr_index_add(index, slot, entry, text, strlen(text)) : 0;
}

static int index_pid(hpr_index *index, hpr_slot *slot, hpr_entry *entry, const int32_t *pid) {
  return *pid ? hpr_index_add(index, slot, entry, pid, sizeof *pid) : 0;
}

static void note_change(const hpr_registry *registry) {
  if (registry->lookups) ++*registry->lookups;
}

/* Out of all indexes but by_pid. */
static void leave_lookups(hpr_registry *registry, hpr_entry *entry) {
  note_change(registry);
  hpr_index_remove(&registry->by_session, &entry->by_session);
  hpr_index_remove(&registry->by_token, &entry->by_token);
  hpr_index_remove(&registry->by_pi, &entry->by_pi);
  hpr_index_remove(&registry->by_cwd, &entry->by_cwd);
}

static int enter(hpr_registry *registry, hpr_entry *entry) {
  hpr_row *row = &entry->row;
  int result = index_pid(&registry->by_pid, &entry->by_pid, entry, &row->main.pid);
  if (result == 0) result = index_text(&registry->by_token, &entry->by_token, entry, row->token);
  if (result == 0) result = index_pid(&registry->by_pi, &entry->by_pi, entry, &row->pi.pid);
  if (result == 0)
    result = hpr_index_add(&registry->by_cwd, &entry->by_cwd, entry, row->cwd, strlen(row->cwd));
  if (result == 0) result = hpr_lines_add(&registry->lines, entry->order, entry);
  return result;
}

int hpr_attach(hpr_registry *registry, hpr_entry *entry, const hpr_entry *replaced) {
  entry->generation = ++registry->next_generation;
  entry->order = replaced ? replaced->order : ++registry->next_order;
  if (enter(registry, entry) != 0) {
    leave_lookups(registry, entry);
    hpr_index_remove(&registry->by_pid, &entry->by_pid);
    return HPR_ENOMEM;
  }
  hpr_entry *place = (hpr_entry *)replaced;
  if (place)
    DL_APPEND_ELEM(registry->entries, place, entry);
  else
    DL_APPEND(registry->entries, entry);
  entry->lines = &registry->lines;
  registry->live++;
  return 0;
}

void hpr_retire(hpr_registry *registry, hpr_entry *entry) {
  leave_lookups(registry, entry);
  registry->live--;
}

void hpr_detach(hpr_registry *registry, hpr_entry *entry) {
  if (entry->ending)
    hpr_stop_ending_timer(registry, entry);
  else
    hpr_retire(registry, entry);
  hpr_unwatch_all(registry, entry);
  hpr_index_remove(&registry->by_pid, &entry->by_pid);
  DL_DELETE(registry->entries, entry);
  hpr_lines_remove(&registry->lines, entry->order, entry);
  entry->lines = NULL;
}

int hpr_set_session(hpr_registry *registry, hpr_entry *entry, const char *session) {
  char *copy = strdup(session);
  if (!copy) return HPR_ENOMEM;
  if (index_text(&registry->by_session, &entry->by_session, entry, copy) != 0) {
    free(copy);
    return HPR_ENOMEM;
  }
  entry->session = copy;
  note_change(registry);
  return 0;
}

void hpr_leave_folder(hpr_registry *registry, hpr_entry *entry) {
  hpr_index_remove(&registry->by_cwd, &entry->by_cwd);
}

void hpr_clear_session(hpr_registry *registry, hpr_entry *entry) {
  hpr_index_remove(&registry->by_session, &entry->by_session);
  free(entry->session);
  entry->session = NULL;
}

int hpr_set_pi(hpr_registry *registry, hpr_entry *entry, const hpr_identity *pi) {
  const hpr_identity before = entry->row.pi;
  note_change(registry);
  hpr_index_remove(&registry->by_pi, &entry->by_pi);
  entry->row.pi = *pi;
  if (index_pid(&registry->by_pi, &entry->by_pi, entry, &entry->row.pi.pid) != 0) {
    entry->row.pi = before;
    index_pid(&registry->by_pi, &entry->by_pi, entry, &entry->row.pi.pid);
    return HPR_ENOMEM;
  }
  hpr_entry_touch(entry);
  return 0;
}

int hpr_promote_pi(hpr_registry *registry, hpr_entry *entry) {
  hpr_row *row = &entry->row;
  hpr_unwatch_all(registry, entry);
  hpr_stop_ending_timer(registry, entry);
  hpr_index_remove(&registry->by_pi, &entry->by_pi);
  hpr_index_remove(&registry->by_pid, &entry->by_pid);
  hpr_row_stand_in(row);
  entry->generation = ++registry->next_generation; /* the old process's exit may still come */
  entry->exit_seen = entry->parent_tells = false;
  hpr_entry_touch(entry);
  return index_pid(&registry->by_pid, &entry->by_pid, entry, &row->main.pid);
}
