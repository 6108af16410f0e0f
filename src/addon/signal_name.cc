#include "addon/signal_name.h"

namespace hpr {

namespace {

constexpr struct {
  const char *name;
  hpr_signal signal;
} kRows[] = {{"SIGTERM", HPR_SIGNAL_TERM},
             {"SIGINT", HPR_SIGNAL_INT},
             {"SIGHUP", HPR_SIGNAL_HUP},
             {"SIGQUIT", HPR_SIGNAL_QUIT},
             {"SIGKILL", HPR_SIGNAL_KILL}};

} // namespace

bool ToSignal(const std::string &name, hpr_signal *ret_signal) {
  for (const auto &row : kRows) {
    if (name != row.name) continue;
    *ret_signal = row.signal;
    return true;
  }
  return false;
}

const char *SignalName(hpr_signal signal) {
  for (const auto &row : kRows)
    if (signal == row.signal) return row.name;
  return "";
}

} // namespace hpr
