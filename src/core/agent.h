/* core/agent.h: learning which process an entry's agent is. */
#ifndef HPR_CORE_AGENT_H
#define HPR_CORE_AGENT_H

#include "core/state.h"

/*
 * Somebody named the agent's pid. It counts as ours if it descends from the entry's process and
 * from no nearer entry's, or is in a group or session that it leads. One that is not is kept for a
 * keeper's entry alone, never signalled, and takes nobody's place who lives and is. Neither does
 * what descends from a living agent that was named. HPR_ENOMEM.
 */
int hpr_agent_learn(hpr_registry *registry, hpr_entry *entry, int32_t pid);

/* The same for a pid that discovery tells: any that its own bridge names takes its place. */
int hpr_agent_suggest(hpr_registry *registry, hpr_entry *entry, int32_t pid);

/*
 * A keeper whose agent nobody has named, or whose agent has ended: its only child is the agent if
 * its title or its mark says so. Otherwise nothing is learnt.
 */
void hpr_agent_find(hpr_registry *registry, hpr_entry *entry);

#endif
