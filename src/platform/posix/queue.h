/* platform/posix/queue.h: the kernel's side of watcher.c: epoll(7) on Linux, kqueue(2) on macOS. */
#ifndef HPR_PLATFORM_POSIX_QUEUE_H
#define HPR_PLATFORM_POSIX_QUEUE_H

#include <pthread.h>

#include "platform/watcher.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

typedef struct hpr_watched {
  uint64_t watch;
  hpr_identity identity;
  hpr_verdict verdict; /* when it was added; GROUP: what is left of the group that it led */
  int fd;              /* of the process to wait for; -1: none */
  bool probed;         /* the kernel does not tell of its end */
  UT_hash_handle hh;
} hpr_watched;

struct hpr_watcher {
  hpr_exit_notice notice;
  void *notice_context;
  hpr_watch_probe probe;
  const void *probe_context;
  int queue, wake; /* descriptors; -1: none */
  pthread_t thread;
  pthread_mutex_t lock; /* guards what follows */
  hpr_watched *list;    /* by watch */
  unsigned probed;      /* how many of them are */
  bool closing;
};

/* --- each system's ---------------------------------------------------------------------------- */

/* On failure what was opened is yet to be closed. HPR_EMFILE, HPR_ENOMEM. */
int hpr_queue_open(hpr_watcher *watcher);
void hpr_queue_close(const hpr_watcher *watcher);

/* Under the lock. False: the kernel cannot watch it; its descriptor, if any, is closed. */
bool hpr_queue_add(const hpr_watcher *watcher, hpr_watched *it);

/* Under the lock, of one that was added and is not in the list any more. */
void hpr_queue_remove(const hpr_watcher *watcher, const hpr_watched *it);

/* Waits for exits, for `most_ms` or (-1) without end, and reports them. */
void hpr_queue_wait(hpr_watcher *watcher, int most_ms);

/* Ends that waiting. */
void hpr_queue_wake(const hpr_watcher *watcher);

/* --- watcher.c's, for them -------------------------------------------------------------------- */

/* Gives the notice of that watch, unless it was taken back in the meantime. */
void hpr_watcher_report(hpr_watcher *watcher, uint64_t watch);

#endif
