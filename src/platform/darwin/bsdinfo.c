#include "platform/darwin/bsdinfo.h"

#include <errno.h>
#include <libproc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/proc.h>
#include <sys/proc_info.h>
#include <unistd.h>

/* With arg 0 the kernel would not look for zombies (XNU, bsd/kern/proc_info.c). */
enum { ZOMBIES_TOO = 1 };

static int error_now(void) { return errno == ESRCH ? HPR_ESRCH : HPR_EUNKNOWN; }

/* Of anybody's process, without its birth. */
static int read_short(int32_t pid, hpr_facts *ret_facts) {
  struct proc_bsdshortinfo info;
  int size = proc_pidinfo(pid, PROC_PIDT_SHORTBSDINFO, ZOMBIES_TOO, &info, sizeof info);
  if (size != (int)sizeof info) return error_now();
  *ret_facts = (hpr_facts){
      .dead = info.pbsi_status == SZOMB,
      .parent = (int32_t)info.pbsi_ppid,
      .group = (int32_t)info.pbsi_pgid,
      .session = getsid(pid),
  };
  return 0;
}

int hpr_bsd_look(int32_t pid, hpr_facts *ret_facts) {
  struct proc_bsdinfo info;
  errno = 0;
  int size = proc_pidinfo(pid, PROC_PIDTBSDINFO, ZOMBIES_TOO, &info, sizeof info);
  if (size != (int)sizeof info)
    return errno == EPERM || errno == EACCES ? read_short(pid, ret_facts) : error_now();
  *ret_facts = (hpr_facts){
      .dead = info.pbi_status == SZOMB,
      .parent = (int32_t)info.pbi_ppid,
      .group = (int32_t)info.pbi_pgid,
      .session = getsid(pid),
      .start = info.pbi_start_tvsec * 1000000 + info.pbi_start_tvusec,
  };
  return 0;
}

static int visit_each(const int32_t *pids, int count, int32_t group, hpr_visit visit,
                      void *context) {
  for (int i = 0; i < count; i++) {
    hpr_facts facts = {0};
    if (pids[i] > 0 && hpr_bsd_look(pids[i], &facts) == 0 && (group == 0 || facts.group == group) &&
        !visit(context, pids[i], &facts))
      break;
  }
  return count > 0 ? 0 : HPR_EUNKNOWN;
}

static int visit_group(int32_t group, hpr_visit visit, void *context) {
  enum { MEMBERS = 512 };
  int32_t pids[MEMBERS];
  const int size = proc_listpids(PROC_PGRP_ONLY, (uint32_t)group, pids, sizeof pids);
  if (size < 0) return HPR_EUNKNOWN;
  if (size > 0) visit_each(pids, size / (int)sizeof *pids, group, visit, context);
  return 0;
}

int hpr_bsd_visit(int32_t group, hpr_visit visit, void *context) {
  enum { SPARE_PIDS = 64 }; /* for those that come meanwhile */
  if (group != 0) return visit_group(group, visit, context);
  const int count = proc_listallpids(NULL, 0);
  if (count <= 0) return HPR_EUNKNOWN;
  const size_t room = (size_t)count + SPARE_PIDS;
  int32_t *pids = calloc(room, sizeof *pids);
  if (!pids) return HPR_ENOMEM;
  const int result =
      visit_each(pids, proc_listallpids(pids, (int)(room * sizeof *pids)), 0, visit, context);
  free(pids);
  return result;
}

bool hpr_bsd_same_user(int32_t a, int32_t b) {
  struct proc_bsdshortinfo one, other;
  return proc_pidinfo(a, PROC_PIDT_SHORTBSDINFO, 0, &one, sizeof one) == (int)sizeof one &&
         proc_pidinfo(b, PROC_PIDT_SHORTBSDINFO, 0, &other, sizeof other) == (int)sizeof other &&
         one.pbsi_uid == other.pbsi_uid;
}

uint32_t hpr_bsd_other_user(int32_t pid) {
  struct proc_bsdshortinfo info;
  const bool told = geteuid() == 0 && proc_pidinfo(pid, PROC_PIDT_SHORTBSDINFO, 0, &info,
                                                   sizeof info) == (int)sizeof info;
  return told ? info.pbsi_uid : 0;
}

int hpr_bsd_folder(int32_t pid, char **ret_path) {
  struct proc_vnodepathinfo info;
  const int size = proc_pidinfo(pid, PROC_PIDVNODEPATHINFO, 0, &info, sizeof info);
  if (size != (int)sizeof info || info.pvi_cdir.vip_path[0] == '\0') return HPR_EUNKNOWN;
  *ret_path = strdup(info.pvi_cdir.vip_path);
  return *ret_path ? 0 : HPR_ENOMEM;
}
