/* core/census.h: whose process each one is, by one look at all of them. */
#ifndef HPR_CORE_CENSUS_H
#define HPR_CORE_CENSUS_H

#include "core/table.h"
#include "store/pidfile.h"

/* By numbers alone: whoever is to be signalled must be proved. All zero: not taken. */
typedef struct hpr_census {
  hpr_seen *list;     /* by pid */
  hpr_entry **owners; /* whose each of the list is; NULL: nobody's that we know */
  size_t count;
  int64_t taken_ms; /* by the system's monotonic clock */
  uint64_t changes; /* the table's, then */
  bool stale;       /* somebody was signalled since */
} hpr_census;

/* What is asked of it. */
typedef struct hpr_census_scope {
  const hpr_process_ops *process;
  const hpr_table *table;
  const hpr_pidfile *pidfile;
  const char *owner_id; /* ours */
} hpr_census_scope;

/*
 * A process belongs to the entry of its nearest ancestor that has one; else to that of the leader
 * of its group or session, or of an ancestor's; else to that of the token that it carries. Tokens
 * are only looked for if an entry is ending with its tree. What other servers of the file keep, and
 * they themselves, are nobody's. HPR_ENOMEM, HPR_EMFILE, HPR_EUNKNOWN.
 */
int hpr_census_take(hpr_census *census, const hpr_census_scope *scope);
void hpr_census_done(hpr_census *census);

/* True if it is hardly older than this call, and of the entries that there are now. */
bool hpr_census_is_recent(const hpr_census *census, const hpr_census_scope *scope);

/* SIZE_MAX: not there. */
size_t hpr_census_find(const hpr_census *census, int32_t pid);

#endif
