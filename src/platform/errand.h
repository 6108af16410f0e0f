/* platform/errand.h: work that may wait for ever (a dead mount), where nobody waits for it. */
#ifndef HPR_PLATFORM_ERRAND_H
#define HPR_PLATFORM_ERRAND_H

#include "base/error.h"

typedef void (*hpr_errand)(void *context);

/*
 * Calls `run` on a thread of its own, which is never joined. HPR_ENOMEM: there is none to be had,
 * and nothing is called.
 */
int hpr_errand_start(hpr_errand run, void *context);

/*
 * For an errand before it asks what may never answer: from here on its thread has descriptors of
 * its own, and of ours only `keep` (-1: none). A thread that cannot be ended, as on some dead
 * mounts, would keep a process's ports and locks when that is killed. Does nothing where the system
 * cannot do that (before Linux 5.9, other systems).
 */
void hpr_errand_leave_files(int keep);

#endif
