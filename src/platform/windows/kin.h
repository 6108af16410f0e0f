/* platform/windows/kin.h: who descends from whom. */
#ifndef HPR_PLATFORM_WINDOWS_KIN_H
#define HPR_PLATFORM_WINDOWS_KIN_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/windows/snapshot.h"

/*
 * Windows remembers the number of a process's maker for ever, and whose it was only as long as that
 * one lives: afterwards the number may be anybody's. A holder that is older than the child is its
 * maker; one that is younger is a stranger, and the chain ends there. So whose maker is gone has no
 * ancestors. Times are those of the wall clock at birth: setting it back may hide a relative.
 */

/* Did `parent`, an open process, make `child`? */
bool hpr_kin_made(void *parent, void *child);

/* Is `ancestor` among the makers of `pid`? A pid is none of its own. */
bool hpr_kin_descends(int32_t pid, int32_t ancestor);

/* Could it be? Who may not be looked at may be older than anybody. */
bool hpr_kin_may_descend(const hpr_snapshot *all, int32_t pid, int32_t ancestor);

#endif
