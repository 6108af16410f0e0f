/* platform/posix/clock.h: what time it is, and the numbers of signals. */
#ifndef HPR_PLATFORM_POSIX_CLOCK_H
#define HPR_PLATFORM_POSIX_CLOCK_H

#include <time.h>

#include "platform/system.h"

int64_t hpr_clock_read_ms(clockid_t clock);

/* The functions of hpr_system that every POSIX system answers alike. */

int hpr_signum_of(hpr_signal signal);
int64_t hpr_clock_wall_ms(void);
int64_t hpr_clock_monotonic_ms(void);

#endif
