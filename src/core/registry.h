/* core/registry.h: which processes are ours, whose sessions they are, and how they are ended. */
#ifndef HPR_CORE_REGISTRY_H
#define HPR_CORE_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "core/filter.h"
#include "platform/file.h"
#include "platform/process.h"

/*
 * A registry belongs to the thread that opened it. hpr_state lists the states of an entry. Strings
 * are UTF-8 without NUL and are copied. Functions may be called from the host's callbacks.
 */
typedef struct hpr_registry hpr_registry;

enum {
  HPR_GRACE_DEFAULT_MS = 2000,
  HPR_GRACE_NEVER = -1,     /* no SIGKILL */
  HPR_KEEPER_TURN_MS = 200, /* a keeper exits by itself once its pi is gone */
  HPR_EXIT_CODE_NONE = -1,  /* no exit status is known */
};

/* For orphans whose age is never too great. */
#define HPR_AGE_NEVER INT64_C(-1)

/* Older orphans are ended at the next start: 7 days. */
#define HPR_ORPHAN_MAX_AGE_MS (INT64_C(7) * 24 * 60 * 60 * 1000)

/* A registration's number, by which its exit is told from that of an earlier holder of the pid. */
typedef uint64_t hpr_ticket;

/* What an entry is to those who look. */
typedef enum hpr_state {
  HPR_STATE_LIVE,        /* the lookups find it */
  HPR_STATE_TERMINATING, /* somebody wants its end */
  HPR_STATE_REMAINDER,   /* its processes have ended, members of their groups have not */
} hpr_state;

/* What a session's hold on an entry rests on, the weakest first. */
typedef enum hpr_link {
  HPR_LINK_NONE,
  HPR_LINK_FOLDER,   /* a guess: gives way to all below */
  HPR_LINK_ANCESTOR, /* the entry is the nearest ancestor of the agent that was named; gives way too
                      */
  HPR_LINK_PID,
  HPR_LINK_TOKEN,
} hpr_link;

/* An entry as it is at this moment; the strings are valid until the registry is called again. */
typedef struct hpr_snapshot {
  hpr_ticket ticket;
  int32_t pid;
  const char *cwd;
  int64_t spawned_ms;       /* since 1970; INT64_MIN = unknown */
  const char *session;      /* NULL = unlinked */
  const char *last_session; /* of an unlinked one: the session that held it under another server */
  const char *token;        /* NULL = none */
  hpr_link linked_by;       /* HPR_LINK_NONE: unlinked */
  const char *goal;         /* the caller's own name for what it works on; NULL = none */
  const char *fields;       /* the caller's own, the text of a JSON object; NULL = none */
  const char *command; /* its words with spaces between, see hpr_registry_each; NULL = not told */
  int32_t pi_pid;      /* of a keeper's entry: its agent's; 0 = none */
  int32_t agent_pid;   /* of another entry: its agent's, if it is another process; 0 = none */
  int32_t keeper_pid;  /* 0 = none */
  const char *socket_path; /* NULL = none */
  hpr_state state;
  bool kin;                /* may be signalled */
  int exit_code;           /* of a child of ours that ended by itself, or HPR_EXIT_CODE_NONE */
  const char *exit_signal; /* name of the signal that ended a child of ours, or NULL */
  size_t leftovers;        /* members of groups that its ended processes led, as far as recorded */
} hpr_snapshot;

/* How a termination ended. */
typedef enum hpr_outcome {
  HPR_OUTCOME_EXITED,       /* went after the first signal */
  HPR_OUTCOME_KILLED,       /* went after SIGKILL */
  HPR_OUTCOME_ALREADY_GONE, /* nothing to signal was there */
  HPR_OUTCOME_NOT_OURS,     /* not ours to signal */
  HPR_OUTCOME_NOT_FOUND,    /* no entry answered to the name, and none is remembered */
  HPR_OUTCOME_UNKNOWN,      /* could not be determined, or the registry was closed */
} hpr_outcome;

/* Why an entry was to end. */
typedef enum hpr_reason {
  HPR_REASON_KILL,
  HPR_REASON_TERMINATE,
  HPR_REASON_KILL_ALL,
  HPR_REASON_SHUTDOWN,
  HPR_REASON_ORPHAN,  /* its server has ended, and the option says so */
  HPR_REASON_AGE,     /* the same, and it is too old */
  HPR_REASON_RESUMED, /* another server had begun it */
  HPR_REASON_TREE,    /* it has ended by itself; what its session had started has not */
} hpr_reason;

/* An end that the registry has brought about, or was about to. */
typedef struct hpr_end {
  hpr_reason reason;
  hpr_outcome outcome;
  hpr_signal signal; /* the first one */
  size_t processes;  /* how many were signalled, in groups that were signalled as one: 1 */
  const hpr_snapshot *entry;
} hpr_end;

typedef struct hpr_termination {
  hpr_outcome outcome;
  const hpr_snapshot *entry; /* NULL: no entry answered to that name */
  size_t processes;          /* how many were signalled, in groups that were signalled as one: 1 */
} hpr_termination;

/*
 * Who embeds the registry. All of it comes at the end of the turn that caused it: the registry's
 * state and the file are consistent, and it may be called again, even closed.
 */
typedef struct hpr_host {
  void *self;
  /* One timer, which replaces the one before; hpr_registry_timer_fired answers. -1: none. */
  void (*wake_in)(void *self, int32_t delay_ms);
  /* hpr_registry_look_at_owners is to be called once a second from now on, until `closed`. */
  void (*look_each_second)(void *self);
  /* How did the child of that ticket end? hpr_registry_child_exited answers, perhaps later. */
  void (*status_wanted)(void *self, hpr_ticket ticket);
  /*
   * Which folder is that? hpr_registry_folder_told answers, later or never: `path` may lie on a
   * dead mount, and is to be looked at where nobody waits.
   */
  void (*folder_wanted)(void *self, hpr_ticket ticket, const char *path);
  void (*exited)(void *self, const hpr_snapshot *entry);
  /* `pid` or `path` (NULL) says what it is about. */
  void (*warned)(void *self, int error, int32_t pid, const char *path);
  void (*terminated)(void *self, uint64_t request, const hpr_termination *termination);
  /* `error` 0: delivered, else why not. NULL: nobody wants to know. */
  void (*signalled)(void *self, int32_t pid, hpr_signal signal, int error);
  /* Once for each end. NULL: nobody wants to know. */
  void (*ended)(void *self, const hpr_end *end);
  /* The registry is gone and uses nothing of its options any more. Comes once. */
  void (*closed)(void *self);
} hpr_host;

/*
 * What a host may read at any time instead of asking. All zero; the registry keeps it up to date
 * until it is closed.
 */
typedef struct hpr_board {
  uint32_t lookups;    /* counted up whenever hpr_registry_pid_of may answer differently */
  uint32_t size;       /* hpr_registry_size */
  hpr_filter tokens;   /* of a name that it has not hpr_registry_link_by_token finds no entry */
  hpr_filter sessions; /* the same for hpr_registry_pid_of */
} hpr_board;

typedef struct hpr_options {
  const char *pid_file;      /* absolute */
  hpr_process_ops process;   /* copied; what it points to must outlive the registry */
  const hpr_file_ops *files; /* must outlive the registry */
  hpr_host host;             /* copied */
  int32_t grace_ms;          /* 0 or more, or HPR_GRACE_NEVER */
  bool tree;                 /* kills take along all that a session has started, and so does an
                                agent that ends by itself */
  bool end_orphans;          /* what a server that has ended left is ended, and not taken over */
  int64_t orphan_max_age_ms; /* older orphans are ended in any case; 0 = HPR_ORPHAN_MAX_AGE_MS,
                                HPR_AGE_NEVER = none are */
  bool guest;                /* only looks at what others wrote: see hpr_registry_borrow */
  hpr_board *board;          /* must outlive the registry. NULL: nobody wants to know */
} hpr_options;

/* Touches no file yet. HPR_ENOMEM. */
int hpr_registry_open(const hpr_options *options, hpr_registry **ret_registry);

/*
 * Signals nothing, leaves the file as it is; waiting terminations end UNKNOWN. From a host's
 * callback it takes effect when that has returned: host.closed tells. NULL is a no-op.
 */
void hpr_registry_close(hpr_registry *registry);

/* --- tracking ------------------------------------------------------------------------------- */

typedef struct hpr_registration {
  int32_t pid; /* HPR_PID_MIN or more */
  const char *cwd;
  const char *token;       /* NULL or "" = none */
  int32_t keeper_pid;      /* 0 = none */
  const char *socket_path; /* NULL or "" = none */
  const char *goal;        /* NULL or "" = none */
  const char *fields;      /* the text of a JSON object; NULL = none */
  bool status_expected;    /* a child of ours: hpr_registry_child_exited will tell how it ended */
} hpr_registration;

/*
 * A process is about to be started with that token in its environment. Until one is registered
 * with it the file says so: if we die before, the next server takes that process over. HPR_ECLOSED,
 * HPR_ENOMEM, HPR_ETOOBIG (it does not fit into the file).
 */
int hpr_registry_announce(hpr_registry *registry, const char *token);

/*
 * Who registers a process wants it to live: an end that was asked for before, be it by a server
 * that has died since, is no longer asked for. HPR_EINVAL (a pid out of range, fields that no
 * reader of the file would accept), HPR_ECLOSED (it is
 * closing: from a report of that), HPR_ENOMEM, HPR_ETOOBIG (readers would refuse the file): nothing
 * was changed. A file that cannot be written
 * is no failure: it is reported, and written at the next chance.
 */
int hpr_registry_register(hpr_registry *registry, const hpr_registration *registration,
                          hpr_ticket *ret_ticket);

/*
 * The child of that ticket was reaped, or its emitter says so. `exit_code` may be
 * HPR_EXIT_CODE_NONE, `exit_signal` NULL. `may_wait`: the file may be written later, by
 * hpr_registry_flush or the next write. Old tickets are ignored.
 */
void hpr_registry_child_exited(hpr_registry *registry, hpr_ticket ticket, int exit_code,
                               const char *exit_signal, bool may_wait);

/* What hpr_process_ops announced on its own thread, in that order; call it on the registry's. */
void hpr_registry_watches_fired(hpr_registry *registry, const uint64_t watches[], size_t count);

/* The time that host.wake_in was told has come. */
void hpr_registry_timer_fired(hpr_registry *registry);

/* The pid that a ticket was given for; 0: its entry has gone. */
int32_t hpr_registry_registered_pid(const hpr_registry *registry, hpr_ticket ticket);

/* What host.folder_wanted has asked for. Old tickets are ignored. */
void hpr_registry_folder_told(hpr_registry *registry, hpr_ticket ticket, const hpr_folder_id *id);

/*
 * Writes what may wait for the next write, now; from a callback only if no exit is yet to be told:
 * if the program ends in it, the next server tells that one.
 */
void hpr_registry_flush(hpr_registry *registry);

/*
 * The same for a program that is about to end: what dead servers have left is the next one's, which
 * can tell of it.
 */
void hpr_registry_write_last(hpr_registry *registry);

/* Forgets a live entry without a signal. An ending one stays until it has ended. */
void hpr_registry_remove(hpr_registry *registry, int32_t pid);

/* --- sessions ------------------------------------------------------------------------------- */

/*
 * Each gives the session an entry that nobody holds, or that is held on weaker grounds which give
 * way; the session that had it has none then, and a warning names it. A session that proves an
 * entry loses the one that it had by its folder. Returns what the hold rests on now, HPR_LINK_NONE:
 * it was given none, also for texts that are empty and numbers that are no pid.
 */

/* The entry with that token. `pid`, the agent's, is learnt; 0 = not told. */
hpr_link hpr_registry_link_by_token(hpr_registry *registry, const char *token, const char *session,
                                    int32_t pid);
/* The entry registered under that pid, or whose agent has it, or whose process is its ancestor. */
hpr_link hpr_registry_link_by_pid(hpr_registry *registry, const char *session, int32_t pid);
/* The first unlinked entry of that folder. A guess: a warning says so where there are several. */
hpr_link hpr_registry_link_by_cwd(hpr_registry *registry, const char *session, const char *cwd);

/*
 * Of a keeper's entry pi's pid if known, else the registered one; of another the registered one
 * while it lives, else its agent's. 0: no such session.
 */
int32_t hpr_registry_pid_of(const hpr_registry *registry, const char *session);

/* What was registered as its goal; NULL: none, or no such session. Valid until the next call. */
const char *hpr_registry_goal_of(const hpr_registry *registry, const char *session);

/* --- keepers -------------------------------------------------------------------------------- */

/*
 * True if it matters who listens on the socket of a keeper with that pid, before it is attached or
 * (`adopts`) adopted.
 */
bool hpr_registry_wants_listener(const hpr_registry *registry, int32_t keeper_pid, bool adopts);

/*
 * Makes the entry under that pid a keeper's, if there is one and it has none, and teaches it its
 * agent's pid: pi_pid, or (0) the keeper's only child if its title or mark says agent. `listener`:
 * who provably listens on the socket; NULL: nobody can tell. False: the entry's process is not it,
 * and nothing was changed. A pid that nobody held when it was registered is answered as told.
 */
bool hpr_registry_attach_keeper(hpr_registry *registry, int32_t keeper_pid, const char *socket_path,
                                const hpr_identity *listener, int32_t pi_pid);

/* A keeper that was found alive. */
typedef struct hpr_adoption {
  int32_t keeper_pid;
  const char *socket_path;
  const char *cwd;              /* where it works; "" if nobody says */
  const hpr_identity *listener; /* who provably listens on the socket; NULL: nobody can tell */
  int64_t recorded_ms; /* when its pid was written down: a process that started later is another
                          one. INT64_MIN: not told */
  int64_t spawned_ms;  /* since 1970; INT64_MIN = unknown */
  int32_t pi_pid;      /* 0 = not known */
} hpr_adoption;

/*
 * Makes a keeper an entry if neither we nor another server's entry in the file knows it. One that
 * is not the listener is tracked and never signalled, even if it is our child, with a warning; it
 * may be proved later. A pi that is not its relative is left out. HPR_EINVAL (a pid out of range),
 * HPR_ENOMEM.
 */
int hpr_registry_adopt_keeper(hpr_registry *registry, const hpr_adoption *adoption);

/* Where to write a session's lines: valid until the next call. NULL: nowhere. */
const char *hpr_registry_socket_of(hpr_registry *registry, const char *session);

/* --- ending --------------------------------------------------------------------------------- */

/* How a caller names an entry; the first that is set counts. */
typedef struct hpr_target {
  const char *session, *token;
  int32_t pid;
} hpr_target;

/*
 * Sends SIGTERM, and SIGKILL after the grace time. Where no live entry has the name, all remainders
 * that have it are ended. True if a first signal was delivered.
 */
bool hpr_registry_kill(hpr_registry *registry, const hpr_target *target);

/*
 * The same with another first signal or grace time; `tree`: with all that the session has started,
 * see core/tree.h (if that is around us: HPR_OUTCOME_NOT_OURS, and nothing is done).
 * host.terminated is called once with `request` when all of the entry is gone, or nothing will end
 * it, perhaps before this returns. HPR_ENOMEM: it will not be called.
 */
int hpr_registry_terminate(hpr_registry *registry, const hpr_target *target, hpr_signal signal,
                           int32_t grace_ms, bool tree, uint64_t request);

/* Ends all and leaves the file as it is. */
void hpr_registry_kill_all(hpr_registry *registry);

/*
 * Ends all, and the file says so, so that the next server continues it. host.terminated is
 * called once for each that has to end, with `first_request` for the first in order and so on;
 * *ret_count says for how many. HPR_ENOMEM: some are not asked, and not counted.
 */
int hpr_registry_shutdown(hpr_registry *registry, int32_t grace_ms, bool tree,
                          uint64_t first_request, size_t *ret_count);

/*
 * Reports the ends that are under way to host.ended, as UNKNOWN: nobody will be there to see how
 * they end. They are not reported again.
 */
void hpr_registry_report_ends(hpr_registry *registry);

/* --- the file's orphans --------------------------------------------------------------------- */

/* Judges what servers that are gone have left in the file: takes over, ends, drops or keeps. */
void hpr_registry_cleanup_orphans(hpr_registry *registry);

/*
 * Looks whether the owners of others' entries live, where cleanup_orphans was called before, and
 * whether others can see that we do. Takes over what those who have ended left.
 */
void hpr_registry_look_at_owners(hpr_registry *registry);

/* --- guests --------------------------------------------------------------------------------- */

/*
 * A registry that was opened as a guest owns nothing and writes nothing, except in
 * hpr_registry_tidy and hpr_registry_forget. What it has borrowed can be looked at and ended,
 * through the same steps and by the same rules as an entry of its own; nothing else is to be asked
 * of it.
 */

/* Who looks after an entry of the file. */
typedef enum hpr_ownership {
  HPR_OWNER_UNNAMED,   /* the file does not say: the original module */
  HPR_OWNER_GONE,      /* a server that is provably gone */
  HPR_OWNER_LIVES,     /* a server that lives, or that cannot be told to be gone */
  HPR_OWNER_ELSEWHERE, /* a server of another host or pid namespace: nobody here can tell */
} hpr_ownership;

typedef struct hpr_borrowed {
  hpr_snapshot entry; /* as the file says; `session` is the last, `kin` that of `stands_for` */
  hpr_verdict
      verdict;        /* of the process `stands_for`; UNKNOWN too if its record cannot be trusted */
  int32_t stands_for; /* the registered process or, where that is gone and it is not, pi */
  bool can_forget;    /* hpr_registry_forget would drop it */
  bool can_end;       /* hpr_registry_terminate knows it by the pid `stands_for` */
  size_t leftovers;   /* processes that carry its token, though itself has gone */
  int32_t owner_pid;  /* 0 = unnamed */
  hpr_ownership owner;
  const char *refused; /* not NULL: the text of an entry that is none, and nothing else is set */
  size_t refused_size; /* bytes */
} hpr_borrowed;

/* It must not call the registry; what it is shown is valid during the call. */
typedef void (*hpr_borrow_visit)(void *context, const hpr_borrowed *it);

/*
 * Once: reads the file, judges all its entries, of every server, and borrows those that are there.
 * Behind them whom a dead server did not live to register, if it had announced it, as if it had.
 * The file may be damaged; then its whole entries are shown. Fails as hpr_pidfile_read does.
 */
int hpr_registry_borrow(hpr_registry *registry, hpr_borrow_visit visit, void *context,
                        bool *ret_damaged);

/* One proof of a process of an entry, for people; the words are valid for ever. */
typedef struct hpr_testimony {
  size_t row;        /* of all that hpr_registry_borrow shows, without those that are refused */
  const char *about; /* "registered", "agent", "keeper" or "owner" */
  int32_t pid;
  const char *proof, *said; /* see hpr_process_ops.explain and hpr_judge_explain; of an owner also
                               "lock" and, as process 1, "init": held, free, none */
} hpr_testimony;

typedef void (*hpr_testimony_visit)(void *context, const hpr_testimony *it);

/*
 * Reads the file and tells each proof of the entries that are registered under that pid, or have it
 * as their agent's. Fails as hpr_pidfile_read does.
 */
int hpr_registry_explain(hpr_registry *registry, int32_t pid, hpr_testimony_visit visit,
                         void *context);

/*
 * Drops the entries that are provably gone (GONE or STRANGER) and whose server is, too. The file is
 * written only if there are any. Fails as hpr_pidfile_sync does, or with HPR_EFORKED.
 */
int hpr_registry_tidy(hpr_registry *registry, size_t *ret_dropped);

/*
 * Drops the entries of other hosts, pid namespaces and users whose owner is not proved to live, and
 * the tokens that such owners have announced. It is for a person to say that they are of no use any
 * more; *ret_dropped counts the entries. Fails as hpr_registry_tidy does.
 */
int hpr_registry_forget(hpr_registry *registry, size_t *ret_dropped);

/* --- looking inside ------------------------------------------------------------------------- */

/* Live entries. */
size_t hpr_registry_size(const hpr_registry *registry);

/*
 * How many processes carry that token, of which no entry is live: what its session has left. Looks
 * at all processes, which takes milliseconds where there are hundreds. 0 too if it cannot be told.
 */
size_t hpr_registry_count_marked(const hpr_registry *registry, const char *token);

/*
 * Calls `visit` for every entry in order, ending ones included, with the command of a process that
 * runs, as it shows it now. It must not call the registry.
 */
void hpr_registry_each(const hpr_registry *registry,
                       void (*visit)(void *context, const hpr_snapshot *entry), void *context);

/* What there is, and how often something has happened since the registry was opened. */
typedef struct hpr_stats {
  size_t live, terminating, remainders;      /* entries by hpr_state */
  uint64_t delivered, gone, refused, failed; /* signals: gone = nobody was there any more */
  uint64_t adoptions; /* entries taken over: orphans, announced children, keepers */
  uint64_t refusals;  /* warnings that a process or an entry was not believed */
  uint64_t writes;    /* of the file */
  uint64_t write_failures;
  uint64_t exits; /* that were told */
} hpr_stats;

hpr_stats hpr_registry_stats(const hpr_registry *registry);

int32_t hpr_registry_grace_ms(const hpr_registry *registry);

#endif
