/* core/leftovers.h: how many processes still carry the mark of a session that has ended. */
#ifndef HPR_CORE_LEFTOVERS_H
#define HPR_CORE_LEFTOVERS_H

#include "core/carriers.h"
#include "core/table.h"

enum { HPR_LEFTOVERS_MAX = 64 }; /* entries whose tokens one look searches for */

/* The last look, which does for those who end soon after one another. All zero: there was none. */
typedef struct hpr_leftovers {
  hpr_carriers carriers;
  uint64_t serials[HPR_LEFTOVERS_MAX]; /* of the entries that it was for */
  size_t count;
  int64_t looked_ms;
} hpr_leftovers;

/*
 * As the environments tell now, by pid alone: it is for people. 0 also if it cannot be told:
 * without a token, where another live entry has the same, or where we carry it ourselves.
 */
size_t hpr_leftovers_count(hpr_leftovers *leftovers, const hpr_process_ops *process,
                           const hpr_table *table, const char *pid_file, const hpr_entry *entry);

void hpr_leftovers_done(hpr_leftovers *leftovers);

#endif
