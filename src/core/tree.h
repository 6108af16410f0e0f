/*
 * core/tree.h: all that a session has started. Members are its own processes, their descendants,
 * the groups and sessions that a member leads, and whoever carries its token. Never members:
 * ourselves and our ancestors, processes of other entries and other servers, those servers, what
 * descends from any of them, and other users' processes.
 */
#ifndef HPR_CORE_TREE_H
#define HPR_CORE_TREE_H

#include "core/state.h"

/*
 * Adds to the ending's others who is a member and not known yet, each proved to be one after its
 * identity was recorded. Returns how many came. Lack of memory, or of an answer, finds nobody. All
 * that look in one round of a turn share one census.
 */
size_t hpr_tree_look(hpr_registry *registry, hpr_entry *entry);

/* True if we descend from one of the entry's processes: then its tree is not ours to end. */
bool hpr_tree_is_around_us(const hpr_registry *registry, const hpr_entry *entry);

/*
 * For all entries of the turn whose grace is over: stops their members, and looks again until
 * nobody new has come, so that nobody forks while it is being killed. SIGKILL follows in the same
 * turn.
 */
void hpr_tree_freeze(hpr_registry *registry);

#endif
