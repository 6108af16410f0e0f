#include <string.h>

#include "base/text.h"
#include "core/turn.h"
#include "core/watch.h"

/* --- the agent's pid ------------------------------------------------------------------------ */

static bool is_there(const hpr_registry *registry, const hpr_identity *identity) {
  return !hpr_verdict_is_gone(registry->process.verify(registry->process.self, identity));
}

/*
 * A bridge names its agent's pid; from here on it counts as ours if it is the entry's relative. One
 * that is not does not take the place of an agent that is, and lives.
 */
static int learn_agent(hpr_registry *registry, hpr_entry *entry, int32_t pid) {
  hpr_identity agent;
  registry->process.identify(registry->process.self, pid, &entry->row.main, &agent);
  const hpr_identity *known = &entry->row.pi;
  bool worse = !agent.kin && known->kin && is_there(registry, known);
  if (!worse) hpr_watch_stop(&registry->process, entry); /* and set anew, of the new one */
  int result = worse ? 0 : hpr_table_set_agent(&registry->table, entry, &agent);
  if (result != 0) return result;
  /* Where the keeper itself does not exist, as in unit tests, there is nothing to be warned of. */
  if (!agent.kin && entry->row.main.state != HPR_RECORD_NOBODY)
    hpr_outbox_warn(&registry->outbox, HPR_ENOTKIN, pid, NULL);
  hpr_table_mark(&registry->table, entry);
  return 0;
}

/* --- by token ------------------------------------------------------------------------------- */

/* The oldest entry of a token that no session holds. */
static hpr_entry *find_unlinked(const hpr_registry *registry, const char *token) {
  hpr_entry *entry = hpr_table_find_token(&registry->table, token);
  while (entry && entry->session)
    entry = entry->by_token.newer ? entry->by_token.newer->entry : NULL;
  return entry;
}

static bool holds(const hpr_registry *registry, const char *session, const char *token) {
  const hpr_entry *held = hpr_table_find_session(&registry->table, session);
  for (const hpr_slot *slot = held ? &held->by_session : NULL; slot; slot = slot->newer)
    if (hpr_same_text(slot->entry->row.token, token)) return true;
  return false;
}

/* The session is its own for good. The file says so to the person whose server is gone. */
static void seal(hpr_registry *registry, hpr_entry *entry) {
  hpr_table_leave_folder(&registry->table, entry);
  hpr_entry_touch(entry);
  hpr_turn_end(registry);
}

bool hpr_registry_link_by_token(hpr_registry *registry, const char *token, const char *session,
                                int32_t pi_pid) {
  if (!token[0] || !session[0]) return false;
  if (holds(registry, session, token)) return true;
  hpr_turn_begin(registry);
  hpr_entry *entry = find_unlinked(registry, token);
  if (!entry || hpr_table_set_session(&registry->table, entry, session) != 0) return false;
  bool told = entry->row.keeper.pid != 0 && pi_pid != 0 && pi_pid != entry->row.main.pid;
  if (told && learn_agent(registry, entry, pi_pid) != 0) {
    hpr_table_clear_session(&registry->table, entry);
    return false;
  }
  seal(registry, entry);
  return true;
}

/* --- by pid --------------------------------------------------------------------------------- */

/* The first entry with that agent that the session holds or may have. */
static hpr_entry *find_by_agent(const hpr_registry *registry, const char *session, int32_t pid) {
  const hpr_slot *slot = hpr_index_find(&registry->table.by_agent, &pid, sizeof pid);
  hpr_entry *unlinked = NULL;
  for (; slot; slot = slot->newer) {
    if (hpr_same_text(slot->entry->session, session)) return slot->entry;
    if (!slot->entry->session && !unlinked) unlinked = slot->entry;
  }
  return unlinked;
}

static bool give(hpr_registry *registry, hpr_entry *entry, const char *session) {
  hpr_turn_begin(registry);
  if (hpr_table_set_session(&registry->table, entry, session) != 0) return false;
  seal(registry, entry);
  return true;
}

bool hpr_registry_link_by_pid(hpr_registry *registry, const char *session, int32_t pid) {
  if (!session[0]) return false;
  hpr_entry *entry = hpr_table_find_pid(&registry->table, pid);
  bool direct = entry && hpr_entry_is_live(entry) &&
                (!entry->session || hpr_same_text(entry->session, session));
  if (!direct) entry = find_by_agent(registry, session, pid);
  return entry && (entry->session || give(registry, entry, session));
}

/* --- by folder ------------------------------------------------------------------------------ */

static bool same_folder(const hpr_registry *registry, const char *a, const char *b) {
  return strcmp(a, b) == 0 || registry->files->same_folder(registry->files->self, a, b);
}

/* Two names of one folder: /tmp and /private/tmp, or a path through a link. */
static hpr_entry *find_by_folder(const hpr_registry *registry, const char *cwd) {
  hpr_slot *slot = hpr_index_find(&registry->table.by_cwd, cwd, strlen(cwd));
  if (slot) return slot->entry;
  for (hpr_entry *entry = registry->table.entries; entry; entry = entry->next)
    if (hpr_entry_is_live(entry) && !entry->session && same_folder(registry, entry->row.cwd, cwd))
      return entry;
  return NULL;
}

bool hpr_registry_link_by_cwd(hpr_registry *registry, const char *session, const char *cwd) {
  if (!session[0]) return false;
  /* A session that reconnects must not be given another one's entry. */
  const hpr_entry *held = hpr_table_find_session(&registry->table, session);
  if (held) return same_folder(registry, held->row.cwd, cwd);
  hpr_entry *entry = find_by_folder(registry, cwd);
  return entry && give(registry, entry, session);
}

int32_t hpr_registry_pid_of(const hpr_registry *registry, const char *session) {
  const hpr_entry *entry = hpr_table_find_session(&registry->table, session);
  if (!entry) return 0;
  const hpr_presence agent = entry->parts[HPR_PART_AGENT].presence;
  const bool known = agent == HPR_PRESENCE_THERE || agent == HPR_PRESENCE_UNSEEN;
  return known ? entry->row.pi.pid : entry->row.main.pid;
}
