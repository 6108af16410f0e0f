#include "addon/signal_name.h"

#include <cstring>
#include <initializer_list>

namespace hpr {

bool ToSignal(const char *name, hpr_signal *ret_signal) {
  for (const hpr_signal signal :
       {HPR_SIGNAL_TERM, HPR_SIGNAL_KILL, HPR_SIGNAL_INT, HPR_SIGNAL_HUP, HPR_SIGNAL_QUIT}) {
    if (strcmp(name, SignalName(signal)) != 0) continue;
    *ret_signal = signal;
    return true;
  }
  return false;
}

const char *SignalName(hpr_signal signal) {
  switch (signal) {
  case HPR_SIGNAL_TERM: return "SIGTERM";
  case HPR_SIGNAL_KILL: return "SIGKILL";
  case HPR_SIGNAL_INT: return "SIGINT";
  case HPR_SIGNAL_HUP: return "SIGHUP";
  case HPR_SIGNAL_QUIT: return "SIGQUIT";
  }
  return "";
}

} // namespace hpr
