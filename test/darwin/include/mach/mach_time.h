/* A stand-in for macOS's <mach/mach_time.h>. */
#ifndef STAND_IN_MACH_TIME_H
#define STAND_IN_MACH_TIME_H

#include <stdint.h>

typedef struct mach_timebase_info {
  uint32_t numer, denom;
} mach_timebase_info_data_t;

int mach_timebase_info(mach_timebase_info_data_t *ret_info);

#endif
