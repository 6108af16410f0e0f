/* core/decide.h: a turn's second step: what follows from what is known of an entry. */
#ifndef HPR_CORE_DECIDE_H
#define HPR_CORE_DECIDE_H

#include "core/state.h"

/*
 * Moves the entry and its ending to the states that fit what was looked at, writes into its row
 * whom the ending is about to ask, and puts reports into the outbox. An entry of which nothing is
 * left is freed.
 */
void hpr_decide(hpr_registry *registry, hpr_entry *entry);

#endif
