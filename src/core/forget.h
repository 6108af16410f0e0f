/* core/forget.h: takes an entry out of everything. */
#ifndef HPR_CORE_FORGET_H
#define HPR_CORE_FORGET_H

#include "core/state.h"

/* Frees the entry: no report; those who wait for its end are told `outcome`. */
void hpr_forget(hpr_registry *registry, hpr_entry *entry, hpr_outcome outcome);

#endif
