/* platform/windows/ticks.h: the system's times, counted in 100 ns since 1601. */
#ifndef HPR_PLATFORM_WINDOWS_TICKS_H
#define HPR_PLATFORM_WINDOWS_TICKS_H

#include <stdint.h>

enum { HPR_TICKS_PER_MS = 10000 };

/* The two halves of a FILETIME. */
uint64_t hpr_ticks(uint32_t low, uint32_t high);

/* Since 1970. */
int64_t hpr_ticks_to_ns(uint64_t ticks);
int64_t hpr_ticks_to_ms(uint64_t ticks);

#endif
