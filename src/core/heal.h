/* core/heal.h: completes identities that the system could not provide before. */
#ifndef HPR_CORE_HEAL_H
#define HPR_CORE_HEAL_H

#include "core/entry.h"
#include "platform/process.h"

/* True if one of its processes is recorded by its pid alone. */
bool hpr_heal_is_wanted(const hpr_entry *entry);

/*
 * Records the identities of such processes, where it is proved that their pids have not been reused
 * meanwhile. True if something was recorded.
 */
bool hpr_heal(const hpr_process_ops *process, const char *pid_file, hpr_entry *entry);

#endif
