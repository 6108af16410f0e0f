#include "core/ending.h"

#include <assert.h>

#include "base/error.h"
#include "core/registry.h"

enum { RETRY_MS = 1000 }; /* between two tries of a signal that could not be sent */

/* Without a grace it is the next turn: the first signal is to be seen first. */
static int64_t after(int64_t now_ms, int32_t delay_ms) {
  if (delay_ms == HPR_GRACE_NEVER) return HPR_TIME_NEVER;
  return now_ms + (delay_ms > 0 ? delay_ms : 1);
}

static int64_t sooner(int64_t a, int64_t b) { return a < b ? a : b; }

void hpr_ending_init(hpr_ending *ending, hpr_signal signal, int32_t grace_ms, int64_t now_ms) {
  *ending = (hpr_ending){
      .state = HPR_ENDING_AGENT,
      .signal = signal,
      .grace_ms = grace_ms,
      .turn_due_ms = HPR_TIME_NEVER,
      .kill_due_ms = signal == HPR_SIGNAL_KILL ? now_ms : HPR_TIME_NEVER,
  };
}

void hpr_ending_resume(hpr_ending *ending, int32_t left_ms, int64_t now_ms) {
  ending->delivered = true;
  ending->kill_due_ms = sooner(ending->kill_due_ms, after(now_ms, left_ms));
}

/* --- the state that fits the facts ---------------------------------------------------------- */

bool hpr_ending_is_nothing_left(const hpr_ending_facts *facts) {
  if (facts->others_left) return false;
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++)
    if (facts->left[part]) return false;
  return true;
}

/* A keeper may have two: the one that was known before may run yet. */
static bool is_agent(const hpr_ending_facts *facts, hpr_part part) {
  return part == HPR_PART_AGENT || (part == HPR_PART_FORMER && !facts->is_group[part]);
}

static bool can_ask_agent(const hpr_ending *ending, const hpr_ending_facts *facts) {
  if (facts->respawned) return true;
  for (hpr_part part = 0; facts->has_keeper && part < HPR_PART_COUNT; part++)
    if (is_agent(facts, part) && facts->left[part] && ending->parts[part].sent != HPR_SENT_REFUSED)
      return true;
  return false;
}

static hpr_ending_state after_agent(hpr_ending *ending, int64_t now_ms) {
  if (ending->parts[HPR_PART_AGENT].sent != HPR_SENT_FIRST) return HPR_ENDING_ALL;
  ending->turn_due_ms = now_ms + HPR_KEEPER_TURN_MS;
  ending->turns++;
  return HPR_ENDING_TURN;
}

static hpr_ending_state next_state(hpr_ending *ending, const hpr_ending_facts *facts,
                                   int64_t now_ms) {
  if (hpr_ending_is_nothing_left(facts)) return HPR_ENDING_OVER;
  if (ending->state == HPR_ENDING_KILL || ending->killed || now_ms >= ending->kill_due_ms)
    return HPR_ENDING_KILL;
  switch (ending->state) {
  case HPR_ENDING_AGENT:
    return can_ask_agent(ending, facts) ? HPR_ENDING_AGENT : after_agent(ending, now_ms);
  case HPR_ENDING_TURN:
    if (can_ask_agent(ending, facts)) return HPR_ENDING_AGENT;
    return now_ms >= ending->turn_due_ms ? HPR_ENDING_ALL : HPR_ENDING_TURN;
  case HPR_ENDING_OVER: return HPR_ENDING_ALL; /* somebody has been found since */
  default: return ending->state;
  }
}

/* --- whom to signal ------------------------------------------------------------------------- */

static bool is_asked(const hpr_ending *ending, const hpr_ending_facts *facts, hpr_part part) {
  switch (ending->state) {
  case HPR_ENDING_AGENT: return is_agent(facts, part);
  case HPR_ENDING_ALL:
  case HPR_ENDING_KILL: return true;
  default: return false;
  }
}

/*
 * A keeper whose agent was asked is asked alone: its group would hand the agent a second signal. In
 * a tree everybody is known, and gets a signal of its own.
 */
static hpr_scope scope_of(const hpr_ending *ending, const hpr_ending_facts *facts, hpr_part part) {
  const bool agent_knows = ending->parts[HPR_PART_AGENT].sent != HPR_SENT_NOTHING;
  const bool alone = facts->has_keeper && !is_agent(facts, part) && agent_knows &&
                     ending->state != HPR_ENDING_KILL && !facts->is_group[part];
  return alone || ending->tree || !facts->leads[part] ? HPR_SCOPE_PROCESS : HPR_SCOPE_GROUP;
}

/* The group's signal would be the second one of somebody who has not gone yet. */
static bool reaches_asked(const hpr_ending *ending, const hpr_ending_facts *facts, hpr_part part) {
  for (hpr_part other = 0; other < HPR_PART_COUNT; other++)
    if (facts->reaches[part] & 1U << other && ending->parts[other].sent == HPR_SENT_FIRST)
      return true;
  return facts->has_asked[part];
}

static hpr_ending_wish wish_for(const hpr_ending *ending, const hpr_ending_facts *facts,
                                hpr_part part, int64_t now_ms) {
  const hpr_ending_part *it = &ending->parts[part];
  const bool kill = ending->state == HPR_ENDING_KILL;
  const hpr_sent goal = kill ? HPR_SENT_KILL : HPR_SENT_FIRST;
  const hpr_scope scope = scope_of(ending, facts, part);
  const bool waits = scope == HPR_SCOPE_GROUP && !kill && reaches_asked(ending, facts, part);
  return (hpr_ending_wish){
      .wanted = facts->left[part] && !(ending->tree && facts->is_group[part]) && !waits &&
                is_asked(ending, facts, part) && it->sent < goal && now_ms >= it->retry_ms,
      .signal = kill ? HPR_SIGNAL_KILL : ending->signal,
      .scope = scope,
  };
}

/* Whoever is reached by a group's signal gets none of its own. */
static void leave_out_reached(hpr_ending_wish *wishes, const hpr_ending_facts *facts) {
  static const hpr_part leaders[] = {HPR_PART_FORMER, HPR_PART_MAIN, HPR_PART_KEEPER,
                                     HPR_PART_AGENT};
  for (int i = 0; i < HPR_PART_COUNT; i++) {
    hpr_ending_wish *wish = &wishes[leaders[i]];
    if (!wish->wanted || wish->scope != HPR_SCOPE_GROUP) continue;
    wish->reaches = facts->reaches[leaders[i]];
    for (hpr_part part = 0; part < HPR_PART_COUNT; part++)
      if (wish->reaches & 1U << part) wishes[part].wanted = false;
  }
}

void hpr_ending_step(hpr_ending *ending, const hpr_ending_facts *facts, int64_t now_ms) {
  hpr_ending_wish *wishes = ending->wishes;
  ending->state = next_state(ending, facts, now_ms);
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    hpr_ending_part *it = &ending->parts[part];
    if (!facts->left[part] || !is_asked(ending, facts, part)) it->retry_ms = 0;
    if (facts->is_group[part] && it->alone) *it = (hpr_ending_part){0}; /* nobody asked the group */
  }
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++)
    wishes[part] = wish_for(ending, facts, part, now_ms);
  leave_out_reached(wishes, facts);
  hpr_ending_assert(ending);
}

/* --- what came of it ------------------------------------------------------------------------ */

static void note_reached(hpr_ending *ending, bool kill, int64_t now_ms) {
  if (!ending->delivered)
    ending->kill_due_ms = sooner(ending->kill_due_ms, after(now_ms, ending->grace_ms));
  ending->delivered = true;
  ending->killed = ending->killed || kill;
}

static void note_delivered(hpr_ending *ending, hpr_part part, int64_t now_ms) {
  const hpr_ending_wish *wish = &ending->wishes[part];
  const bool kill = wish->signal == HPR_SIGNAL_KILL;
  const hpr_sent sent = kill ? HPR_SENT_KILL : HPR_SENT_FIRST;
  ending->reached += ending->parts[part].sent == HPR_SENT_NOTHING;
  ending->parts[part].sent = sent;
  ending->parts[part].alone = wish->scope == HPR_SCOPE_PROCESS;
  for (hpr_part other = 0; other < HPR_PART_COUNT; other++)
    if (wish->reaches & 1U << other) ending->parts[other].sent = sent;
  note_reached(ending, kill, now_ms);
}

void hpr_ending_note(hpr_ending *ending, hpr_part part, int result, int64_t now_ms) {
  hpr_ending_part *it = &ending->parts[part];
  switch (result) {
  case 0: note_delivered(ending, part, now_ms); break;
  case HPR_EFORBIDDEN:
  case HPR_ENOTKIN:
    it->sent = HPR_SENT_REFUSED;
    ending->refused = true;
    break;
  case HPR_ESRCH:
  case HPR_ESTRANGER: it->retry_ms = now_ms + RETRY_MS; break; /* it is looked at before that */
  default:
    it->retry_ms = now_ms + RETRY_MS;
    ending->failed = true;
    break;
  }
}

bool hpr_ending_wants_other(const hpr_ending *ending, const hpr_other *other, int64_t now_ms,
                            hpr_signal *ret_signal) {
  const bool kill = ending->state == HPR_ENDING_KILL;
  *ret_signal = kill ? HPR_SIGNAL_KILL : ending->signal;
  return other->there && !other->bystander && ending->state != HPR_ENDING_OVER &&
         (kill || other->spared_by == HPR_PART_COUNT) &&
         other->asked.sent < (kill ? HPR_SENT_KILL : HPR_SENT_FIRST) &&
         now_ms >= other->asked.retry_ms;
}

void hpr_ending_note_other(hpr_ending *ending, hpr_other *other, hpr_signal signal, int result,
                           int64_t now_ms) {
  const bool kill = signal == HPR_SIGNAL_KILL;
  other->asked.retry_ms = result == 0 ? 0 : now_ms + RETRY_MS;
  if (result == 0) {
    ending->reached += other->asked.sent == HPR_SENT_NOTHING;
    other->asked.sent = kill ? HPR_SENT_KILL : HPR_SENT_FIRST;
    note_reached(ending, kill, now_ms);
  }
  if (result == HPR_EFORBIDDEN || result == HPR_ENOTKIN || result == HPR_EFOREIGN)
    other->asked.sent = HPR_SENT_REFUSED;
}

/*
 * One that has reached nobody yet has its grace before it, all of the shorter one; and so has
 * whoever is found of one that was over.
 */
void hpr_ending_join(hpr_ending *ending, hpr_signal signal, int32_t grace_ms, int64_t now_ms) {
  if (ending->state == HPR_ENDING_OVER) {
    ending->kill_due_ms = HPR_TIME_NEVER;
    ending->grace_ms = grace_ms;
  }
  const bool shorter = ending->grace_ms == HPR_GRACE_NEVER ||
                       (grace_ms != HPR_GRACE_NEVER && grace_ms < ending->grace_ms);
  if (shorter) ending->grace_ms = grace_ms;
  if (ending->delivered || signal == HPR_SIGNAL_KILL)
    ending->kill_due_ms =
        sooner(ending->kill_due_ms, signal == HPR_SIGNAL_KILL ? now_ms : after(now_ms, grace_ms));
}

void hpr_ending_promote(hpr_ending *ending, bool leaves_group) {
  if (leaves_group) ending->parts[HPR_PART_FORMER] = ending->parts[HPR_PART_MAIN];
  ending->parts[HPR_PART_MAIN] = ending->parts[HPR_PART_AGENT];
  ending->parts[HPR_PART_AGENT] = (hpr_ending_part){0};
  if (ending->state == HPR_ENDING_TURN) ending->state = HPR_ENDING_ALL;
}

int64_t hpr_ending_due_ms(const hpr_ending *ending) {
  const bool kills = ending->state == HPR_ENDING_KILL;
  int64_t due_ms = kills ? HPR_TIME_NEVER : ending->kill_due_ms;
  if (ending->state == HPR_ENDING_TURN) due_ms = sooner(due_ms, ending->turn_due_ms);
  if (ending->look_due_ms != 0) due_ms = sooner(due_ms, ending->look_due_ms);
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    const hpr_ending_part *it = &ending->parts[part];
    const bool failed = it->retry_ms != 0 && it->sent < (kills ? HPR_SENT_KILL : HPR_SENT_FIRST);
    if (failed) due_ms = sooner(due_ms, it->retry_ms);
  }
  for (size_t i = 0; i < ending->other_count; i++) {
    const hpr_other *it = &ending->others[i];
    if (it->there && it->asked.retry_ms != 0) due_ms = sooner(due_ms, it->asked.retry_ms);
  }
  return ending->state == HPR_ENDING_OVER ? HPR_TIME_NEVER : due_ms;
}

void hpr_ending_assert(const hpr_ending *ending) {
  (void)ending;
  assert(ending->state != HPR_ENDING_TURN || ending->turn_due_ms != HPR_TIME_NEVER);
  assert(ending->state != HPR_ENDING_TURN ||
         ending->parts[HPR_PART_AGENT].sent != HPR_SENT_NOTHING);
  assert(!ending->killed || ending->state == HPR_ENDING_KILL || ending->state == HPR_ENDING_OVER);
  assert(ending->delivered || !ending->killed);
}
