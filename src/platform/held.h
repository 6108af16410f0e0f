/* platform/held.h: handles that are kept, of the processes that they were opened for. */
#ifndef HPR_PLATFORM_HELD_H
#define HPR_PLATFORM_HELD_H

#include "platform/system.h"

/* By pid; NULL is none. One thread's. */
typedef struct hpr_held hpr_held;

/* HPR_NO_HANDLE: none of that very process. It stays the list's. */
hpr_handle hpr_held_find(const hpr_held *list, const hpr_identity *identity);

/*
 * Takes a handle of that process; one of another under the same pid goes. False: no memory, and the
 * handle is the caller's yet.
 */
bool hpr_held_keep(hpr_held **list, const hpr_system *system, const hpr_identity *identity,
                   hpr_handle take_handle);

/* Gives the handle to the caller. HPR_NO_HANDLE: none of that very process. */
hpr_handle hpr_held_take(hpr_held **list, const hpr_identity *identity);

/* The process and its group are gone. */
void hpr_held_drop(hpr_held **list, const hpr_system *system, const hpr_identity *identity);

void hpr_held_done(hpr_held **list, const hpr_system *system);

#endif
