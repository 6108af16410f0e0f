/* platform/posix/pids.h: what POSIX tells about processes, and does to them, by pid alone. */
#ifndef HPR_PLATFORM_POSIX_PIDS_H
#define HPR_PLATFORM_POSIX_PIDS_H

#include "platform/system.h"

/* The functions of hpr_system that every POSIX system answers alike. */

int32_t hpr_pids_self(void);
int32_t hpr_pids_own_group(void);
int32_t hpr_pids_own_session(void);
int32_t hpr_pids_group_of(int32_t pid);
int hpr_pids_signal(int32_t pid, int signum, bool group);
hpr_child_state hpr_pids_child(int32_t pid);

#endif
