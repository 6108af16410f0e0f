/* platform/descent.h: who descends from whom, as far as the system tells at this moment. */
#ifndef HPR_PLATFORM_DESCENT_H
#define HPR_PLATFORM_DESCENT_H

#include "platform/system.h"

/* Is `ancestor` among the parents of `pid`? A pid is none of its own. */
bool hpr_descends(const hpr_system *system, int32_t pid, int32_t ancestor);

/*
 * Our parents and theirs, as they were seen at one moment. Whoever has become our parent since was
 * an ancestor before, or is init; and a pid that was reused after one of them is refused for a
 * while, which is the safe mistake.
 */
typedef struct hpr_ancestry {
  bool told; /* we could look at ourselves; further up it ends where nothing is to be seen */
  size_t count;
  int32_t pids[HPR_LINEAGE_MAX];
} hpr_ancestry;

void hpr_ancestry_read(hpr_ancestry *ancestry, const hpr_system *system);
bool hpr_ancestry_has(const hpr_ancestry *ancestry, int32_t pid);

/* True for ourselves and our ancestors, also if the system would not tell. */
bool hpr_is_above_us(const hpr_system *system, const hpr_ancestry *ancestry, int32_t pid);

/* See hpr_process_ops.lineage. */
int hpr_lineage(const hpr_system *system, const hpr_ancestry *ancestry, int32_t pid,
                hpr_ancestor ret_line[HPR_LINEAGE_MAX], size_t *ret_count);

#endif
