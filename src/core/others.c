#include "core/others.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "core/watch.h"
#include "platform/identity.h"

enum {
  LOOK_MAX = 64, /* found by one look; those beyond, when these have gone */
  TICK_MS = 10,  /* by which the system rounds the time of a start */
};

static hpr_other *find(const hpr_ending *ending, const hpr_identity *identity) {
  for (size_t i = 0; i < ending->other_count; i++)
    if (hpr_identity_equal(&ending->others[i].identity, identity)) return &ending->others[i];
  return NULL;
}

static bool is_part(const hpr_entry *entry, const hpr_identity *identity) {
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    const hpr_identity *it = hpr_entry_part(entry, part);
    if (!it || it->pid != identity->pid) continue;
    /* A new agent may have the dead one's pid. */
    if (it->state != HPR_RECORD_KNOWN || hpr_identity_equal(it, identity)) return true;
  }
  return false;
}

/* The place of one that has gone, or a new one. */
static hpr_other *make_place(hpr_ending *ending) {
  for (size_t i = 0; i < ending->other_count; i++)
    if (!ending->others[i].there && !ending->others[i].watched) return &ending->others[i];
  if (ending->other_count == HPR_OTHERS_MAX) return NULL;
  hpr_other *longer = realloc(ending->others, (ending->other_count + 1) * sizeof *longer);
  if (!longer) return NULL;
  ending->others = longer;
  return &longer[ending->other_count++];
}

/* NULL: no memory, or there are too many. */
static hpr_other *add(hpr_ending *ending, const hpr_identity *identity) {
  hpr_other *it = make_place(ending);
  if (!it) return NULL;
  *it = (hpr_other){.identity = *identity, .there = true, .spared_by = HPR_PART_COUNT};
  ending->found++;
  return it;
}

bool hpr_others_add(hpr_entry *entry, const hpr_identity *identity) {
  if (is_part(entry, identity)) return true;
  hpr_other *it = find(entry->ending, identity);
  if (!it) it = add(entry->ending, identity);
  if (it) it->bystander = false;
  return it != NULL;
}

const hpr_other *hpr_others_named(const hpr_ending *ending, int32_t pid) {
  for (size_t i = 0; i < ending->other_count; i++) {
    const hpr_other *it = &ending->others[i];
    if (it->identity.pid == pid && it->there && !it->bystander) return it;
  }
  return NULL;
}

/* By whose group's signal it is reached; `before`: or was. HPR_PART_COUNT: nobody's. */
static hpr_part reached_by(const hpr_process_ops *process, const hpr_entry *entry,
                           const hpr_identity *identity, bool before) {
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    const hpr_ending_wish *wish = &entry->ending->wishes[part];
    const hpr_ending_part *it = &entry->ending->parts[part];
    const bool group = (wish->wanted && wish->scope == HPR_SCOPE_GROUP) ||
                       (before && it->sent == HPR_SENT_FIRST && !it->alone);
    const hpr_identity *leader = group ? hpr_entry_part(entry, part) : NULL;
    /* Where somebody else has the leader's pid it is another group. */
    if (leader && process->is_member(process->self, identity, leader->pid) &&
        process->verify(process->self, leader) != HPR_VERDICT_STRANGER)
      return part;
  }
  return HPR_PART_COUNT;
}

/*
 * Who was there when another server began the end is told by the time alone. Where no agent was
 * asked by itself the keeper's group was, and with it who had just started.
 */
static bool has_come_since(const hpr_process_ops *process, const hpr_entry *entry,
                           const hpr_identity *identity) {
  const hpr_ending *ending = entry->ending;
  if (ending->reason != HPR_REASON_RESUMED || ending->parts[HPR_PART_AGENT].sent != HPR_SENT_FIRST)
    return false;
  const int64_t began_boot_ms = hpr_row_more(&entry->row)->ending->began_boot_ms;
  if (began_boot_ms == 0) return false;
  const int64_t since_ms = process->since_ms(process->self, &entry->row.main, began_boot_ms);
  const int64_t age_ms = process->age_ms(process->self, identity);
  return since_ms >= 0 && age_ms >= 0 && age_ms <= since_ms + TICK_MS;
}

static void meet(const hpr_process_ops *process, hpr_entry *entry, const hpr_identity *identity,
                 hpr_others_as as) {
  if (is_part(entry, identity)) return;
  if (as == HPR_OTHERS_ASKED && reached_by(process, entry, identity, true) != HPR_PART_COUNT)
    return;
  hpr_other *known = find(entry->ending, identity);
  const bool stays = known && as != HPR_OTHERS_ASKED &&
                     (as == HPR_OTHERS_BYSTANDERS || !known->bystander ||
                      !has_come_since(process, entry, identity));
  if (stays) return;
  hpr_other *it = known ? known : add(entry->ending, identity);
  if (!it) return;
  if (it->late) it->asked.retry_ms = 0; /* it need not wait any more */
  it->bystander = as == HPR_OTHERS_BYSTANDERS;
  it->respawned = as == HPR_OTHERS_RESPAWNED;
  it->late = as == HPR_OTHERS_LATE;
}

void hpr_others_find(const hpr_process_ops *process, hpr_entry *entry, const hpr_identity *root,
                     hpr_others_as as) {
  hpr_identity found[LOOK_MAX];
  size_t count;
  if (process->descendants(process->self, root, found, LOOK_MAX, &count) != 0) return;
  for (size_t i = 0; i < count; i++) meet(process, entry, &found[i], as);
}

bool hpr_others_asked_in(const hpr_process_ops *process, const hpr_ending *ending, int32_t group) {
  for (size_t i = 0; i < ending->other_count; i++) {
    const hpr_other *it = &ending->others[i];
    if (it->there && it->asked.sent == HPR_SENT_FIRST &&
        process->is_member(process->self, &it->identity, group))
      return true;
  }
  return false;
}

void hpr_others_resume(hpr_entry *entry) {
  const hpr_ending_record *record = hpr_row_more(&entry->row)->ending;
  for (size_t i = 0; i < record->sent_count; i++) {
    hpr_identity identity = {.pid = record->sent[i].pid, .state = HPR_RECORD_KNOWN, .kin = true};
    identity.boot = entry->row.main.boot;
    identity.birth = record->sent[i].birth;
    /* Of a birth that cannot be judged nobody would ever see the end. */
    hpr_other *it = hpr_birth_is_told(&identity.birth) && !is_part(entry, &identity)
                        ? add(entry->ending, &identity)
                        : NULL;
    if (!it) continue;
    it->asked.sent = HPR_SENT_FIRST;
    it->suspect = true;
  }
}

void hpr_others_look(const hpr_process_ops *process, hpr_entry *entry) {
  for (size_t i = 0; entry->ending && i < entry->ending->other_count; i++) {
    hpr_other *it = &entry->ending->others[i];
    if (!it->suspect) continue;
    const hpr_verdict verdict = process->verify(process->self, &it->identity);
    it->suspect = false;
    it->there = verdict == HPR_VERDICT_SAME || verdict == HPR_VERDICT_UNKNOWN ||
                verdict == HPR_VERDICT_FOREIGN;
  }
}

bool hpr_others_watch(const hpr_process_ops *process, hpr_entry *entry) {
  bool all = true;
  for (size_t i = 0; entry->ending && i < entry->ending->other_count; i++) {
    hpr_other *it = &entry->ending->others[i];
    if (it->watched || !it->there || it->bystander) continue;
    hpr_verdict verdict;
    int result =
        process->watch(process->self, &it->identity,
                       hpr_watch_make(entry->serial, (uint16_t)i, HPR_WATCH_OTHER), &verdict);
    it->watched = result == 0 || result == HPR_EPOLLED;
    /* It has gone, and it is not its group that is waited for. */
    const bool gone = result == HPR_ESRCH || (it->watched && verdict == HPR_VERDICT_GROUP);
    it->suspect = it->suspect || gone;
    all = all && (it->watched || gone);
  }
  return all;
}

void hpr_others_unwatch(const hpr_process_ops *process, hpr_entry *entry) {
  for (size_t i = 0; entry->ending && i < entry->ending->other_count; i++) {
    hpr_other *it = &entry->ending->others[i];
    if (it->watched)
      process->unwatch(process->self, hpr_watch_make(entry->serial, (uint16_t)i, HPR_WATCH_OTHER));
    it->watched = false;
  }
}

void hpr_others_exited(hpr_entry *entry, uint16_t index) {
  if (!entry->ending || index >= entry->ending->other_count) return;
  entry->ending->others[index].watched = false;
  entry->ending->others[index].suspect = true;
}

void hpr_others_ask_late(hpr_ending *ending, int64_t due_ms) {
  for (size_t i = 0; i < ending->other_count; i++) {
    hpr_other *it = &ending->others[i];
    if (!it->late || it->asked.sent != HPR_SENT_NOTHING) continue;
    if (due_ms == 0 || it->asked.retry_ms == 0) it->asked.retry_ms = due_ms;
    if (due_ms == 0) it->late = false;
  }
}

/* Until it is sent, or nobody is left to whom it could be. */
static bool awaits_group(const hpr_entry *entry, const hpr_other *it) {
  if (it->spared_by == HPR_PART_COUNT) return false;
  const hpr_presence presence = entry->parts[it->spared_by].presence;
  return entry->ending->parts[it->spared_by].sent == HPR_SENT_NOTHING &&
         (presence == HPR_PRESENCE_THERE || presence == HPR_PRESENCE_GROUP);
}

void hpr_others_spare_reached(const hpr_process_ops *process, hpr_entry *entry) {
  for (size_t i = 0; i < entry->ending->other_count; i++) {
    hpr_other *it = &entry->ending->others[i];
    if (it->there && !it->bystander && it->asked.sent == HPR_SENT_NOTHING &&
        !awaits_group(entry, it))
      it->spared_by = reached_by(process, entry, &it->identity, false);
  }
}

void hpr_others_reached(hpr_ending *ending, hpr_part part) {
  for (size_t i = 0; i < ending->other_count; i++) {
    hpr_other *it = &ending->others[i];
    if (it->spared_by == part && it->asked.sent == HPR_SENT_NOTHING)
      it->asked.sent = HPR_SENT_FIRST;
  }
}

bool hpr_others_left(const hpr_ending *ending, bool respawned) {
  for (size_t i = 0; i < ending->other_count; i++) {
    const hpr_other *it = &ending->others[i];
    if (it->there && !it->bystander && it->asked.sent != HPR_SENT_REFUSED &&
        (it->respawned || !respawned))
      return true;
  }
  return false;
}
