#include <string.h>

#include "core/state.h"

enum { RETRY_MS = 1000 };

/*
 * An entry of a process that we have ourselves now: nobody's, which the original module has read
 * from us and written back, or one that an earlier registry of this process has left.
 */
static bool is_superseded(const hpr_registry *registry, const hpr_row *row) {
  hpr_entry *same = hpr_find_same(registry, row);
  if (!same || (row->owner.pid != 0 && !hpr_same_identity(&row->owner, &registry->self)))
    return false;
  hpr_entry_recognise(same, &row->main);
  return true;
}

/* The judge of an ordinary write: what others wrote is theirs, be it of the same process. */
static hpr_keep judge_ours(void *self, hpr_stored *stored) {
  hpr_registry *registry = self;
  if (stored->error != 0) return HPR_KEEP;
  if (strcmp(stored->row.owner_id, registry->id) == 0) return HPR_DROP;
  if (is_superseded(registry, &stored->row)) return HPR_DROP;
  hpr_owner_met(registry, &stored->row.owner);
  return HPR_KEEP;
}

static int refresh_lines(void *self, hpr_lines **ret_lines) {
  hpr_registry *registry = self;
  *ret_lines = &registry->lines;
  return hpr_lines_refresh(&registry->lines, hpr_entry_write);
}

static void warn(void *self, int error, const char *detail) {
  hpr_report_warning(self, error, 0, detail);
}

static void note_result(hpr_registry *registry, int result) {
  if (result != 0 && result != registry->file_error)
    hpr_report_warning(registry, result, 0, hpr_pidfile_path(registry->pidfile));
  registry->file_error = result;
  if (result == 0 || registry->retrying) return;
  registry->retrying = true;
  registry->host.start_timer(registry->host.self, HPR_RETRY_TIMER, RETRY_MS);
}

static int sync(hpr_registry *registry) {
  const hpr_pidfile_client client = {
      .self = registry, .judge = judge_ours, .lines = refresh_lines, .warn = warn};
  return hpr_pidfile_sync(registry->pidfile, &client);
}

/* Comes when all of them have been judged, whether they can be written or not. */
static int note_judged(void *self, hpr_lines **ret_lines) {
  hpr_registry *registry = self;
  registry->orphans_due = false;
  return refresh_lines(self, ret_lines);
}

static int sync_judged(hpr_registry *registry) {
  const hpr_pidfile_client client = {
      .self = registry, .judge = hpr_judge_orphan, .lines = note_judged, .warn = warn};
  return hpr_pidfile_sync(registry->pidfile, &client);
}

void hpr_sign(const hpr_registry *registry, hpr_row *row) {
  row->owner = registry->self;
  memcpy(row->owner_id, registry->id, sizeof registry->id);
}

bool hpr_is_forked(const hpr_registry *registry) {
  return registry->process.self_pid(registry->process.self) != registry->self.pid;
}

void hpr_persist(hpr_registry *registry) {
  if (registry->guest || hpr_is_forked(registry)) return;
  int result = registry->orphans_due ? 0 : sync(registry);
  if (registry->orphans_due) result = sync_judged(registry); /* perhaps just found by the first */
  note_result(registry, result);
}

void hpr_retry_timer_fired(hpr_registry *registry) {
  registry->retrying = false;
  if (registry->file_error != 0) hpr_persist(registry);
}
