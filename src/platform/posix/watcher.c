#include "platform/watcher.h"

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "platform/posix/queue.h"

enum { PROBE_MS = 100 }; /* only for those that the kernel cannot watch */

/* --- the list, under the lock ----------------------------------------------------------------- */

static void release(hpr_watcher *watcher, hpr_watched *it) {
  /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): uthash frees nothing that it still reads */
  HASH_DEL(watcher->list, it);
  if (it->probed)
    watcher->probed--;
  else
    hpr_queue_remove(watcher, it);
  free(it);
}

/* Takes the watch out; false if it was taken back in the meantime. */
static bool claim(hpr_watcher *watcher, uint64_t watch) {
  hpr_watched *it;
  HASH_FIND(hh, watcher->list, &watch, sizeof watch, it);
  if (!it) return false;
  release(watcher, it);
  return true;
}

/* In the list before in the queue: the thread may see the exit at once. */
static bool enter(hpr_watcher *watcher, hpr_watched *it) {
  HASH_ADD(hh, watcher->list, watch, sizeof it->watch, it);
  if (!it->hh.tbl) return false;
  it->probed = !hpr_queue_add(watcher, it);
  if (it->probed) watcher->probed++;
  return true;
}

/* --- the thread ------------------------------------------------------------------------------- */

void hpr_watcher_report(hpr_watcher *watcher, uint64_t watch) {
  const bool claimed = hpr_watcher_remove(watcher, watch);
  if (claimed) watcher->notice(watcher->notice_context, watch);
}

static bool is_gone(const hpr_watcher *watcher, const hpr_watched *it) {
  const bool group = it->verdict == HPR_VERDICT_GROUP;
  return it->probed && !watcher->probe(watcher->probe_context, &it->identity, group);
}

/* False if all that are probed are there. */
static bool find_gone(hpr_watcher *watcher, uint64_t *ret_watch) {
  pthread_mutex_lock(&watcher->lock);
  hpr_watched *it = watcher->list;
  while (it && !is_gone(watcher, it)) it = it->hh.next;
  if (it) *ret_watch = it->watch;
  pthread_mutex_unlock(&watcher->lock);
  return it != NULL;
}

static bool is_closing(hpr_watcher *watcher, bool *ret_probing) {
  pthread_mutex_lock(&watcher->lock);
  const bool closing = watcher->closing;
  *ret_probing = watcher->probed > 0;
  pthread_mutex_unlock(&watcher->lock);
  return closing;
}

static void *run(void *context) {
  hpr_watcher *watcher = context;
  bool probing = false;
  while (!is_closing(watcher, &probing)) {
    hpr_queue_wait(watcher, probing ? PROBE_MS : -1);
    for (uint64_t watch; probing && find_gone(watcher, &watch);) hpr_watcher_report(watcher, watch);
  }
  return NULL;
}

/* The thread must not take signals that are meant for Node's own threads. */
static int start_thread(hpr_watcher *watcher) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const int number = pthread_create(&watcher->thread, NULL, run, watcher);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return number == 0 ? 0 : HPR_ENOMEM;
}

/* --- life ------------------------------------------------------------------------------------- */

static void free_watcher(hpr_watcher *watcher) {
  hpr_queue_close(watcher);
  pthread_mutex_destroy(&watcher->lock);
  free(watcher);
}

int hpr_watcher_open(hpr_exit_notice notice, void *notice_context, hpr_watch_probe probe,
                     const void *probe_context, hpr_watcher **ret_watcher) {
  hpr_watcher *watcher = calloc(1, sizeof *watcher);
  if (!watcher) return HPR_ENOMEM;
  watcher->notice = notice;
  watcher->notice_context = notice_context;
  watcher->probe = probe;
  watcher->probe_context = probe_context;
  watcher->queue = watcher->wake = -1;
  pthread_mutex_init(&watcher->lock, NULL);
  int result = hpr_queue_open(watcher);
  if (result == 0) result = start_thread(watcher);
  if (result == 0)
    *ret_watcher = watcher;
  else
    free_watcher(watcher);
  return result;
}

void hpr_watcher_close(hpr_watcher *watcher) {
  if (!watcher) return;
  pthread_mutex_lock(&watcher->lock);
  watcher->closing = true;
  pthread_mutex_unlock(&watcher->lock);
  hpr_queue_wake(watcher);
  pthread_join(watcher->thread, NULL);
  hpr_watched *it, *next;
  HASH_ITER(hh, watcher->list, it, next) release(watcher, it);
  free_watcher(watcher);
}

int hpr_watcher_add(hpr_watcher *watcher, hpr_handle take_handle, const hpr_identity *identity,
                    hpr_verdict verdict, uint64_t watch) {
  const int fd = (int)take_handle;
  hpr_watched *it = malloc(sizeof *it);
  bool entered = false, probed = false;
  if (it) {
    *it = (hpr_watched){.watch = watch, .identity = *identity, .verdict = verdict, .fd = fd};
    pthread_mutex_lock(&watcher->lock);
    entered = enter(watcher, it);
    probed = entered && it->probed;
    pthread_mutex_unlock(&watcher->lock);
  }
  if (probed) hpr_queue_wake(watcher);
  if (entered) return 0;
  if (fd >= 0) close(fd);
  free(it);
  return HPR_ENOMEM;
}

bool hpr_watcher_remove(hpr_watcher *watcher, uint64_t watch) {
  pthread_mutex_lock(&watcher->lock);
  const bool found = claim(watcher, watch);
  pthread_mutex_unlock(&watcher->lock);
  return found;
}
