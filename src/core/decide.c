#include "core/decide.h"

#include "base/error.h"
#include "core/forget.h"
#include "core/others.h"
#include "core/tree.h"
#include "core/watch.h"

enum { STATUS_WAIT_MS = 1000 }; /* for a parent to say how its child ended */

/* --- its life ------------------------------------------------------------------------------- */

/* What the file says of it while something of it is left, for the next server. */
static void tell_exit(hpr_registry *registry, hpr_entry *entry) {
  entry->life = HPR_LIFE_TOLD;
  entry->row.remainder = true;
  hpr_entry_touch(entry);
  hpr_past_tell_exit(&registry->ledger.past, &registry->outbox, entry);
}

static void note_end_of_processes(hpr_registry *registry, hpr_entry *entry) {
  hpr_table_retire(&registry->table, entry);
  hpr_table_free_number(&registry->table, entry);
  entry->life = HPR_LIFE_EXITED;
  if (!entry->status_expected) entry->status_known = true;
  if (!entry->status_known) entry->status_due_ms = registry->now_ms + STATUS_WAIT_MS;
}

/* Its agent's pid is another entry's: of the same agent, or of one that must have ended. */
static void give_agent_up(hpr_registry *registry, hpr_entry *entry) {
  static const hpr_identity none = {0};
  const hpr_process_ops *process = &registry->process;
  hpr_entry *other = hpr_table_find_pid(&registry->table, hpr_row_more(&entry->row)->pi.pid);
  /* It may have ended, and its notice be under way. */
  const bool is_there =
      process->verify(process->self, &hpr_row_more(&entry->row)->pi) == HPR_VERDICT_SAME;
  if (is_there && hpr_entry_learn(other, &hpr_row_more(&entry->row)->pi)) { /* that it is ours */
    hpr_watch_stop(process, entry);
    hpr_table_set_agent(&registry->table, entry, &none);
  } else {
    other->parts[HPR_PART_MAIN].suspect = true;
    hpr_table_mark(&registry->table, other);
  }
}

/* One that is ending keeps its parts, unless its pid is another's by now. */
static void promote(hpr_registry *registry, hpr_entry *entry) {
  const bool has_number = hpr_index_has(HPR_BY_PID, entry);
  if (!hpr_entry_can_promote(entry) || (entry->ending && has_number)) return;
  hpr_watch_stop(&registry->process, entry);
  if (hpr_table_promote(&registry->table, entry) == HPR_EEXIST) give_agent_up(registry, entry);
}

/* It has ended by itself; what its session has started has not, and is to. */
static void end_what_it_left(hpr_registry *registry, hpr_entry *entry) {
  hpr_ending_request request = hpr_state_request(registry, HPR_REASON_TREE, HPR_SIGNAL_TERM,
                                                 registry->grace_ms, registry->tree);
  request.recorded = false; /* until it is known that somebody is left */
  if (hpr_table_end(&registry->table, entry, &request) != 0) return;
  const bool found = hpr_tree_look(registry, entry) > 0 || entry->ending->look_due_ms != 0;
  if (!found && !hpr_entry_is_left(entry))
    hpr_entry_call_off(entry);
  else
    hpr_table_record_end(entry, &request);
}

/* One that was registered since is another entry's. */
static void let_former_go(hpr_registry *registry, hpr_entry *entry) {
  const hpr_identity *former = hpr_entry_part(entry, HPR_PART_FORMER);
  const hpr_entry *other = former ? hpr_table_find_pid(&registry->table, former->pid) : NULL;
  if (!other || other == entry || !hpr_identity_equal(&other->row.main, former)) return;
  hpr_watch_stop(&registry->process, entry);
  hpr_entry_drop_former(entry);
}

static void decide_life(hpr_registry *registry, hpr_entry *entry) {
  let_former_go(registry, entry);
  if (entry->life == HPR_LIFE_RUNNING) promote(registry, entry);
  if (entry->life != HPR_LIFE_RUNNING || !hpr_entry_has_ended(entry)) return;
  note_end_of_processes(registry, entry);
  const bool by_itself = !entry->ending && entry->row.main.state == HPR_RECORD_KNOWN;
  if (registry->tree && by_itself && !registry->guest) end_what_it_left(registry, entry);
}

/* Only then its group matters: it is to be signalled in this step, if at all. */
static bool is_unasked(const hpr_registry *registry, const hpr_ending *ending, hpr_part part) {
  const bool kill = ending->state == HPR_ENDING_KILL || registry->now_ms >= ending->kill_due_ms;
  return !ending->tree && ending->parts[part].sent < (kill ? HPR_SENT_KILL : HPR_SENT_FIRST);
}

static hpr_ending_facts facts_of(const hpr_registry *registry, const hpr_entry *entry) {
  const hpr_process_ops *process = &registry->process;
  hpr_ending_facts facts = {.has_keeper = hpr_row_more(&entry->row)->keeper.pid != 0};
  /* Nobody waits for a process that is not ours, once its signal was refused. */
  facts.others_left = hpr_others_left(entry->ending, false) ||
                      entry->ending->look_due_ms > registry->now_ms; /* somebody may be */
  facts.respawned = hpr_others_left(entry->ending, true);
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    const hpr_presence presence = entry->parts[part].presence;
    facts.is_group[part] = presence == HPR_PRESENCE_GROUP;
    /* In a tree each member of a group is one of the others, or is not to end. */
    facts.left[part] =
        !(facts.is_group[part] && entry->ending->tree) && presence != HPR_PRESENCE_NONE &&
        presence != HPR_PRESENCE_GONE &&
        (entry->ending->parts[part].sent != HPR_SENT_REFUSED || hpr_entry_answers_for(entry, part));
  }
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    facts.leads[part] =
        facts.is_group[part] || (facts.left[part] && is_unasked(registry, entry->ending, part) &&
                                 process->leads(process->self, hpr_entry_part(entry, part)));
    for (hpr_part other = 0; facts.leads[part] && other < HPR_PART_COUNT; other++)
      if (other != part && facts.left[other] && !facts.is_group[other] &&
          process->is_member(process->self, hpr_entry_part(entry, other),
                             hpr_entry_part(entry, part)->pid))
        facts.reaches[part] |= 1U << other;
    facts.has_asked[part] =
        facts.leads[part] &&
        hpr_others_asked_in(process, entry->ending, hpr_entry_part(entry, part)->pid);
  }
  return facts;
}

/* --- others than its parts: descendants of those that lead no group, and keepers' new agents - */

/* Before anybody is asked: whoever comes later under the keeper is an agent that it started anew.
 */
static void know_bystanders(const hpr_registry *registry, hpr_entry *entry) {
  if (entry->ending->begun) return;
  entry->ending->begun = true;
  if (entry->ending->tree) return; /* there all are to end */
  if (hpr_row_more(&entry->row)->keeper.pid == 0) return;
  hpr_others_find(&registry->process, entry, &hpr_row_more(&entry->row)->keeper,
                  HPR_OTHERS_BYSTANDERS);
  /* Another server's end has gone on while there was none; tools of an agent that lives stay. */
  if (entry->ending->reason == HPR_REASON_RESUMED &&
      entry->parts[HPR_PART_AGENT].presence != HPR_PRESENCE_THERE)
    hpr_others_find(&registry->process, entry, &hpr_row_more(&entry->row)->keeper,
                    HPR_OTHERS_RESPAWNED);
}

static bool is_keeper_there(const hpr_entry *entry) {
  const bool is_main = hpr_row_more(&entry->row)->keeper.pid == entry->row.main.pid;
  const hpr_part part = is_main ? HPR_PART_MAIN : HPR_PART_KEEPER;
  return hpr_row_more(&entry->row)->keeper.pid != 0 &&
         entry->parts[part].presence == HPR_PRESENCE_THERE;
}

/*
 * The keeper's turn is over: it is to be asked, unless it has an agent again. One that starts its
 * agent anew again and again is asked for all that, and so are those that it has left.
 */
static void find_respawned(const hpr_registry *registry, hpr_entry *entry) {
  hpr_ending *ending = entry->ending;
  const hpr_identity *keeper = &hpr_row_more(&entry->row)->keeper;
  const bool over = ending->state == HPR_ENDING_TURN && registry->now_ms >= ending->turn_due_ms;
  const bool asked = ending->state == HPR_ENDING_ALL && !ending->tree;
  if (!is_keeper_there(entry)) {
    hpr_others_ask_late(ending, 0);
  } else if (over && ending->turns <= HPR_KEEPER_TURNS) {
    hpr_others_find(&registry->process, entry, keeper, HPR_OTHERS_RESPAWNED);
  } else if (over || asked) {
    hpr_others_find(&registry->process, entry, keeper, HPR_OTHERS_LATE);
    hpr_others_ask_late(ending, registry->now_ms + HPR_KEEPER_TURN_MS);
  }
}

/* Whoever leads no group takes its descendants along; at SIGKILL those of descendants too. */
static void find_descendants(const hpr_registry *registry, hpr_entry *entry) {
  hpr_ending *ending = entry->ending;
  if (ending->tree) return; /* looked for already, and by more than descent */
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    const bool is_agent = part == HPR_PART_AGENT || part == HPR_PART_FORMER;
    const bool keeper_alone = is_keeper_there(entry) && !is_agent &&
                              ending->parts[HPR_PART_AGENT].sent != HPR_SENT_NOTHING &&
                              ending->state != HPR_ENDING_KILL;
    if (ending->wishes[part].wanted && !keeper_alone &&
        ending->wishes[part].scope == HPR_SCOPE_PROCESS)
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
    const hpr_ending_wish *wish = &entry->ending->wishes[part];
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
    if (!hpr_ending_wants_other(entry->ending, it, registry->now_ms, &signal) ||
        hpr_row_was_asked(&entry->row, &it->identity))
      continue;
    hpr_row_add_asked(&entry->row, &it->identity);
    hpr_entry_touch(entry);
  }
}

/* At first, and whenever nobody seems to be left, until that is so. */
static bool look_for_tree(hpr_registry *registry, hpr_entry *entry, const hpr_ending_facts *facts) {
  hpr_ending *ending = entry->ending;
  const bool again = ending->look_due_ms != 0 && registry->now_ms >= ending->look_due_ms;
  if (!ending->tree || (ending->looked && !again && !hpr_ending_is_nothing_left(facts)))
    return false;
  return hpr_tree_look(registry, entry) > 0;
}

static void decide_ending(hpr_registry *registry, hpr_entry *entry) {
  hpr_ending *ending = entry->ending;
  know_bystanders(registry, entry);
  find_respawned(registry, entry);
  hpr_ending_facts facts = facts_of(registry, entry);
  if (look_for_tree(registry, entry, &facts) || ending->look_due_ms != 0)
    facts = facts_of(registry, entry);
  hpr_ending_step(ending, &facts, registry->now_ms);
  find_descendants(registry, entry);
  if (ending->state != HPR_ENDING_KILL) hpr_others_spare_reached(&registry->process, entry);
  if (!ending->recorded) return;
  if (ending->state != HPR_ENDING_KILL) record_parts(entry);
  record_others(registry, entry); /* before SIGKILL too: nothing else names them */
}

/* What the session has started may have ended, and the registered process not be ours to end. */
static hpr_outcome outcome_of(const hpr_ending *ending) {
  if (ending->parts[HPR_PART_MAIN].sent == HPR_SENT_REFUSED) return HPR_OUTCOME_NOT_OURS;
  if (ending->untold) return HPR_OUTCOME_UNKNOWN;
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

void hpr_decide(hpr_registry *registry, hpr_entry *entry) {
  if (entry->given_up) {
    hpr_forget(registry, entry, HPR_OUTCOME_UNKNOWN);
    return;
  }
  if (entry->life == HPR_LIFE_EXITED && registry->now_ms >= entry->status_due_ms) {
    hpr_outbox_ask_status(&registry->outbox, entry->serial);
    entry->status_due_ms = registry->now_ms + STATUS_WAIT_MS;
  }
  decide_life(registry, entry);
  if (entry->ending) decide_ending(registry, entry);
  const bool over = entry->ending && entry->ending->state == HPR_ENDING_OVER;
  if (over && entry->ending->waiters) registry->may_wait = false; /* they may read the file next */
  if (entry->life == HPR_LIFE_EXITED && entry->status_known) {
    if (over) hpr_answer_all(&registry->outbox, entry, outcome_of(entry->ending));
    tell_exit(registry, entry);
  }
  hpr_entry_assert(entry);
  if (!hpr_entry_is_suspect(entry) && is_over(entry))
    hpr_forget(registry, entry, over ? outcome_of(entry->ending) : HPR_OUTCOME_ALREADY_GONE);
}
