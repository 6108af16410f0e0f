#include "platform/posix/words.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/linux/procfs.h"
#include "platform/posix/errors.h"
#include "platform/posix/pids.h"

enum {
  PATH_SIZE = 64,
  FIRST_SIZE = 4096,          /* most are shorter */
  LARGEST_SIZE = 8 * 1048576, /* more than the kernel lets anybody start with, execve(2) */
};

static int error_of(int number) {
  return number == ENOENT ? HPR_ESRCH : hpr_error_from_errno(number);
}

/* All of it, with a NUL behind. */
static int read_all(int fd, char **ret_text, size_t *ret_size) {
  size_t room = FIRST_SIZE, size = 0;
  char *text = malloc(room);
  int result = text ? 0 : HPR_ENOMEM;
  while (result == 0) {
    const ssize_t count = read(fd, text + size, room - size - 1);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) result = error_of(errno);
    if (count <= 0) break;
    size += (size_t)count;
    if (size < room - 1) continue;
    char *longer = room < LARGEST_SIZE ? realloc(text, room *= 2) : NULL;
    if (longer)
      text = longer;
    else
      result = room < LARGEST_SIZE ? HPR_ENOMEM : HPR_ETOOBIG;
  }
  if (result != 0) {
    free(text);
    return result;
  }
  text[size] = '\0';
  *ret_text = text;
  *ret_size = size;
  return 0;
}

static int read_file(const char *folder, hpr_words what, char **ret_words, size_t *ret_size) {
  char path[PATH_SIZE + sizeof "/cmdline"];
  snprintf(path, sizeof path, "%s/%s", folder, what == HPR_WORDS_COMMAND ? "cmdline" : "environ");
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return error_of(errno);
  const int result = read_all(fd, ret_words, ret_size);
  close(fd);
  return result;
}

/* Another thread than the first; 0: it has none. */
static int32_t find_thread(int32_t pid) {
  char path[PATH_SIZE];
  int32_t thread = 0;
  snprintf(path, sizeof path, "/proc/%" PRId32 "/task", pid);
  DIR *stream = opendir(path);
  if (!stream) return 0;
  for (const struct dirent *item; thread == 0 && (item = readdir(stream));) {
    const long number = strtol(item->d_name, NULL, 10);
    if (number > 0 && number != pid) thread = (int32_t)number;
  }
  closedir(stream);
  return thread;
}

static bool has_command(int32_t pid) {
  char folder[PATH_SIZE], *words = NULL;
  size_t size = 0;
  snprintf(folder, sizeof folder, "/proc/%" PRId32, pid);
  if (read_file(folder, HPR_WORDS_COMMAND, &words, &size) != 0) return false;
  free(words);
  return size > 0;
}

/*
 * Of one of ours: it has ended, its first thread has, or it is about to start a program. Of whoever
 * runs a program the command line is shown to all, but not every one has an environment, or shows
 * it.
 */
static bool has_no_program(int32_t pid, hpr_words what, int result, size_t size) {
  if (result == HPR_ESRCH) return true;
  const bool denied = result == HPR_EACCES && hpr_procfs_same_user(pid, hpr_pids_self());
  const bool empty = result == 0 && size == 0;
  return (empty || denied) && (what == HPR_WORDS_COMMAND || !has_command(pid));
}

/* What a first thread that has ended does not show, the others do. */
static int read_of_thread(int32_t pid, hpr_words what, char **ret_words, size_t *ret_size) {
  char folder[PATH_SIZE], *words = NULL;
  size_t size = 0;
  const int32_t thread = find_thread(pid);
  if (thread == 0) return HPR_EUNKNOWN;
  snprintf(folder, sizeof folder, "/proc/%" PRId32 "/task/%" PRId32, pid, thread);
  const int result = read_file(folder, what, &words, &size);
  if (result != 0) return result;
  if (size == 0) {
    free(words);
    return HPR_EUNKNOWN;
  }
  *ret_words = words;
  *ret_size = size;
  return 0;
}

int hpr_words_read(int32_t pid, hpr_words what, char **ret_words, size_t *ret_size) {
  char folder[PATH_SIZE], *words = NULL;
  size_t size = 0;
  snprintf(folder, sizeof folder, "/proc/%" PRId32, pid);
  const int result = read_file(folder, what, &words, &size);
  if (has_no_program(pid, what, result, size)) {
    free(words);
    return read_of_thread(pid, what, ret_words, ret_size);
  }
  if (result != 0) return result;
  *ret_words = words;
  *ret_size = size;
  return 0;
}
