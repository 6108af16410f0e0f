#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/state.h"

typedef enum event_kind {
  EVENT_WARNING,
  EVENT_SIGNAL,
  EVENT_EXIT,
  EVENT_TERMINATION,
} event_kind;

typedef struct hpr_event {
  event_kind kind;
  int error; /* of a warning or a signal */
  int32_t pid;
  hpr_signal signal;
  char *path;
  hpr_entry *entry; /* of an exit; owned */
  uint64_t request; /* of a termination */
  hpr_outcome outcome;
  bool has_snapshot;
  hpr_snapshot snapshot; /* of a termination; its only string is exit_signal */
  char exit_signal[HPR_SIGNAL_NAME_SIZE];
  struct hpr_event *prev, *next;
} hpr_event;

static hpr_event *add(hpr_registry *registry, event_kind kind) {
  hpr_event *event = calloc(1, sizeof *event);
  if (!event) return NULL;
  event->kind = kind;
  DL_APPEND(registry->events, event);
  return event;
}

static void free_event(hpr_event *event) {
  hpr_entry_free(event->entry);
  free(event->path);
  free(event);
}

void hpr_report_warning(hpr_registry *registry, int error, int32_t pid, const char *path) {
  hpr_event *event = add(registry, EVENT_WARNING);
  if (!event) return;
  event->error = error;
  event->pid = pid;
  event->path = path ? strdup(path) : NULL;
}

void hpr_report_signal(hpr_registry *registry, int32_t pid, hpr_signal signal, int error) {
  hpr_event *event = registry->host.signalled ? add(registry, EVENT_SIGNAL) : NULL;
  if (!event) return;
  event->error = error;
  event->pid = pid;
  event->signal = signal;
}

hpr_event *hpr_answer_new(uint64_t request) {
  hpr_event *answer = calloc(1, sizeof *answer);
  if (!answer) return NULL;
  answer->kind = EVENT_TERMINATION;
  answer->request = request;
  return answer;
}

void hpr_answer_free(hpr_event *answer) { free(answer); }

void hpr_await(hpr_entry *entry, hpr_event *take_answer) {
  DL_APPEND(entry->ending->waiters, take_answer);
}

/* The entry may be gone when this is delivered: numbers only, and a name of its own. */
static void take_picture(hpr_event *answer, const hpr_entry *entry) {
  hpr_snapshot snapshot = hpr_entry_snapshot(entry);
  snapshot.cwd = snapshot.session = snapshot.token = snapshot.socket_path = NULL;
  memcpy(answer->exit_signal, entry->exit_signal, sizeof answer->exit_signal);
  snapshot.exit_signal = answer->exit_signal[0] ? answer->exit_signal : NULL;
  answer->snapshot = snapshot;
  answer->has_snapshot = true;
}

void hpr_answer(hpr_registry *registry, hpr_event *take_answer, hpr_outcome outcome,
                const hpr_entry *entry) {
  take_answer->outcome = outcome;
  if (entry) take_picture(take_answer, entry);
  DL_APPEND(registry->events, take_answer);
}

void hpr_answer_all(hpr_registry *registry, hpr_entry *entry, hpr_outcome outcome) {
  while (entry->ending && entry->ending->waiters) {
    hpr_event *answer = entry->ending->waiters;
    DL_DELETE(entry->ending->waiters, answer);
    hpr_answer(registry, answer, outcome, entry);
  }
}

void hpr_report_exit(hpr_registry *registry, hpr_entry *take_entry) {
  hpr_event *event = add(registry, EVENT_EXIT);
  if (event)
    event->entry = take_entry;
  else
    hpr_entry_free(take_entry);
}

static void deliver_one(const hpr_host *host, const hpr_event *event) {
  switch (event->kind) {
  case EVENT_WARNING: host->warned(host->self, event->error, event->pid, event->path); break;
  case EVENT_SIGNAL: host->signalled(host->self, event->pid, event->signal, event->error); break;
  case EVENT_EXIT: {
    hpr_snapshot snapshot = hpr_entry_snapshot(event->entry);
    host->exited(host->self, &snapshot);
    break;
  }
  case EVENT_TERMINATION: {
    hpr_termination termination = {
        .outcome = event->outcome,
        .entry = event->has_snapshot ? &event->snapshot : NULL,
    };
    host->terminated(host->self, event->request, &termination);
    break;
  }
  }
}

/*
 * Only the outermost call delivers. What a host's callback causes is queued behind what is there
 * already, so that reports keep the order of their causes however calls are nested.
 */
void hpr_deliver(hpr_registry *registry) {
  if (registry->delivering) return;
  registry->delivering = true;
  while (registry->events) {
    hpr_event *event = registry->events;
    DL_DELETE(registry->events, event);
    deliver_one(&registry->host, event);
    free_event(event);
  }
  registry->delivering = false;
  if (registry->closing) hpr_registry_close(registry);
}

void hpr_events_done(hpr_registry *registry) {
  hpr_event *event, *next;
  DL_FOREACH_SAFE(registry->events, event, next) {
    DL_DELETE(registry->events, event);
    free_event(event);
  }
}
