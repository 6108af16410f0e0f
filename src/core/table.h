/* core/table.h: all entries of a registry, in order, and the names that lead to them. */
#ifndef HPR_CORE_TABLE_H
#define HPR_CORE_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "core/entry.h"
#include "core/index.h"
#include "core/paths.h"
#include "store/lines.h"

typedef struct hpr_table {
  hpr_entry *entries; /* all, in order; a utlist */
  hpr_lines lines;    /* the same, as the file shows them */
  size_t live;        /* how many of them the lookups find */
  /*
   * By pid: those whose registered process may hold its number, no two the same. By
   * session, token and agent: live ones; by cwd: those of them that are unlinked.
   */
  hpr_index index;
  hpr_paths paths;  /* where they work */
  hpr_board *board; /* see hpr_options; NULL: nobody wants to know */
  hpr_entry *due;   /* to be worked on in this turn; a utlist */
  hpr_entry *timed; /* something is to happen at some time; a utlist */
  uint64_t next_order;
  uint64_t changes; /* how often an entry has come or gone */
} hpr_table;

/* To be called before the first entry comes. */
void hpr_table_show(hpr_table *table, hpr_board *board);

/* The entries must have been removed. */
void hpr_table_done(hpr_table *table);

/* --- finding; NULL: nobody ------------------------------------------------------------------ */

hpr_entry *hpr_table_find_serial(const hpr_table *table, uint64_t serial);
/* Whoever may hold that pid, ending or not. */
hpr_entry *hpr_table_find_pid(const hpr_table *table, int32_t pid);
/* Our own entry of the process that a row of the file stands for, as far as the row says. */
hpr_entry *hpr_table_find_same(const hpr_table *table, const hpr_row *row);
/* Live ones, the oldest. */
hpr_entry *hpr_table_find_session(const hpr_table *table, const char *session);
hpr_entry *hpr_table_find_token(const hpr_table *table, const char *token);

/* --- membership ----------------------------------------------------------------------------- */

/*
 * Makes a live entry of the row and puts it at the end, or in the place of `replaced`, which stays
 * for hpr_table_remove. NULL: no memory; nothing was changed, and the row is the caller's yet.
 */
hpr_entry *hpr_table_add(hpr_table *table, hpr_row *take_row, const hpr_entry *replaced);

/* Takes an entry out of everything; the caller owns it now. */
void hpr_table_remove(hpr_table *table, hpr_entry *entry);

/* Takes an entry out of all that is looked up and written; it is to be forgotten in this turn. */
void hpr_table_give_up(hpr_table *table, hpr_entry *entry);

/* Takes an entry out of the lookups, but not out of the list and the file. No-op if it is not. */
void hpr_table_retire(hpr_table *table, hpr_entry *entry);

/* An earlier server told of its exit: only groups are left of it. */
void hpr_table_make_remainder(hpr_table *table, hpr_entry *entry);

/* Such an entry of the row, which is to be looked at. NULL as hpr_table_add. */
hpr_entry *hpr_table_add_remainder(hpr_table *table, hpr_row *take_row);

/* Its registered process has surely ended: the pid may be another's. */
void hpr_table_free_number(hpr_table *table, hpr_entry *entry);

/* How an entry is to end. */
typedef struct hpr_ending_request {
  hpr_reason reason;
  hpr_signal signal;
  int32_t grace_ms;
  int64_t now_ms;        /* of the registry's clock */
  int64_t began_ms;      /* of the system's monotonic clock, for the file */
  int64_t began_boot_ms; /* the same since the boot, suspend included */
  bool recorded;         /* its row says so */
  bool tree;             /* with all that its session has started */
} hpr_ending_request;

/* Begins the end of an entry: it leaves the lookups. HPR_ENOMEM: nothing was changed. */
int hpr_table_end(hpr_table *table, hpr_entry *entry, const hpr_ending_request *request);

/* The same for another server's entry. An end that its row tells of is continued. */
int hpr_table_resume_end(hpr_table *table, hpr_entry *entry, const hpr_ending_request *request);

/* Writes into the row what was begun without. Lack of memory leaves it unrecorded. */
void hpr_table_record_end(hpr_entry *entry, const hpr_ending_request *request);

/* The entry is, or is no more, to be worked on in this turn. */
void hpr_table_mark(hpr_table *table, hpr_entry *entry);
void hpr_table_done_with(hpr_table *table, hpr_entry *entry);

/* `timed`: something is to happen to the entry at a certain time. */
void hpr_table_set_timed(hpr_table *table, hpr_entry *entry, bool timed);

/* --- changes -------------------------------------------------------------------------------- */

/* Gives the session the entry, whoever had it. HPR_ENOMEM: nobody has it now. */
int hpr_table_link(hpr_table *table, hpr_entry *entry, const char *session, hpr_link by);
/* Nobody has it; its folder leads to it again. */
void hpr_table_unlink(hpr_table *table, hpr_entry *entry);
/* hpr_registry_pid_of may answer differently from now on. */
void hpr_table_note_change(const hpr_table *table);

/*
 * The one before stays with the entry as long as it runs or has left a group; if another one did so
 * before it, what is left of its group becomes a remainder. pid 0: it has none, and nobody stays.
 * HPR_ENOMEM: it was not changed.
 */
int hpr_table_set_agent(hpr_table *table, hpr_entry *entry, const hpr_identity *agent);
/*
 * Makes the agent the registered process. HPR_EEXIST: another entry still has its pid.
 * HPR_ENOMEM: nothing was changed.
 */
int hpr_table_promote(hpr_table *table, hpr_entry *entry);

#endif
