#include <string.h>

#include "core/state.h"

static bool same_text(const char *a, const char *b) { return a && strcmp(a, b) == 0; }

/*
 * A bridge names pi's pid; from here on it counts as ours if it is the entry's relative. One that
 * is not does not take the place of a pi that is, and lives.
 */
static int learn_pi(hpr_registry *registry, hpr_entry *entry, int32_t pi_pid) {
  hpr_identity pi;
  registry->process.identify(registry->process.self, pi_pid, &entry->row.main, &pi);
  bool worse = !pi.kin && entry->row.pi.kin && hpr_is_there(registry, &entry->row.pi);
  int result = worse ? 0 : hpr_set_pi(registry, entry, &pi);
  if (result != 0) return result;
  /* Where the keeper itself does not exist, as in unit tests, there is nothing to be warned of. */
  if (!pi.kin && entry->row.main.state != HPR_RECORD_NOBODY)
    hpr_report_warning(registry, HPR_ENOTKIN, pi_pid, NULL);
  return 0;
}

/* The oldest entry of a token that no session holds. */
static hpr_entry *find_unlinked(const hpr_registry *registry, const char *token) {
  hpr_entry *entry = hpr_find_token(registry, token);
  while (entry && entry->session)
    entry = entry->by_token.newer ? entry->by_token.newer->entry : NULL;
  return entry;
}

static bool holds(const hpr_registry *registry, const char *session, const char *token) {
  const hpr_entry *held = hpr_find_session(registry, session);
  for (const hpr_slot *slot = held ? &held->by_session : NULL; slot; slot = slot->newer)
    if (same_text(slot->entry->row.token, token)) return true;
  return false;
}

/* The session is its own for good. The file says so to the person whose server is gone. */
static void seal(hpr_registry *registry, hpr_entry *entry) {
  hpr_leave_folder(registry, entry);
  hpr_entry_touch(entry);
  hpr_persist(registry);
  hpr_deliver(registry);
}

bool hpr_registry_link_by_token(hpr_registry *registry, const char *token, const char *session,
                                int32_t pi_pid) {
  if (!token[0] || !session[0]) return false;
  if (holds(registry, session, token)) return true;
  hpr_entry *entry = find_unlinked(registry, token);
  if (!entry || hpr_set_session(registry, entry, session) != 0) return false;
  bool told = entry->row.keeper.pid != 0 && pi_pid != 0 && pi_pid != entry->row.main.pid;
  if (told && learn_pi(registry, entry, pi_pid) != 0) {
    hpr_clear_session(registry, entry);
    return false;
  }
  seal(registry, entry);
  return true;
}

/* The first entry with that pi that the session holds or may have. */
static hpr_entry *find_by_pi(const hpr_registry *registry, const char *session, int32_t pid) {
  const hpr_slot *slot = hpr_index_find(&registry->by_pi, &pid, sizeof pid);
  hpr_entry *unlinked = NULL;
  for (; slot; slot = slot->newer) {
    if (same_text(slot->entry->session, session)) return slot->entry;
    if (!slot->entry->session && !unlinked) unlinked = slot->entry;
  }
  return unlinked;
}

static bool settle(hpr_registry *registry, hpr_entry *entry, const char *session) {
  if (hpr_set_session(registry, entry, session) != 0) return false;
  seal(registry, entry);
  return true;
}

bool hpr_registry_link_by_pid(hpr_registry *registry, const char *session, int32_t pid) {
  if (!session[0]) return false;
  hpr_entry *entry = hpr_find_pid(registry, pid);
  bool direct = entry && !entry->ending && (!entry->session || same_text(entry->session, session));
  if (!direct) entry = find_by_pi(registry, session, pid);
  return entry && (entry->session || settle(registry, entry, session));
}

static bool same_folder(const hpr_registry *registry, const char *a, const char *b) {
  return strcmp(a, b) == 0 || registry->files->same_folder(registry->files->self, a, b);
}

/* Two names of one folder: /tmp and /private/tmp, or a path through a link. */
static hpr_entry *find_by_folder(const hpr_registry *registry, const char *cwd) {
  hpr_slot *slot = hpr_index_find(&registry->by_cwd, cwd, strlen(cwd));
  if (slot) return slot->entry;
  for (hpr_entry *entry = registry->entries; entry; entry = entry->next)
    if (!entry->ending && !entry->session && same_folder(registry, entry->row.cwd, cwd))
      return entry;
  return NULL;
}

bool hpr_registry_link_by_cwd(hpr_registry *registry, const char *session, const char *cwd) {
  if (!session[0]) return false;
  /* A session that reconnects must not be given another one's entry. */
  const hpr_entry *held = hpr_find_session(registry, session);
  if (held) return same_folder(registry, held->row.cwd, cwd);
  hpr_entry *entry = find_by_folder(registry, cwd);
  return entry && settle(registry, entry, session);
}

int32_t hpr_registry_pid_of(const hpr_registry *registry, const char *session) {
  const hpr_entry *entry = hpr_find_session(registry, session);
  if (!entry) return 0;
  return entry->row.pi.pid ? entry->row.pi.pid : entry->row.main.pid;
}
