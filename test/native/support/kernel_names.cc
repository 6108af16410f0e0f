/* support/kernel_names.cc: the parts of system.h that know how Linux writes a birth. */
#include <unistd.h>

#include "support/system.h"

extern "C" {
#include "platform/linux/pidfd.h"
}

const char kNoNames[] = "this kernel, or a filter of system calls, gives processes no names";

bool KernelNamesProcesses() {
  int fd, again;
  char name[HPR_BIRTH_SIZE];
  if (hpr_pidfd_open(getpid(), &fd) != 0) return false;
  const bool named = hpr_pidfd_name(fd, name, sizeof name) == 0;
  close(fd);
  if (!named || hpr_pidfd_reopen(name, &again) != 0) return false;
  close(again);
  return true;
}

std::string PartOf(const std::string &birth, size_t part) {
  size_t start = 0;
  for (; part > 0; part--) {
    start = birth.find('.', start);
    if (start == std::string::npos) return "";
    start++;
  }
  return birth.substr(start, birth.find('.', start) - start);
}

std::string WithPart(const std::string &birth, size_t part, const std::string &text) {
  std::string changed;
  for (size_t i = 0; i < 3; i++) {
    const std::string piece = i == part ? text : PartOf(birth, i);
    if (!piece.empty()) changed += (i > 0 ? "." : "") + piece;
  }
  return changed;
}
