#include "core/act.h"

#include "base/error.h"
#include "core/others.h"
#include "core/watch.h"

enum { WATCH_RETRY_MS = 1000 }; /* between two tries of a watch that could not be set */

/* --- watches -------------------------------------------------------------------------------- */

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

/* --- signals -------------------------------------------------------------------------------- */

/* Where the leader's own record cannot prove its group, a recorded member of it may. */
static int signal_part(const hpr_registry *registry, const hpr_entry *entry, hpr_part part,
                       const hpr_ending_wish *wish) {
  const hpr_process_ops *process = &registry->process;
  const hpr_identity *identity = hpr_entry_part(entry, part);
  const hpr_members *members = hpr_row_more(&entry->row)->members[part];
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
    if (entry->ending->wishes[part].reaches & 1U << other)
      hpr_row_drop_asked(&entry->row, hpr_entry_part(entry, other));
  hpr_entry_touch(entry);
}

/* Who has left the group since it was looked at was not reached: it is killed by itself. */
static void find_escaped(const hpr_process_ops *process, hpr_entry *entry, hpr_part part) {
  const int32_t group = hpr_entry_part(entry, part)->pid;
  for (hpr_part other = 0; other < HPR_PART_COUNT; other++) {
    const hpr_identity *it = hpr_entry_part(entry, other);
    if (entry->ending->wishes[part].reaches & 1U << other &&
        !process->is_member(process->self, it, group) &&
        process->verify(process->self, it) == HPR_VERDICT_SAME)
      entry->ending->parts[other].sent = HPR_SENT_FIRST;
  }
}

static void fulfil(hpr_registry *registry, hpr_entry *entry, hpr_part part) {
  hpr_ending *ending = entry->ending;
  const hpr_ending_wish wish = ending->wishes[part];
  int result = signal_part(registry, entry, part, &wish);
  hpr_outbox_signalled(&registry->outbox, hpr_entry_part(entry, part)->pid, wish.signal, result);
  /* Whatever keeps a signal from who is not ours, it is not tried again: others wait for that. */
  const bool ended = result == HPR_ESRCH || result == HPR_ESTRANGER;
  if (result != 0 && !ended && !hpr_entry_answers_for(entry, part)) result = HPR_ENOTKIN;
  hpr_ending_note(ending, part, result, registry->now_ms);
  if (result == 0 && wish.signal == HPR_SIGNAL_KILL) find_escaped(&registry->process, entry, part);
  ending->wishes[part].wanted = false;
  entry->acted = true;
  if (result == 0 && entry->serial == registry->asked) registry->asked_delivered = true;
  if (result == HPR_ESRCH || result == HPR_ESTRANGER) entry->parts[part].suspect = true;
  if (result == 0) hpr_others_reached(ending, part);
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

/*
 * Where trees are ended, while it lives: what it leaves behind is to be told from other users'
 * processes. One that was just started may still have to become that user.
 */
static void learn_user(const hpr_registry *registry, hpr_entry *entry) {
  const bool wanted = registry->tree || (entry->ending && entry->ending->tree);
  if (!wanted || entry->user != 0 || entry->parts[HPR_PART_MAIN].presence != HPR_PRESENCE_THERE)
    return;
  entry->user = registry->process.other_user(registry->process.self, &entry->row.main);
}

void hpr_act(hpr_registry *registry, hpr_entry *entry) {
  hpr_ending *ending = entry->ending;
  hpr_signal signal;
  if (entry->given_up) return;
  set_watches(registry, entry);
  learn_user(registry, entry);
  for (hpr_part part = 0; ending && part < HPR_PART_COUNT; part++)
    if (ending->wishes[part].wanted) fulfil(registry, entry, part);
  for (size_t i = 0; ending && i < ending->other_count; i++)
    if (hpr_ending_wants_other(ending, &ending->others[i], registry->now_ms, &signal))
      signal_other(registry, entry, &ending->others[i], signal);
}
