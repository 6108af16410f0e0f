/* core/census.h: which entry each running process belongs to, from one pass over all of them. */
#ifndef HPR_CORE_CENSUS_H
#define HPR_CORE_CENSUS_H

#include "core/table.h"
#include "store/pidfile.h"

/* By pid alone: before a signal, membership must be proved. All zero: not taken yet. */
typedef struct hpr_census {
  hpr_seen *list;     /* by pid */
  hpr_entry **owners; /* the entry that each belongs to; NULL: none of ours */
  size_t count;
  int64_t taken_ms;       /* by the system's monotonic clock */
  uint64_t changes;       /* the table's counter at that time */
  uint64_t reading;       /* of the file, see hpr_pidfile_each_other */
  bool stale;             /* a signal was sent since */
  bool has_other_servers; /* of the file, or what they have started */
  bool blurred;           /* somebody went meanwhile whose children it may not have seen */
} hpr_census;

/* What is asked of it. */
typedef struct hpr_census_scope {
  const hpr_process_ops *process;
  const hpr_table *table;
  const hpr_pidfile *pidfile;
  const char *owner_id; /* ours */
} hpr_census_scope;

/*
 * A process belongs to the entry of its nearest ancestor that has one; else to that of the token
 * that it carries; else to that of the leader of its group or session, or of an ancestor's. Other
 * servers of the file, their processes, and who carries a token of theirs belong to no entry of
 * ours. HPR_ENOMEM, HPR_EMFILE, HPR_EUNKNOWN.
 */
int hpr_census_take(hpr_census *census, const hpr_census_scope *scope);
void hpr_census_done(hpr_census *census);

/* True if it was taken a moment ago and no entry, ours or another's, has changed since. */
bool hpr_census_is_recent(const hpr_census *census, const hpr_census_scope *scope);

/* True if no other server can have become known since. */
bool hpr_census_knows_servers(const hpr_census *census, const hpr_census_scope *scope);

/* SIZE_MAX: there is no such process. */
size_t hpr_census_find(const hpr_census *census, int32_t pid);

/* It was another server of the file, or a process of one. */
bool hpr_census_is_other_servers(const hpr_census *census, int32_t pid);

#endif
