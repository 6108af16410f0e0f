/* core/agent.h: learning which process an entry's agent is. */
#ifndef HPR_CORE_AGENT_H
#define HPR_CORE_AGENT_H

#include "core/state.h"

/*
 * A bridge or a caller reported the agent's pid. It counts as ours if it descends from the entry's
 * process (and from no nearer entry's), or is in a group or session which that process leads. Any
 * other pid is kept only for a keeper's entry, is never signalled, and never replaces a living
 * agent that is ours. A descendant of a living, reported agent does not replace it either.
 * HPR_ENOMEM.
 */
int hpr_agent_learn(hpr_registry *registry, hpr_entry *entry, int32_t pid);

/* The same for a pid found by discovery: one that the bridge reports replaces it. */
int hpr_agent_suggest(hpr_registry *registry, hpr_entry *entry, int32_t pid);

/*
 * For a keeper without a known, living agent: takes its only child for the agent, if the child's
 * title or mark says so.
 */
void hpr_agent_find(hpr_registry *registry, hpr_entry *entry);

#endif
