#include "core/watch.h"

#include "base/error.h"
#include "core/judge.h"

enum { WHAT_BITS = 3, ROUND_BITS = 16 };

uint64_t hpr_watch_make(uint64_t number, uint16_t round, unsigned what) {
  return number << (ROUND_BITS + WHAT_BITS) | (uint64_t)round << WHAT_BITS | what;
}

void hpr_watch_split(uint64_t watch, uint64_t *ret_number, uint16_t *ret_round,
                     unsigned *ret_what) {
  *ret_number = watch >> (ROUND_BITS + WHAT_BITS);
  *ret_round = (uint16_t)(watch >> WHAT_BITS);
  *ret_what = (unsigned)(watch & ((1U << WHAT_BITS) - 1));
}

/* --- what is left of a group ---------------------------------------------------------------- */

/* Who else is in the group now. Lack of memory, or of an answer, leaves what was known. */
static void record_members(const hpr_process_ops *process, hpr_entry *entry, hpr_part part) {
  hpr_members found = {0};
  const hpr_identity *leader = hpr_entry_part(entry, part);
  if (process->members(process->self, leader, found.list, HPR_MEMBERS_MAX, &found.count) != 0 ||
      found.count == 0)
    return;
  if (hpr_row_set_members(&entry->row, part, &found) == 0) hpr_entry_touch(entry);
}

/* --- looking -------------------------------------------------------------------------------- */

/* Also by the record of another server, which wrote down who was left. */
static bool has_ended(const hpr_entry *entry, hpr_part part) {
  const hpr_process *it = &entry->parts[part];
  return it->exited || it->presence == HPR_PRESENCE_GROUP || part == HPR_PART_FORMER ||
         hpr_row_more(&entry->row)->members[part];
}

static hpr_presence presence_of(const hpr_process_ops *process, const hpr_entry *entry,
                                hpr_part part, bool noticed) {
  hpr_verdict (*verify)(void *, const hpr_identity *) =
      noticed ? process->verify_ended : process->verify;
  switch (verify(process->self, hpr_entry_part(entry, part))) {
  case HPR_VERDICT_SAME:
    /* Its exit was told, by a record that said less: it is ours to end, and nobody's to find. */
    return entry->life == HPR_LIFE_RUNNING ? HPR_PRESENCE_THERE : HPR_PRESENCE_GROUP;
  case HPR_VERDICT_GROUP: return HPR_PRESENCE_GROUP;
  case HPR_VERDICT_GONE:
  case HPR_VERDICT_STRANGER:
    return hpr_judge_member(process, &entry->row, part) ? HPR_PRESENCE_GROUP : HPR_PRESENCE_GONE;
  case HPR_VERDICT_NOT_HERE:
  case HPR_VERDICT_ELSEWHERE:
  case HPR_VERDICT_FOREIGN:
  case HPR_VERDICT_UNKNOWN: break;
  }
  /* Nobody can tell. What has surely ended may have left a group that cannot be proved. */
  return has_ended(entry, part) ? HPR_PRESENCE_GROUP : HPR_PRESENCE_THERE;
}

bool hpr_watch_look(const hpr_process_ops *process, hpr_entry *entry, hpr_part part) {
  hpr_process *it = &entry->parts[part];
  const hpr_presence before = it->presence;
  const bool noticed = it->noticed;
  it->suspect = it->noticed = false;
  if (before == HPR_PRESENCE_NONE || before == HPR_PRESENCE_GONE) return false;
  it->presence = presence_of(process, entry, part, noticed);
  if (it->presence != HPR_PRESENCE_THERE) it->exited = true;
  if (it->presence == HPR_PRESENCE_GROUP) record_members(process, entry, part);
  return it->presence != before;
}

/* --- watching ------------------------------------------------------------------------------- */

static const hpr_identity *whom_to_watch(const hpr_process_ops *process, const hpr_entry *entry,
                                         hpr_part part) {
  const hpr_identity *identity = hpr_entry_part(entry, part), *member = NULL;
  if (entry->parts[part].presence == HPR_PRESENCE_GROUP)
    member = hpr_judge_member(process, &entry->row, part);
  return member ? member : identity;
}

int hpr_watch_set(const hpr_process_ops *process, hpr_entry *entry, hpr_part part) {
  hpr_process *it = &entry->parts[part];
  const bool there = it->presence == HPR_PRESENCE_THERE || it->presence == HPR_PRESENCE_GROUP;
  if (!there || it->watched) return 0;
  hpr_verdict verdict;
  int result = process->watch(process->self, whom_to_watch(process, entry, part),
                              hpr_watch_make(entry->serial, ++it->round, part), &verdict);
  it->watched = result == 0 || result == HPR_EPOLLED;
  /* Of one that has ended by now a member of its group is what is watched. */
  if (it->watched && it->presence == HPR_PRESENCE_THERE && verdict == HPR_VERDICT_GROUP) {
    process->unwatch(process->self, hpr_watch_make(entry->serial, it->round, part));
    it->watched = false;
    return HPR_ESRCH;
  }
  return result;
}

void hpr_watch_stop(const hpr_process_ops *process, hpr_entry *entry) {
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    hpr_process *it = &entry->parts[part];
    if (it->watched)
      process->unwatch(process->self, hpr_watch_make(entry->serial, it->round, part));
    it->watched = false;
  }
}
