/* platform/windows/kin.h: who descends from whom. */
#ifndef HPR_PLATFORM_WINDOWS_KIN_H
#define HPR_PLATFORM_WINDOWS_KIN_H

#include <stdint.h>

/*
 * Windows remembers the pid of a process's maker for ever, and whose it was only as long as that
 * one lives: afterwards the pid may be anybody's. A holder that is older than the child is its
 * maker; one that is younger is a stranger, and the chain ends there. So whose maker is gone has no
 * ancestors. Times are those of the wall clock at birth: setting it back may hide a relative.
 */

/* The pid of an open process's maker, who still has it; 0: it is gone, or not to be looked at.
 */
int32_t hpr_kin_maker(void *child);

/* For hpr_system: who may not be looked at may be older than anybody. */
int hpr_kin_is_ancestor(int32_t pid);

#endif
