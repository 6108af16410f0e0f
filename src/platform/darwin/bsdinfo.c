#include "platform/darwin/bsdinfo.h"

#include <errno.h>
#include <libproc.h>
#include <sys/proc.h>
#include <sys/proc_info.h>

#include "base/error.h"

/* With arg 0 the kernel would not look for zombies (XNU, bsd/kern/proc_info.c). */
enum { ZOMBIES_TOO = 1 };

static int error_now(void) { return errno == ESRCH ? HPR_ESRCH : HPR_EUNKNOWN; }

/* Of anybody's process, without its birth. */
static int read_short(int32_t pid, hpr_bsd_info *ret_info) {
  struct proc_bsdshortinfo info;
  int size = proc_pidinfo(pid, PROC_PIDT_SHORTBSDINFO, ZOMBIES_TOO, &info, sizeof info);
  if (size != (int)sizeof info) return error_now();
  *ret_info = (hpr_bsd_info){
      .parent = (int32_t)info.pbsi_ppid,
      .group = (int32_t)info.pbsi_pgid,
      .user = info.pbsi_uid,
      .dead = info.pbsi_status == SZOMB,
  };
  return 0;
}

int hpr_bsd_info_read(int32_t pid, hpr_bsd_info *ret_info) {
  struct proc_bsdinfo info;
  errno = 0;
  int size = proc_pidinfo(pid, PROC_PIDTBSDINFO, ZOMBIES_TOO, &info, sizeof info);
  if (size != (int)sizeof info)
    return errno == EPERM || errno == EACCES ? read_short(pid, ret_info) : error_now();
  *ret_info = (hpr_bsd_info){
      .parent = (int32_t)info.pbi_ppid,
      .group = (int32_t)info.pbi_pgid,
      .user = info.pbi_uid,
      .dead = info.pbi_status == SZOMB,
      .born_us = (int64_t)(info.pbi_start_tvsec * 1000000 + info.pbi_start_tvusec),
  };
  return 0;
}

int hpr_bsd_group_member(int32_t group) {
  enum { MEMBERS = 512 }; /* of more the first ones will do */
  int32_t pids[MEMBERS];
  int size = proc_listpids(PROC_PGRP_ONLY, (uint32_t)group, pids, sizeof pids);
  if (size < 0) return HPR_EUNKNOWN;
  for (size_t i = 0; i < (size_t)size / sizeof *pids; i++) {
    hpr_bsd_info info;
    if (pids[i] > 0 && hpr_bsd_info_read(pids[i], &info) == 0 && info.group == group && !info.dead)
      return 0;
  }
  return HPR_ESRCH;
}
