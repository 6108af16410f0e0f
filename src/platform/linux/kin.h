/* platform/linux/kin.h: who belongs to whom, as far as /proc tells at this moment. */
#ifndef HPR_PLATFORM_LINUX_KIN_H
#define HPR_PLATFORM_LINUX_KIN_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/linux/procfs.h"

/* Is `pid` a descendant of `family`, or in its group or session? `stat` is that of `pid`. */
bool hpr_kin_related(int32_t pid, const hpr_proc_stat *stat, int32_t family);

#endif
