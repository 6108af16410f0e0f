#include "core/agent.h"

#include <stdlib.h>
#include <string.h>

#include "core/kinship.h"
#include "core/watch.h"

enum { CHILDREN_MAX = 64 }; /* of a keeper, and theirs; with more of them none is the only one */

/* pi gives itself this title; before that it is the script that node runs. */
static const char AGENT_NAME[] = "pi";

/* --- a pid that was named ------------------------------------------------------------------- */

static bool is_known(const hpr_registry *registry, const hpr_entry *entry, int32_t pid) {
  const hpr_process_ops *process = &registry->process;
  const hpr_identity *known = &hpr_row_more(&entry->row)->pi;
  return known->pid == pid && known->kin &&
         process->verify(process->self, known) == HPR_VERDICT_SAME;
}

/* No nearer entry has it. */
static bool belongs(const hpr_registry *registry, const hpr_entry *entry, int32_t pid) {
  const hpr_entry *nearest = hpr_kinship_find(&registry->process, &registry->table, pid);
  return !nearest || nearest == entry;
}

static void identify(const hpr_registry *registry, const hpr_entry *entry, int32_t pid,
                     hpr_identity *ret_agent) {
  const hpr_process_ops *process = &registry->process;
  const hpr_identity *keeper = hpr_entry_part(entry, HPR_PART_KEEPER);
  process->identify(process->self, pid, &entry->row.main, ret_agent);
  if (!ret_agent->kin && keeper) process->identify(process->self, pid, keeper, ret_agent);
  if (ret_agent->kin && !belongs(registry, entry, pid)) ret_agent->kin = false;
}

/* What is known of its agents is what is true of them now. */
static void look_at_known(hpr_registry *registry, hpr_entry *entry) {
  hpr_watch_stop(&registry->process, entry); /* and set anew, of the new one */
  hpr_watch_look(&registry->process, entry, HPR_PART_AGENT);
  hpr_watch_look(&registry->process, entry, HPR_PART_FORMER);
}

/* True also if it cannot be told: who is known stays. */
static bool may_descend(const hpr_process_ops *process, int32_t pid, int32_t ancestor) {
  hpr_ancestor line[HPR_LINEAGE_MAX];
  size_t count;
  if (process->lineage(process->self, pid, line, &count) != 0) return true;
  for (size_t i = 1; i < count; i++)
    if (line[i].pid == ancestor) return true;
  return false;
}

/* What a living agent has started is its tool, or an agent of its own. */
static bool is_better(const hpr_registry *registry, const hpr_entry *entry,
                      const hpr_identity *agent) {
  const bool has_own = hpr_entry_agent_runs(entry);
  if (!agent->kin) return hpr_row_more(&entry->row)->keeper.pid != 0 && !has_own;
  if (!has_own) return true;
  if (hpr_entry_has_former(entry) &&
      !hpr_identity_equal(hpr_entry_part(entry, HPR_PART_FORMER), agent))
    return false; /* a third one, which is none of the two that are looked after */
  return entry->agent_found ||
         !may_descend(&registry->process, agent->pid, hpr_row_more(&entry->row)->pi.pid);
}

static int learn(hpr_registry *registry, hpr_entry *entry, int32_t pid, bool found) {
  hpr_identity agent;
  if (pid == entry->row.main.pid || pid == hpr_row_more(&entry->row)->keeper.pid) return 0;
  if (is_known(registry, entry, pid)) {
    entry->agent_found = entry->agent_found && found;
    return 0;
  }
  identify(registry, entry, pid, &agent);
  /* Where the entry's process itself does not exist, as in unit tests, nobody need be warned. */
  const bool untold =
      agent.state == HPR_RECORD_NOBODY && hpr_row_more(&entry->row)->keeper.pid == 0;
  if (!agent.kin && !untold && entry->row.main.state != HPR_RECORD_NOBODY)
    hpr_outbox_warn(&registry->outbox, HPR_ENOTKIN, pid, NULL);
  look_at_known(registry, entry);
  hpr_table_mark(&registry->table, entry);
  if (!is_better(registry, entry, &agent)) return 0;
  const int result = hpr_table_set_agent(&registry->table, entry, &agent);
  if (result == 0) entry->agent_found = found;
  return result;
}

int hpr_agent_learn(hpr_registry *registry, hpr_entry *entry, int32_t pid) {
  return learn(registry, entry, pid, false);
}

int hpr_agent_suggest(hpr_registry *registry, hpr_entry *entry, int32_t pid) {
  return learn(registry, entry, pid, true);
}

/* --- a keeper's only child ------------------------------------------------------------------ */

static bool is_named_agent(const char *word) {
  const char *slash = strrchr(word, '/');
  return strcmp(slash ? slash + 1 : word, AGENT_NAME) == 0;
}

/* Its title, or the script that an interpreter runs. */
static bool has_title(const hpr_process_ops *process, const hpr_identity *identity) {
  char *words;
  size_t size;
  if (process->command(process->self, identity, &words, &size) != 0) return false;
  const size_t first = strlen(words) + 1;
  const bool named = is_named_agent(words) || (first < size && is_named_agent(words + first));
  free(words);
  return named;
}

static bool has_mark(const hpr_registry *registry, const hpr_entry *entry,
                     const hpr_identity *identity) {
  return hpr_token_is_carried(&registry->process, entry->row.token,
                              hpr_pidfile_path(registry->ledger.pidfile), identity);
}

static bool is_child_of(const hpr_process_ops *process, int32_t pid, int32_t parent) {
  hpr_ancestor line[HPR_LINEAGE_MAX];
  size_t count;
  return process->lineage(process->self, pid, line, &count) == 0 && count > 1 &&
         line[1].pid == parent;
}

static const hpr_identity *only_child(const hpr_process_ops *process, int32_t parent,
                                      const hpr_identity *list, size_t count) {
  const hpr_identity *child = NULL;
  for (size_t i = 0; i < count; i++) {
    if (!is_child_of(process, list[i].pid, parent)) continue;
    if (child) return NULL;
    child = &list[i];
  }
  return child;
}

void hpr_agent_find(hpr_registry *registry, hpr_entry *entry) {
  const hpr_process_ops *process = &registry->process;
  const hpr_identity *keeper = &hpr_row_more(&entry->row)->keeper;
  hpr_identity list[CHILDREN_MAX];
  size_t count;
  if (keeper->pid == 0 || entry->life != HPR_LIFE_RUNNING ||
      is_known(registry, entry, hpr_row_more(&entry->row)->pi.pid))
    return;
  if (process->descendants(process->self, keeper, list, CHILDREN_MAX, &count) != 0) return;
  const hpr_identity *child =
      count < CHILDREN_MAX ? only_child(process, keeper->pid, list, count) : NULL;
  if (child && belongs(registry, entry, child->pid) &&
      (has_title(process, child) || has_mark(registry, entry, child)))
    learn(registry, entry, child->pid, true);
}
