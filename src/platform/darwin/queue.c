#include "platform/posix/queue.h"

#include <errno.h>
#include <sys/event.h>
#include <time.h>
#include <unistd.h>

#include "platform/posix/errors.h"

enum {
  BATCH = 64, /* events taken from the kernel at once */
  WAKE = 1,   /* the EVFILT_USER event's number */
};

static int change(const hpr_watcher *watcher, uintptr_t ident, int16_t filter, uint16_t flags,
                  uint32_t notes) {
  struct kevent event;
  EV_SET(&event, ident, filter, flags, notes, 0, NULL);
  int result;
  do result = kevent(watcher->queue, &event, 1, NULL, 0, NULL);
  while (result < 0 && errno == EINTR);
  return result < 0 ? hpr_error_from_errno(errno) : 0;
}

/* Children do not inherit a kqueue (kqueue(2)), so it needs no close-on-exec. */
int hpr_queue_open(hpr_watcher *watcher) {
  watcher->queue = kqueue();
  if (watcher->queue < 0) return hpr_error_from_errno(errno);
  return change(watcher, WAKE, EVFILT_USER, EV_ADD | EV_CLEAR, 0);
}

void hpr_queue_close(const hpr_watcher *watcher) {
  if (watcher->queue >= 0) close(watcher->queue);
}

/*
 * There are no descriptors of processes: the pid is watched, which does not do for a group without
 * its leader, or another user's process. One event serves all watches of a pid; adding it again
 * changes nothing (kqueue(2)).
 */
bool hpr_queue_add(const hpr_watcher *watcher, hpr_watched *it) {
  return it->verdict == HPR_VERDICT_SAME &&
         change(watcher, (uintptr_t)it->identity.pid, EVFILT_PROC, EV_ADD | EV_ONESHOT,
                NOTE_EXIT) == 0;
}

/* Under the lock; NULL: no watch waits for that pid. */
static const hpr_watched *find(const hpr_watcher *watcher, int32_t pid) {
  const hpr_watched *it = watcher->list;
  while (it && (it->probed || it->identity.pid != pid)) it = it->hh.next;
  return it;
}

void hpr_queue_remove(const hpr_watcher *watcher, const hpr_watched *it) {
  if (find(watcher, it->identity.pid)) return; /* another watch's, too */
  change(watcher, (uintptr_t)it->identity.pid, EVFILT_PROC, EV_DELETE, 0);
}

void hpr_queue_wake(const hpr_watcher *watcher) {
  change(watcher, WAKE, EVFILT_USER, 0, NOTE_TRIGGER);
}

static void report_all_of(hpr_watcher *watcher, int32_t pid) {
  const hpr_watched *it;
  do {
    pthread_mutex_lock(&watcher->lock);
    it = find(watcher, pid);
    const uint64_t watch = it ? it->watch : 0;
    pthread_mutex_unlock(&watcher->lock);
    if (it) hpr_watcher_report(watcher, watch);
  } while (it);
}

void hpr_queue_wait(hpr_watcher *watcher, int most_ms) {
  struct kevent events[BATCH];
  const struct timespec most = {.tv_nsec = most_ms * 1000000L};
  const int count = kevent(watcher->queue, NULL, 0, events, BATCH, most_ms >= 0 ? &most : NULL);
  for (int i = 0; i < count; i++)
    if (events[i].filter == EVFILT_PROC) report_all_of(watcher, (int32_t)events[i].ident);
}
