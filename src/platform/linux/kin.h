/* platform/linux/kin.h: who belongs to whom, as far as /proc tells at this moment. */
#ifndef HPR_PLATFORM_LINUX_KIN_H
#define HPR_PLATFORM_LINUX_KIN_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/linux/procfs.h"

/* True if following the parents from `parent`, itself included, leads to `ancestor`. */
bool hpr_kin_descends(int32_t parent, int32_t ancestor);

/* True if a process is a descendant of `family`, or shares its group or session. */
bool hpr_kin_related(const hpr_proc_stat *stat, int32_t family);

#endif
