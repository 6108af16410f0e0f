#include "platform/native.h"

#include <stdlib.h>

#include "platform/mark.h"

/* Judged after its environment was read: then that was its own. */
hpr_mark hpr_native_mark(void *context, const hpr_identity *identity, const char *token,
                         const char *pid_file) {
  const hpr_native *self = context;
  const hpr_mark mark = hpr_mark_of(self->system, identity->pid, token, pid_file);
  return hpr_native_verify(context, identity) == HPR_VERDICT_SAME ? mark : HPR_MARK_UNKNOWN;
}

size_t hpr_native_marked(void *context, int32_t pid, const char *const tokens[], size_t count,
                         const char *pid_file) {
  const hpr_native *self = context;
  return hpr_mark_first(self->system, pid, tokens, count, pid_file);
}

bool hpr_native_same_user(void *context, const hpr_identity *a, const hpr_identity *b) {
  const hpr_native *self = context;
  return self->system->same_user(a->pid, b->pid) &&
         hpr_native_verify(context, a) == HPR_VERDICT_SAME &&
         hpr_native_verify(context, b) == HPR_VERDICT_SAME;
}

/* Judged after a text was read: then that was its own. */
static int keep_if_its_own(void *context, const hpr_identity *identity, char *take_text,
                           char **ret_text) {
  if (hpr_native_verify(context, identity) != HPR_VERDICT_SAME) {
    free(take_text);
    return HPR_ESRCH;
  }
  *ret_text = take_text;
  return 0;
}

int hpr_native_command(void *context, const hpr_identity *identity, char **ret_words,
                       size_t *ret_size) {
  const hpr_native *self = context;
  char *words;
  size_t size;
  int result = self->system->words(identity->pid, HPR_WORDS_COMMAND, &words, &size);
  if (result == 0) result = keep_if_its_own(context, identity, words, ret_words);
  if (result == 0) *ret_size = size;
  return result;
}

int hpr_native_folder(void *context, const hpr_identity *identity, char **ret_path) {
  const hpr_native *self = context;
  char *path;
  if (!self->system->folder) return HPR_ENOTSUP;
  const int result = self->system->folder(identity->pid, &path);
  return result ? result : keep_if_its_own(context, identity, path, ret_path);
}

/* Both times are of today's clock: what it was set to meanwhile does not count. */
int64_t hpr_native_age_ms(void *context, const hpr_identity *identity) {
  const hpr_native *self = context;
  hpr_facts facts;
  if (self->system->look(identity->pid, &facts) != 0 || facts.start == 0 ||
      hpr_native_verify(context, identity) != HPR_VERDICT_SAME)
    return -1;
  const int64_t age_ms = self->system->now_ms() - self->system->started_ms(facts.start);
  return age_ms < 0 ? 0 : age_ms;
}

int64_t hpr_native_since_ms(void *context, const hpr_identity *identity, int64_t boot_ms) {
  const hpr_native *self = context;
  const hpr_birth *birth = &identity->birth;
  if (hpr_boot_compare(&self->here.boot, &identity->boot) != HPR_BOOT_SAME ||
      self->here.host.boots_alike || !hpr_birth_is_told(birth) ||
      !hpr_same_time(birth->time_namespace, self->here.host.time_namespace))
    return -1;
  const int64_t since_ms = self->system->boot_ms() - boot_ms;
  return since_ms < 0 ? -1 : since_ms;
}
