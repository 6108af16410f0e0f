#include "platform/linux/kin.h"

#include <stddef.h>
#include <string.h>

#include "platform/posix/pids.h"

enum { GENERATIONS = 256 }; /* a chain of parents that is longer is one that we do not trust */

/* Follows the parents up to `ancestor`; returns how many there are on the way, 0: not found. */
static size_t climb(int32_t pid, int32_t ancestor, int32_t ret_way[GENERATIONS]) {
  for (size_t i = 0; i < GENERATIONS && pid > 0; i++) {
    hpr_proc_stat stat;
    if (hpr_procfs_stat(pid, &stat) != 0) return 0;
    pid = ret_way[i] = stat.parent;
    if (pid == ancestor) return i + 1;
  }
  return 0;
}

bool hpr_kin_descends(int32_t pid, int32_t ancestor) {
  int32_t way[GENERATIONS], again[GENERATIONS];
  size_t length = climb(pid, ancestor, way);
  if (length <= 1) return length == 1;
  /*
   * A parent on the way may have died while we climbed, and its number have passed to one of our
   * own. Its children have another parent since then: the same way twice is the true one.
   */
  return climb(pid, ancestor, again) == length && memcmp(way, again, length * sizeof *way) == 0;
}

bool hpr_kin_related(int32_t pid, const hpr_proc_stat *stat, int32_t family) {
  if (hpr_kin_descends(pid, family)) return true;
  hpr_proc_stat head;
  if (hpr_procfs_stat(family, &head) != 0) return false;
  /* Our own group and session are no family: the user's shell and all its jobs are in them. */
  return (stat->group == head.group && stat->group != hpr_pids_own_group()) ||
         (stat->session == head.session && stat->session != hpr_pids_own_session());
}
