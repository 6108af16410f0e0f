#include "core/registry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/state.h"

int hpr_registry_open(const hpr_options *options, hpr_registry **ret_registry) {
  hpr_registry *registry = calloc(1, sizeof *registry);
  if (!registry) return HPR_ENOMEM;
  registry->process = options->process;
  registry->files = options->files;
  registry->host = options->host;
  registry->grace_ms = options->grace_ms;
  registry->guest = options->guest;
  registry->lookups = options->lookups;
  const hpr_process_ops *process = &registry->process;
  process->identify(process->self, process->self_pid(process->self), NULL, &registry->self);
  uint64_t nonce = process->nonce(process->self);
  snprintf(registry->id, sizeof registry->id, "%016" PRIx64, nonce);
  if (hpr_pidfile_open(options->pid_file, nonce, registry->files, &registry->pidfile) != 0) {
    free(registry);
    return HPR_ENOMEM;
  }
  *ret_registry = registry;
  return 0;
}

void hpr_registry_close(hpr_registry *registry) {
  if (!registry) return;
  if (registry->delivering) { /* from one of the host's own callbacks: later */
    registry->closing = true;
    return;
  }
  hpr_entry *entry, *next;
  DL_FOREACH_SAFE(registry->entries, entry, next) {
    hpr_answer_all(registry, entry, HPR_OUTCOME_UNKNOWN);
    hpr_detach(registry, entry);
    hpr_entry_free(entry);
  }
  hpr_lines_done(&registry->lines);
  hpr_owners_done(registry);
  if (registry->retrying) registry->host.stop_timer(registry->host.self, HPR_RETRY_TIMER);
  registry->closing = false;
  hpr_deliver(registry);
  hpr_events_done(registry);
  hpr_pidfile_close(registry->pidfile);
  const hpr_host host = registry->host;
  free(registry);
  host.closed(host.self);
}

/* --- tracking ------------------------------------------------------------------------------- */

static void drop_as_exited(hpr_registry *registry, hpr_entry *entry) {
  hpr_detach(registry, entry);
  hpr_report_exit(registry, entry);
}

/* Of a child whose identity nobody told its parent's word is all there is: its pid is free now. */
static void bury(hpr_entry *entry) {
  entry->row.main.state = HPR_RECORD_NOBODY;
  entry->row.main.kin = false;
  hpr_entry_touch(entry);
}

void hpr_registry_child_exited(hpr_registry *registry, hpr_ticket ticket, int exit_code,
                               const char *exit_signal) {
  hpr_entry *entry = hpr_find_ticket(registry, ticket);
  if (!entry) return;
  entry->exit_seen = true;
  entry->exit_code = exit_code;
  snprintf(entry->exit_signal, sizeof entry->exit_signal, "%s", exit_signal ? exit_signal : "");
  if (entry->row.main.state == HPR_RECORD_OPAQUE) bury(entry);
  if (entry->ending)
    hpr_review_ending(registry, entry);
  else if (hpr_is_our_concern(&entry->row.main) || entry->row.pi.kin)
    hpr_review_live(registry, entry);
  else
    drop_as_exited(registry, entry); /* never ours to judge: the caller's word is all there is */
  hpr_persist(registry);
  hpr_deliver(registry);
}

void hpr_registry_watch_fired(hpr_registry *registry, uint64_t watch) {
  uint32_t owner;
  if (hpr_watch_is_owners(watch, &owner)) {
    hpr_owner_gone(registry, owner);
    hpr_deliver(registry);
    return;
  }
  hpr_part part;
  hpr_entry *entry = hpr_find_watch(registry, watch, &part);
  if (!entry) return;
  entry->watched &= ~(1U << part);
  size_t live = registry->live;
  uint32_t generation = entry->generation;
  bool over = entry->ending && hpr_review_ending(registry, entry);
  if (!over && !entry->ending) hpr_review_live(registry, entry);
  hpr_entry *after = hpr_find_watch(registry, watch, &part);
  bool changed = over || live != registry->live || !after || after->generation != generation;
  if (changed) hpr_persist(registry);
  hpr_deliver(registry);
}

void hpr_registry_timer_fired(hpr_registry *registry, uint64_t timer) {
  hpr_entry *entry = timer == HPR_RETRY_TIMER ? NULL : hpr_find_ticket(registry, timer);
  if (timer == HPR_RETRY_TIMER)
    hpr_retry_timer_fired(registry);
  else if (entry && entry->ending && entry->ending->timer_ms)
    hpr_ending_timer_fired(registry, entry);
  hpr_deliver(registry);
}

void hpr_registry_remove(hpr_registry *registry, int32_t pid) {
  hpr_entry *entry = hpr_find_pid(registry, pid);
  if (!entry || entry->ending) return;
  hpr_detach(registry, entry);
  hpr_entry_free(entry);
  hpr_persist(registry);
  hpr_deliver(registry);
}

/* --- keepers -------------------------------------------------------------------------------- */

const char *hpr_registry_socket_of(hpr_registry *registry, const char *session) {
  const hpr_entry *entry = hpr_find_session(registry, session);
  const char *path = entry ? entry->row.socket_path : NULL;
  if (!path) return NULL;
  if (registry->files->names_socket(registry->files->self, path)) return path;
  hpr_report_warning(registry, HPR_EINVAL, entry->row.main.pid, path);
  hpr_deliver(registry);
  return NULL;
}

/* --- looking inside ------------------------------------------------------------------------- */

size_t hpr_registry_size(const hpr_registry *registry) { return registry->live; }

void hpr_registry_each(const hpr_registry *registry,
                       void (*visit)(void *context, const hpr_snapshot *entry), void *context) {
  for (const hpr_entry *entry = registry->entries; entry; entry = entry->next) {
    hpr_snapshot snapshot = hpr_entry_snapshot(entry);
    visit(context, &snapshot);
  }
}

int32_t hpr_registry_grace_ms(const hpr_registry *registry) { return registry->grace_ms; }
