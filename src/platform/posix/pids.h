/* platform/posix/pids.h: what POSIX tells about processes, and does to them, by number alone. */
#ifndef HPR_PLATFORM_POSIX_PIDS_H
#define HPR_PLATFORM_POSIX_PIDS_H

#include <stdbool.h>
#include <stdint.h>

/* A number says nothing about who holds it: callers prove that by other means, or not at all. */

int32_t hpr_pids_self(void);
int32_t hpr_pids_own_group(void);
int32_t hpr_pids_own_session(void);

/* The group of any process; -1: nobody holds the number, or the system hides it. */
int32_t hpr_pids_group_of(int32_t pid);

/*
 * Signals the process, or the group of that number. signum 0 only asks: a zombie answers like a
 * living process. HPR_ESRCH: nobody, HPR_EACCES: exists and is not ours to signal.
 */
int hpr_pids_signal(int32_t pid, int signum, bool group);

/* What wait(2) would say. A child keeps its number until it is reaped. */
typedef enum hpr_child_state {
  HPR_CHILD_RUNNING,
  HPR_CHILD_ENDED, /* a zombie that we have yet to reap */
  HPR_CHILD_NONE,  /* no child of ours has that number */
} hpr_child_state;

/* Asks without reaping. */
hpr_child_state hpr_pids_child(int32_t pid);

#endif
