#include "base/error.h"
#include "base/shared.h"
#include "base/text.h"
#include "core/agent.h"
#include "core/others.h"
#include "core/tree.h"
#include "core/turn.h"

/* --- finding -------------------------------------------------------------------------------- */

/* A live entry by its names. An empty token is nobody's. */
static hpr_entry *find_live(const hpr_registry *registry, const hpr_target *target) {
  const hpr_table *table = &registry->table;
  if (target->session) return hpr_table_find_session(table, target->session);
  if (target->token) return target->token[0] ? hpr_table_find_token(table, target->token) : NULL;
  hpr_entry *entry = hpr_table_find_pid(table, target->pid);
  return entry && hpr_entry_is_live(entry) ? entry : NULL;
}

static bool is_meant(const hpr_entry *entry, const hpr_target *target) {
  if (target->session)
    return hpr_same_text(entry->session ? entry->session : entry->row.session, target->session);
  if (target->token) return target->token[0] && hpr_same_text(entry->row.token, target->token);
  return entry->row.main.pid == target->pid || hpr_row_registered_pid(&entry->row) == target->pid;
}

/* One that is ending, what is left of one, or one that its agent goes on for. In no index. */
static hpr_entry *find_other(const hpr_registry *registry, const hpr_target *target) {
  for (hpr_entry *entry = registry->table.entries; entry; entry = entry->next)
    if (is_meant(entry, target)) return entry;
  return NULL;
}

/* What is left of agents that the name belonged to, one after the other. */
static hpr_entry *find_remainder(const hpr_registry *registry, const hpr_target *target) {
  for (hpr_entry *entry = registry->table.entries; entry; entry = entry->next)
    if (entry->life != HPR_LIFE_RUNNING && !entry->ending && is_meant(entry, target)) return entry;
  return NULL;
}

static void join(hpr_registry *registry, hpr_entry *entry, const hpr_ending_request *request) {
  hpr_ending *ending = entry->ending;
  hpr_ending_join(ending, request->signal, request->grace_ms, registry->now_ms);
  if (request->tree && !ending->tree) {
    ending->tree = true;
    if (hpr_row_more(&entry->row)->ending) hpr_row_more(&entry->row)->ending->tree = true;
    hpr_entry_touch(entry);
  }
  hpr_table_mark(&registry->table, entry);
}

/* What a server had begun, of which a guest only knows by the row: nobody is asked twice. */
static int go_on(hpr_registry *registry, hpr_entry *entry, const hpr_ending_request *request) {
  const int result = hpr_table_resume_end(&registry->table, entry, request);
  if (result != 0) return result;
  hpr_others_resume(entry);
  join(registry, entry, request);
  return 0;
}

/* A keeper's agent goes first, also one that nobody has named. HPR_ENOMEM: not begun. */
static int begin(hpr_registry *registry, hpr_entry *entry, const hpr_ending_request *request) {
  if (hpr_row_more(&entry->row)->ending) return go_on(registry, entry, request);
  hpr_agent_find(registry, entry);
  return hpr_table_end(&registry->table, entry, request);
}

/* --- kill ----------------------------------------------------------------------------------- */

/* Begins it and does the turn's work. HPR_ENOMEM, HPR_EFORBIDDEN (we are in its tree): not begun.
 */
static int end_now(hpr_registry *registry, hpr_entry *entry, bool *delivered) {
  const hpr_ending_request request = hpr_state_request(registry, HPR_REASON_KILL, HPR_SIGNAL_TERM,
                                                       registry->grace_ms, registry->tree);
  if (request.tree && hpr_tree_is_around_us(registry, entry)) return HPR_EFORBIDDEN;
  registry->asked = entry->serial;
  registry->asked_delivered = false;
  int result = begin(registry, entry, &request);
  if (result != 0) return result;
  hpr_turn_work(registry);
  *delivered = *delivered || registry->asked_delivered;
  return 0;
}

bool hpr_registry_kill(hpr_registry *registry, const hpr_target *target) {
  bool delivered = false;
  hpr_turn_begin(registry);
  hpr_entry *live = find_live(registry, target), *left;
  int result = live ? end_now(registry, live, &delivered) : 0;
  /* All that is left of those who had the name before is meant where nobody living is. */
  while (!live && result == 0 && (left = find_remainder(registry, target)))
    result = end_now(registry, left, &delivered);
  hpr_turn_tell(registry);
  return delivered;
}

/* --- terminate ------------------------------------------------------------------------------ */

/* Ends an entry, or joins an end that has begun: sooner, never later. */
static int end_or_join(hpr_registry *registry, hpr_entry *entry, const hpr_ending_request *request,
                       struct hpr_event *take_answer) {
  if (request->tree && hpr_tree_is_around_us(registry, entry)) {
    hpr_answer_give(&registry->outbox, take_answer, HPR_OUTCOME_NOT_OURS, entry);
    return 0;
  }
  if (!entry->ending) {
    int result = begin(registry, entry, request);
    if (result != 0) return result;
  } else {
    join(registry, entry, request);
  }
  hpr_answer_await(entry, take_answer);
  return 0;
}

/*
 * Its processes have ended, and its exit was told; what carries its token may not have. As a
 * remainder of which nobody is left in a group. NULL: it had no token, or no memory.
 */
static hpr_entry *remember(hpr_registry *registry, const hpr_past_entry *past) {
  hpr_table *table = &registry->table;
  hpr_row row = {.main = past->origin.main, .spawned_ms = past->origin.spawned_ms};
  row.remainder = true;
  if (!past->token || past->origin.main.state != HPR_RECORD_KNOWN ||
      hpr_table_find_pid(table, past->origin.main.pid))
    return NULL;
  row.cwd = hpr_shared_new("");
  const bool made = row.cwd && hpr_row_set_text(&row.token, past->token) == 0 &&
                    hpr_row_set_text(&row.session, past->session) == 0;
  hpr_entry *entry = made ? hpr_table_add_remainder(table, &row) : NULL;
  if (!entry) hpr_row_done(&row);
  return entry;
}

/* Nobody answers to that name. Of one that did, all that its session has started may be meant. */
static int end_past(hpr_registry *registry, const hpr_target *target,
                    const hpr_ending_request *request, struct hpr_event *take_answer) {
  const hpr_past_entry *past = hpr_past_find(&registry->ledger.past, target);
  hpr_entry *entry = past && request->tree ? remember(registry, past) : NULL;
  if (entry) return end_or_join(registry, entry, request, take_answer);
  hpr_answer_give(&registry->outbox, take_answer,
                  past ? HPR_OUTCOME_ALREADY_GONE : HPR_OUTCOME_NOT_FOUND, NULL);
  return 0;
}

int hpr_registry_terminate(hpr_registry *registry, const hpr_target *target, hpr_signal signal,
                           int32_t grace_ms, bool tree, uint64_t request) {
  struct hpr_event *answer = hpr_answer_new(request);
  if (!answer) return HPR_ENOMEM;
  hpr_turn_begin(registry);
  const hpr_ending_request how =
      hpr_state_request(registry, HPR_REASON_TERMINATE, signal, grace_ms, tree);
  hpr_entry *entry = find_live(registry, target);
  if (!entry) entry = find_other(registry, target);
  int result =
      entry ? end_or_join(registry, entry, &how, answer) : end_past(registry, target, &how, answer);
  if (result != 0) hpr_answer_free(answer);
  hpr_turn_end(registry);
  return result;
}

/* --- reports ---------------------------------------------------------------------------------- */

void hpr_registry_report_ends(hpr_registry *registry) {
  hpr_turn_begin(registry);
  for (hpr_entry *entry = registry->table.entries; entry; entry = entry->next)
    if (entry->ending) hpr_outbox_ended(&registry->outbox, entry, HPR_OUTCOME_UNKNOWN);
  hpr_turn_tell(registry);
}

/* --- all ------------------------------------------------------------------------------------ */

void hpr_registry_kill_all(hpr_registry *registry) {
  hpr_turn_begin(registry);
  hpr_ending_request request = hpr_state_request(registry, HPR_REASON_KILL_ALL, HPR_SIGNAL_TERM,
                                                 registry->grace_ms, registry->tree);
  request.recorded = false;
  for (hpr_entry *entry = registry->table.entries; entry; entry = entry->next)
    if (!entry->ending && entry->life != HPR_LIFE_EXITED &&
        !(request.tree && hpr_tree_is_around_us(registry, entry)))
      begin(registry, entry, &request);
  hpr_turn_end(registry);
}

int hpr_registry_shutdown(hpr_registry *registry, int32_t grace_ms, bool tree,
                          uint64_t first_request, size_t *ret_count) {
  int result = 0;
  *ret_count = 0;
  hpr_turn_begin(registry);
  const hpr_ending_request how =
      hpr_state_request(registry, HPR_REASON_SHUTDOWN, HPR_SIGNAL_TERM, grace_ms, tree);
  for (hpr_entry *entry = registry->table.entries; entry; entry = entry->next) {
    if (!entry->ending && entry->life == HPR_LIFE_EXITED) continue; /* nothing is left to end */
    struct hpr_event *answer = hpr_answer_new(first_request + *ret_count);
    int asked = answer ? end_or_join(registry, entry, &how, answer) : HPR_ENOMEM;
    if (asked == 0) {
      ++*ret_count;
      continue;
    }
    hpr_answer_free(answer);
    result = asked;
  }
  hpr_turn_end(registry);
  return result;
}
