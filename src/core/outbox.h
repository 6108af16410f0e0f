/* core/outbox.h: what is to be told to the host, in the order in which it came about. */
#ifndef HPR_CORE_OUTBOX_H
#define HPR_CORE_OUTBOX_H

#include "core/entry.h"
#include "core/registry.h"

/* One report; an answer to a termination is made before it is known. */
typedef struct hpr_event hpr_event;

/* All zero is empty. */
typedef struct hpr_outbox {
  hpr_event *events;              /* oldest first; a utlist */
  bool wants_signals, wants_ends; /* somebody listens for them */
  hpr_stats counts;               /* of what it was told of: signals, refusals, exits */
} hpr_outbox;

/* Reports are lost if there is no memory: they must not make anything fail. */
void hpr_outbox_warn(hpr_outbox *outbox, int error, int32_t pid, const char *path);
void hpr_outbox_signalled(hpr_outbox *outbox, int32_t pid, hpr_signal signal, int error);
/* Copies what it tells of the entry. */
void hpr_outbox_exited(hpr_outbox *outbox, const hpr_entry *entry);
/* Of an ending entry, once. Copies what it tells of it. */
void hpr_outbox_ended(hpr_outbox *outbox, hpr_entry *entry, hpr_outcome outcome);
/* The host is to say how the child of that ticket has ended. */
void hpr_outbox_ask_status(hpr_outbox *outbox, hpr_ticket ticket);
/* The host is to say which folder that is. */
void hpr_outbox_ask_folder(hpr_outbox *outbox, hpr_ticket ticket, const char *path);

/*
 * The answer to a termination, made before anything is done, so that the caller gets one whatever
 * happens. NULL: no memory.
 */
hpr_event *hpr_answer_new(uint64_t request);
void hpr_answer_free(hpr_event *answer);
/* Gives it when the end of an ending entry has come. */
void hpr_answer_await(hpr_entry *entry, hpr_event *take_answer);
/* `entry` NULL: no entry answered to the name. It is copied, not kept. */
void hpr_answer_give(hpr_outbox *outbox, hpr_event *take_answer, hpr_outcome outcome,
                     const hpr_entry *entry);
/* To all who wait for the entry's end. */
void hpr_answer_all(hpr_outbox *outbox, hpr_entry *entry, hpr_outcome outcome);

/* True if an exit is yet to be told. */
bool hpr_outbox_has_exit(const hpr_outbox *outbox);

/* Takes the oldest report out and tells the host. False: there is none. */
bool hpr_outbox_tell(hpr_outbox *outbox, const hpr_host *host);

/* Forgets what is left. */
void hpr_outbox_done(hpr_outbox *outbox);

#endif
