#include "platform/linux/watch.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "platform/linux/pidfd.h"
#include "platform/posix/errors.h"
#include "platform/posix/pids.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

enum {
  REAPED_MS = 3,      /* within which Node reaps its own children */
  PROBE_MS = 100,     /* only for processes that no descriptor could be had for */
  BATCH = 64,         /* exits taken from the kernel at once */
  WAKE = UINT64_C(0), /* the eventfd's number; watches start at 1 */
};

typedef struct item {
  uint64_t watch;
  int fd;     /* -1: probed */
  bool group; /* what is left of the one that it led is probed */
  hpr_identity identity;
  UT_hash_handle hh;
} item;

struct hpr_watcher {
  hpr_exit_notice notice;
  void *notice_context;
  hpr_watch_probe probe;
  const void *probe_context;
  int epoll, wake;
  pthread_t thread;
  pthread_mutex_t lock; /* guards what follows */
  item *items;          /* by watch */
  unsigned probed;      /* how many of them have no descriptor */
  bool closing;
};

static void wake_up(hpr_watcher *watcher) {
  uint64_t one = 1;
  while (write(watcher->wake, &one, sizeof one) < 0 && errno == EINTR) {}
}

/*
 * Closing alone would not take the descriptor out of the epoll set while a fork of the server
 * holds a copy, epoll(7), and the thread would spin.
 */
static void release(hpr_watcher *watcher, item *it) {
  /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): uthash frees nothing that it still reads */
  HASH_DEL(watcher->items, it);
  if (it->fd >= 0) {
    epoll_ctl(watcher->epoll, EPOLL_CTL_DEL, it->fd, NULL);
    close(it->fd);
  } else {
    watcher->probed--;
  }
  free(it);
}

/* Takes the watch out; false if it was taken back in the meantime. */
static bool claim(hpr_watcher *watcher, uint64_t watch) {
  item *it;
  HASH_FIND(hh, watcher->items, &watch, sizeof watch, it);
  if (!it) return false;
  release(watcher, it);
  return true;
}

static void report(hpr_watcher *watcher, uint64_t watch) {
  pthread_mutex_lock(&watcher->lock);
  bool claimed = claim(watcher, watch);
  pthread_mutex_unlock(&watcher->lock);
  if (claimed) watcher->notice(watcher->notice_context, watch);
}

/* Finds one probed process that is gone; false if all are there. */
static bool find_gone(hpr_watcher *watcher, uint64_t *ret_watch) {
  bool found = false;
  pthread_mutex_lock(&watcher->lock);
  item *it, *next;
  HASH_ITER(hh, watcher->items, it, next) {
    if (it->fd >= 0 || watcher->probe(watcher->probe_context, &it->identity, it->group)) continue;
    *ret_watch = it->watch;
    found = true;
    break;
  }
  pthread_mutex_unlock(&watcher->lock);
  return found;
}

static bool is_closing(hpr_watcher *watcher, bool *ret_probing) {
  pthread_mutex_lock(&watcher->lock);
  bool closing = watcher->closing;
  *ret_probing = watcher->probed > 0;
  pthread_mutex_unlock(&watcher->lock);
  return closing;
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
  item *it;
  pthread_mutex_lock(&watcher->lock);
  HASH_FIND(hh, watcher->items, &watch, sizeof watch, it);
  const bool proves = it && it->fd >= 0 && !it->group && reaches_groups(it->fd);
  const int32_t pid = proves ? it->identity.pid : 0;
  pthread_mutex_unlock(&watcher->lock);
  return pid != 0 && hpr_pids_child(pid) == HPR_CHILD_ENDED;
}

static void drain(int wake) {
  uint64_t count;
  while (read(wake, &count, sizeof count) < 0 && errno == EINTR) {}
}

/*
 * Before a zombie is reaped nobody can tell whether it has left a group without a look at all
 * processes. Whoever is taken back meanwhile, because Node has told it, is not reported.
 */
static void report_all(hpr_watcher *watcher, struct epoll_event events[], int count) {
  int late = 0;
  for (int i = 0; i < count; i++) {
    const uint64_t watch = events[i].data.u64;
    if (watch == WAKE)
      drain(watcher->wake);
    else if (awaits_node(watcher, watch))
      events[late++].data.u64 = watch;
    else
      report(watcher, watch);
  }
  if (late > 0) nanosleep(&(struct timespec){.tv_nsec = REAPED_MS * 1000000L}, NULL);
  for (int i = 0; i < late; i++) report(watcher, events[i].data.u64);
}

static void *run(void *context) {
  hpr_watcher *watcher = context;
  struct epoll_event events[BATCH];
  bool probing = false;
  while (!is_closing(watcher, &probing)) {
    int count = epoll_wait(watcher->epoll, events, BATCH, probing ? PROBE_MS : -1);
    report_all(watcher, events, count);
    for (uint64_t watch; probing && find_gone(watcher, &watch);) report(watcher, watch);
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

static int open_descriptors(hpr_watcher *watcher) {
  watcher->epoll = epoll_create1(EPOLL_CLOEXEC);
  watcher->wake = eventfd(0, EFD_CLOEXEC);
  if (watcher->epoll < 0 || watcher->wake < 0) return hpr_error_from_errno(errno);
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = WAKE};
  return epoll_ctl(watcher->epoll, EPOLL_CTL_ADD, watcher->wake, &event) == 0
             ? 0
             : hpr_error_from_errno(errno);
}

static void close_descriptors(const hpr_watcher *watcher) {
  if (watcher->epoll >= 0) close(watcher->epoll);
  if (watcher->wake >= 0) close(watcher->wake);
}

int hpr_watcher_open(hpr_exit_notice notice, void *notice_context, hpr_watch_probe probe,
                     const void *probe_context, hpr_watcher **ret_watcher) {
  hpr_watcher *watcher = calloc(1, sizeof *watcher);
  if (!watcher) return HPR_ENOMEM;
  watcher->notice = notice;
  watcher->notice_context = notice_context;
  watcher->probe = probe;
  watcher->probe_context = probe_context;
  watcher->epoll = watcher->wake = -1;
  pthread_mutex_init(&watcher->lock, NULL);
  int result = open_descriptors(watcher);
  if (result == 0) result = start_thread(watcher);
  if (result != 0) {
    close_descriptors(watcher);
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
  close_descriptors(watcher);
  pthread_mutex_destroy(&watcher->lock);
  free(watcher);
}

/* In the table before in the epoll set: the thread may see the exit at once. */
static bool enter(hpr_watcher *watcher, item *it) {
  HASH_ADD(hh, watcher->items, watch, sizeof it->watch, it);
  if (!it->hh.tbl) return false;
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = it->watch};
  if (it->fd >= 0 && epoll_ctl(watcher->epoll, EPOLL_CTL_ADD, it->fd, &event) != 0) {
    /* ENOSPC: max_user_watches of epoll(7) is reached. Probing needs neither. */
    close(it->fd);
    it->fd = -1;
  }
  if (it->fd < 0) watcher->probed++;
  return true;
}

int hpr_watcher_add(hpr_watcher *watcher, hpr_handle take_pidfd, const hpr_identity *identity,
                    hpr_verdict verdict, uint64_t watch) {
  const int fd = (int)take_pidfd;
  item *it = malloc(sizeof *it);
  if (!it) {
    if (fd >= 0) close(fd);
    return HPR_ENOMEM;
  }
  const bool group = verdict == HPR_VERDICT_GROUP;
  *it = (item){.watch = watch, .fd = fd, .group = group, .identity = *identity};
  pthread_mutex_lock(&watcher->lock);
  const bool entered = enter(watcher, it);
  const bool probing = entered && it->fd < 0;
  pthread_mutex_unlock(&watcher->lock);
  if (probing) wake_up(watcher);
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
