#include "platform/darwin/watch.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/event.h>
#include <time.h>
#include <unistd.h>

#include "platform/posix/errors.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

enum {
  PROBE_MS = 100, /* only for what kqueue cannot watch */
  BATCH = 64,     /* events taken from the kernel at once */
  WAKE = 1,       /* the EVFILT_USER event's number */
};

typedef struct item {
  uint64_t watch;
  hpr_identity identity;
  bool probed;
  bool group; /* what is left of the one that it led is probed */
  UT_hash_handle hh;
} item;

struct hpr_watcher {
  hpr_exit_notice notice;
  void *notice_context;
  hpr_watch_probe probe;
  const void *probe_context;
  int queue;
  pthread_t thread;
  pthread_mutex_t lock; /* guards what follows */
  item *items;          /* by watch */
  unsigned probed;
  bool closing;
};

/* --- the kernel's side ------------------------------------------------------------------------ */

static int change(const hpr_watcher *watcher, uintptr_t ident, int16_t filter, uint16_t flags,
                  uint32_t notes) {
  struct kevent event;
  EV_SET(&event, ident, filter, flags, notes, 0, NULL);
  int result;
  do result = kevent(watcher->queue, &event, 1, NULL, 0, NULL);
  while (result < 0 && errno == EINTR);
  return result < 0 ? hpr_error_from_errno(errno) : 0;
}

static void wake_up(const hpr_watcher *watcher) {
  change(watcher, WAKE, EVFILT_USER, 0, NOTE_TRIGGER);
}

/* One event serves all watches of a pid; adding it again changes nothing (kqueue(2)). */
static int arm(const hpr_watcher *watcher, int32_t pid) {
  return change(watcher, (uintptr_t)pid, EVFILT_PROC, EV_ADD | EV_ONESHOT, NOTE_EXIT);
}

static void disarm(const hpr_watcher *watcher, int32_t pid) {
  change(watcher, (uintptr_t)pid, EVFILT_PROC, EV_DELETE, 0);
}

/* --- the table, under the lock ---------------------------------------------------------------- */

static bool is_wanted(const hpr_watcher *watcher, int32_t pid) {
  for (const item *it = watcher->items; it; it = it->hh.next)
    if (!it->probed && it->identity.pid == pid) return true;
  return false;
}

static void release(hpr_watcher *watcher, item *it) {
  const int32_t pid = it->identity.pid;
  const bool probed = it->probed;
  /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): uthash frees nothing that it still reads */
  HASH_DEL(watcher->items, it);
  free(it);
  if (probed)
    watcher->probed--;
  else if (!is_wanted(watcher, pid))
    disarm(watcher, pid);
}

/* Takes the watch out; false if it was taken back in the meantime. */
static bool claim(hpr_watcher *watcher, uint64_t watch) {
  item *it;
  HASH_FIND(hh, watcher->items, &watch, sizeof watch, it);
  if (!it) return false;
  release(watcher, it);
  return true;
}

/* --- the thread ------------------------------------------------------------------------------- */

typedef bool (*hpr_item_test)(const hpr_watcher *watcher, const item *it, int32_t pid);

static bool has_exited(const hpr_watcher *watcher, const item *it, int32_t pid) {
  (void)watcher;
  return !it->probed && it->identity.pid == pid;
}

static bool is_gone(const hpr_watcher *watcher, const item *it, int32_t pid) {
  (void)pid;
  return it->probed && !watcher->probe(watcher->probe_context, &it->identity, it->group);
}

/* Takes one out for which the test holds. */
static bool claim_one(hpr_watcher *watcher, hpr_item_test test, int32_t pid, uint64_t *ret_watch) {
  bool found = false;
  pthread_mutex_lock(&watcher->lock);
  item *it, *next;
  HASH_ITER(hh, watcher->items, it, next) {
    if (!test(watcher, it, pid)) continue;
    *ret_watch = it->watch;
    release(watcher, it);
    found = true;
    break;
  }
  pthread_mutex_unlock(&watcher->lock);
  return found;
}

static void report_all(hpr_watcher *watcher, hpr_item_test test, int32_t pid) {
  for (uint64_t watch; claim_one(watcher, test, pid, &watch);)
    watcher->notice(watcher->notice_context, watch);
}

static bool is_closing(hpr_watcher *watcher, bool *ret_probing) {
  pthread_mutex_lock(&watcher->lock);
  bool closing = watcher->closing;
  *ret_probing = watcher->probed > 0;
  pthread_mutex_unlock(&watcher->lock);
  return closing;
}

static void *run(void *context) {
  hpr_watcher *watcher = context;
  struct kevent events[BATCH];
  const struct timespec probe_time = {.tv_nsec = PROBE_MS * 1000000L};
  bool probing = false;
  while (!is_closing(watcher, &probing)) {
    int count = kevent(watcher->queue, NULL, 0, events, BATCH, probing ? &probe_time : NULL);
    for (int i = 0; i < count; i++)
      if (events[i].filter == EVFILT_PROC)
        report_all(watcher, has_exited, (int32_t)events[i].ident);
    if (probing) report_all(watcher, is_gone, 0);
  }
  return NULL;
}

/* The thread must not take signals that are meant for Node's own threads. */
static int start_thread(hpr_watcher *watcher) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int number = pthread_create(&watcher->thread, NULL, run, watcher);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return number == 0 ? 0 : HPR_ENOMEM;
}

/* --- life ------------------------------------------------------------------------------------- */

/* Children do not inherit a kqueue (kqueue(2)), so it needs no close-on-exec. */
static int open_queue(hpr_watcher *watcher) {
  watcher->queue = kqueue();
  if (watcher->queue < 0) return hpr_error_from_errno(errno);
  return change(watcher, WAKE, EVFILT_USER, EV_ADD | EV_CLEAR, 0);
}

int hpr_watcher_open(hpr_exit_notice notice, void *notice_context, hpr_watch_probe probe,
                     const void *probe_context, hpr_watcher **ret_watcher) {
  hpr_watcher *watcher = calloc(1, sizeof *watcher);
  if (!watcher) return HPR_ENOMEM;
  watcher->notice = notice;
  watcher->notice_context = notice_context;
  watcher->probe = probe;
  watcher->probe_context = probe_context;
  pthread_mutex_init(&watcher->lock, NULL);
  int result = open_queue(watcher);
  if (result == 0) result = start_thread(watcher);
  if (result != 0) {
    if (watcher->queue >= 0) close(watcher->queue);
    pthread_mutex_destroy(&watcher->lock);
    free(watcher);
    return result;
  }
  *ret_watcher = watcher;
  return 0;
}

void hpr_watcher_close(hpr_watcher *watcher) {
  if (!watcher) return;
  pthread_mutex_lock(&watcher->lock);
  watcher->closing = true;
  pthread_mutex_unlock(&watcher->lock);
  wake_up(watcher);
  pthread_join(watcher->thread, NULL);
  item *it, *next;
  HASH_ITER(hh, watcher->items, it, next) release(watcher, it);
  close(watcher->queue);
  pthread_mutex_destroy(&watcher->lock);
  free(watcher);
}

/* In the table before in the kqueue: the thread may see the exit at once. */
static bool enter(hpr_watcher *watcher, item *it) {
  HASH_ADD(hh, watcher->items, watch, sizeof it->watch, it);
  if (!it->hh.tbl) return false;
  if (!it->probed && arm(watcher, it->identity.pid) != 0) it->probed = true;
  if (it->probed) watcher->probed++;
  return true;
}

int hpr_watcher_add(hpr_watcher *watcher, hpr_handle handle, const hpr_identity *identity,
                    hpr_verdict verdict, uint64_t watch) {
  (void)handle;
  item *it = malloc(sizeof *it);
  if (!it) return HPR_ENOMEM;
  *it = (item){
      .watch = watch,
      .identity = *identity,
      .probed = verdict != HPR_VERDICT_SAME,
      .group = verdict == HPR_VERDICT_GROUP,
  };
  pthread_mutex_lock(&watcher->lock);
  const bool entered = enter(watcher, it);
  const bool probing = entered && it->probed;
  pthread_mutex_unlock(&watcher->lock);
  if (probing) wake_up(watcher);
  if (entered) return 0;
  free(it);
  return HPR_ENOMEM;
}

bool hpr_watcher_remove(hpr_watcher *watcher, uint64_t watch) {
  pthread_mutex_lock(&watcher->lock);
  const bool found = claim(watcher, watch);
  pthread_mutex_unlock(&watcher->lock);
  return found;
}
