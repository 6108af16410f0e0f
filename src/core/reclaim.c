#include <string.h>

#include "core/state.h"

/* Clocks of one machine differ by no more between two runs; a later time is no time. */
enum { CLOCK_SLACK_MS = 60 * 1000 };

static hpr_verdict verify(const hpr_registry *registry, const hpr_identity *identity) {
  return registry->process.verify(registry->process.self, identity);
}

static bool may_be_dropped(hpr_verdict verdict) {
  return verdict == HPR_VERDICT_GONE || verdict == HPR_VERDICT_STRANGER;
}

/* Fills in what the original module did not record. */
static void complete_identities(const hpr_registry *registry, hpr_row *row) {
  const hpr_process_ops *process = &registry->process;
  if (row->main.state == HPR_RECORD_NONE)
    process->identify_recorded(process->self, row->main.pid, row->spawned_ms, &row->main);
  if (row->keeper.pid == row->main.pid)
    row->keeper = row->main;
  else if (row->keeper.pid != 0 && row->keeper.state == HPR_RECORD_NONE)
    process->identify_recorded(process->self, row->keeper.pid, row->spawned_ms, &row->keeper);
  if (row->pi.pid == 0 || row->pi.state != HPR_RECORD_NONE) return;
  /* pi starts when its keeper gets round to it; being its relative is the better proof. */
  process->identify(process->self, row->pi.pid, &row->main, &row->pi);
  if (row->pi.state == HPR_RECORD_KNOWN && !row->pi.kin)
    process->identify_recorded(process->self, row->pi.pid, row->spawned_ms, &row->pi);
}

static bool is_dated(const hpr_registry *registry, const hpr_row *row) {
  return row->spawned_ms != HPR_SPAWNED_UNKNOWN &&
         row->spawned_ms <= registry->process.now_ms(registry->process.self) + CLOCK_SLACK_MS;
}

static bool is_too_old(const hpr_registry *registry, const hpr_row *row) {
  return registry->process.now_ms(registry->process.self) - row->spawned_ms > HPR_ORPHAN_MAX_AGE_MS;
}

/* Lack of memory leaves the row as it was, a dead server's. */
static hpr_entry *adopt(hpr_registry *registry, hpr_row *row) {
  hpr_row ours = *row;
  hpr_sign(registry, &ours);
  hpr_entry *entry = hpr_entry_new(&ours);
  if (!entry) return NULL;
  if (hpr_attach(registry, entry, NULL) != 0) {
    entry->row = (hpr_row){0}; /* its strings are the row's */
    hpr_entry_free(entry);
    return NULL;
  }
  *row = (hpr_row){0};
  return entry;
}

static hpr_keep take_over(hpr_registry *registry, hpr_row *row) {
  const bool end = row->terminating || is_too_old(registry, row);
  const hpr_ending_request request = {.signal = HPR_SIGNAL_TERM, .grace_ms = registry->grace_ms};
  hpr_ending_start start;
  hpr_entry *entry = adopt(registry, row);
  if (!entry) return HPR_KEEP;
  if (!end || hpr_begin_ending(registry, entry, &request, &start) != 0)
    hpr_review_live(registry, entry);
  return HPR_DROP;
}

static hpr_keep keep_with_warning(hpr_registry *registry, int error, int32_t pid) {
  hpr_report_warning(registry, error, pid, hpr_pidfile_path(registry->pidfile));
  return HPR_KEEP;
}

/*
 * We have an entry under that pid. If it is of that process it learns what a dead server knew, but
 * not that its end was asked for: whom the caller has registered or taken over it wants to live.
 */
static hpr_keep hand_over(hpr_registry *registry, hpr_entry *entry, const hpr_row *row) {
  /* Of another process, which must be gone: its exit is under way, and the row can wait. */
  if (!hpr_entry_recognise(entry, &row->main)) return HPR_KEEP;
  /* A pi that ours does not know was not asked to end with it. */
  if (entry->ending) return row->pi.kin ? HPR_KEEP : HPR_DROP;
  bool known = entry->row.pi.kin && hpr_is_there(registry, &entry->row.pi);
  if (row->pi.kin && !known) hpr_set_pi(registry, entry, &row->pi);
  hpr_review_live(registry, entry);
  return HPR_DROP;
}

/* Whom the row is about: the registered process or, where that is gone, its pi. */
static hpr_verdict settle(const hpr_registry *registry, hpr_row *row) {
  hpr_verdict verdict = verify(registry, &row->main);
  if (row->pi.pid == 0 || !(may_be_dropped(verdict) || verdict == HPR_VERDICT_GROUP))
    return verdict;
  if (may_be_dropped(verify(registry, &row->pi))) return verdict;
  hpr_row_stand_in(row);
  return verify(registry, &row->main);
}

hpr_verdict hpr_judge_row(const hpr_registry *registry, hpr_row *row) {
  const bool dated = is_dated(registry, row);
  if (dated) complete_identities(registry, row);
  hpr_verdict verdict = settle(registry, row);
  bool there = verdict == HPR_VERDICT_SAME || verdict == HPR_VERDICT_GROUP;
  return there && !dated ? HPR_VERDICT_UNKNOWN : verdict;
}

hpr_keep hpr_judge_orphan(void *self, hpr_stored *stored) {
  hpr_registry *registry = self;
  hpr_row *row = &stored->row;
  if (stored->error != 0) return keep_with_warning(registry, stored->error, 0);
  if (strcmp(row->owner_id, registry->id) == 0) return HPR_DROP;
  if (hpr_owner_lives(registry, &row->owner)) return HPR_KEEP;
  if (row->owner.pid == 0 && hpr_find_same(registry, row)) return HPR_DROP;

  hpr_verdict verdict = hpr_judge_row(registry, row);
  if (may_be_dropped(verdict)) return HPR_DROP;
  if (verdict == HPR_VERDICT_FOREIGN)
    return keep_with_warning(registry, HPR_EFOREIGN, row->main.pid);
  if (verdict == HPR_VERDICT_UNKNOWN)
    return keep_with_warning(registry, HPR_EUNKNOWN, row->main.pid);
  hpr_entry *holder = hpr_find_pid(registry, row->main.pid);
  return holder ? hand_over(registry, holder, row) : take_over(registry, row);
}

/* Those that killAll left behind and whose end nobody has told us of. */
static void sweep_ended(hpr_registry *registry) {
  for (hpr_entry *entry = registry->entries, *next; entry; entry = next) {
    next = entry->next;
    if (entry->ending && !hpr_is_there(registry, &entry->row.main))
      hpr_review_ending(registry, entry);
  }
}

void hpr_registry_cleanup_orphans(hpr_registry *registry) {
  if (registry->guest || hpr_is_forked(registry)) return;
  hpr_pidfile_collect(registry->pidfile);
  sweep_ended(registry);
  registry->adopting = registry->orphans_due = true;
  hpr_persist(registry);
  hpr_deliver(registry);
}
