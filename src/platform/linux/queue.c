#include "platform/posix/queue.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "platform/linux/pidfd.h"
#include "platform/posix/errors.h"
#include "platform/posix/pids.h"

enum {
  REAPED_MS = 3,      /* within which Node reaps its own children */
  BATCH = 64,         /* exits taken from the kernel at once */
  WAKE = UINT64_C(0), /* the eventfd's number; watches start at 1 */
};

static int set(const hpr_watcher *watcher, int fd, uint64_t number) {
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = number};
  return epoll_ctl(watcher->queue, EPOLL_CTL_ADD, fd, &event);
}

int hpr_queue_open(hpr_watcher *watcher) {
  watcher->queue = epoll_create1(EPOLL_CLOEXEC);
  watcher->wake = eventfd(0, EFD_CLOEXEC);
  const bool opened = watcher->queue >= 0 && watcher->wake >= 0;
  return opened && set(watcher, watcher->wake, WAKE) == 0 ? 0 : hpr_error_from_errno(errno);
}

void hpr_queue_close(const hpr_watcher *watcher) {
  if (watcher->queue >= 0) close(watcher->queue);
  if (watcher->wake >= 0) close(watcher->wake);
}

bool hpr_queue_add(const hpr_watcher *watcher, hpr_watched *it) {
  if (it->fd < 0) return false;
  if (set(watcher, it->fd, it->watch) == 0) return true;
  /* ENOSPC: max_user_watches of epoll(7) is reached. Probing needs neither. */
  close(it->fd);
  it->fd = -1;
  return false;
}

/*
 * Closing alone would not take the descriptor out of the epoll set while a fork of the server
 * holds a copy, epoll(7), and the thread would spin.
 */
void hpr_queue_remove(const hpr_watcher *watcher, const hpr_watched *it) {
  epoll_ctl(watcher->queue, EPOLL_CTL_DEL, it->fd, NULL);
  close(it->fd);
}

void hpr_queue_wake(const hpr_watcher *watcher) {
  uint64_t one = 1;
  while (write(watcher->wake, &one, sizeof one) < 0 && errno == EINTR) {}
}

static void drain(int wake) {
  uint64_t count;
  while (read(wake, &count, sizeof count) < 0 && errno == EINTR) {}
}

/* Linux 6.9; ESRCH: it leads no group. */
static bool reaches_groups(int fd) {
  const int result = hpr_pidfd_signal(fd, 0, true);
  return result == 0 || result == HPR_ESRCH;
}

/*
 * Our own child, whose exit Node tells as soon as it has fetched its status. Only where descriptors
 * reach groups: elsewhere nothing but the zombie proves the group that it leaves.
 */
static bool awaits_node(hpr_watcher *watcher, uint64_t watch) {
  hpr_watched *it;
  pthread_mutex_lock(&watcher->lock);
  HASH_FIND(hh, watcher->list, &watch, sizeof watch, it);
  const bool proves =
      it && it->fd >= 0 && it->verdict != HPR_VERDICT_GROUP && reaches_groups(it->fd);
  const int32_t pid = proves ? it->identity.pid : 0;
  pthread_mutex_unlock(&watcher->lock);
  return pid != 0 && hpr_pids_child(pid) == HPR_CHILD_ENDED;
}

/*
 * Before a zombie is reaped nobody can tell whether it has left a group without a look at all
 * processes. Whoever is taken back meanwhile, because Node has told it, is not reported.
 */
void hpr_queue_wait(hpr_watcher *watcher, int most_ms) {
  struct epoll_event events[BATCH];
  const int count = epoll_wait(watcher->queue, events, BATCH, most_ms);
  int late = 0;
  for (int i = 0; i < count; i++) {
    const uint64_t watch = events[i].data.u64;
    if (watch == WAKE)
      drain(watcher->wake);
    else if (awaits_node(watcher, watch))
      events[late++].data.u64 = watch;
    else
      hpr_watcher_report(watcher, watch);
  }
  if (late > 0) nanosleep(&(struct timespec){.tv_nsec = REAPED_MS * 1000000L}, NULL);
  for (int i = 0; i < late; i++) hpr_watcher_report(watcher, events[i].data.u64);
}
