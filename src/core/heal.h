/* core/heal.h: who a process is, asked again where the system could not tell before. */
#ifndef HPR_CORE_HEAL_H
#define HPR_CORE_HEAL_H

#include "core/entry.h"
#include "platform/process.h"

/* True if the record of one of its processes says no more than that somebody had the number. */
bool hpr_heal_is_wanted(const hpr_entry *entry);

/*
 * Records who they are, where it is proved that the numbers have not passed on meanwhile. True if
 * the entry learnt something.
 */
bool hpr_heal(const hpr_process_ops *process, const char *pid_file, hpr_entry *entry);

#endif
