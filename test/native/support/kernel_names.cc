/* support/kernel_names.cc: the part of system.h that only Linux can answer. */
#include <unistd.h>

#include "support/system.h"

extern "C" {
#include "platform/linux/pidfd.h"
}

const char kNoNames[] = "this kernel, or a filter of system calls, gives processes no names";
const char kNoFinding[] = "this kernel, or a filter of system calls, finds nobody by a name";

namespace {

/* Our own. */
bool ReadName(hpr_birth *ret_name) {
  hpr_handle fd;
  if (hpr_pidfd_open(getpid(), &fd) != 0) return false;
  const bool named = hpr_pidfd_name(fd, ret_name) == 0;
  hpr_pidfd_close(fd);
  return named;
}

} // namespace

bool KernelNamesProcesses() {
  hpr_birth name = {};
  return ReadName(&name);
}

bool KernelFindsByName() {
  hpr_handle fd;
  hpr_birth name = {};
  if (!ReadName(&name) || hpr_pidfd_reopen(&name, &fd) != 0) return false;
  hpr_pidfd_close(fd);
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
