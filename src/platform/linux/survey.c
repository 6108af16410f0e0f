#include "platform/survey.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/linux/procfs.h"

enum { PATH_SIZE = 32, COMMAND_SIZE = 1024 };

static bool is_ours(int32_t pid) {
  char path[PATH_SIZE];
  struct stat st;
  snprintf(path, sizeof path, "/proc/%" PRId32, pid);
  return stat(path, &st) == 0 && st.st_uid == geteuid();
}

/* The words are separated by NUL, proc_pid_cmdline(5). */
static void read_command(int32_t pid, char ret_text[COMMAND_SIZE]) {
  char path[PATH_SIZE];
  snprintf(path, sizeof path, "/proc/%" PRId32 "/cmdline", pid);
  FILE *stream = fopen(path, "re");
  size_t length = stream ? fread(ret_text, 1, COMMAND_SIZE - 1, stream) : 0;
  if (stream) fclose(stream);
  while (length > 0 && ret_text[length - 1] == '\0') length--;
  for (size_t i = 0; i < length; i++)
    if (ret_text[i] == '\0') ret_text[i] = ' ';
  ret_text[length] = '\0';
}

static void look_at(int32_t pid, hpr_survey_visit visit, void *context) {
  char command[COMMAND_SIZE], *folder = NULL;
  hpr_proc_stat stat;
  if (hpr_procfs_stat(pid, &stat) != 0 || stat.facts.dead || stat.facts.dying || stat.facts.kernel)
    return;
  read_command(pid, command);
  (void)hpr_procfs_folder(pid, &folder);
  const hpr_survey_item item = {
      .pid = pid,
      .parent = stat.facts.parent,
      .group = stat.facts.group,
      .ours = is_ours(pid),
      .started_ms = hpr_procfs_started_ms(stat.facts.start),
      .cpu_ms = (int64_t)(stat.cpu_ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK)),
      .resident_bytes = (int64_t)(stat.resident_pages * (uint64_t)sysconf(_SC_PAGESIZE)),
      .command = command,
      .folder = folder,
  };
  visit(context, &item);
  free(folder);
}

int hpr_survey(hpr_survey_visit visit, void *context) {
  DIR *stream = opendir("/proc");
  if (!stream) return errno == EMFILE || errno == ENFILE ? HPR_EMFILE : HPR_EUNKNOWN;
  int seen = 0;
  for (const struct dirent *item; (item = readdir(stream));) {
    char *end;
    const long pid = strtol(item->d_name, &end, 10);
    if (end == item->d_name || *end != '\0' || pid <= 0 || pid > INT32_MAX) continue;
    look_at((int32_t)pid, visit, context);
    seen++;
  }
  closedir(stream);
  return seen > 0 ? 0 : HPR_EUNKNOWN; /* we at least are there, if that is a /proc */
}
