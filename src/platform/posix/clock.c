#include "platform/posix/clock.h"

#include <signal.h>

int64_t hpr_clock_read_ms(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t hpr_clock_wall_ms(void) { return hpr_clock_read_ms(CLOCK_REALTIME); }

int64_t hpr_clock_monotonic_ms(void) { return hpr_clock_read_ms(CLOCK_MONOTONIC); }

int hpr_signum_of(hpr_signal signal) {
  switch (signal) {
  case HPR_SIGNAL_TERM: return SIGTERM;
  case HPR_SIGNAL_KILL: return SIGKILL;
  case HPR_SIGNAL_INT: return SIGINT;
  case HPR_SIGNAL_HUP: return SIGHUP;
  case HPR_SIGNAL_QUIT: return SIGQUIT;
  case HPR_SIGNAL_STOP: return SIGSTOP;
  }
  return 0;
}
