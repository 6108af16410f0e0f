#include "platform/linux/kin.h"

#include "platform/posix/pids.h"

enum { GENERATIONS = 4096 }; /* a chain of parents that is longer is one that we do not trust */

bool hpr_kin_descends(int32_t parent, int32_t ancestor) {
  for (int i = 0; i < GENERATIONS && parent > 0; i++) {
    if (parent == ancestor) return true;
    hpr_proc_stat stat;
    if (hpr_procfs_stat(parent, &stat) != 0) return false;
    parent = stat.parent;
  }
  return false;
}

bool hpr_kin_related(const hpr_proc_stat *stat, int32_t family) {
  if (hpr_kin_descends(stat->parent, family)) return true;
  hpr_proc_stat head;
  if (hpr_procfs_stat(family, &head) != 0) return false;
  /* Our own group and session are no family: the user's shell and all its jobs are in them. */
  return (stat->group == head.group && stat->group != hpr_pids_own_group()) ||
         (stat->session == head.session && stat->session != hpr_pids_own_session());
}
