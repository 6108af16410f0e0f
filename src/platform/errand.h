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

#endif
