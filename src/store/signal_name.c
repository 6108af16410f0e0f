#include "store/signal_name.h"

#include <stddef.h>
#include <string.h>

static const char *const names[] = {
    [HPR_SIGNAL_TERM] = "SIGTERM", [HPR_SIGNAL_KILL] = "SIGKILL", [HPR_SIGNAL_INT] = "SIGINT",
    [HPR_SIGNAL_HUP] = "SIGHUP",   [HPR_SIGNAL_QUIT] = "SIGQUIT",
};

const char *hpr_signal_name(hpr_signal signal) { return names[signal]; }

bool hpr_signal_read(const char *name, hpr_signal *ret_signal) {
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
    if (strcmp(names[i], name) != 0) continue;
    *ret_signal = (hpr_signal)i;
    return true;
  }
  return false;
}
