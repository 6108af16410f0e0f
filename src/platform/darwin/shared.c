#include "platform/posix/shared.h"

#include <sys/mount.h>
#include <sys/param.h>

bool hpr_is_shared(const char *folder) {
  struct statfs system;
  return statfs(folder, &system) != 0 || (system.f_flags & MNT_LOCAL) == 0;
}
