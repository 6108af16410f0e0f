/* platform/process.h: what the core may ask an operating system about processes. */
#ifndef HPR_PLATFORM_PROCESS_H
#define HPR_PLATFORM_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum {
  HPR_PID_MIN = 2,          /* 1 is init; 0 and negative numbers address groups */
  HPR_PID_MAX = 2147483647, /* the widest pid_t; no system gives out larger ones */
  HPR_MARK_LONG = 16,       /* bytes of a token that nobody has by accident */
};

/* True for a pid that a process of ours may have. */
bool hpr_is_pid(int32_t pid);

/* What is known about who held the pid when it was recorded. */
typedef enum hpr_record_state {
  HPR_RECORD_NONE,   /* nothing was ever recorded (the original module's files) */
  HPR_RECORD_KNOWN,  /* boot and birth say exactly who */
  HPR_RECORD_NOBODY, /* the pid was free, or a zombie's: whoever holds it later is a stranger */
  HPR_RECORD_OPAQUE, /* somebody held it, but the system would not tell who */
} hpr_record_state;

typedef enum hpr_boot_form {
  HPR_BOOT_NONE,  /* nothing was recorded */
  HPR_BOOT_ID,    /* the kernel's own id */
  HPR_BOOT_HOST,  /* the host's, where its boots have none */
  HPR_BOOT_NONCE, /* the system told none: a number that only its writer has */
} hpr_boot_form;

/* Which boot: births compare only within one. All zero: none. Its text is identity.h's. */
typedef struct hpr_boot {
  uint64_t id[2];
  int64_t began_ms; /* since 1970, by the clock of the one who wrote it; 0 = not told */
  uint8_t form;     /* an hpr_boot_form */
  bool upper;       /* its text has upper-case letters */
} hpr_boot;

typedef enum hpr_birth_form {
  HPR_BIRTH_NONE,  /* nothing was recorded */
  HPR_BIRTH_PLAIN, /* of a system without namespaces */
  HPR_BIRTH_FULL,
  HPR_BIRTH_ODD, /* a text that no version so far has written; its hash is in `start` */
} hpr_birth_form;

/*
 * Unique for a pid within one boot: when it began and, where the kernel has names that it never
 * gives twice in a boot, its name. All zero: none. Its text is identity.h's.
 */
typedef struct hpr_birth {
  uint64_t start; /* in the system's own unit; compares only within one time namespace */
  uint64_t name;
  uint32_t pid_namespace, time_namespace; /* 0 = not told */
  uint16_t name_kind;                     /* only names of one kind compare; 0 = no name */
  uint8_t form;                           /* an hpr_birth_form */
} hpr_birth;

/*
 * Who a pid was. Pids are reused, so birth must match too. Boot and birth are made by identify()
 * and judged by verify() of the same system; they survive being stored in a file.
 */
typedef struct hpr_identity {
  int32_t pid;   /* HPR_PID_MIN or more; 0 = unset */
  uint8_t state; /* an hpr_record_state */
  bool kin;      /* a relative when it was recorded; false = never signalled */
  hpr_boot boot;
  hpr_birth birth;
} hpr_identity;

/*
 * True if both stand for the same process, by whichever registry each was recorded; what is known
 * of its kinship does not count.
 */
bool hpr_identity_equal(const hpr_identity *a, const hpr_identity *b);

/* The same for two births of one pid and boot; one that is not known is equal to itself alone. */
bool hpr_birth_equal(const hpr_birth *a, const hpr_birth *b);

/* Is the recorded process still there? "Cannot tell" is an answer of its own. */
typedef enum hpr_verdict {
  HPR_VERDICT_SAME,      /* the very process that was recorded */
  HPR_VERDICT_GROUP,     /* it is gone, its process group provably is not */
  HPR_VERDICT_GONE,      /* nobody, or a zombie */
  HPR_VERDICT_STRANGER,  /* another process holds the pid */
  HPR_VERDICT_NOT_HERE,  /* not of this boot: gone, unless other hosts share the record's file */
  HPR_VERDICT_ELSEWHERE, /* another host's or pid namespace's: nobody here can tell */
  HPR_VERDICT_FOREIGN,   /* there, and another user's */
  HPR_VERDICT_UNKNOWN,   /* could not be determined (no /proc, no descriptor left, …) */
} hpr_verdict;

/* True for GONE and STRANGER: the recorded process has provably ended, and left no group. */
bool hpr_verdict_is_gone(hpr_verdict verdict);

/* Signals by name, because the numbers differ between systems. */
typedef enum hpr_signal {
  HPR_SIGNAL_TERM,
  HPR_SIGNAL_KILL,
  HPR_SIGNAL_INT,
  HPR_SIGNAL_HUP,
  HPR_SIGNAL_QUIT,
  HPR_SIGNAL_STOP, /* only right before HPR_SIGNAL_KILL; not on Windows */
} hpr_signal;

/* Whom a signal is for. */
typedef enum hpr_scope {
  HPR_SCOPE_PROCESS, /* this process alone, whatever it leads */
  HPR_SCOPE_GROUP,   /* the group that it leads (or, verdict GROUP, led); where none, itself */
} hpr_scope;

/* One step of a line of descent, as the system tells it at one moment: no proof of who they are. */
typedef struct hpr_ancestor {
  int32_t pid;
  int32_t group, session; /* 0: none, or our own */
} hpr_ancestor;

/* One process as a pass over all of them saw it: no proof of who it is. */
typedef struct hpr_seen {
  int32_t pid, parent;
  int32_t group, session; /* 0: none, or our own */
} hpr_seen;

/* Where a number stands in a list that is in the order of numbers; SIZE_MAX: it does not. */
size_t hpr_seen_find(const hpr_seen *list, size_t count, int32_t pid);

enum { HPR_LINEAGE_MAX = 256 }; /* a longer line is one that we do not trust */

/* Does a process carry a token in the environment that its program was started with? */
typedef enum hpr_mark {
  HPR_MARK_CARRIED,
  HPR_MARK_ABSENT,
  HPR_MARK_UNKNOWN, /* cannot be told: another user's, gone, a mark of our own, or Windows */
} hpr_mark;

/*
 * Called on the watching thread, once a watch, when its process is gone; of a child of this process
 * up to 3 ms later, so that whoever reaps it can tell first. Must not block.
 */
typedef void (*hpr_exit_notice)(void *context, uint64_t watch);

/* One proof of an identity, and what it said: words for people, valid for ever. */
typedef void (*hpr_proof_visit)(void *context, const char *proof, const char *said);

/*
 * One operating system, or a simulated one. Every function is called on the registry's thread,
 * none blocks, and none but signal() and signal_group() signals.
 */
typedef struct hpr_process_ops {
  void *self;

  /*
   * Around a call from outside: between the two each process is opened once, and our own ancestors
   * are read once. What is asked outside of them is told all the same.
   */
  void (*begin)(void *self);
  void (*end)(void *self);

  /*
   * Records who holds `pid` now, with `kin` set if it is a descendant of this process
   * (family == NULL) or, for a pid that somebody reported, a descendant of `family` or a member
   * of the group or session that family leads (never of our own). Who is no kin has no kin.
   * Always fills *ret_identity, with the state that could be found. Never fails.
   */
  void (*identify)(void *self, int32_t pid, const hpr_identity *family, hpr_identity *ret_identity);

  /*
   * The same for a pid of which only the time of recording is known, in milliseconds since 1970.
   * While our process lived nobody else could hold its pid, so a holder that started at most 5
   * seconds after that time is it (KNOWN and kin), and a later one is a stranger (NOBODY).
   */
  void (*identify_recorded)(void *self, int32_t pid, int64_t recorded_ms,
                            hpr_identity *ret_identity);

  /* Judges a recorded identity against the system as it is now. */
  hpr_verdict (*verify)(void *self, const hpr_identity *identity);

  /*
   * The same for one whose exit was noticed before begin(): what is left of the groups of all of
   * them is told by one look.
   */
  hpr_verdict (*verify_ended)(void *self, const hpr_identity *identity);

  /*
   * True if the recorded process itself has provably ended, also where verify() cannot tell whether
   * the group of its pid that lives is its own.
   */
  bool (*has_ended)(void *self, const hpr_identity *identity);

  /*
   * Tells each proof of an identity by itself, as far as there is anything to tell: "record"
   * (known, none, nobody, opaque), "boot" (same, likely, other, unknown, unrecorded), "number"
   * (held, free), "process" (runs, dead, hidden), "user" (ours, another), "namespace" (same, other,
   * unknown), "name" (same, other, gone, unrecorded, unavailable), "start" (same, other, hidden,
   * incomparable), "group" (leads, members, none), "kin" (yes, no). For people: verify() decides.
   */
  void (*explain)(void *self, const hpr_identity *identity, hpr_proof_visit visit, void *context);

  /*
   * For one that is known to be of this boot: names it as this registry does, unless it has the id
   * of another. Where the system tells no boot id, only what a registry has named itself is surely
   * of this boot.
   */
  void (*renew)(void *self, hpr_identity *identity);

  /*
   * The only way a signal leaves this program, beside signal_group(). Verifies, then signals whom
   * the scope says; wakes who is stopped so that a request to end can reach it. Returns 0 if a
   * signal was delivered, or HPR_ESRCH, HPR_ESTRANGER, HPR_EFOREIGN, HPR_EUNKNOWN, HPR_EFORBIDDEN,
   * HPR_ENOTKIN, HPR_EFORKED, HPR_ENOTSUP (HPR_SIGNAL_STOP where nobody can be stopped).
   */
  int (*signal)(void *self, const hpr_identity *identity, hpr_signal signal, hpr_scope scope);

  /* True if it leads the group of its pid, or led it and members live. */
  bool (*leads)(void *self, const hpr_identity *identity);

  /*
   * Records the living descendants of `root`, itself and us left out, with its kin. Up to capacity;
   * ret_count says how many were written. 0 also if it is gone, ourselves, or an
   * ancestor of ours.
   * HPR_EUNKNOWN, HPR_EMFILE, HPR_ENOMEM: could not be told.
   */
  int (*descendants)(void *self, const hpr_identity *root, hpr_identity *ret_descendants,
                     size_t capacity, size_t *ret_count);

  /*
   * Records the living members (zombies are dead) of the group that `leader` leads or led, the
   * leader itself left out, with the leader's kin. Up to capacity; ret_count says how many were
   * written. 0 also if it led none or nobody is left; HPR_EUNKNOWN, HPR_EMFILE: could not be told.
   * For a leader that is gone (verdict GROUP, or a pid that the kernel still holds for the
   * group) the members are only recorded if the group is provably the one that it led. Our own
   * group has no members for us.
   */
  int (*members)(void *self, const hpr_identity *leader, hpr_identity *ret_members, size_t capacity,
                 size_t *ret_count);

  /*
   * True if the recorded process is itself (SAME) and still in the group of that pid: then the
   * pid is that group's, on every kernel.
   */
  bool (*is_member)(void *self, const hpr_identity *identity, int32_t group);

  /*
   * Signals the group of that pid, which `member`, a recorded member that still is one, proves.
   * Same forbidden targets (our own group never) and errors as signal(); HPR_ESTRANGER also if the
   * process is in another group.
   */
  int (*signal_group)(void *self, const hpr_identity *member, int32_t group, hpr_signal signal);

  /* True if it is ourselves or an ancestor of ours; false if it cannot be told. */
  bool (*is_around_us)(void *self, const hpr_identity *identity);

  /*
   * The process (first) and its ancestors, the nearest first, without ourselves, our ancestors and
   * all above them. HPR_ESRCH: not there, ourselves or an ancestor of ours. HPR_EUNKNOWN: it cannot
   * be told, or changed while it was read.
   */
  int (*lineage)(void *self, int32_t pid, hpr_ancestor ret_line[HPR_LINEAGE_MAX],
                 size_t *ret_count);

  /*
   * Does the recorded process carry that token? A token of HPR_MARK_LONG or more bytes counts as
   * the whole value of any variable; a shorter one as that of PI_DASHBOARD_SPAWN_TOKEN, unless
   * HEADLESS_PID_MARK is there too; that one's value is "<token>@<pid file>" and must name
   * `pid_file`. What we carry ourselves proves nothing about others: UNKNOWN.
   * Source: proc_pid_environ(5), sysctl(3) KERN_PROCARGS2.
   */
  hpr_mark (*mark)(void *self, const hpr_identity *identity, const char *token,
                   const char *pid_file);

  /*
   * The index of the first of those tokens that whoever has that pid carries, as mark() tells;
   * `count` if none, or if that can never be told; SIZE_MAX if it cannot be told at this moment:
   * it has gone, or is about to start a program. No proof of anything: who it is was not asked,
   * nor whether we carry it ourselves.
   */
  size_t (*marked)(void *self, int32_t pid, const char *const tokens[], size_t count,
                   const char *pid_file);

  /*
   * All processes that run, without the kernel's own, in the order of their pids; the caller
   * frees the list. HPR_EMFILE, HPR_ENOMEM, HPR_EUNKNOWN: the system shows none.
   */
  int (*list)(void *self, hpr_seen **ret_list, size_t *ret_count);

  /* True if both are themselves and run as one user; on Windows always. */
  bool (*same_user)(void *self, const hpr_identity *a, const hpr_identity *b);

  /*
   * The user as whom it runs, if that is another one's whom we may signal all the same: we are
   * root, and it is not. 0: none, or not told.
   */
  uint32_t (*other_user)(void *self, const hpr_identity *identity);

  /*
   * The words of its command line, each ended by NUL, as the process shows them now; the caller
   * frees them. HPR_ESRCH: it is not SAME. HPR_ENOTSUP, HPR_EACCES, HPR_EMFILE, HPR_ENOMEM.
   */
  int (*command)(void *self, const hpr_identity *identity, char **ret_words, size_t *ret_size);

  /*
   * Asks for one notice when the process (or, for GROUP, one of its members) is gone. `watch` is
   * the caller's number for it, unique in this registry. Returns HPR_ESRCH if nothing is left to
   * wait for (a zombie is dead), HPR_ENOMEM, HPR_EMFILE or HPR_ENOTSUP if the system cannot watch,
   * HPR_EFORKED. What failed for lack of something is tried anew by the next call. HPR_EPOLLED: it
   * is watched, but the notice may be a tenth of a second late. `ret_verdict` is written if it is
   * watched: what it was found to be, as verify() tells.
   */
  int (*watch)(void *self, const hpr_identity *identity, uint64_t watch, hpr_verdict *ret_verdict);

  /* Takes a watch back; a notice that is under way may still come. Unknown numbers are ignored. */
  void (*unwatch)(void *self, uint64_t watch);

  /*
   * Where a living process works now; the caller frees it. HPR_ESRCH, HPR_ENOMEM; HPR_ENOTSUP,
   * HPR_EACCES, HPR_EUNKNOWN: not told.
   */
  int (*folder)(void *self, const hpr_identity *identity, char **ret_path);

  /* Milliseconds since a living process started, suspend included; -1: not told. */
  int64_t (*age_ms)(void *self, const hpr_identity *identity);

  /*
   * Milliseconds since the moment that the identity's recorder knew as `boot_ms`, see below; -1:
   * not told, it was another boot or another time namespace.
   */
  int64_t (*since_ms)(void *self, const hpr_identity *identity, int64_t boot_ms);

  /*
   * True if the kernel, or a filter of system calls, withholds what this system's guarantees rest
   * on: between a look and a signal, a pid may then pass to another process.
   */
  bool (*withheld)(void *self);

  /* This very process's pid; another pid in a child made by fork(). */
  int32_t (*self_pid)(void *self);

  /* Wall clock, in milliseconds since 1970-01-01 UTC. */
  int64_t (*now_ms)(void *self);

  /* For delays: milliseconds of a clock that is never set. */
  int64_t (*clock_ms)(void *self);

  /* Milliseconds since this boot, suspend included; for what is stored in a file. */
  int64_t (*boot_ms)(void *self);

  /* A number that nobody else has: 64 random bits. */
  uint64_t (*nonce)(void *self);
} hpr_process_ops;

/*
 * Opens this system's own implementation. `notice` is called with `context` on a thread of its
 * own, which starts with the first watch. Returns HPR_ENOMEM or HPR_EMFILE on failure.
 */
int hpr_process_native_open(hpr_exit_notice notice, void *context, hpr_process_ops *ret_ops);

/*
 * Closes what hpr_process_native_open() or system.h's hpr_process_open() has opened: stops the
 * thread (no notice comes after this returns) and releases everything.
 */
void hpr_process_native_close(hpr_process_ops *ops);

#endif
