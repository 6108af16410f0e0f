#include "core/outbox.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/error.h"

typedef enum event_kind {
  EVENT_WARNING,
  EVENT_SIGNAL,
  EVENT_EXIT,
  EVENT_STATUS,
  EVENT_FOLDER,
  EVENT_TERMINATION,
  EVENT_END,
} event_kind;

/* A snapshot that outlives its entry. */
typedef struct picture {
  hpr_snapshot snapshot;
  char *cwd, *session, *last_session, *token, *goal, *fields, *socket_path, *exit_signal;
} picture;

struct hpr_event {
  event_kind kind;
  int error; /* of a warning or a signal */
  int32_t pid;
  hpr_signal signal;
  char *path;
  uint64_t number; /* the request of a termination, the ticket of a status or a folder */
  hpr_outcome outcome;
  hpr_reason reason;
  size_t processes;
  picture *picture; /* of an exit or a termination; NULL: none, or no memory */
  struct hpr_event *prev, *next;
};

static hpr_event *add(hpr_outbox *outbox, event_kind kind) {
  hpr_event *event = calloc(1, sizeof *event);
  if (!event) return NULL;
  event->kind = kind;
  DL_APPEND(outbox->events, event);
  return event;
}

static const char *copy(const char *text, char **ret_copy) {
  *ret_copy = text ? strdup(text) : NULL;
  return *ret_copy;
}

static picture *take_picture(const hpr_entry *entry) {
  picture *it = calloc(1, sizeof *it);
  if (!it) return NULL;
  hpr_snapshot *shot = &it->snapshot;
  *shot = hpr_entry_snapshot(entry);
  shot->pid = hpr_row_registered_pid(&entry->row);
  shot->cwd = copy(shot->cwd, &it->cwd);
  shot->session = copy(shot->session, &it->session);
  shot->last_session = copy(shot->last_session, &it->last_session);
  shot->token = copy(shot->token, &it->token);
  shot->goal = copy(shot->goal, &it->goal);
  shot->fields = copy(shot->fields, &it->fields);
  shot->socket_path = copy(shot->socket_path, &it->socket_path);
  shot->exit_signal = copy(shot->exit_signal, &it->exit_signal);
  return it;
}

static void free_picture(picture *it) {
  if (!it) return;
  free(it->cwd);
  free(it->session);
  free(it->last_session);
  free(it->token);
  free(it->goal);
  free(it->fields);
  free(it->socket_path);
  free(it->exit_signal);
  free(it);
}

static void free_event(hpr_event *event) {
  free_picture(event->picture);
  free(event->path);
  free(event);
}

/* --- counts ---------------------------------------------------------------------------------- */

static void count_signal(hpr_stats *counts, int error) {
  switch (error) {
  case 0: counts->delivered++; break;
  case HPR_ESRCH:
  case HPR_ESTRANGER: counts->gone++; break;
  case HPR_EFOREIGN:
  case HPR_EFORBIDDEN:
  case HPR_ENOTKIN: counts->refused++; break;
  default: counts->failed++;
  }
}

/* A process or an entry was not believed. */
static bool is_refusal(int error) {
  return error == HPR_ENOTKIN || error == HPR_EFOREIGN || error == HPR_EUNKNOWN ||
         error == HPR_EINVAL || error == HPR_EABANDONED;
}

/* --- reports -------------------------------------------------------------------------------- */

void hpr_outbox_warn(hpr_outbox *outbox, int error, int32_t pid, const char *path) {
  if (is_refusal(error)) outbox->counts.refusals++;
  hpr_event *event = add(outbox, EVENT_WARNING);
  if (!event) return;
  event->error = error;
  event->pid = pid;
  event->path = path ? strdup(path) : NULL;
}

void hpr_outbox_signalled(hpr_outbox *outbox, int32_t pid, hpr_signal signal, int error) {
  count_signal(&outbox->counts, error);
  hpr_event *event = outbox->wants_signals ? add(outbox, EVENT_SIGNAL) : NULL;
  if (!event) return;
  event->error = error;
  event->pid = pid;
  event->signal = signal;
}

void hpr_outbox_exited(hpr_outbox *outbox, const hpr_entry *entry) {
  outbox->counts.exits++;
  hpr_event *event = add(outbox, EVENT_EXIT);
  if (event) event->picture = take_picture(entry);
}

void hpr_outbox_ended(hpr_outbox *outbox, hpr_entry *entry, hpr_outcome outcome) {
  hpr_ending *ending = entry->ending;
  if (!outbox->wants_ends || ending->reported) return;
  ending->reported = true;
  hpr_event *event = add(outbox, EVENT_END);
  if (!event) return;
  event->outcome = outcome;
  event->reason = ending->reason;
  event->signal = ending->signal;
  event->processes = ending->reached;
  event->picture = take_picture(entry);
}

void hpr_outbox_ask_status(hpr_outbox *outbox, hpr_ticket ticket) {
  hpr_event *event = add(outbox, EVENT_STATUS);
  if (event) event->number = ticket;
}

void hpr_outbox_ask_folder(hpr_outbox *outbox, hpr_ticket ticket, const char *path) {
  hpr_event *event = add(outbox, EVENT_FOLDER);
  if (!event) return;
  event->number = ticket;
  event->path = strdup(path);
}

/* --- answers -------------------------------------------------------------------------------- */

hpr_event *hpr_answer_new(uint64_t request) {
  hpr_event *answer = calloc(1, sizeof *answer);
  if (!answer) return NULL;
  answer->kind = EVENT_TERMINATION;
  answer->number = request;
  return answer;
}

void hpr_answer_free(hpr_event *answer) { free(answer); }

void hpr_answer_await(hpr_entry *entry, hpr_event *take_answer) {
  DL_APPEND(entry->ending->waiters, take_answer);
}

void hpr_answer_give(hpr_outbox *outbox, hpr_event *take_answer, hpr_outcome outcome,
                     const hpr_entry *entry) {
  take_answer->outcome = outcome;
  if (entry) take_answer->picture = take_picture(entry);
  if (entry && entry->ending) take_answer->processes = entry->ending->reached;
  DL_APPEND(outbox->events, take_answer);
}

void hpr_answer_all(hpr_outbox *outbox, hpr_entry *entry, hpr_outcome outcome) {
  while (entry->ending && entry->ending->waiters) {
    hpr_event *answer = entry->ending->waiters;
    DL_DELETE(entry->ending->waiters, answer);
    hpr_answer_give(outbox, answer, outcome, entry);
  }
}

/* --- telling -------------------------------------------------------------------------------- */

static void tell_termination(const hpr_host *host, const hpr_event *event) {
  const hpr_termination termination = {
      .outcome = event->outcome,
      .entry = event->picture ? &event->picture->snapshot : NULL,
      .processes = event->processes,
  };
  host->terminated(host->self, event->number, &termination);
}

static void tell_end(const hpr_host *host, const hpr_event *event) {
  const hpr_end end = {
      .reason = event->reason,
      .outcome = event->outcome,
      .signal = event->signal,
      .processes = event->processes,
      .entry = &event->picture->snapshot,
  };
  host->ended(host->self, &end);
}

static void tell(const hpr_host *host, const hpr_event *event) {
  switch (event->kind) {
  case EVENT_WARNING: host->warned(host->self, event->error, event->pid, event->path); break;
  case EVENT_SIGNAL: host->signalled(host->self, event->pid, event->signal, event->error); break;
  case EVENT_STATUS: host->status_wanted(host->self, event->number); break;
  case EVENT_FOLDER:
    if (event->path) host->folder_wanted(host->self, event->number, event->path);
    break;
  case EVENT_TERMINATION: tell_termination(host, event); break;
  case EVENT_END:
    if (event->picture) tell_end(host, event);
    break;
  case EVENT_EXIT:
    if (event->picture) host->exited(host->self, &event->picture->snapshot);
    break;
  }
}

bool hpr_outbox_has_exit(const hpr_outbox *outbox) {
  const hpr_event *event;
  DL_FOREACH(outbox->events, event) {
    if (event->kind == EVENT_EXIT) return true;
  }
  return false;
}

bool hpr_outbox_tell(hpr_outbox *outbox, const hpr_host *host) {
  hpr_event *event = outbox->events;
  if (!event) return false;
  DL_DELETE(outbox->events, event);
  tell(host, event);
  free_event(event);
  return true;
}

void hpr_outbox_done(hpr_outbox *outbox) {
  hpr_event *event, *next;
  DL_FOREACH_SAFE(outbox->events, event, next) {
    DL_DELETE(outbox->events, event);
    free_event(event);
  }
}
