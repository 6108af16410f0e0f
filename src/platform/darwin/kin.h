/* platform/darwin/kin.h: who belongs to whom, as far as the system tells at this moment. */
#ifndef HPR_PLATFORM_DARWIN_KIN_H
#define HPR_PLATFORM_DARWIN_KIN_H

#include <stdbool.h>
#include <stdint.h>

/* Is `pid` a descendant of `family`, or in its group or session? Our own are no family. */
bool hpr_kin_related(int32_t pid, int32_t family);

#endif
