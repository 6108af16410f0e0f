#include "platform/posix/signum.h"

#include <signal.h>

int hpr_signum_of(hpr_signal signal) {
  switch (signal) {
  case HPR_SIGNAL_TERM: return SIGTERM;
  case HPR_SIGNAL_KILL: return SIGKILL;
  case HPR_SIGNAL_INT: return SIGINT;
  case HPR_SIGNAL_HUP: return SIGHUP;
  case HPR_SIGNAL_QUIT: return SIGQUIT;
  }
  return 0;
}
