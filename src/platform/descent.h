/* platform/descent.h: who descends from whom, as far as the system tells at this moment. */
#ifndef HPR_PLATFORM_DESCENT_H
#define HPR_PLATFORM_DESCENT_H

#include "platform/system.h"

/* Is `ancestor` among the parents of `pid`? A pid is none of its own. */
bool hpr_descends(const hpr_system *system, int32_t pid, int32_t ancestor);

/* See hpr_process_ops.lineage. */
int hpr_lineage(const hpr_system *system, int32_t pid, hpr_ancestor ret_line[HPR_LINEAGE_MAX],
                size_t *ret_count);

#endif
