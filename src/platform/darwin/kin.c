#include "platform/darwin/kin.h"

#include <unistd.h>

#include "platform/darwin/bsdinfo.h"
#include "platform/posix/descent.h"
#include "platform/posix/pids.h"

int32_t hpr_parent_of(int32_t pid) {
  hpr_bsd_info info;
  return hpr_bsd_info_read(pid, &info) == 0 ? info.parent : -1;
}

static bool is_shared(int32_t one, int32_t other, int32_t our_own) {
  return one > 0 && one == other && one != our_own;
}

bool hpr_kin_related(int32_t pid, int32_t family) {
  return hpr_kin_descends(pid, family) ||
         is_shared(getpgid(pid), getpgid(family), hpr_pids_own_group()) ||
         is_shared(getsid(pid), getsid(family), hpr_pids_own_session());
}
