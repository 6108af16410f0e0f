/* A stand-in for macOS's <sys/proc_info.h>: the fields that src/platform/darwin reads. */
#ifndef STAND_IN_SYS_PROC_INFO_H
#define STAND_IN_SYS_PROC_INFO_H

#include <stdint.h>

enum {
  PROC_PIDTASKALLINFO = 2,
  PROC_PIDTBSDINFO = 3,
  PROC_PIDVNODEPATHINFO = 9,
  PROC_PIDT_SHORTBSDINFO = 13,
  PROC_PGRP_ONLY = 2,
};

struct proc_bsdinfo {
  uint32_t pbi_status, pbi_ppid, pbi_pgid, pbi_uid;
  uint64_t pbi_start_tvsec, pbi_start_tvusec;
  char pbi_name[32];
};

struct proc_bsdshortinfo {
  uint32_t pbsi_status, pbsi_ppid, pbsi_pgid, pbsi_uid;
};

struct proc_taskinfo {
  uint64_t pti_total_user, pti_total_system, pti_resident_size;
};

struct proc_taskallinfo {
  struct proc_bsdinfo pbsd;
  struct proc_taskinfo ptinfo;
};

struct proc_vnodepathinfo {
  struct {
    char vip_path[1024];
  } pvi_cdir;
};

#endif
