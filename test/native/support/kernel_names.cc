/* support/kernel_names.cc: the part of system.h that only Linux can answer. */
#include <unistd.h>

#include "support/system.h"

extern "C" {
#include "platform/linux/pidfd.h"
}

const char kNoNames[] = "this kernel, or a filter of system calls, gives processes no names";

bool KernelNamesProcesses() {
  hpr_handle fd, again;
  hpr_birth name = {};
  if (hpr_pidfd_open(getpid(), &fd) != 0) return false;
  const bool named = hpr_pidfd_name(fd, &name) == 0;
  hpr_pidfd_close(fd);
  if (!named || hpr_pidfd_reopen(&name, &again) != 0) return false;
  hpr_pidfd_close(again);
  return true;
}

const char kNoGroups[] = "this kernel signals no groups by a descriptor";

bool KernelSignalsGroups() {
  hpr_handle fd;
  if (hpr_pidfd_open(getpid(), &fd) != 0) return false;
  const bool signals = hpr_pidfd_signal(fd, 0, true) != HPR_ENOTSUP;
  hpr_pidfd_close(fd);
  return signals;
}
