#include "platform/posix/words.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/posix/errors.h"

enum {
  PATH_SIZE = 32,
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

int hpr_words_read(int32_t pid, hpr_words what, char **ret_words, size_t *ret_size) {
  char path[PATH_SIZE];
  snprintf(path, sizeof path, "/proc/%" PRId32 "/%s", pid,
           what == HPR_WORDS_COMMAND ? "cmdline" : "environ");
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return error_of(errno);
  const int result = read_all(fd, ret_words, ret_size);
  close(fd);
  return result;
}
