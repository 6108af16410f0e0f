#include "platform/mark.h"

#include <stdlib.h>
#include <string.h>

static const char OWN_VARIABLE[] = "HEADLESS_PID_MARK=";
static const char DASHBOARD_VARIABLE[] = "PI_DASHBOARD_SPAWN_TOKEN=";

static const char *value_of(const char *word, const char *variable) {
  const size_t length = strlen(variable);
  return strncmp(word, variable, length) == 0 ? word + length : NULL;
}

/* "<token>@<pid file>" */
static bool names_both(const char *value, const char *token, const char *pid_file) {
  const size_t length = strlen(token);
  return strncmp(value, token, length) == 0 && value[length] == '@' &&
         strcmp(value + length + 1, pid_file) == 0;
}

static hpr_mark find(const char *words, size_t size, const char *token, const char *pid_file) {
  const bool is_long = strlen(token) >= HPR_MARK_LONG;
  bool carried = false, own = false;
  for (const char *word = words, *end = words + size; word < end; word += strlen(word) + 1) {
    const char *both = value_of(word, OWN_VARIABLE);
    if (both && names_both(both, token, pid_file)) return HPR_MARK_CARRIED;
    const char *value = is_long ? strchr(word, '=') : value_of(word, DASHBOARD_VARIABLE);
    if (value && is_long) value++;
    own = own || both;
    carried = carried || (value && strcmp(value, token) == 0);
  }
  /* A short token may be anybody's: one that was given for another file is another's. */
  return carried && (is_long || !own) ? HPR_MARK_CARRIED : HPR_MARK_ABSENT;
}

static hpr_mark read_mark(const hpr_system *system, int32_t pid, const char *token,
                          const char *pid_file) {
  char *words;
  size_t size;
  if (system->words(pid, HPR_WORDS_ENVIRONMENT, &words, &size) != 0) return HPR_MARK_UNKNOWN;
  const hpr_mark mark = find(words, size, token, pid_file);
  free(words);
  return mark;
}

/* What we carry all our children have inherited. */
hpr_mark hpr_mark_of(const hpr_system *system, int32_t pid, const char *token,
                     const char *pid_file) {
  const hpr_mark mark = token[0] ? read_mark(system, pid, token, pid_file) : HPR_MARK_ABSENT;
  if (mark != HPR_MARK_CARRIED) return mark;
  const hpr_mark our_own = read_mark(system, system->self_pid(), token, pid_file);
  return our_own == HPR_MARK_ABSENT ? HPR_MARK_CARRIED : HPR_MARK_UNKNOWN;
}

size_t hpr_mark_first(const hpr_system *system, int32_t pid, const char *const tokens[],
                      size_t count, const char *pid_file) {
  char *words;
  size_t size, first = 0;
  if (count == 0) return count;
  const int result = system->words(pid, HPR_WORDS_ENVIRONMENT, &words, &size);
  if (result == HPR_EACCES || result == HPR_ENOTSUP) return count; /* nor will it be told later */
  if (result != 0) return SIZE_MAX;
  while (first < count && find(words, size, tokens[first], pid_file) != HPR_MARK_CARRIED) first++;
  free(words);
  return first;
}
