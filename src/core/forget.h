/* core/forget.h: removes an entry from everything that refers to it. */
#ifndef HPR_CORE_FORGET_H
#define HPR_CORE_FORGET_H

#include "core/state.h"

/* Frees the entry without a report; whoever waits for its end gets `outcome`. */
void hpr_forget(hpr_registry *registry, hpr_entry *entry, hpr_outcome outcome);

#endif
