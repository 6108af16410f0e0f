/* core/kinship.h: whose entry a process belongs to, by descent. */
#ifndef HPR_CORE_KINSHIP_H
#define HPR_CORE_KINSHIP_H

#include "core/table.h"

/*
 * The entry one of whose processes is `pid` or its nearest ancestor; else the one that leads the
 * group or session of `pid` or of an ancestor. Ending entries count too: nobody's claim reaches
 * past them. Only processes that are provably themselves count, and never ourselves or our
 * ancestors. NULL: nobody's, or it cannot be told.
 */
hpr_entry *hpr_kinship_find(const hpr_process_ops *process, const hpr_table *table, int32_t pid);

#endif
