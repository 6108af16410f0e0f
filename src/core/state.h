/* core/state.h: the registry's inside, shared by the files of core/ and by nobody else. */
#ifndef HPR_CORE_STATE_H
#define HPR_CORE_STATE_H

#include "core/entry.h"
#include "core/registry.h"
#include "store/pidfile.h"

struct hpr_event;
struct hpr_owner;

struct hpr_registry {
  hpr_process_ops process;
  const hpr_file_ops *files;
  hpr_host host;
  int32_t grace_ms;
  bool guest; /* guest.c: the file is others' */

  hpr_identity self;          /* written into our entries as their owner */
  char id[HPR_OWNER_ID_SIZE]; /* which registry of this process */

  hpr_entry *entries;                    /* all, in order; a utlist */
  hpr_lines lines;                       /* the same, as the file shows them */
  size_t live;                           /* how many of them are not ending */
  hpr_index by_pid;                      /* all; no two have the same */
  hpr_index by_session, by_token, by_pi; /* live */
  hpr_index by_cwd;                      /* live and unlinked */
  uint32_t *lookups;                     /* see hpr_options */
  uint64_t next_order;
  uint32_t next_generation;

  hpr_pidfile *pidfile;
  struct hpr_owner *owners; /* other servers that the file names; a utlist */
  uint32_t next_owner;
  bool adopting;    /* orphans are wanted: hpr_registry_cleanup_orphans was called */
  bool orphans_due; /* the next write judges them */
  int file_error;   /* why the last write failed; reported once */
  bool retrying;    /* a timer will try again */
  bool polling;     /* HPR_EPOLLED was reported */

  struct hpr_event *events; /* to be delivered, oldest first; a utlist */
  bool delivering, closing;
};

/* --- events.c: reports to the host ---------------------------------------------------------- */

/* Queue a report. These are lost if there is no memory: they must not make anything fail. */
void hpr_report_warning(hpr_registry *registry, int error, int32_t pid, const char *path);
void hpr_report_signal(hpr_registry *registry, int32_t pid, hpr_signal signal, int error);
/* Owns the entry from here on. */
void hpr_report_exit(hpr_registry *registry, hpr_entry *take_entry);

/*
 * The answer to a termination, made before anything is done, so that the caller gets one whatever
 * happens. NULL: no memory.
 */
struct hpr_event *hpr_answer_new(uint64_t request);
void hpr_answer_free(struct hpr_event *answer);
/* Gives it when an ending entry's end has come. */
void hpr_await(hpr_entry *entry, struct hpr_event *take_answer);
/* `entry` NULL: no entry answered to the name; it is looked at now and not kept. */
void hpr_answer(hpr_registry *registry, struct hpr_event *take_answer, hpr_outcome outcome,
                const hpr_entry *entry);
void hpr_answer_all(hpr_registry *registry, hpr_entry *entry, hpr_outcome outcome);

/* Hands the reports to the host: the last thing that a public function does. */
void hpr_deliver(hpr_registry *registry);
void hpr_events_done(hpr_registry *registry);

/* --- membership.c: lists and indexes -------------------------------------------------------- */

hpr_entry *hpr_find_pid(const hpr_registry *registry, int32_t pid);
/* Our own entry of the process that a row of the file stands for, as far as the row says. */
hpr_entry *hpr_find_same(const hpr_registry *registry, const hpr_row *row);
/* The entry of a ticket, NULL if its pid has passed on. */
hpr_entry *hpr_find_ticket(const hpr_registry *registry, hpr_ticket ticket);
hpr_ticket hpr_ticket_of(const hpr_entry *entry);
hpr_entry *hpr_find_session(const hpr_registry *registry, const char *session);
hpr_entry *hpr_find_token(const hpr_registry *registry, const char *token);

/* Puts a new live entry at the end, or in the place of `replaced`, which stays for hpr_detach. */
int hpr_attach(hpr_registry *registry, hpr_entry *entry, const hpr_entry *replaced);
/* Takes an entry out of the lists, indexes, timers and watches; the caller owns it now. */
void hpr_detach(hpr_registry *registry, hpr_entry *entry);
/* Takes a live entry out of what the lookups find, but not out of the list and the file. */
void hpr_retire(hpr_registry *registry, hpr_entry *entry);
/* HPR_ENOMEM: still unlinked. Until hpr_leave_folder it can be taken back. */
int hpr_set_session(hpr_registry *registry, hpr_entry *entry, const char *session);
void hpr_clear_session(hpr_registry *registry, hpr_entry *entry);
/* It has its session for good: its folder leads to it no more. */
void hpr_leave_folder(hpr_registry *registry, hpr_entry *entry);
/* HPR_ENOMEM: pi is the one that it was. */
int hpr_set_pi(hpr_registry *registry, hpr_entry *entry, const hpr_identity *pi);
/* Makes pi the registered process of an entry, whose own is gone. Pi's pid must be free. */
int hpr_promote_pi(hpr_registry *registry, hpr_entry *entry);

/* --- life.c: is it still there -------------------------------------------------------------- */

/* What a watch is for: a part of an entry, or another server. Two bits. */
enum { HPR_WATCH_OWNER = HPR_PART_COUNT };

/* `generation` counts the holders of a pid, or the servers. */
uint64_t hpr_watch_number(int32_t pid, uint32_t generation, unsigned what);
/* Whether it is an owner's, and which one's. */
bool hpr_watch_is_owners(uint64_t watch, uint32_t *ret_number);

/* True if we answer for that process: a relative, or one whose identity nobody would tell. */
bool hpr_is_our_concern(const hpr_identity *identity);
/* False if the process is provably gone. */
bool hpr_is_there(const hpr_registry *registry, const hpr_identity *identity);
/* True if the part may still be running and is our concern. */
bool hpr_part_is_left(hpr_registry *registry, const hpr_entry *entry, hpr_part part);
/* hpr_process_ops.watch; a poor watch is a watch, of which one warning tells. */
int hpr_watch(hpr_registry *registry, const hpr_identity *identity, uint64_t number);
/* Watches a part if it is not watched yet. HPR_ESRCH: it is gone. */
int hpr_watch_part(hpr_registry *registry, hpr_entry *entry, hpr_part part);
void hpr_unwatch_all(hpr_registry *registry, hpr_entry *entry);
/* What a watch's number stands for; the entry is NULL if its pid has passed on. */
hpr_entry *hpr_find_watch(const hpr_registry *registry, uint64_t watch, hpr_part *ret_part);
/*
 * The registered process is gone, pi is left: keeps pi under its own pid, as this entry, which has
 * no other pi then, or as the one that pi has. False: as neither, for lack of memory or because
 * another process's entry has that number yet.
 */
bool hpr_keep_pi(hpr_registry *registry, hpr_entry *entry);
/* A live entry's process may be gone: keeps it, keeps it under its pi, or reports its exit. */
void hpr_review_live(hpr_registry *registry, hpr_entry *entry);

/* --- ending.c: SIGTERM, the keeper's turn, SIGKILL ------------------------------------------ */

typedef struct hpr_ending_request {
  hpr_signal signal;
  int32_t grace_ms;
  bool shutdown; /* all parts at once, and the file does not say so */
} hpr_ending_request;

typedef struct hpr_ending_start {
  bool delivered;      /* the first signal reached a process */
  bool over;           /* nothing of it is left: the entry is gone */
  hpr_outcome outcome; /* if it is over, or if nothing could be delivered */
} hpr_ending_start;

/* Signals, and waits if anything is left. The caller writes the file. HPR_ENOMEM: not begun. */
int hpr_begin_ending(hpr_registry *registry, hpr_entry *entry, const hpr_ending_request *request,
                     hpr_ending_start *ret_start);
/* Something happened to an ending entry: goes on, or is over. Returns true if it is over. */
bool hpr_review_ending(hpr_registry *registry, hpr_entry *entry);
void hpr_ending_timer_fired(hpr_registry *registry, hpr_entry *entry);
/* For an entry that is about to get another ticket, or to go. */
void hpr_stop_ending_timer(hpr_registry *registry, hpr_entry *entry);

/* --- persist.c: the file -------------------------------------------------------------------- */

/* True in a child made by fork(): it has our memory, but the file is its parent's. */
bool hpr_is_forked(const hpr_registry *registry);
/* Names us as the owner of a row. */
void hpr_sign(const hpr_registry *registry, hpr_row *row);
/* Writes the file, and judges its orphans if they are due. A failure is reported and tried again.
 */
void hpr_persist(hpr_registry *registry);
void hpr_retry_timer_fired(hpr_registry *registry);

/* --- reclaim.c: what dead servers left in the file ------------------------------------------- */

/* For hpr_pidfile_client.judge: takes over, ends, drops or keeps. */
hpr_keep hpr_judge_orphan(void *self, hpr_stored *stored);
/*
 * Judges whom a row is about, the registered process or, where that is gone, its pi, which then
 * takes its place in the row. What the original module did not record is added. UNKNOWN too for one
 * that is there, by a record without a date.
 */
hpr_verdict hpr_judge_row(const hpr_registry *registry, hpr_row *row);

/* --- owners.c: the other servers that write the file ----------------------------------------- */

/* True if another server process may still look after its entries. Its end is then watched. */
bool hpr_owner_lives(hpr_registry *registry, const hpr_identity *identity);
/* An ordinary write came across one of its entries: one that we did not know may be gone. */
void hpr_owner_met(hpr_registry *registry, const hpr_identity *identity);
/* Its watch fired: its entries are orphans now. */
void hpr_owner_gone(hpr_registry *registry, uint32_t number);
void hpr_owners_done(hpr_registry *registry);

/* The retry timer's number; entries' timers have their tickets, which are never 0. */
enum { HPR_RETRY_TIMER = 0 };

#endif
