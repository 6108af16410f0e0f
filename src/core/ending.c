#include <stdlib.h>
#include <string.h>

#include "core/state.h"

enum { LOOK_AGAIN_MS = 1000 }; /* where a process cannot be watched */

/* --- signals -------------------------------------------------------------------------------- */

/* What came of signalling several parts. */
typedef struct strike_result {
  bool delivered, foreign, unknown;
} strike_result;

static void strike(hpr_registry *registry, const hpr_entry *entry, hpr_part part, hpr_signal signal,
                   strike_result *result) {
  const hpr_identity *identity = hpr_entry_part(entry, part);
  if (!identity) return;
  const int error = registry->process.signal(registry->process.self, identity, signal, HPR_SCOPE_GROUP);
  hpr_report_signal(registry, identity->pid, signal, error);
  switch (error) {
  case 0: result->delivered = true; break;
  case HPR_ESRCH:
  case HPR_ESTRANGER: break;
  case HPR_EFOREIGN:
  case HPR_EFORBIDDEN:
  case HPR_ENOTKIN: result->foreign = true; break;
  default: result->unknown = true; break;
  }
}

static void strike_all(hpr_registry *registry, const hpr_entry *entry, hpr_signal signal,
                       strike_result *result) {
  strike(registry, entry, HPR_PART_PI, signal, result);
  strike(registry, entry, HPR_PART_MAIN, signal, result);
  strike(registry, entry, HPR_PART_KEEPER, signal, result);
}

/* A keeper ends by itself, and in order, when its pi has: it gets its signal later. */
static strike_result strike_first(hpr_registry *registry, const hpr_entry *entry,
                                  const hpr_ending_request *request, bool *ret_keeper_due) {
  strike_result result = {0};
  if (entry->row.keeper.pid != 0 && !request->shutdown)
    strike(registry, entry, HPR_PART_PI, request->signal, &result);
  *ret_keeper_due = result.delivered;
  if (!result.delivered) strike_all(registry, entry, request->signal, &result);
  return result;
}

/* --- waiting -------------------------------------------------------------------------------- */

static bool watch_what_is_left(hpr_registry *registry, hpr_entry *entry) {
  bool left = false;
  entry->ending->unwatched = false;
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    if (!hpr_part_is_left(registry, entry, part)) continue;
    int watched = hpr_watch_part(registry, entry, part);
    if (watched == HPR_ESRCH) continue;
    if (watched != 0) entry->ending->unwatched = true;
    left = true;
  }
  return left;
}

/* When the next step is due, counted from the first signal; -1: never. */
static int32_t next_due_ms(const hpr_ending *ending) {
  int32_t due_ms = ending->keeper_due ? HPR_KEEPER_TURN_MS : -1;
  if (ending->grace_ms != HPR_GRACE_NEVER && (due_ms < 0 || ending->grace_ms < due_ms))
    due_ms = ending->grace_ms;
  if (due_ms < 0 && ending->unwatched) due_ms = ending->waited_ms + LOOK_AGAIN_MS;
  return due_ms;
}

static void schedule(hpr_registry *registry, hpr_entry *entry) {
  hpr_ending *ending = entry->ending;
  int32_t due_ms = next_due_ms(ending);
  if (ending->timer_ms != 0 || due_ms < 0) return;
  int32_t delay_ms = due_ms - ending->waited_ms;
  ending->timer_ms = delay_ms > 0 ? delay_ms : 1;
  registry->host.start_timer(registry->host.self, hpr_ticket_of(entry), ending->timer_ms);
}

void hpr_stop_ending_timer(hpr_registry *registry, hpr_entry *entry) {
  if (!entry->ending || entry->ending->timer_ms == 0) return;
  registry->host.stop_timer(registry->host.self, hpr_ticket_of(entry));
  entry->ending->timer_ms = 0;
}

/* --- the end -------------------------------------------------------------------------------- */

static void finish(hpr_registry *registry, hpr_entry *entry) {
  hpr_answer_all(registry, entry, entry->ending->killed ? HPR_OUTCOME_KILLED : HPR_OUTCOME_EXITED);
  hpr_detach(registry, entry);
  hpr_report_exit(registry, entry);
}

bool hpr_review_ending(hpr_registry *registry, hpr_entry *entry) {
  if (watch_what_is_left(registry, entry)) {
    schedule(registry, entry);
    return false;
  }
  finish(registry, entry);
  return true;
}

void hpr_ending_timer_fired(hpr_registry *registry, hpr_entry *entry) {
  hpr_ending *ending = entry->ending;
  ending->waited_ms += ending->timer_ms;
  ending->timer_ms = 0;
  strike_result result = {0};
  if (ending->keeper_due && ending->waited_ms >= HPR_KEEPER_TURN_MS) {
    ending->keeper_due = false;
    strike(registry, entry, HPR_PART_MAIN, ending->signal, &result);
    strike(registry, entry, HPR_PART_KEEPER, ending->signal, &result);
  }
  if (ending->grace_ms != HPR_GRACE_NEVER && ending->waited_ms >= ending->grace_ms) {
    strike_result last = {0};
    ending->grace_ms = HPR_GRACE_NEVER;
    strike_all(registry, entry, HPR_SIGNAL_KILL, &last);
    ending->killed = ending->killed || last.delivered;
  }
  if (hpr_review_ending(registry, entry)) hpr_persist(registry);
}

/* --- the beginning -------------------------------------------------------------------------- */

static hpr_outcome outcome_of(strike_result result, hpr_signal signal) {
  if (result.delivered) return signal == HPR_SIGNAL_KILL ? HPR_OUTCOME_KILLED : HPR_OUTCOME_EXITED;
  if (result.unknown) return HPR_OUTCOME_UNKNOWN;
  return result.foreign ? HPR_OUTCOME_NOT_OURS : HPR_OUTCOME_ALREADY_GONE;
}

/* Nothing is left that we answer for: the entry goes, with a report unless a stranger lives on. */
static void drop(hpr_registry *registry, hpr_entry *entry, hpr_outcome outcome) {
  hpr_detach(registry, entry);
  if (outcome == HPR_OUTCOME_NOT_OURS)
    hpr_entry_free(entry);
  else
    hpr_report_exit(registry, entry);
}

int hpr_begin_ending(hpr_registry *registry, hpr_entry *entry, const hpr_ending_request *request,
                     hpr_ending_start *ret_start) {
  hpr_ending *ending = calloc(1, sizeof *ending);
  if (!ending) return HPR_ENOMEM;
  strike_result result = strike_first(registry, entry, request, &ending->keeper_due);
  ending->signal = request->signal;
  ending->killed = result.delivered && request->signal == HPR_SIGNAL_KILL;
  ending->grace_ms = result.delivered && !ending->killed ? request->grace_ms : HPR_GRACE_NEVER;
  hpr_retire(registry, entry);
  entry->ending = ending;
  if (!request->shutdown) {
    entry->row.terminating = true;
    hpr_entry_touch(entry);
  }
  bool left = watch_what_is_left(registry, entry);
  *ret_start = (hpr_ending_start){
      .delivered = result.delivered,
      .over = !left && !request->shutdown,
      .outcome = outcome_of(result, request->signal),
  };
  if (ret_start->over)
    drop(registry, entry, ret_start->outcome);
  else
    schedule(registry, entry);
  return 0;
}

/* --- the public functions ------------------------------------------------------------------- */

/* A live entry by its names. An empty token is nobody's. */
static hpr_entry *find_live(const hpr_registry *registry, const hpr_target *target) {
  if (target->session) return hpr_find_session(registry, target->session);
  if (target->token) return target->token[0] ? hpr_find_token(registry, target->token) : NULL;
  hpr_entry *entry = hpr_find_pid(registry, target->pid);
  return entry && !entry->ending ? entry : NULL;
}

static bool same_text(const char *a, const char *b) { return a && b && strcmp(a, b) == 0; }

/* One that is ending already; they are few and in no index but that of the pids. */
static hpr_entry *find_ending(const hpr_registry *registry, const hpr_target *target) {
  for (hpr_entry *entry = registry->entries; entry; entry = entry->next) {
    if (!entry->ending) continue;
    if (target->session ? same_text(entry->session, target->session)
        : target->token ? same_text(entry->row.token, target->token)
                        : entry->row.main.pid == target->pid)
      return entry;
  }
  return NULL;
}

bool hpr_registry_kill(hpr_registry *registry, const hpr_target *target) {
  hpr_entry *entry = find_live(registry, target);
  if (!entry) return false;
  const hpr_ending_request request = {.signal = HPR_SIGNAL_TERM, .grace_ms = registry->grace_ms};
  hpr_ending_start start;
  if (hpr_begin_ending(registry, entry, &request, &start) != 0) return false;
  hpr_persist(registry);
  hpr_deliver(registry);
  return start.delivered;
}

/* Somebody else waits for an ending that has begun; it may get shorter, never longer. */
static void join_ending(hpr_registry *registry, hpr_entry *entry, int32_t grace_ms,
                        struct hpr_event *take_answer) {
  hpr_ending *ending = entry->ending;
  hpr_await(entry, take_answer);
  bool sooner = grace_ms != HPR_GRACE_NEVER && !ending->killed &&
                (ending->grace_ms == HPR_GRACE_NEVER ||
                 ending->waited_ms + (int64_t)grace_ms < ending->grace_ms);
  if (sooner) {
    hpr_stop_ending_timer(registry, entry);
    ending->grace_ms = ending->waited_ms + grace_ms;
  }
  if (hpr_review_ending(registry, entry)) hpr_persist(registry);
}

static hpr_outcome outcome_without_entry(const hpr_registry *registry, const hpr_target *target) {
  hpr_identity holder;
  if (target->session || target->token) return HPR_OUTCOME_ALREADY_GONE;
  registry->process.identify(registry->process.self, target->pid, NULL, &holder);
  return holder.state == HPR_RECORD_NOBODY ? HPR_OUTCOME_ALREADY_GONE : HPR_OUTCOME_NOT_OURS;
}

static int terminate_live(hpr_registry *registry, hpr_entry *entry, const hpr_ending_request *how,
                          struct hpr_event *answer) {
  hpr_entry shadow = {.row.main.pid = entry->row.main.pid, .exit_code = entry->exit_code};
  hpr_ending_start start;
  int result = hpr_begin_ending(registry, entry, how, &start);
  if (result != 0) return result;
  if (!start.over && start.delivered)
    hpr_await(entry, answer);
  else /* over, or nothing that more waiting would change */
    hpr_answer(registry, answer, start.outcome, &shadow);
  hpr_persist(registry);
  return 0;
}

int hpr_registry_terminate(hpr_registry *registry, const hpr_target *target, hpr_signal signal,
                           int32_t grace_ms, uint64_t request) {
  const hpr_ending_request how = {.signal = signal, .grace_ms = grace_ms};
  struct hpr_event *answer = hpr_answer_new(request);
  if (!answer) return HPR_ENOMEM;
  hpr_entry *entry = find_live(registry, target);
  int result = 0;
  if (entry)
    result = terminate_live(registry, entry, &how, answer);
  else if ((entry = find_ending(registry, target)))
    join_ending(registry, entry, signal == HPR_SIGNAL_KILL ? 0 : grace_ms, answer);
  else
    hpr_answer(registry, answer, outcome_without_entry(registry, target), NULL);
  if (result != 0) hpr_answer_free(answer);
  hpr_deliver(registry);
  return result;
}

void hpr_registry_kill_all(hpr_registry *registry) {
  const hpr_ending_request request = {
      .signal = HPR_SIGNAL_TERM, .grace_ms = registry->grace_ms, .shutdown = true};
  for (hpr_entry *entry = registry->entries, *next; entry; entry = next) {
    hpr_ending_start start;
    next = entry->next;
    if (!entry->ending) hpr_begin_ending(registry, entry, &request, &start);
  }
  hpr_deliver(registry);
}
