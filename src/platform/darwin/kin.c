#include "platform/darwin/kin.h"

#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "platform/darwin/bsdinfo.h"
#include "platform/posix/pids.h"

enum { GENERATIONS = 256 }; /* a chain of parents that is longer is one that we do not trust */

/* Follows the parents up to `ancestor`; returns how many there are on the way, 0: not found. */
static size_t climb(int32_t pid, int32_t ancestor, int32_t ret_way[GENERATIONS]) {
  for (size_t i = 0; i < GENERATIONS && pid > 0; i++) {
    hpr_bsd_info info;
    if (hpr_bsd_info_read(pid, &info) != 0) return 0;
    pid = ret_way[i] = info.parent;
    if (pid == ancestor) return i + 1;
  }
  return 0;
}

bool hpr_kin_descends(int32_t pid, int32_t ancestor) {
  int32_t way[GENERATIONS], again[GENERATIONS];
  size_t length = climb(pid, ancestor, way);
  if (length <= 1) return length == 1;
  /* A number on the way may have passed on while we climbed: the same way twice is the true one. */
  return climb(pid, ancestor, again) == length && memcmp(way, again, length * sizeof *way) == 0;
}

static bool is_shared(int32_t one, int32_t other, int32_t our_own) {
  return one > 0 && one == other && one != our_own;
}

bool hpr_kin_related(int32_t pid, int32_t family) {
  return hpr_kin_descends(pid, family) ||
         is_shared(getpgid(pid), getpgid(family), hpr_pids_own_group()) ||
         is_shared(getsid(pid), getsid(family), hpr_pids_own_session());
}
