#include "core/turn.h"

#include <stdlib.h>

#include "base/error.h"
#include "core/act.h"
#include "core/decide.h"
#include "core/forget.h"
#include "core/heal.h"
#include "core/others.h"
#include "core/tree.h"
#include "core/watch.h"

enum {
  WRITE_WAIT_MS = 20, /* for changes that may wait for the next write */
  HEAL_MS = 1000,     /* between two questions who a process is */
};

/* --- the clock ------------------------------------------------------------------------------ */

/*
 * The system's clock, set forward where a timer of ours fired before its time: then the host's
 * timers run by another clock, as under a test's faked timers, and that one counts.
 */
void hpr_turn_begin(hpr_registry *registry) {
  registry->now_ms = registry->process.clock_ms(registry->process.self) + registry->clock_offset_ms;
  registry->may_wait = false;
  registry->process.begin(registry->process.self);
}

static int64_t sooner(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t due_of(const hpr_entry *entry) {
  int64_t due_ms = sooner(entry->status_due_ms, sooner(entry->retry_ms, entry->heal_ms));
  return entry->ending ? sooner(due_ms, hpr_ending_due_ms(entry->ending)) : due_ms;
}

/* --- 1. look --------------------------------------------------------------------------------- */

/* It was registered again when nobody could tell that it is the same process. */
static void give_twin_up(hpr_registry *registry, hpr_entry *entry) {
  hpr_entry *it = registry->table.entries;
  while (it && (it == entry || !hpr_identity_equal(&it->row.main, &entry->row.main))) it = it->next;
  if (!it) return;
  hpr_entry *older = it->serial < entry->serial ? it : entry, *newer = older == it ? entry : it;
  const hpr_identity agent = hpr_row_more(&older->row)->pi;
  hpr_table_give_up(&registry->table, older);
  if (!agent.kin || hpr_row_more(&newer->row)->pi.pid != 0) return;
  hpr_table_set_agent(&registry->table, newer, &agent);
  hpr_table_mark(&registry->table, newer);
}

static void heal(hpr_registry *registry, hpr_entry *entry) {
  const char *pid_file = hpr_pidfile_path(registry->ledger.pidfile);
  if (registry->now_ms < entry->heal_ms) return;
  entry->heal_ms = HPR_TIME_NEVER;
  if (!hpr_heal(&registry->process, pid_file, entry)) return;
  hpr_watch_stop(&registry->process, entry); /* and watched anew, by what is known now */
  if (entry->row.main.state == HPR_RECORD_KNOWN) give_twin_up(registry, entry);
}

static void look(hpr_registry *registry, hpr_entry *entry) {
  bool changed = false;
  heal(registry, entry);
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++)
    if (entry->parts[part].suspect)
      changed = hpr_watch_look(&registry->process, entry, part) || changed;
  hpr_others_look(&registry->process, entry);
  if (changed) hpr_table_note_change(&registry->table);
}

/* --- 3. record (2. is decide.c)  ------------------------------------------------------------- */

hpr_ledger_scope hpr_turn_scope(hpr_registry *registry) {
  return (hpr_ledger_scope){
      .ledger = &registry->ledger,
      .process = &registry->process,
      .files = registry->files,
      .table = &registry->table,
      .owners = &registry->owners,
      .outbox = &registry->outbox,
      .grace_ms = registry->grace_ms,
      .orphans = registry->orphans,
      .now_ms = registry->now_ms,
      .clock_offset_ms = registry->clock_offset_ms,
      .changed = registry->table.lines.changed,
  };
}

void hpr_turn_write(hpr_registry *registry) {
  const hpr_ledger_scope scope = hpr_turn_scope(registry);
  registry->table.lines.changed = false;
  if (registry->guest || hpr_turn_is_forked(registry)) return;
  hpr_ledger_write(&scope);
}

/* Rows that only went may wait, if the turn does. What the next server needs may not. */
static bool has_to_write(const hpr_registry *registry) {
  const hpr_lines *lines = &registry->table.lines;
  return lines->changed && (lines->stale > 0 || !registry->may_wait);
}

/* Somebody may be about to be signalled whom another server has by now. */
static bool has_to_act(const hpr_registry *registry) {
  for (const hpr_entry *entry = registry->table.due; entry; entry = entry->next_due)
    if (entry->unrecorded && entry->ending) return true;
  return false;
}

static void record(hpr_registry *registry) {
  hpr_ledger *ledger = &registry->ledger;
  if (registry->now_ms >= ledger->judge_ms && !ledger->orphans_due)
    ledger->orphans_due = ledger->judging_again = true;
  const bool due = ledger->orphans_due || registry->now_ms >= ledger->write_due_ms ||
                   (ledger->unrecorded > 0 && has_to_act(registry));
  if (due || has_to_write(registry)) hpr_turn_write(registry);
}

static void let_wait(hpr_registry *registry) {
  hpr_ledger *ledger = &registry->ledger;
  if (registry->table.lines.changed)
    ledger->write_due_ms = sooner(ledger->write_due_ms, registry->now_ms + WRITE_WAIT_MS);
}

/* --- 5. update (4. is act.c)  ---------------------------------------------------------------- */

/* Where nobody will be asked to end, more waiting changes nothing. */
static void answer_early(hpr_registry *registry, hpr_entry *entry) {
  const hpr_ending *ending = entry->ending;
  if (!ending || ending->delivered) return;
  if (ending->failed && entry->row.main.state != HPR_RECORD_KNOWN)
    hpr_answer_all(&registry->outbox, entry, HPR_OUTCOME_UNKNOWN); /* nor will it be known */
  else if (ending->refused && !ending->failed)
    hpr_answer_all(&registry->outbox, entry, HPR_OUTCOME_NOT_OURS);
}

static void ask_again_later(hpr_registry *registry, hpr_entry *entry) {
  if (entry->heal_ms != HPR_TIME_NEVER || registry->guest || !hpr_heal_is_wanted(entry)) return;
  entry->heal_ms = registry->now_ms + HEAL_MS;
  if (!registry->told_untold)
    hpr_outbox_warn(&registry->outbox, HPR_EUNKNOWN, entry->row.main.pid, NULL);
  registry->told_untold = true;
}

static void update(hpr_registry *registry, hpr_entry *entry) {
  answer_early(registry, entry);
  const bool again = hpr_entry_is_suspect(entry) || entry->acted || entry->given_up;
  entry->acted = false;
  ask_again_later(registry, entry);
  if (again) return; /* what was learnt is to be looked at, and decided on */
  hpr_table_set_timed(&registry->table, entry, due_of(entry) != HPR_TIME_NEVER);
  hpr_table_done_with(&registry->table, entry);
}

/* --- 6. tell --------------------------------------------------------------------------------- */

static int32_t delay_until(const hpr_registry *registry, int64_t due_ms) {
  const int64_t delay_ms = due_ms - registry->now_ms;
  if (due_ms == HPR_TIME_NEVER) return -1;
  return delay_ms < 1 ? 1 : delay_ms > INT32_MAX ? INT32_MAX : (int32_t)delay_ms;
}

static void tell_when_to_wake(hpr_registry *registry) {
  const hpr_ledger *ledger = &registry->ledger;
  int64_t due_ms =
      registry->guest ? HPR_TIME_NEVER : sooner(ledger->write_due_ms, ledger->judge_ms);
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

static void try_again(hpr_registry *registry) {
  for (hpr_entry *it = registry->table.timed; it; it = it->next_timed) {
    if (it->retry_ms == HPR_TIME_NEVER && it->heal_ms == HPR_TIME_NEVER) continue;
    it->retry_ms = sooner(it->retry_ms, registry->now_ms);
    it->heal_ms = sooner(it->heal_ms, registry->now_ms);
    hpr_table_mark(&registry->table, it);
  }
  if (registry->ledger.judge_ms != HPR_TIME_NEVER) registry->ledger.judge_ms = registry->now_ms;
}

void hpr_turn_work(hpr_registry *registry) {
  if (registry->freed) try_again(registry);
  registry->freed = false;
  do {
    each_due(registry, look);
    each_due(registry, hpr_decide);
    record(registry);
    hpr_tree_spare_servers(registry);
    hpr_tree_freeze(registry);
    each_due(registry, hpr_act);
    registry->census.stale = true; /* for those who have been signalled */
    each_due(registry, update);
  } while (registry->table.due || has_to_write(registry));
  let_wait(registry);
}

/* Whoever has written is an owner, or wants to know of others. */
static void tell_to_look(hpr_registry *registry) {
  const bool wanted = registry->table.entries || registry->ledger.adopting;
  if (registry->looked_after || registry->guest || !wanted) return;
  registry->looked_after = true;
  registry->host.look_each_second(registry->host.self);
}

static void tell_all(hpr_registry *registry) {
  registry->process.end(registry->process.self);
  registry->telling = true;
  do {
    tell_when_to_wake(registry);
    tell_to_look(registry);
  } while (hpr_outbox_tell(&registry->outbox, &registry->host));
  registry->telling = false;
}

static void release(hpr_registry *registry) {
  const hpr_host host = registry->host;
  if (!hpr_turn_is_forked(registry)) hpr_pidfile_leave(registry->ledger.pidfile);
  hpr_census_done(&registry->census);
  hpr_owners_done(&registry->owners, &registry->process);
  hpr_outbox_done(&registry->outbox);
  hpr_table_done(&registry->table);
  hpr_ledger_done(&registry->ledger);
  hpr_pidfile_close(registry->ledger.pidfile);
  hpr_tokens_done(&registry->ledger.tokens);
  free(registry);
  host.closed(host.self);
}

void hpr_turn_close(hpr_registry *registry) {
  registry->closing = true;
  if (registry->telling) return; /* from one of the host's own callbacks: later */
  hpr_turn_begin(registry);
  if (registry->table.lines.changed) hpr_turn_write(registry);
  registry->guest = true; /* whatever a listener does now, the file is the next server's */
  while (registry->table.entries)
    hpr_forget(registry, registry->table.entries, HPR_OUTCOME_UNKNOWN);
  registry->ledger.write_due_ms = registry->ledger.judge_ms = HPR_TIME_NEVER;
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

void hpr_turn_warn_of_limits(hpr_registry *registry) {
  if (registry->told_withheld) return;
  registry->told_withheld = true;
  if (registry->process.withheld(registry->process.self))
    hpr_outbox_warn(&registry->outbox, HPR_EWITHHELD, 0, NULL);
}

void hpr_turn_look_at_owners(hpr_registry *registry) {
  const hpr_ledger_scope scope = hpr_turn_scope(registry);
  if (hpr_ledger_look(&scope)) hpr_turn_write(registry);
}

bool hpr_turn_is_forked(const hpr_registry *registry) {
  return registry->process.self_pid(registry->process.self) != registry->owners.self.pid;
}
