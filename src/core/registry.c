#include "core/registry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/state.h"

enum { SOCKET_PATH_MAX = 107 }; /* sun_path of unix(7), less its NUL */

int hpr_registry_open(const hpr_options *options, hpr_registry **ret_registry) {
  hpr_registry *registry = calloc(1, sizeof *registry);
  if (!registry) return HPR_ENOMEM;
  registry->process = options->process;
  registry->files = options->files;
  registry->host = options->host;
  registry->grace_ms = options->grace_ms;
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

static char *copy_or_null(const char *text) { return text && text[0] ? strdup(text) : NULL; }

static bool copied(const char *text, const char *copy) { return !text || !text[0] || copy; }

/*
 * What is known of a pid's holder already. A process that was ours when it was first recorded is
 * ours, whoever its parent is by now; and where the system tells nothing today, and it is no child
 * of ours, it is the one that it was until the contrary is proved.
 */
static void recall(const hpr_registry *registry, hpr_identity *identity) {
  const hpr_entry *before = hpr_find_pid(registry, identity->pid);
  const hpr_identity *known = before ? &before->row.main : NULL;
  if (!known || identity->kin || !known->kin || known->state != HPR_RECORD_KNOWN) return;
  bool untold = identity->state == HPR_RECORD_OPAQUE && hpr_is_there(registry, known);
  if (untold || hpr_same_identity(known, identity)) *identity = *known;
}

/*
 * Where the system tells nothing, a child of ours is itself until its exit is told. Nobody tells
 * us of the exit of others, and a number of which we hear no more may be another child's by then.
 */
static void doubt(hpr_identity *identity) {
  if (identity->state == HPR_RECORD_OPAQUE) identity->kin = false;
}

static int fill_row(const hpr_registry *registry, const hpr_registration *from, hpr_row *row) {
  const hpr_process_ops *process = &registry->process;
  row->spawned_ms = process->now_ms(process->self);
  process->identify(process->self, from->pid, NULL, &row->main);
  if (!from->parent_tells) doubt(&row->main);
  recall(registry, &row->main);
  if (from->keeper_pid == from->pid) {
    row->keeper = row->main;
  } else if (from->keeper_pid != 0) {
    process->identify(process->self, from->keeper_pid, NULL, &row->keeper);
    doubt(&row->keeper);
  }
  row->owner = registry->self;
  memcpy(row->owner_id, registry->id, sizeof registry->id);
  row->cwd = strdup(from->cwd);
  row->token = copy_or_null(from->token);
  row->socket_path = copy_or_null(from->socket_path);
  bool complete =
      row->cwd && copied(from->token, row->token) && copied(from->socket_path, row->socket_path);
  return complete ? 0 : HPR_ENOMEM;
}

/*
 * An entry has to leave its pid to another: its process is gone if the pid has passed on, and if it
 * is the same process that is being ended, the caller wants it back. Its pi goes on.
 */
static void displace(hpr_registry *registry, hpr_entry *entry) {
  bool kept = hpr_part_is_left(registry, entry, HPR_PART_PI) && hpr_keep_pi(registry, entry);
  if (kept && entry->row.pi.pid == 0) {
    entry->ending ? (void)hpr_review_ending(registry, entry) : hpr_review_live(registry, entry);
    return;
  }
  hpr_answer_all(registry, entry, HPR_OUTCOME_UNKNOWN);
  hpr_detach(registry, entry);
  hpr_entry_free(entry);
}

/* True if the new holder of its pid takes over the entry's place in the order, and all of it. */
static bool is_replaced(hpr_registry *registry, const hpr_entry *entry,
                        const hpr_identity *holder) {
  return !entry->ending && (hpr_same_identity(&entry->row.main, holder) ||
                            !hpr_part_is_left(registry, entry, HPR_PART_PI));
}

/* Lack of memory must find everything as it was: what is there makes room last. */
static int add_entry(hpr_registry *registry, hpr_row *take_row, hpr_entry **ret_entry) {
  hpr_entry *entry, *before = hpr_find_pid(registry, take_row->main.pid);
  int result = hpr_entry_new(take_row, &entry);
  if (result != 0) return result;
  const bool replaced = before && is_replaced(registry, before, &entry->row.main);
  result = hpr_attach(registry, entry, replaced ? before : NULL);
  if (result != 0) {
    *take_row = entry->row;
    entry->row = (hpr_row){0};
    hpr_entry_free(entry);
    return result;
  }
  if (replaced) {
    hpr_detach(registry, before);
    hpr_entry_free(before);
  } else if (before) {
    displace(registry, before);
  }
  *ret_entry = entry;
  return 0;
}

static bool is_pid(int32_t pid) { return pid >= HPR_PID_MIN; }

int hpr_registry_register(hpr_registry *registry, const hpr_registration *registration,
                          hpr_ticket *ret_ticket) {
  if (!is_pid(registration->pid)) return HPR_EINVAL;
  if (registration->keeper_pid != 0 && !is_pid(registration->keeper_pid)) return HPR_EINVAL;
  hpr_row row = {0};
  hpr_entry *entry;
  int result = fill_row(registry, registration, &row);
  if (result == 0) result = add_entry(registry, &row, &entry);
  if (result != 0) {
    hpr_row_done(&row);
    return result;
  }
  if (entry->row.main.state == HPR_RECORD_KNOWN && !entry->row.main.kin)
    hpr_report_warning(registry, HPR_ENOTKIN, entry->row.main.pid, NULL);
  *ret_ticket = hpr_ticket_of(entry);
  entry->parent_tells = registration->parent_tells;
  if (entry->row.main.state == HPR_RECORD_KNOWN) hpr_watch_part(registry, entry, HPR_PART_MAIN);
  hpr_persist(registry);
  hpr_deliver(registry);
  return 0;
}

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

void hpr_registry_attach_keeper(hpr_registry *registry, int32_t keeper_pid,
                                const char *socket_path) {
  hpr_entry *entry = hpr_find_pid(registry, keeper_pid);
  if (!entry || entry->ending || entry->row.keeper.pid != 0) return;
  char *copy = copy_or_null(socket_path);
  if (!copied(socket_path, copy)) return;
  free(entry->row.socket_path);
  entry->row.socket_path = copy;
  entry->row.keeper = entry->row.main;
  hpr_entry_touch(entry);
  hpr_persist(registry);
  hpr_deliver(registry);
}

const char *hpr_registry_socket_of(hpr_registry *registry, const char *session) {
  const hpr_entry *entry = hpr_find_session(registry, session);
  const char *path = entry ? entry->row.socket_path : NULL;
  if (!path) return NULL;
  if (path[0] == '/' && strlen(path) <= SOCKET_PATH_MAX) return path;
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
