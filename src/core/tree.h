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
 * Adds members that are not known yet to the ending's others, each proved to be a member after its
 * identity was recorded. Returns how many were added. If memory or an answer was missing the
 * ending's look_due_ms says when to look again. All looks in one round of a turn share one census.
 */
size_t hpr_tree_look(hpr_registry *registry, hpr_entry *entry);

/* True if we descend from one of the entry's processes: then its tree is not ours to end. */
bool hpr_tree_is_around_us(const hpr_registry *registry, const hpr_entry *entry);

/*
 * Whoever was found and not asked yet, and belongs to a server that has written its first row
 * since, is asked no more. To be called between the record and the signals: a server that writes
 * later finds in the file that it is about to end.
 */
void hpr_tree_spare_servers(hpr_registry *registry);

/*
 * For all entries of the turn whose grace is over: stops (SIGSTOP) their members and looks again
 * until no new one appears, so that none forks while it is being killed. SIGKILL follows in the
 * same turn.
 */
void hpr_tree_freeze(hpr_registry *registry);

#endif
