#include "core/state.h"

enum { WHAT_BITS = 2, GENERATION_BITS = 31 };

static const uint64_t generation_mask = (UINT64_C(1) << GENERATION_BITS) - 1;
static const uint64_t what_mask = (UINT64_C(1) << WHAT_BITS) - 1;

uint64_t hpr_watch_number(int32_t pid, uint32_t generation, unsigned what) {
  return (uint64_t)pid << (GENERATION_BITS + WHAT_BITS) |
         (generation & generation_mask) << WHAT_BITS | what;
}

bool hpr_watch_is_owners(uint64_t watch, uint32_t *ret_number) {
  *ret_number = (uint32_t)(watch >> WHAT_BITS & generation_mask);
  return (watch & what_mask) == HPR_WATCH_OWNER;
}

static uint64_t watch_of(const hpr_entry *entry, hpr_part part) {
  return hpr_watch_number(entry->row.main.pid, entry->generation, part);
}

hpr_entry *hpr_find_watch(const hpr_registry *registry, uint64_t watch, hpr_part *ret_part) {
  hpr_entry *entry = hpr_find_pid(registry, (int32_t)(watch >> (GENERATION_BITS + WHAT_BITS)));
  *ret_part = (hpr_part)(watch & what_mask);
  return entry && watch_of(entry, *ret_part) == watch ? entry : NULL;
}

bool hpr_is_our_concern(const hpr_identity *identity) {
  return identity->state == HPR_RECORD_OPAQUE ||
         (identity->state == HPR_RECORD_KNOWN && identity->kin);
}

static hpr_verdict verify(const hpr_registry *registry, const hpr_identity *identity) {
  return registry->process.verify(registry->process.self, identity);
}

static bool may_stay(hpr_verdict verdict) {
  return verdict != HPR_VERDICT_GONE && verdict != HPR_VERDICT_STRANGER;
}

bool hpr_is_there(const hpr_registry *registry, const hpr_identity *identity) {
  return may_stay(verify(registry, identity));
}

bool hpr_part_is_left(hpr_registry *registry, const hpr_entry *entry, hpr_part part) {
  const hpr_identity *identity = hpr_entry_part(entry, part);
  if (!identity || !hpr_is_our_concern(identity)) return false;
  /* A zombie yet: its parent is about to reap it and to tell how it ended. */
  if (part == HPR_PART_MAIN && entry->parent_tells && !entry->exit_seen) return true;
  return hpr_is_there(registry, identity);
}

int hpr_watch(hpr_registry *registry, const hpr_identity *identity, uint64_t number) {
  int result = registry->process.watch(registry->process.self, identity, number);
  if (result != HPR_EPOLLED) return result;
  if (!registry->polling) hpr_report_warning(registry, result, 0, NULL);
  registry->polling = true;
  return 0;
}

int hpr_watch_part(hpr_registry *registry, hpr_entry *entry, hpr_part part) {
  const unsigned bit = 1U << part;
  if (entry->watched & bit) return 0;
  if (part == HPR_PART_MAIN && entry->parent_tells && !entry->exit_seen) return 0;
  int result = hpr_watch(registry, hpr_entry_part(entry, part), watch_of(entry, part));
  if (result == 0) entry->watched |= bit;
  return result;
}

void hpr_unwatch_all(hpr_registry *registry, hpr_entry *entry) {
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++)
    if (entry->watched & 1U << part)
      registry->process.unwatch(registry->process.self, watch_of(entry, part));
  entry->watched = 0;
}

/*
 * Watches the registered process, then judges it: an end between the two is told by the watch.
 * Other failures than "it is gone" leave the entry where it is: forgetting needs proof.
 */
static hpr_verdict watch_and_judge(hpr_registry *registry, hpr_entry *entry) {
  const unsigned before = entry->watched;
  if (hpr_watch_part(registry, entry, HPR_PART_MAIN) == HPR_ESRCH) return HPR_VERDICT_GONE;
  /* Something of it was there a moment ago; only with a pi it matters what. */
  if (entry->watched != before && entry->row.pi.pid == 0) return HPR_VERDICT_SAME;
  return verify(registry, &entry->row.main);
}

bool hpr_keep_pi(hpr_registry *registry, hpr_entry *entry) {
  const hpr_identity *pi = &entry->row.pi;
  hpr_entry *other = hpr_find_pid(registry, pi->pid);
  if (!other) return hpr_promote_pi(registry, entry) == 0;
  return verify(registry, pi) == HPR_VERDICT_SAME && hpr_entry_recognise(other, pi);
}

void hpr_review_live(hpr_registry *registry, hpr_entry *entry) {
  hpr_verdict verdict = watch_and_judge(registry, entry);
  /* A dead keeper's group may be all that is left of it, and pi be in it: pi is what counts. */
  if (may_stay(verdict) && verdict != HPR_VERDICT_GROUP) return;
  if (entry->row.pi.pid != 0 && hpr_part_is_left(registry, entry, HPR_PART_PI)) {
    if (!hpr_keep_pi(registry, entry)) {
      hpr_watch_part(registry, entry, HPR_PART_PI);
      return;
    }
    verdict = watch_and_judge(registry, entry);
  }
  if (may_stay(verdict)) return;
  hpr_detach(registry, entry);
  hpr_report_exit(registry, entry);
}
