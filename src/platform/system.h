/* platform/system.h: what process.c asks of an operating system, or of a simulated one. */
#ifndef HPR_PLATFORM_SYSTEM_H
#define HPR_PLATFORM_SYSTEM_H

#include <stddef.h>

#include "platform/process.h"

/*
 * A descriptor or handle that stays with one process, whoever has its pid later. On Windows it
 * also keeps the pid from being reused.
 */
typedef intptr_t hpr_handle;
enum { HPR_NO_HANDLE = -1 };

enum { HPR_BOOT_ID_SIZE = 40 };

/* A kind of name that cannot be opened. Others are of file handles, below this number. */
enum { HPR_NAME_INODE = 0x1000 };

/* Where pids mean something: this boot of this host, these namespaces. */
typedef struct hpr_system_host {
  char boot_id[HPR_BOOT_ID_SIZE]; /* "" where the system does not tell it */
  int64_t booted_ms;              /* since 1970, by today's clock; 0: not told */
  bool boots_alike;    /* it is the host's id: with another, the host is another, not the boot */
  bool has_namespaces; /* births name theirs */
  uint64_t pid_namespace, time_namespace; /* 0 if it cannot be read, or there are none */
  int64_t clock_offset_ms; /* how far this namespace's clock is ahead of the boot's own */
} hpr_system_host;

/* What holds a pid at one moment. By the next the pid may be another's. */
typedef struct hpr_facts {
  bool dead;              /* a zombie without a living thread */
  bool dying;             /* killed, or on its way out, where the system tells: soon dead */
  bool kernel;            /* not a program; signals mean nothing to it */
  int32_t parent;         /* whom the system vouches for; 0: nobody that we can see */
  int32_t group, session; /* 0: the system has none */
  uint64_t start;         /* in the system's own unit; 0: not told, so another user's */
} hpr_facts;

/* What wait(2) would say. A child keeps its pid until it is reaped. */
typedef enum hpr_child_state {
  HPR_CHILD_RUNNING,
  HPR_CHILD_ENDED, /* a zombie that we have yet to reap */
  HPR_CHILD_NONE,  /* no child of ours has that pid */
} hpr_child_state;

/* Returns false if it has seen enough. */
typedef bool (*hpr_visit)(void *context, int32_t pid, const hpr_facts *facts);

/* What a process was started with; a program may change its command line later. */
typedef enum hpr_words {
  HPR_WORDS_COMMAND,
  HPR_WORDS_ENVIRONMENT, /* "NAME=value" */
} hpr_words;

typedef struct hpr_watcher hpr_watcher; /* each system has its own */

/*
 * Says whether a process that can only be watched by looking is still there; `group`: what is left
 * of the group that it led. On any thread.
 */
typedef bool (*hpr_watch_probe)(const void *context, const hpr_identity *identity, bool group);

/*
 * None of these proves anything beyond what it says: the checks are process.c's and found.c's.
 * HPR_ENOTSUP: not on this system, or withheld from us; everything is probed by calling it.
 */
typedef struct hpr_system {
  void (*host)(hpr_system_host *ret_host);
  int32_t (*self_pid)(void);
  int32_t (*own_group)(void);   /* 0: the system has no groups */
  int32_t (*own_session)(void); /* 0: nor sessions */

  /* --- by pid --- */

  /* HPR_ESRCH: not to be seen, which is no proof of death. HPR_EMFILE, HPR_EACCES, HPR_EUNKNOWN. */
  int (*look)(int32_t pid, hpr_facts *ret_facts);
  /* Its group without the other facts; -1: nobody, hidden, or no groups here. */
  int32_t (*group_of)(int32_t pid);
  /* Asks without reaping. */
  hpr_child_state (*child)(int32_t pid);
  /* All processes (group 0) or a group's, zombies included. HPR_EMFILE, HPR_EUNKNOWN: unread. */
  int (*visit)(int32_t group, hpr_visit visit, void *context);
  /* All processes, zombies included, with their groups alone. NULL: as dear as visit(). */
  int (*groups)(hpr_visit visit, void *context);
  /* True if both pids' holders run as one user. */
  bool (*same_user)(int32_t a, int32_t b);
  /* As whom it runs, if we are root and it is not; else 0. NULL: always 0. */
  uint32_t (*other_user)(int32_t pid);
  /*
   * Words, each ended by NUL; the caller frees them. HPR_ESRCH: not there, HPR_EACCES: another
   * user's, HPR_EUNKNOWN: about to start a program, HPR_ENOTSUP, HPR_EMFILE, HPR_ENOMEM,
   * HPR_ETOOBIG.
   */
  int (*words)(int32_t pid, hpr_words what, char **ret_words, size_t *ret_size);
  /* NULL: as look() names parents. Else 1 if pid may be an ancestor of ours, 0 if not, or an error.
   */
  int (*is_ancestor)(int32_t pid);
  /* Where it works; the caller frees it. HPR_ENOMEM, HPR_EUNKNOWN; NULL: not told here. */
  int (*folder)(int32_t pid, char **ret_path);
  /*
   * Signals the process, or the group of that pid. signum 0 only asks: a zombie may answer like
   * a living process. HPR_ESRCH: nobody, HPR_EACCES: exists and is not ours to signal.
   */
  int (*signal)(int32_t pid, int signum, bool group);

  /* --- by handle; a system that never gives one needs open() and reopen() alone --- */

  /* HPR_ESRCH: nobody, HPR_EINVAL: a thread, HPR_EACCES, HPR_EMFILE, HPR_ENOMEM, HPR_ENOTSUP. */
  int (*open)(int32_t pid, hpr_handle *ret_handle);
  /* Opens by a name that handle_name gave, in any process of this boot. HPR_ESRCH: gone for good.
   */
  int (*reopen)(const hpr_birth *named, hpr_handle *ret_handle);
  void (*close)(hpr_handle handle);
  /* Those from here on are one too many to be kept. NULL: none is. */
  hpr_handle (*handle_limit)(void);
  /* Another handle of the same process; NULL: there is no need. HPR_EMFILE. */
  int (*copy)(hpr_handle handle, hpr_handle *ret_copy);
  /* Its name, and of which kind that is; of the birth nothing else is written. */
  int (*handle_name)(hpr_handle handle, hpr_birth *birth);
  /*
   * The pid that it holds, a zombie's too; `ret_ours`: it surely runs as our user, so that we
   * may signal it. HPR_ESRCH: none any more.
   */
  int (*handle_pid)(hpr_handle handle, int32_t *ret_pid, bool *ret_ours);
  /* False if it has ended, or if the system would not say. */
  bool (*handle_runs)(hpr_handle handle);
  /* As signal(). The group is the one that it leads, even if it was itself reaped. */
  int (*handle_signal)(hpr_handle handle, int signum, bool group);

  /* True if calls for handles are refused; NULL: never, or there are none. */
  bool (*withheld)(void);

  /* --- signals, clocks --- */

  int (*signum_of)(hpr_signal signal);
  int wake_signum;                       /* lets a stopped process go on */
  int64_t (*started_ms)(uint64_t start); /* since 1970, by today's clock */
  int64_t (*now_ms)(void);
  int64_t (*clock_ms)(void);
  int64_t (*boot_ms)(void);
  uint64_t (*nonce)(void);

  /* --- watching --- */

  /* Starts to wait for exits on a thread of its own. HPR_ENOMEM, HPR_EMFILE. */
  int (*watcher_open)(hpr_exit_notice notice, void *notice_context, hpr_watch_probe probe,
                      const void *probe_context, hpr_watcher **ret_watcher);
  /* No notice comes after this returns. NULL is a no-op. */
  void (*watcher_close)(hpr_watcher *watcher);
  /*
   * Gives one notice when the process behind take_handle exits; it is the watcher's from here on,
   * also on failure. Without a handle the identity is probed ten times a second, for a group if the
   * verdict of it was GROUP, or, if it was SAME, its pid is watched, which does not tell of an
   * exit before this call.
   * HPR_ENOMEM, HPR_EMFILE, HPR_ENOTSUP.
   */
  int (*watcher_add)(hpr_watcher *watcher, hpr_handle take_handle, const hpr_identity *identity,
                     hpr_verdict verdict, uint64_t watch);
  /* Takes a watch back. False: there is none of that number, or its notice is on its way. */
  bool (*watcher_remove)(hpr_watcher *watcher, uint64_t watch);
} hpr_system;

/* The one that this program runs on. */
const hpr_system *hpr_system_native(void);

/* Opens the processes of `system`, which must outlive them; otherwise as hpr_process_native_open.
 */
int hpr_process_open(const hpr_system *system, hpr_exit_notice notice, void *context,
                     hpr_process_ops *ret_ops);

#endif
