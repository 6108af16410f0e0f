/* core/kinship.h: whose entry a process belongs to, by descent. */
#ifndef HPR_CORE_KINSHIP_H
#define HPR_CORE_KINSHIP_H

#include "core/table.h"

/*
 * The entry one of whose processes is `pid` or its nearest ancestor; else the one that leads the
 * group or session of `pid` or of an ancestor. Entries that are ending count too:
 * the search never goes past them. Only processes with a matching identity count, and never
 * ourselves or our ancestors. NULL: it belongs to no entry, or that is not known.
 */
hpr_entry *hpr_kinship_find(const hpr_process_ops *process, const hpr_table *table, int32_t pid);

#endif
