#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/agent.h"
#include "core/folder.h"
#include "core/kinship.h"
#include "core/turn.h"

/* --- who may have an entry ------------------------------------------------------------------ */

/* What was guessed, or told by descent alone, gives way to what is better. */
static bool gives_way(const hpr_entry *entry, hpr_link by) {
  return entry->linked_by <= HPR_LINK_ANCESTOR && entry->linked_by < by;
}

static bool has(const hpr_entry *entry, const char *session) {
  return hpr_same_text(entry->session, session);
}

static bool may_have(const hpr_entry *entry, const char *session, hpr_link by) {
  return has(entry, session) || gives_way(entry, by);
}

/* Of those with one key the one that the session has, else the first that it may have. */
static hpr_entry *choose_by_token(const hpr_index *index, const char *token, const char *session) {
  hpr_entry *first = NULL, *it = hpr_index_find_text(index, HPR_BY_TOKEN, token);
  for (; it; it = hpr_index_newer(index, HPR_BY_TOKEN, it)) {
    if (has(it, session)) return it;
    if (!first && gives_way(it, HPR_LINK_TOKEN)) first = it;
  }
  return first;
}

/* --- giving --------------------------------------------------------------------------------- */

static void warn_of_guess(hpr_registry *registry, const hpr_entry *entry, const char *session,
                          const char *text) {
  const size_t size = strlen(session) + strlen(text) + sizeof "session : ";
  char *detail = malloc(size);
  if (!detail) return;
  snprintf(detail, size, "session %s: %s", session, text);
  hpr_outbox_warn(&registry->outbox, HPR_EGUESS, entry->row.main.pid, detail);
  free(detail);
}

/* A session that has proved one entry does not need the one that it was guessed to have. */
static void drop_guesses(hpr_registry *registry, const hpr_entry *proved) {
  const hpr_index *index = &registry->table.index;
  hpr_entry *it = hpr_index_find_text(index, HPR_BY_SESSION, proved->session), *next;
  for (; it; it = next) {
    next = hpr_index_newer(index, HPR_BY_SESSION, it);
    if (it != proved && it->linked_by == HPR_LINK_FOLDER) hpr_table_unlink(&registry->table, it);
  }
}

static hpr_link refuse(hpr_registry *registry) {
  hpr_turn_end(registry);
  return HPR_LINK_NONE;
}

/* False: no memory, or readers would refuse the file for its size. */
static bool take(hpr_registry *registry, hpr_entry *entry, const char *session, hpr_link by) {
  if (has(entry, session)) {
    if (by > entry->linked_by) entry->linked_by = by;
    return true;
  }
  if (!hpr_pidfile_has_room(registry->ledger.pidfile, strlen(session))) return false;
  if (entry->session)
    warn_of_guess(registry, entry, entry->session, "evidence gave the process to another one");
  return hpr_table_link(&registry->table, entry, session, by) == 0;
}

/* `pid`: of the agent, to be learnt; 0: not told. */
static hpr_link give(hpr_registry *registry, hpr_entry *entry, const char *session, hpr_link by,
                     int32_t pid) {
  const bool had = has(entry, session);
  if (!take(registry, entry, session, by)) return refuse(registry);
  if (pid != 0 && hpr_agent_learn(registry, entry, pid) != 0 && !had) {
    hpr_table_unlink(&registry->table, entry);
    return refuse(registry);
  }
  if (entry->linked_by > HPR_LINK_FOLDER) drop_guesses(registry, entry);
  const hpr_link rests_on = entry->linked_by;
  hpr_turn_end(registry); /* the entry may be gone */
  return rests_on;
}

/* --- by token ------------------------------------------------------------------------------- */

hpr_link hpr_registry_link_by_token(hpr_registry *registry, const char *token, const char *session,
                                    int32_t pid) {
  if (!token[0] || !session[0]) return HPR_LINK_NONE;
  hpr_entry *entry = choose_by_token(&registry->table.index, token, session);
  if (!entry) return HPR_LINK_NONE;
  if (entry->linked_by == HPR_LINK_TOKEN && pid == 0) return HPR_LINK_TOKEN; /* nothing is new */
  hpr_turn_begin(registry);
  return give(registry, entry, session, HPR_LINK_TOKEN, pid);
}

/* --- by pid --------------------------------------------------------------------------------- */

/* A reused pid is no name any more: its entry is looked at in this turn. */
static bool still_has_number(hpr_registry *registry, hpr_entry *entry, hpr_part part) {
  const hpr_process_ops *process = &registry->process;
  const hpr_identity *identity = hpr_entry_part(entry, part);
  if (!identity || identity->state != HPR_RECORD_KNOWN ||
      process->verify(process->self, identity) != HPR_VERDICT_STRANGER)
    return true;
  entry->parts[part].suspect = true;
  hpr_table_mark(&registry->table, entry);
  return false;
}

/*
 * A pid that was told and never proved gives way to what descent tells of it. To others than the
 * session that told of it, it is evidence only where it is nobody's, or was discovered.
 */
static bool is_its_agent(hpr_registry *registry, hpr_entry *entry, const char *session,
                         int32_t pid) {
  if (!still_has_number(registry, entry, HPR_PART_AGENT)) return false;
  if (hpr_entry_is_proved(entry, HPR_PART_AGENT)) return true;
  const hpr_entry *nearest = hpr_kinship_find(&registry->process, &registry->table, pid);
  if (nearest) return nearest == entry;
  const hpr_record_state state = hpr_row_more(&entry->row)->pi.state;
  return has(entry, session) || state == HPR_RECORD_NOBODY ||
         (state == HPR_RECORD_OPAQUE && entry->agent_found);
}

/* Of those whose agent has that pid the one that the session has, else the first. */
static hpr_entry *find_by_agent(hpr_registry *registry, const char *session, int32_t pid) {
  const hpr_index *index = &registry->table.index;
  hpr_entry *first = NULL, *entry = hpr_index_find(index, HPR_BY_AGENT, &pid, sizeof pid);
  for (; entry; entry = hpr_index_newer(index, HPR_BY_AGENT, entry)) {
    if (!may_have(entry, session, HPR_LINK_PID) || !is_its_agent(registry, entry, session, pid))
      continue;
    if (has(entry, session)) return entry;
    if (!first) first = entry;
  }
  return first;
}

static hpr_entry *find_by_number(hpr_registry *registry, const char *session, int32_t pid) {
  hpr_entry *entry = hpr_table_find_pid(&registry->table, pid);
  if (entry && hpr_entry_is_live(entry) && may_have(entry, session, HPR_LINK_PID) &&
      still_has_number(registry, entry, HPR_PART_MAIN))
    return entry;
  return find_by_agent(registry, session, pid);
}

/* The agent runs behind a wrapper, or a keeper that nobody has told of it. */
static hpr_link link_by_ancestor(hpr_registry *registry, const char *session, int32_t pid) {
  hpr_entry *entry = hpr_kinship_find(&registry->process, &registry->table, pid);
  const bool free =
      entry && hpr_entry_is_live(entry) && may_have(entry, session, HPR_LINK_ANCESTOR);
  return free ? give(registry, entry, session, HPR_LINK_ANCESTOR, pid) : refuse(registry);
}

hpr_link hpr_registry_link_by_pid(hpr_registry *registry, const char *session, int32_t pid) {
  if (!session[0] || !hpr_is_pid(pid)) return HPR_LINK_NONE;
  hpr_turn_begin(registry);
  hpr_entry *entry = find_by_number(registry, session, pid);
  if (!entry) return link_by_ancestor(registry, session, pid);
  if (hpr_row_more(&entry->row)->pi.pid == pid) entry->agent_found = false; /* it is named now */
  return give(registry, entry, session, HPR_LINK_PID, 0);
}

/* --- by folder ------------------------------------------------------------------------------ */

/* Two names of one folder: /tmp and /private/tmp, or a path through a link. */
static hpr_entry *find_other_name(hpr_registry *registry, hpr_entry *from, hpr_place *place) {
  for (hpr_entry *entry = from; entry; entry = entry->next)
    if (hpr_entry_is_live(entry) && !entry->session && hpr_folder_is_at(registry, entry, place))
      return entry;
  return NULL;
}

/* `ret_several`: there is another one, which it might as well be. */
static hpr_entry *find_by_folder(hpr_registry *registry, const char *cwd, bool *ret_several) {
  const hpr_index *index = &registry->table.index;
  hpr_entry *entry = hpr_index_find_text(index, HPR_BY_CWD, cwd);
  *ret_several = entry && hpr_index_newer(index, HPR_BY_CWD, entry);
  if (entry) return entry;
  hpr_place place = {.path = cwd};
  entry = find_other_name(registry, registry->table.entries, &place);
  *ret_several = entry && find_other_name(registry, entry->next, &place);
  return entry;
}

hpr_link hpr_registry_link_by_cwd(hpr_registry *registry, const char *session, const char *cwd) {
  bool several;
  if (!session[0]) return HPR_LINK_NONE;
  /* A session that reconnects must not be given another one's entry. */
  hpr_entry *held = hpr_table_find_session(&registry->table, session);
  hpr_turn_begin(registry);
  if (held) {
    hpr_place place = {.path = cwd};
    const hpr_link by = hpr_folder_is_at(registry, held, &place) ? held->linked_by : HPR_LINK_NONE;
    hpr_turn_end(registry);
    return by;
  }
  hpr_entry *entry = find_by_folder(registry, cwd, &several);
  if (!entry) return refuse(registry);
  if (several)
    warn_of_guess(registry, entry, session, "other agents of its folder wait for theirs");
  return give(registry, entry, session, HPR_LINK_FOLDER, 0);
}

const char *hpr_registry_goal_of(const hpr_registry *registry, const char *session) {
  const hpr_entry *entry = hpr_table_find_session(&registry->table, session);
  return entry ? hpr_row_more(&entry->row)->goal : NULL;
}

int32_t hpr_registry_pid_of(const hpr_registry *registry, const char *session) {
  const hpr_entry *entry = hpr_table_find_session(&registry->table, session);
  if (!entry) return 0;
  const hpr_part first = hpr_row_more(&entry->row)->keeper.pid ? HPR_PART_AGENT : HPR_PART_MAIN;
  const hpr_part second = hpr_row_more(&entry->row)->keeper.pid ? HPR_PART_MAIN : HPR_PART_AGENT;
  const hpr_part part = hpr_entry_is_there(entry, first)    ? first
                        : hpr_entry_is_there(entry, second) ? second
                                                            : HPR_PART_MAIN;
  return part == HPR_PART_MAIN ? entry->row.main.pid : hpr_row_more(&entry->row)->pi.pid;
}
