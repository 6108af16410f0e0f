#include "core/turn.h"

#include <stdlib.h>

#include "base/error.h"
#include "core/others.h"
#include "core/watch.h"

enum {
  STATUS_WAIT_MS = 1000, /* for a parent to say how its child ended */
  WATCH_RETRY_MS = 1000, /* between two tries of a watch that could not be set */
  WRITE_WAIT_MS = 20,    /* for changes that may wait for the next write */
};

/* --- the clock ------------------------------------------------------------------------------ */

/*
 * The system's clock, set forward where a timer of ours fired before its time: then the host's
 * timers run by another clock, as under a test's faked timers, and that one counts.
 */
void hpr_turn_begin(hpr_registry *registry) {
  registry->now_ms = registry->process.clock_ms(registry->process.self) + registry->clock_offset_ms;
  registry->may_wait = false;
}

static int64_t sooner(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t due_of(const hpr_entry *entry) {
  int64_t due_ms = sooner(entry->status_due_ms, entry->retry_ms);
  return entry->ending ? sooner(due_ms, hpr_ending_due_ms(entry->ending)) : due_ms;
}

/* --- 1. look -------------------------------------------------------------------------------- */

static void look(hpr_registry *registry, hpr_entry *entry) {
  bool changed = false;
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++)
    if (entry->parts[part].suspect)
      changed = hpr_watch_look(&registry->process, entry, part) || changed;
  hpr_others_look(&registry->process, entry);
  if (changed) hpr_table_note_change(&registry->table);
}

/* --- 2. decide ------------------------------------------------------------------------------ */

/* What the file says of it while something of it is left, for the next server. */
static void tell_exit(hpr_registry *registry, hpr_entry *entry) {
  entry->life = HPR_LIFE_TOLD;
  entry->row.remainder = true;
  hpr_entry_touch(entry);
  hpr_outbox_exited(&registry->outbox, entry);
}

static void note_end_of_processes(hpr_registry *registry, hpr_entry *entry) {
  hpr_table_retire(&registry->table, entry);
  hpr_table_free_number(&registry->table, entry);
  entry->life = HPR_LIFE_EXITED;
  if (!entry->status_expected) entry->status_known = true;
  if (!entry->status_known) entry->status_due_ms = registry->now_ms + STATUS_WAIT_MS;
}

/* Its agent's number is another entry's: of the same agent, or of one that must have ended. */
static void give_agent_up(hpr_registry *registry, hpr_entry *entry) {
  static const hpr_identity none = {0};
  const hpr_process_ops *process = &registry->process;
  hpr_entry *other = hpr_table_find_pid(&registry->table, entry->row.pi.pid);
  const hpr_verdict verdict = process->verify(process->self, &entry->row.pi);
  if (hpr_verdict_is_gone(verdict) || verdict == HPR_VERDICT_GROUP) {
    entry->parts[HPR_PART_AGENT].suspect = true; /* it has ended, and nobody has told us yet */
  } else if (verdict == HPR_VERDICT_SAME && hpr_entry_learn(other, &entry->row.pi)) { /* that it is ours */
    hpr_watch_stop(&registry->process, entry);
    hpr_table_set_agent(&registry->table, entry, &none);
  } else {
    other->parts[HPR_PART_MAIN].suspect = true;
    hpr_table_mark(&registry->table, other);
  }
}

/* One that is ending keeps its parts, unless its number is another's by now. */
static void promote(hpr_registry *registry, hpr_entry *entry) {
  const bool has_number = entry->by_pid.entry != NULL;
  if (!hpr_entry_can_promote(entry) || (entry->ending && has_number)) return;
  hpr_watch_stop(&registry->process, entry);
  if (hpr_table_promote(&registry->table, entry) == HPR_EEXIST) give_agent_up(registry, entry);
}

static void decide_life(hpr_registry *registry, hpr_entry *entry) {
  if (entry->life == HPR_LIFE_RUNNING) promote(registry, entry);
  if (entry->life == HPR_LIFE_RUNNING && hpr_entry_has_ended(entry))
    note_end_of_processes(registry, entry);
}

static hpr_ending_facts facts_of(const hpr_registry *registry, const hpr_entry *entry) {
  const hpr_process_ops *process = &registry->process;
  hpr_ending_facts facts = {.has_keeper = entry->row.keeper.pid != 0};
  /* Nobody waits for a process that is not ours, once its signal was refused. */
  facts.others_left = hpr_others_left(entry->ending, false);
  facts.respawned = hpr_others_left(entry->ending, true);
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    const hpr_presence presence = entry->parts[part].presence;
    facts.is_group[part] = presence == HPR_PRESENCE_GROUP;
    facts.left[part] =
        presence != HPR_PRESENCE_NONE && presence != HPR_PRESENCE_GONE &&
        (entry->ending->parts[part].sent != HPR_SENT_REFUSED || hpr_entry_answers_for(entry, part));
  }
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    facts.leads[part] =
        facts.is_group[part] ||
        (facts.left[part] && process->leads(process->self, hpr_entry_part(entry, part)));
    for (hpr_part other = 0; facts.leads[part] && other < HPR_PART_COUNT; other++)
      if (other != part && facts.left[other] && !facts.is_group[other] &&
          process->reaches(process->self, hpr_entry_part(entry, part),
                           hpr_entry_part(entry, other)))
        facts.reaches[part] |= 1U << other;
  }
  return facts;
}

/* --- others than its parts: descendants of those that lead no group, and keepers' new agents - */

/* Before anybody is asked: whoever comes later under the keeper is an agent that it started anew.
 */
static void know_bystanders(const hpr_registry *registry, hpr_entry *entry) {
  if (entry->ending->begun) return;
  entry->ending->begun = true;
  if (entry->row.keeper.pid != 0)
    hpr_others_find(&registry->process, entry, &entry->row.keeper, HPR_OTHERS_BYSTANDERS);
}

static bool is_keeper_there(const hpr_entry *entry) {
  const bool is_main = entry->row.keeper.pid == entry->row.main.pid;
  const hpr_part part = is_main ? HPR_PART_MAIN : HPR_PART_KEEPER;
  return entry->row.keeper.pid != 0 && entry->parts[part].presence == HPR_PRESENCE_THERE;
}

/* The keeper's turn is over: it is to be asked, unless it has an agent again. */
static void find_respawned(const hpr_registry *registry, hpr_entry *entry) {
  const hpr_ending *ending = entry->ending;
  const bool over = ending->state == HPR_ENDING_TURN && registry->now_ms >= ending->turn_due_ms;
  if (over && ending->turns <= HPR_KEEPER_TURNS && is_keeper_there(entry))
    hpr_others_find(&registry->process, entry, &entry->row.keeper, HPR_OTHERS_RESPAWNED);
}

/* Whoever leads no group takes its descendants along; at SIGKILL those of descendants too. */
static void find_descendants(const hpr_registry *registry, hpr_entry *entry) {
  hpr_ending *ending = entry->ending;
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    const bool keeper_alone = is_keeper_there(entry) && part != HPR_PART_AGENT &&
                              ending->parts[HPR_PART_AGENT].sent != HPR_SENT_NOTHING &&
                              ending->state != HPR_ENDING_KILL;
    if (ending->wishes.parts[part].wanted && !keeper_alone &&
        ending->wishes.parts[part].scope == HPR_SCOPE_PROCESS)
      hpr_others_find(&registry->process, entry, hpr_entry_part(entry, part), HPR_OTHERS_ASKED);
  }
  const size_t count = ending->state == HPR_ENDING_KILL ? ending->other_count : 0;
  for (size_t i = 0; i < count; i++) {
    const hpr_identity root = ending->others[i].identity;
    if (ending->others[i].there && !ending->others[i].bystander &&
        ending->others[i].asked.sent < HPR_SENT_KILL)
      hpr_others_find(&registry->process, entry, &root, HPR_OTHERS_ASKED);
  }
}

/* --- what is about to be sent is written down before: what is recorded counts as sent -------- */

static void record_parts(hpr_entry *entry) {
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    const hpr_ending_wish *wish = &entry->ending->wishes.parts[part];
    if (!wish->wanted) continue;
    hpr_row_add_asked(&entry->row, hpr_entry_part(entry, part));
    for (hpr_part other = 0; other < HPR_PART_COUNT; other++)
      if (wish->reaches & 1U << other) hpr_row_add_asked(&entry->row, hpr_entry_part(entry, other));
    hpr_entry_touch(entry);
  }
}

static void record_others(const hpr_registry *registry, hpr_entry *entry) {
  hpr_signal signal;
  for (size_t i = 0; i < entry->ending->other_count; i++) {
    const hpr_other *it = &entry->ending->others[i];
    if (!hpr_ending_wants_other(entry->ending, it, registry->now_ms, &signal)) continue;
    hpr_row_add_asked(&entry->row, &it->identity);
    hpr_entry_touch(entry);
  }
}

static void decide_ending(hpr_registry *registry, hpr_entry *entry) {
  hpr_ending *ending = entry->ending;
  know_bystanders(registry, entry);
  find_respawned(registry, entry);
  const hpr_ending_facts facts = facts_of(registry, entry);
  hpr_ending_step(ending, &facts, registry->now_ms);
  find_descendants(registry, entry);
  if (!ending->recorded || ending->state == HPR_ENDING_KILL) return;
  record_parts(entry);
  record_others(registry, entry);
}

static bool is_suspect(const hpr_entry *entry) {
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++)
    if (entry->parts[part].suspect) return true;
  for (size_t i = 0; entry->ending && i < entry->ending->other_count; i++)
    if (entry->ending->others[i].suspect) return true;
  return false;
}

static hpr_outcome outcome_of(const hpr_ending *ending) {
  if (ending->killed) return HPR_OUTCOME_KILLED;
  if (ending->delivered) return HPR_OUTCOME_EXITED;
  return ending->refused ? HPR_OUTCOME_NOT_OURS : HPR_OUTCOME_ALREADY_GONE;
}

/*
 * Nothing is left to do, and to wait for. killAll leaves in the file whose end it could not bring
 * about; others who are not ours to end are forgotten when their end is wanted.
 */
static bool is_over(const hpr_entry *entry) {
  if (entry->ending) {
    const bool given_up = entry->ending->recorded && !hpr_entry_has_ended(entry);
    return (entry->life == HPR_LIFE_TOLD || given_up) && entry->ending->state == HPR_ENDING_OVER;
  }
  return entry->life == HPR_LIFE_TOLD && !hpr_entry_is_left(entry);
}

void hpr_turn_forget(hpr_registry *registry, hpr_entry *entry, hpr_outcome outcome) {
  hpr_answer_all(&registry->outbox, entry, outcome);
  hpr_watch_stop(&registry->process, entry);
  hpr_others_unwatch(&registry->process, entry);
  hpr_table_remove(&registry->table, entry);
  hpr_entry_free(entry);
}

static void decide(hpr_registry *registry, hpr_entry *entry) {
  if (entry->life == HPR_LIFE_EXITED && registry->now_ms >= entry->status_due_ms) {
    hpr_outbox_ask_status(&registry->outbox, entry->serial);
    entry->status_due_ms = registry->now_ms + STATUS_WAIT_MS;
  }
  decide_life(registry, entry);
  if (entry->ending) decide_ending(registry, entry);
  const bool over = entry->ending && entry->ending->state == HPR_ENDING_OVER;
  if (entry->life == HPR_LIFE_EXITED && entry->status_known) {
    if (over) hpr_answer_all(&registry->outbox, entry, outcome_of(entry->ending));
    tell_exit(registry, entry);
  }
  hpr_entry_assert(entry);
  if (!is_suspect(entry) && is_over(entry))
    hpr_turn_forget(registry, entry, over ? outcome_of(entry->ending) : HPR_OUTCOME_ALREADY_GONE);
}

/* --- 3. record ------------------------------------------------------------------------------ */

static void write_file(hpr_registry *registry) {
  registry->table.lines.changed = false;
  if (registry->guest || hpr_turn_is_forked(registry)) return;
  const hpr_ledger_scope scope = {
      .ledger = &registry->ledger,
      .process = &registry->process,
      .table = &registry->table,
      .owners = &registry->owners,
      .outbox = &registry->outbox,
      .grace_ms = registry->grace_ms,
      .now_ms = registry->now_ms,
  };
  hpr_ledger_write(&scope);
}

static void record(hpr_registry *registry) {
  hpr_ledger *ledger = &registry->ledger;
  const bool due = ledger->orphans_due || registry->now_ms >= ledger->write_due_ms;
  if (due || (registry->table.lines.changed && !registry->may_wait))
    write_file(registry);
  else if (registry->table.lines.changed)
    ledger->write_due_ms = sooner(ledger->write_due_ms, registry->now_ms + WRITE_WAIT_MS);
}

/* --- 4. act --------------------------------------------------------------------------------- */

static void warn_of_watch(hpr_registry *registry, const hpr_entry *entry, int result) {
  if (result == HPR_EPOLLED && !registry->told_polled)
    hpr_outbox_warn(&registry->outbox, HPR_EPOLLED, 0, NULL);
  if (result == HPR_EPOLLED) registry->told_polled = true;
  if (result != HPR_EPOLLED && entry->retry_ms == HPR_TIME_NEVER)
    hpr_outbox_warn(&registry->outbox, HPR_EUNWATCHED, entry->row.main.pid, NULL);
}

/* Before any signal, so that no exit is missed. What fails is tried again. */
static void set_watches(hpr_registry *registry, hpr_entry *entry) {
  bool failed = false;
  if (entry->retry_ms != HPR_TIME_NEVER && registry->now_ms < entry->retry_ms) return;
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    hpr_process *it = &entry->parts[part];
    int result = it->suspect ? 0 : hpr_watch_set(&registry->process, entry, part);
    if (result == 0) continue;
    /* Ended by now: looked at again at once, but not for ever if the two looks do not agree. */
    failed = failed || (result == HPR_ESRCH ? it->exited : result != HPR_EPOLLED);
    if (result == HPR_ESRCH)
      it->suspect = it->exited = true;
    else
      warn_of_watch(registry, entry, result);
  }
  if (!hpr_others_watch(&registry->process, entry)) failed = true;
  entry->retry_ms = failed ? registry->now_ms + WATCH_RETRY_MS : HPR_TIME_NEVER;
}

/* Where the leader's own record cannot prove its group, a recorded member of it may. */
static int signal_part(const hpr_registry *registry, const hpr_entry *entry, hpr_part part,
                       const hpr_ending_wish *wish) {
  const hpr_process_ops *process = &registry->process;
  const hpr_identity *identity = hpr_entry_part(entry, part);
  const hpr_members *members = entry->row.members[part];
  int result = process->signal(process->self, identity, wish->signal, wish->scope);
  if (entry->parts[part].presence != HPR_PRESENCE_GROUP || !members) return result;
  for (size_t i = 0; i < members->count && result != 0; i++)
    result = process->signal_group(process->self, &members->list[i], identity->pid, wish->signal);
  return result;
}

static void take_back(hpr_entry *entry, hpr_part part) {
  if (!entry->ending->recorded) return;
  hpr_row_drop_asked(&entry->row, hpr_entry_part(entry, part));
  for (hpr_part other = 0; other < HPR_PART_COUNT; other++)
    if (entry->ending->wishes.parts[part].reaches & 1U << other)
      hpr_row_drop_asked(&entry->row, hpr_entry_part(entry, other));
  hpr_entry_touch(entry);
}

static void fulfil(hpr_registry *registry, hpr_entry *entry, hpr_part part) {
  hpr_ending *ending = entry->ending;
  const hpr_ending_wish wish = ending->wishes.parts[part];
  int result = signal_part(registry, entry, part, &wish);
  hpr_outbox_signalled(&registry->outbox, hpr_entry_part(entry, part)->pid, wish.signal, result);
  /* Whatever keeps a signal from who is not ours, it is not tried again: others wait for that. */
  const bool ended = result == HPR_ESRCH || result == HPR_ESTRANGER;
  if (result != 0 && !ended && !hpr_entry_answers_for(entry, part)) result = HPR_ENOTKIN;
  hpr_ending_note(ending, part, result, registry->now_ms);
  ending->wishes.parts[part].wanted = false;
  entry->acted = true;
  if (result == 0 && entry->serial == registry->asked) registry->asked_delivered = true;
  if (result == HPR_ESRCH || result == HPR_ESTRANGER) entry->parts[part].suspect = true;
  if (result != 0 && wish.signal != HPR_SIGNAL_KILL) take_back(entry, part);
}

static void signal_other(hpr_registry *registry, hpr_entry *entry, hpr_other *it,
                         hpr_signal signal) {
  const hpr_process_ops *process = &registry->process;
  const int result = process->signal(process->self, &it->identity, signal, HPR_SCOPE_PROCESS);
  hpr_outbox_signalled(&registry->outbox, it->identity.pid, signal, result);
  hpr_ending_note_other(entry->ending, it, signal, result, registry->now_ms);
  entry->acted = true;
  if (result == 0 && entry->serial == registry->asked) registry->asked_delivered = true;
  if (result == HPR_ESRCH || result == HPR_ESTRANGER) it->suspect = true;
  if (result == 0 || signal == HPR_SIGNAL_KILL || !entry->ending->recorded) return;
  hpr_row_drop_asked(&entry->row, &it->identity);
  hpr_entry_touch(entry);
}

static void act(hpr_registry *registry, hpr_entry *entry) {
  hpr_ending *ending = entry->ending;
  hpr_signal signal;
  set_watches(registry, entry);
  for (hpr_part part = 0; ending && part < HPR_PART_COUNT; part++)
    if (ending->wishes.parts[part].wanted) fulfil(registry, entry, part);
  for (size_t i = 0; ending && i < ending->other_count; i++)
    if (hpr_ending_wants_other(ending, &ending->others[i], registry->now_ms, &signal))
      signal_other(registry, entry, &ending->others[i], signal);
}

/* --- 5. update ------------------------------------------------------------------------------ */

/* Where nobody will be asked to end, more waiting changes nothing. */
static void answer_early(hpr_registry *registry, hpr_entry *entry) {
  const hpr_ending *ending = entry->ending;
  if (!ending || ending->delivered) return;
  if (ending->failed && entry->row.main.state != HPR_RECORD_KNOWN)
    hpr_answer_all(&registry->outbox, entry, HPR_OUTCOME_UNKNOWN); /* nor will it be known */
  else if (ending->refused && !ending->failed)
    hpr_answer_all(&registry->outbox, entry, HPR_OUTCOME_NOT_OURS);
}

static void update(hpr_registry *registry, hpr_entry *entry) {
  answer_early(registry, entry);
  const bool again = is_suspect(entry) || entry->acted;
  entry->acted = false;
  if (again) return; /* what was learnt is to be looked at, and decided on */
  hpr_table_set_timed(&registry->table, entry, due_of(entry) != HPR_TIME_NEVER);
  hpr_table_done_with(&registry->table, entry);
}

/* --- 6. tell -------------------------------------------------------------------------------- */

static int32_t delay_until(const hpr_registry *registry, int64_t due_ms) {
  const int64_t delay_ms = due_ms - registry->now_ms;
  if (due_ms == HPR_TIME_NEVER) return -1;
  return delay_ms < 1 ? 1 : delay_ms > INT32_MAX ? INT32_MAX : (int32_t)delay_ms;
}

static void tell_when_to_wake(hpr_registry *registry) {
  int64_t due_ms = registry->guest ? HPR_TIME_NEVER : registry->ledger.write_due_ms;
  for (const hpr_entry *it = registry->table.timed; it; it = it->next_timed)
    due_ms = sooner(due_ms, due_of(it));
  if (due_ms == registry->wake_ms) return;
  registry->wake_ms = due_ms;
  registry->host.wake_in(registry->host.self, delay_until(registry, due_ms));
}

/* --- the whole ------------------------------------------------------------------------------ */

static void each_due(hpr_registry *registry, void (*step)(hpr_registry *, hpr_entry *)) {
  for (hpr_entry *entry = registry->table.due, *next; entry; entry = next) {
    next = entry->next_due;
    step(registry, entry);
  }
}

void hpr_turn_work(hpr_registry *registry) {
  do {
    each_due(registry, look);
    each_due(registry, decide);
    record(registry);
    each_due(registry, act);
    each_due(registry, update);
  } while (registry->table.due || (registry->table.lines.changed && !registry->may_wait));
}

static void tell_all(hpr_registry *registry) {
  registry->telling = true;
  do {
    tell_when_to_wake(registry);
  } while (hpr_outbox_tell(&registry->outbox, &registry->host));
  registry->telling = false;
}

static void release(hpr_registry *registry) {
  const hpr_host host = registry->host;
  hpr_owners_done(&registry->owners, &registry->process);
  hpr_outbox_done(&registry->outbox);
  hpr_table_done(&registry->table);
  hpr_pidfile_close(registry->ledger.pidfile);
  free(registry);
  host.closed(host.self);
}

void hpr_turn_close(hpr_registry *registry) {
  registry->closing = true;
  if (registry->telling) return; /* from one of the host's own callbacks: later */
  hpr_turn_begin(registry);
  if (registry->table.lines.changed) write_file(registry);
  registry->guest = true; /* whatever a listener does now, the file is the next server's */
  while (registry->table.entries)
    hpr_turn_forget(registry, registry->table.entries, HPR_OUTCOME_UNKNOWN);
  registry->ledger.write_due_ms = HPR_TIME_NEVER;
  tell_all(registry);
  release(registry);
}

void hpr_turn_tell(hpr_registry *registry) {
  if (registry->telling) return;
  tell_all(registry);
  if (registry->closing) hpr_turn_close(registry);
}

void hpr_turn_end(hpr_registry *registry) {
  hpr_turn_work(registry);
  hpr_turn_tell(registry);
}

void hpr_turn_write(hpr_registry *registry) { write_file(registry); }

bool hpr_turn_is_forked(const hpr_registry *registry) {
  return registry->process.self_pid(registry->process.self) != registry->owners.self.pid;
}

hpr_ending_request hpr_turn_request(const hpr_registry *registry, hpr_signal signal,
                                    int32_t grace_ms, bool recorded) {
  return (hpr_ending_request){
      .signal = signal,
      .grace_ms = grace_ms,
      .now_ms = registry->now_ms,
      .began_ms = registry->process.clock_ms(registry->process.self),
      .recorded = recorded,
  };
}
