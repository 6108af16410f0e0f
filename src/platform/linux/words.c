#include "platform/linux/words.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  PATH_SIZE = 64,
  FIRST_SIZE = 4096,          /* most are shorter */
  LARGEST_SIZE = 8 * 1048576, /* more than the kernel lets anybody start with, execve(2) */
};

static int error_of(int number) {
  switch (number) {
  case ENOENT:
  case ESRCH: return HPR_ESRCH;
  case EACCES:
  case EPERM: return HPR_EACCES;
  case EMFILE:
  case ENFILE: return HPR_EMFILE;
  case ENOMEM: return HPR_ENOMEM;
  default: return HPR_EUNKNOWN;
  }
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
  char folder[PATH_SIZE], *words;
  size_t size;
  snprintf(folder, sizeof folder, "/proc/%" PRId32, pid);
  if (read_file(folder, HPR_WORDS_COMMAND, &words, &size) != 0) return false;
  free(words);
  return size > 0;
}

static bool is_told(int result, char **words, size_t size) {
  if (result != 0 || size > 0) return result != HPR_ESRCH;
  free(*words);
  return false;
}

/*
 * A process whose first thread has ended shows its words in the others' files, and one that is
 * about to start a program shows none at all: every program has a command line, but not every one
 * has an environment.
 */
int hpr_words_read(int32_t pid, hpr_words what, char **ret_words, size_t *ret_size) {
  char folder[PATH_SIZE];
  snprintf(folder, sizeof folder, "/proc/%" PRId32, pid);
  int result = read_file(folder, what, ret_words, ret_size);
  if (result == 0 && *ret_size == 0 && what == HPR_WORDS_ENVIRONMENT && has_command(pid)) return 0;
  if (is_told(result, ret_words, *ret_size)) return result;
  const int32_t thread = find_thread(pid);
  if (thread == 0) return result == 0 ? HPR_EUNKNOWN : result;
  snprintf(folder, sizeof folder, "/proc/%" PRId32 "/task/%" PRId32, pid, thread);
  result = read_file(folder, what, ret_words, ret_size);
  return is_told(result, ret_words, *ret_size) ? result : HPR_EUNKNOWN;
}
