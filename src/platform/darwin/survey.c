#include "platform/survey.h"

#include <libproc.h>
#include <mach/mach_time.h>
#include <stdlib.h>
#include <sys/proc_info.h>
#include <unistd.h>

#include "base/text.h"
#include "platform/darwin/bsdinfo.h"
#include "platform/posix/words.h"

/* proc_taskinfo counts in mach's own unit, which is a nanosecond on Intel and is not on ARM. */
static int64_t milliseconds_of(uint64_t mach_time) {
  mach_timebase_info_data_t base;
  mach_timebase_info(&base);
  return (int64_t)(mach_time / base.denom * base.numer / 1000000);
}

typedef struct surveying {
  hpr_survey_visit visit;
  void *context;
} surveying;

static bool look_at(void *context, int32_t pid, const hpr_facts *facts) {
  const surveying *it = context;
  struct proc_taskallinfo info;
  const int told = proc_pidinfo(pid, PROC_PIDTASKALLINFO, 0, &info, sizeof info);
  /* Gone, or another user's, whose facts are not told. */
  if (facts->dead || told != (int)sizeof info) return true;
  const struct proc_taskinfo *task = &info.ptinfo;
  char *command = NULL, *folder = NULL;
  size_t size;
  if (hpr_words_read(pid, HPR_WORDS_COMMAND, &command, &size) == 0) hpr_join_words(command, size);
  (void)hpr_bsd_folder(pid, &folder);
  const hpr_survey_item item = {
      .pid = pid,
      .parent = facts->parent,
      .group = facts->group,
      .ours = info.pbsd.pbi_uid == geteuid(),
      .started_ms = (int64_t)(facts->start / 1000),
      .cpu_ms = milliseconds_of(task->pti_total_user + task->pti_total_system),
      .resident_bytes = (int64_t)task->pti_resident_size,
      .command = command && command[0] ? command : info.pbsd.pbi_name,
      .folder = folder,
  };
  it->visit(it->context, &item);
  free(command);
  free(folder);
  return true;
}

int hpr_survey(hpr_survey_visit visit, void *context) {
  surveying it = {.visit = visit, .context = context};
  return hpr_bsd_visit(0, look_at, &it);
}
