#include "platform/survey.h"

#include <libproc.h>
#include <mach/mach_time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/proc.h>
#include <sys/proc_info.h>
#include <sys/sysctl.h>
#include <unistd.h>

#include "platform/darwin/bsdinfo.h"

enum { COMMAND_SIZE = 1024, ARGUMENTS_SIZE = 4096, SPARE_PIDS = 64 };

/* proc_taskinfo counts in mach's own unit, which is a nanosecond on Intel and is not on ARM. */
static int64_t milliseconds_of(uint64_t mach_time) {
  mach_timebase_info_data_t base;
  mach_timebase_info(&base);
  return (int64_t)(mach_time / base.denom * base.numer / 1000000);
}

/* KERN_PROCARGS2: the number of words, the program's path, NULs, and the words, each with a NUL. */
static void read_command(int32_t pid, const char *name, char ret_text[COMMAND_SIZE]) {
  char arguments[ARGUMENTS_SIZE];
  size_t size = sizeof arguments;
  int words, query[] = {CTL_KERN, KERN_PROCARGS2, pid};
  snprintf(ret_text, COMMAND_SIZE, "%s", name);
  if (sysctl(query, 3, arguments, &size, NULL, 0) != 0 || size <= sizeof words) return;
  memcpy(&words, arguments, sizeof words);
  const char *at = arguments + sizeof words, *end = arguments + size;
  at = memchr(at, '\0', (size_t)(end - at));
  while (at && at < end && *at == '\0') at++;
  size_t length = 0;
  for (; at && at < end && words > 0 && length < COMMAND_SIZE - 1; at++) {
    if (*at == '\0' && --words == 0) break;
    ret_text[length++] = *at == '\0' ? ' ' : *at;
  }
  if (length > 0) ret_text[length] = '\0';
}

static void look_at(int32_t pid, hpr_survey_visit visit, void *context) {
  struct proc_taskallinfo info;
  char command[COMMAND_SIZE], *folder = NULL;
  int size = proc_pidinfo(pid, PROC_PIDTASKALLINFO, 0, &info, sizeof info);
  if (size != (int)sizeof info) return; /* gone, or another user's, whose facts are not told */
  const struct proc_bsdinfo *bsd = &info.pbsd;
  const struct proc_taskinfo *task = &info.ptinfo;
  if (bsd->pbi_status == SZOMB) return;
  read_command(pid, bsd->pbi_name, command);
  (void)hpr_bsd_folder(pid, &folder);
  const hpr_survey_item item = {
      .pid = pid,
      .parent = (int32_t)bsd->pbi_ppid,
      .group = (int32_t)bsd->pbi_pgid,
      .ours = bsd->pbi_uid == geteuid(),
      .started_ms = (int64_t)(bsd->pbi_start_tvsec * 1000 + bsd->pbi_start_tvusec / 1000),
      .cpu_ms = milliseconds_of(task->pti_total_user + task->pti_total_system),
      .resident_bytes = (int64_t)task->pti_resident_size,
      .command = command,
      .folder = folder,
  };
  visit(context, &item);
  free(folder);
}

int hpr_survey(hpr_survey_visit visit, void *context) {
  int count = proc_listallpids(NULL, 0);
  if (count <= 0) return HPR_EUNKNOWN;
  size_t room = (size_t)count + SPARE_PIDS; /* for those that come meanwhile */
  int32_t *pids = calloc(room, sizeof *pids);
  if (!pids) return HPR_ENOMEM;
  count = proc_listallpids(pids, (int)(room * sizeof *pids));
  for (int i = 0; i < count; i++)
    if (pids[i] > 0) look_at(pids[i], visit, context);
  free(pids);
  return count > 0 ? 0 : HPR_EUNKNOWN;
}
