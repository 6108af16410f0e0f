/* platform/errand.h: work that may block forever (a dead mount), on a thread of its own. */
#ifndef HPR_PLATFORM_ERRAND_H
#define HPR_PLATFORM_ERRAND_H

#include "base/error.h"

typedef void (*hpr_errand)(void *context);

/*
 * Calls `run` on a thread of its own, which is never joined. HPR_ENOMEM: no thread could be
 * started, and `run` is not called.
 */
int hpr_errand_start(hpr_errand run, void *context);

/*
 * Called by an errand before it asks something that may never answer: from here on its thread has a
 * descriptor table of its own, with `keep` alone (-1: none). A thread stuck on a dead mount would
 * otherwise hold the ports and locks of its process after that was killed. Does nothing before
 * Linux 5.9 and on other systems.
 */
void hpr_errand_leave_files(int keep);

#endif
