/* platform/found.h: finds the process, or the group, that an identity stands for. */
#ifndef HPR_PLATFORM_FOUND_H
#define HPR_PLATFORM_FOUND_H

#include "platform/identity.h"

/* Whether a process leads, or led, the group of its pid. */
typedef enum hpr_leading {
  HPR_LEADS_NOT,
  HPR_LEADS,
  HPR_LEADS_UNASKED, /* its facts were not needed */
} hpr_leading;

/* A verdict and, if it is SAME or GROUP, how to reach what it is about. */
typedef struct hpr_found {
  hpr_verdict verdict;
  int32_t pid;
  hpr_handle handle; /* of that very process; HPR_NO_HANDLE: by pid only */
  uint64_t start;    /* its own; 0: unknown */
  bool exact;        /* the handle is its own by its name, or kept since it was watched */
  bool reopened;     /* by its name, as anybody can at any time */
  bool kept;         /* the handle is the turn's */
  bool reaped;       /* it is there no more; only whose the group of its pid is may be unknown */
  hpr_leading leads; /* the group of its pid */
} hpr_found;

/* False for a pid that nobody holds. */
bool hpr_pid_exists(const hpr_system *system, int32_t pid);

/*
 * Never signals. The caller owes hpr_found_close, or hpr_found_take. In a turn whoever is SAME by
 * its name stays open, so that it is opened once.
 */
hpr_found hpr_found_open(const hpr_system *system, const hpr_here *here,
                         const hpr_identity *identity);

/* What was found SAME before in this turn, without looking again; UNKNOWN: nothing was. */
hpr_found hpr_found_in_turn(const hpr_here *here, const hpr_identity *identity);

/* Makes the handle the caller's, who closes it. */
void hpr_found_take(const hpr_here *here, const hpr_identity *identity, hpr_found *found);

void hpr_found_close(const hpr_system *system, const hpr_found *found);

/* The verdict alone. */
hpr_verdict hpr_found_verdict(const hpr_system *system, const hpr_here *here,
                              const hpr_identity *identity);

/* True if what was found SAME or GROUP leads, or led, the group of its pid. */
bool hpr_found_leads(const hpr_system *system, const hpr_found *found);

/*
 * Does what was found SAME or GROUP, dead or alive, still have its pid? Then all that was read
 * by that pid in between was its own.
 */
bool hpr_found_has_number(const hpr_system *system, const hpr_found *found);

/*
 * Signals the process, or the group of its pid, and wakes it if it is stopped and has to act on
 * the signal. HPR_ESRCH, HPR_EACCES.
 */
int hpr_found_signal(const hpr_system *system, const hpr_found *found, hpr_signal signal,
                     bool group);

/* True for a signal that nobody survives: on Windows there is no other. */
bool hpr_signal_is_final(const hpr_system *system, hpr_signal signal);

/* A living member of a group. HPR_ESRCH: none. HPR_EMFILE, HPR_EUNKNOWN: unread. */
int hpr_group_member(const hpr_system *system, int32_t group, int32_t *ret_pid);

#endif
