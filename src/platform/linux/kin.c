#include "platform/linux/kin.h"

#include "platform/posix/descent.h"
#include "platform/posix/pids.h"

int32_t hpr_parent_of(int32_t pid) {
  hpr_proc_stat stat;
  return hpr_procfs_stat(pid, &stat) == 0 ? stat.parent : -1;
}

bool hpr_kin_related(int32_t pid, const hpr_proc_stat *stat, int32_t family) {
  if (hpr_kin_descends(pid, family)) return true;
  hpr_proc_stat head;
  if (hpr_procfs_stat(family, &head) != 0) return false;
  /* Our own group and session are no family: the user's shell and all its jobs are in them. */
  return (stat->group == head.group && stat->group != hpr_pids_own_group()) ||
         (stat->session == head.session && stat->session != hpr_pids_own_session());
}
