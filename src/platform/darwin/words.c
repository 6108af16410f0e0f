#include "platform/posix/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysctl.h>

#include "platform/posix/errors.h"

/* Room for the longest there may be: a buffer that is too short is filled from its end. */
static int read_all(int32_t pid, char **ret_text, size_t *ret_size) {
  int most, largest[] = {CTL_KERN, KERN_ARGMAX}, query[] = {CTL_KERN, KERN_PROCARGS2, pid};
  size_t size = sizeof most;
  if (sysctl(largest, 2, &most, &size, NULL, 0) != 0 || most <= 0) return HPR_ENOTSUP;
  char *text = malloc((size_t)most + 1);
  if (!text) return HPR_ENOMEM;
  size = (size_t)most;
  if (sysctl(query, 3, text, &size, NULL, 0) != 0 || size < sizeof(int)) {
    /* EINVAL: no such process, or a zombie. */
    const int result = errno == EINVAL ? HPR_ESRCH : hpr_error_from_errno(errno);
    free(text);
    return result;
  }
  text[size] = '\0';
  *ret_text = text;
  *ret_size = size;
  return 0;
}

static const char *skip_word(const char *at, const char *end) {
  at += strlen(at) + 1;
  return at < end ? at : end;
}

/* The number of words, the program's path, NULs, the words, and the variables up to an empty one.
 */
int hpr_words_read(int32_t pid, hpr_words what, char **ret_words, size_t *ret_size) {
  char *text = NULL;
  size_t size = 0;
  int count;
  const int result = read_all(pid, &text, &size);
  if (!text) return result != 0 ? result : HPR_EUNKNOWN;
  memcpy(&count, text, sizeof count);
  const char *end = text + size, *at = skip_word(text + sizeof count, end);
  while (at < end && *at == '\0') at++;
  const char *words = at;
  for (; count > 0 && at < end; count--) at = skip_word(at, end);
  if (what == HPR_WORDS_ENVIRONMENT)
    for (words = at; at < end && *at != '\0';) at = skip_word(at, end);
  *ret_size = (size_t)(at - words);
  memmove(text, words, *ret_size);
  text[*ret_size] = '\0';
  *ret_words = text;
  return 0;
}
