/* core/turn.h: one call from outside, from its beginning to its reports. */
#ifndef HPR_CORE_TURN_H
#define HPR_CORE_TURN_H

#include "core/state.h"

/*
 * Every operation begins a turn, changes the table, marks the entries that it is about, and ends
 * the turn. A turn that begins inside another one comes from a callback of the host: it runs last,
 * when the outer one's work is done.
 */
void hpr_turn_begin(hpr_registry *registry);

/* Does the turn's work: looks, decides, records, acts and updates until nothing is left to do. */
void hpr_turn_work(hpr_registry *registry);

/* Tells the host. It may call again, and close: the registry may be gone when this returns. */
void hpr_turn_tell(hpr_registry *registry);

/*
 * Writes what is still to be written, forgets all entries without a signal, delivers the remaining
 * reports, and frees the registry. Called from a callback of the host, it takes effect when that
 * has returned.
 */
void hpr_turn_close(hpr_registry *registry);

/* hpr_turn_work, then hpr_turn_tell. */
void hpr_turn_end(hpr_registry *registry);

/* Warns once of what the system does not offer; called where processes become ours. */
void hpr_turn_warn_of_limits(hpr_registry *registry);

/* Writes the file now, even if nothing has changed. */
void hpr_turn_write(hpr_registry *registry);

/* Checks whether other owners live; writes the file if one has ended or our own proof is missing.
 */
void hpr_turn_look_at_owners(hpr_registry *registry);

/* True in a child made by fork(): it has our memory, but the file is its parent's. */
bool hpr_turn_is_forked(const hpr_registry *registry);

/* What a write, or a look at the file, works on. */
hpr_ledger_scope hpr_turn_scope(hpr_registry *registry);

#endif
