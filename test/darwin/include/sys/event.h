/* A stand-in for macOS's <sys/event.h>: ../kqueue.c makes it of epoll, pidfds and an eventfd. */
#ifndef STAND_IN_SYS_EVENT_H
#define STAND_IN_SYS_EVENT_H

#include <stdint.h>
#include <time.h>

enum { EVFILT_PROC = -5, EVFILT_USER = -10 };
enum { EV_ADD = 1, EV_DELETE = 2, EV_ONESHOT = 0x10, EV_CLEAR = 0x20 };
enum { NOTE_TRIGGER = 0x01000000 };
#define NOTE_EXIT 0x80000000U

struct kevent {
  uintptr_t ident;
  int16_t filter;
  uint16_t flags;
  uint32_t fflags;
  intptr_t data;
  void *udata;
};

#define EV_SET(event, a, b, c, d, e, f) (*(event) = (struct kevent){a, b, c, d, e, f})

int kqueue(void);
int kevent(int queue, const struct kevent *changes, int change_count, struct kevent *events,
           int event_count, const struct timespec *timeout);

#endif
