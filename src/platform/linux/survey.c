#include "platform/survey.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/text.h"
#include "platform/linux/procfs.h"
#include "platform/posix/words.h"

typedef struct surveying {
  hpr_survey_visit visit;
  void *context;
  bool any;
} surveying;

static bool look_at(void *context, int32_t pid) {
  surveying *it = context;
  hpr_proc_stat stat;
  it->any = true;
  if (hpr_procfs_stat(pid, &stat) != 0 || stat.facts.dead || stat.facts.dying || stat.facts.kernel)
    return true;
  char *command = NULL, *folder = NULL;
  size_t size;
  if (hpr_words_read(pid, HPR_WORDS_COMMAND, &command, &size) == 0) hpr_join_words(command, size);
  (void)hpr_procfs_folder(pid, &folder);
  const hpr_survey_item item = {
      .pid = pid,
      .parent = stat.facts.parent,
      .group = stat.facts.group,
      .ours = hpr_procfs_is_ours(pid),
      .started_ms = hpr_procfs_started_ms(stat.facts.start),
      .cpu_ms = (int64_t)(stat.cpu_ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK)),
      .resident_bytes = (int64_t)(stat.resident_pages * (uint64_t)sysconf(_SC_PAGESIZE)),
      .command = command ? command : "",
      .folder = folder,
  };
  it->visit(it->context, &item);
  free(command);
  free(folder);
  return true;
}

int hpr_survey(hpr_survey_visit visit, void *context) {
  surveying it = {.visit = visit, .context = context};
  const int result = hpr_procfs_each(look_at, &it);
  if (result != 0) return result;
  return it.any ? 0 : HPR_EUNKNOWN; /* we at least are there, if that is a /proc */
}
