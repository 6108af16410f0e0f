/* kqueue(2), as far as src/platform/darwin/queue.c needs it, of epoll, pidfds and an eventfd. */
#include <errno.h>
#include <libproc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/event.h>
#include <sys/eventfd.h>
#include <sys/proc.h>
#include <sys/syscall.h>
#include <unistd.h>

/* One knote: a filter's interest in one number. */
typedef struct knote {
  int queue, fd;
  uintptr_t ident;
  int16_t filter;
  uint16_t flags;
  struct knote *next;
} knote;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static knote *knotes;

static knote **find(int queue, uintptr_t ident, int16_t filter) {
  knote **at = &knotes;
  while (*at && ((*at)->queue != queue || (*at)->ident != ident || (*at)->filter != filter))
    at = &(*at)->next;
  return at;
}

static void drop(knote **at) {
  knote *gone = *at;
  *at = gone->next;
  close(gone->fd); /* which takes it out of the epoll set */
  free(gone);
}

/* A zombie cannot be watched, kqueue(2): ESRCH. */
static int open_process(int pid) {
  struct proc_bsdshortinfo info;
  if (proc_pidinfo(pid, PROC_PIDT_SHORTBSDINFO, 0, &info, sizeof info) == 0) return -1;
  return (int)syscall(SYS_pidfd_open, pid, 0);
}

static int add(int queue, const struct kevent *change) {
  if (*find(queue, change->ident, change->filter)) return 0;
  const int fd = change->filter == EVFILT_PROC ? open_process((int)change->ident)
                                               : eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd < 0) return -1;
  knote *made = malloc(sizeof *made);
  *made = (knote){queue, fd, change->ident, change->filter, change->flags, knotes};
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  if (epoll_ctl(queue, EPOLL_CTL_ADD, fd, &event) != 0) abort();
  knotes = made;
  return 0;
}

static int change_one(int queue, const struct kevent *change) {
  if (change->flags & EV_ADD) return add(queue, change);
  knote **at = find(queue, change->ident, change->filter);
  if (!*at) return errno = ENOENT, -1;
  if (change->flags & EV_DELETE)
    drop(at);
  else if (change->fflags & NOTE_TRIGGER)
    eventfd_write((*at)->fd, 1);
  return 0;
}

/* One that was deleted after the kernel told of it gives no event. */
static bool take(int queue, int fd, struct kevent *ret_event) {
  knote **at = &knotes;
  while (*at && ((*at)->queue != queue || (*at)->fd != fd)) at = &(*at)->next;
  if (!*at) return false;
  *ret_event = (struct kevent){.ident = (*at)->ident, .filter = (*at)->filter};
  eventfd_t count;
  if ((*at)->flags & EV_ONESHOT)
    drop(at);
  else if ((*at)->flags & EV_CLEAR)
    eventfd_read(fd, &count);
  return true;
}

/* A queue is not inherited; here, at least not by other programs. */
int kqueue(void) {
  const int queue = epoll_create1(EPOLL_CLOEXEC);
  pthread_mutex_lock(&lock);
  for (knote **at = &knotes; *at;) { /* of one with that number that was closed */
    if ((*at)->queue == queue)
      drop(at);
    else
      at = &(*at)->next;
  }
  pthread_mutex_unlock(&lock);
  return queue;
}

int kevent(int queue, const struct kevent *changes, int change_count, struct kevent *events,
           int event_count, const struct timespec *timeout) {
  int result = 0;
  pthread_mutex_lock(&lock);
  for (int i = 0; i < change_count && result == 0; i++) result = change_one(queue, &changes[i]);
  pthread_mutex_unlock(&lock);
  if (result != 0 || event_count == 0) return result;
  struct epoll_event ready[64];
  const int ms = timeout ? (int)(timeout->tv_sec * 1000 + timeout->tv_nsec / 1000000) : -1;
  const int count = epoll_wait(queue, ready, event_count < 64 ? event_count : 64, ms);
  int taken = 0;
  pthread_mutex_lock(&lock);
  for (int i = 0; i < count; i++) taken += take(queue, ready[i].data.fd, &events[taken]);
  pthread_mutex_unlock(&lock);
  return count < 0 ? -1 : taken;
}
