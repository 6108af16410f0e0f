#include "platform/identity.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Two readings of two clocks, and what an adjustment of one of them may do between two servers. */
enum { BOOT_TIME_SLACK_MS = 2000 };

static const char NO_ID = '~';

enum { OLD_HOST_LENGTH = 9 }; /* "@" and eight digits, which version 0.1 wrote behind the id */

/* --- boots ----------------------------------------------------------------------------------- */

typedef struct boot {
  const char *id;
  size_t id_length;
  bool has_id; /* the kernel's own */
  bool has_time;
  int64_t time_ms;
} boot;

static size_t id_length_of(const char *text) {
  const size_t length = strcspn(text, "+");
  const bool is_old =
      text[length] == '\0' && length > OLD_HOST_LENGTH && text[length - OLD_HOST_LENGTH] == '@';
  return is_old ? length - OLD_HOST_LENGTH : length;
}

static boot read_boot(const char *text) {
  const size_t length = id_length_of(text);
  boot it = {.id = text, .id_length = length, .has_id = length > 0 && text[0] != NO_ID};
  if (text[length] != '+') return it;
  char *end;
  it.time_ms = strtoll(text + length + 1, &end, 10);
  it.has_time = *end == '\0' && end > text + length + 1;
  return it;
}

hpr_boot_match hpr_boot_compare(const char *a, const char *b) {
  const boot one = read_boot(a), other = read_boot(b);
  if (one.id_length > 0 && one.id_length == other.id_length &&
      memcmp(one.id, other.id, one.id_length) == 0)
    return HPR_BOOT_SAME;
  if (one.has_id && other.has_id) return HPR_BOOT_OTHER;
  if (!one.has_time || !other.has_time) return HPR_BOOT_UNKNOWN;
  const int64_t between_ms = one.time_ms - other.time_ms;
  return llabs(between_ms) <= BOOT_TIME_SLACK_MS ? HPR_BOOT_LIKELY : HPR_BOOT_UNKNOWN;
}

void hpr_boot_write(const hpr_system_host *host, uint64_t nonce, char ret_text[HPR_BOOT_SIZE]) {
  int length = host->boot_id[0] ? snprintf(ret_text, HPR_BOOT_SIZE, "%s", host->boot_id)
                                : snprintf(ret_text, HPR_BOOT_SIZE, "%c%016" PRIx64, NO_ID, nonce);
  if (host->booted_ms != 0)
    snprintf(ret_text + length, HPR_BOOT_SIZE - (size_t)length, "+%" PRId64, host->booted_ms);
}

/* --- births ---------------------------------------------------------------------------------- */

void hpr_birth_write(const hpr_system_host *host, uint64_t start, const char *name,
                     char ret_text[HPR_BIRTH_SIZE]) {
  int length = 0;
  if (host->has_namespaces)
    length = snprintf(ret_text, HPR_BIRTH_SIZE, "%" PRIu64 ".", host->pid_namespace);
  if (host->has_namespaces && host->time_namespace != 0)
    length += snprintf(ret_text + length, HPR_BIRTH_SIZE - (size_t)length, "%" PRIu64 ".",
                       host->time_namespace);
  length += snprintf(ret_text + length, HPR_BIRTH_SIZE - (size_t)length, "%" PRIu64, start);
  if (name && (size_t)length + 1 + strlen(name) < HPR_BIRTH_SIZE)
    snprintf(ret_text + length, HPR_BIRTH_SIZE - (size_t)length, ".%s", name);
}

/* Returns what follows the number; NULL: there is none. */
static const char *read_number(const char *text, uint64_t *ret_number) {
  char *end;
  if (*text < '0' || *text > '9') return NULL;
  errno = 0;
  *ret_number = strtoull(text, &end, 10);
  return errno == 0 && (*end == '\0' || *end == '.') ? end : NULL;
}

bool hpr_birth_read(const char *text, hpr_birth *ret_birth) {
  enum { NUMBERS = 3 };
  uint64_t numbers[NUMBERS];
  size_t count = 0;
  const char *rest = NULL;
  *ret_birth = (hpr_birth){0};
  while (text && count < NUMBERS && (rest = read_number(text, &numbers[count]))) {
    text = *rest == '.' ? rest + 1 : NULL;
    count++;
  }
  if (count == 0) return false;
  ret_birth->name = text; /* what is no number */
  ret_birth->has_namespaces = count > 1;
  ret_birth->start = numbers[count - 1];
  if (count > 1) ret_birth->pid_namespace = numbers[0];
  if (count == NUMBERS) ret_birth->time_namespace = numbers[1];
  return true;
}

bool hpr_same_time(uint64_t time_namespace, uint64_t other) {
  return time_namespace == 0 || other == 0 || time_namespace == other;
}

/* --- in a file ------------------------------------------------------------------------------- */

static void write_birth(const hpr_birth *birth, uint64_t time_namespace,
                        char ret_text[HPR_BIRTH_SIZE]) {
  const hpr_system_host host = {
      .has_namespaces = birth->has_namespaces,
      .pid_namespace = birth->pid_namespace,
      .time_namespace = time_namespace,
  };
  hpr_birth_write(&host, birth->start, birth->name, ret_text);
}

void hpr_birth_split(const char *text, char ret_text[HPR_BIRTH_SIZE]) {
  hpr_birth birth;
  if (hpr_birth_read(text, &birth) && birth.time_namespace != 0)
    write_birth(&birth, 0, ret_text);
  else
    snprintf(ret_text, HPR_BIRTH_SIZE, "%s", text);
}

void hpr_identity_split(const hpr_identity *identity, hpr_identity_text *ret_text) {
  hpr_birth birth;
  const boot boot = read_boot(identity->boot);
  const char *time = boot.has_time ? identity->boot + boot.id_length : "";
  const size_t length = strlen(identity->boot) - strlen(time);
  *ret_text = (hpr_identity_text){0};
  snprintf(ret_text->boot, HPR_BOOT_SIZE, "%.*s", (int)length, identity->boot);
  hpr_birth_split(identity->birth, ret_text->birth);
  if (hpr_birth_read(identity->birth, &birth) && birth.time_namespace != 0)
    snprintf(ret_text->clock, HPR_CLOCK_SIZE, "%" PRIu64 "%s", birth.time_namespace, time);
  else
    snprintf(ret_text->clock, HPR_CLOCK_SIZE, "%s", time);
}

void hpr_identity_join(const hpr_identity_text *text, hpr_identity *identity) {
  hpr_birth birth;
  const char *time = strchr(text->clock, '+');
  const uint64_t time_namespace = strtoull(text->clock, NULL, 10);
  const bool timed = text->boot[0] && time && strlen(text->boot) + strlen(time) < HPR_BOOT_SIZE;
  memcpy(identity->boot, text->boot, sizeof identity->boot);
  memcpy(identity->birth, text->birth, sizeof identity->birth);
  if (timed) strcat(identity->boot, time);
  if (time_namespace != 0 && hpr_birth_read(text->birth, &birth) && birth.has_namespaces)
    write_birth(&birth, time_namespace, identity->birth);
}

/* --- the whole ------------------------------------------------------------------------------- */

static bool same_name(const hpr_birth *a, const hpr_birth *b) {
  return a->name && b->name && a->pid_namespace == b->pid_namespace &&
         strcmp(a->name, b->name) == 0;
}

/* A name says all; without one on both sides the start does. */
static bool same_birth(const hpr_birth *a, const hpr_birth *b) {
  if (a->name && b->name) return same_name(a, b);
  return a->pid_namespace == b->pid_namespace && a->start == b->start &&
         hpr_same_time(a->time_namespace, b->time_namespace);
}

bool hpr_birth_equal(const char *a, const char *b) {
  hpr_birth one, other;
  if (strcmp(a, b) == 0) return true;
  return hpr_birth_read(a, &one) && hpr_birth_read(b, &other) && same_birth(&one, &other);
}

bool hpr_identity_equal(const hpr_identity *a, const hpr_identity *b) {
  hpr_birth one, other;
  if (a->pid != b->pid || a->state != b->state) return false;
  if (strcmp(a->boot, b->boot) == 0) return hpr_birth_equal(a->birth, b->birth);
  switch (hpr_boot_compare(a->boot, b->boot)) {
  case HPR_BOOT_SAME: return hpr_birth_equal(a->birth, b->birth);
  case HPR_BOOT_LIKELY:
    return hpr_birth_read(a->birth, &one) && hpr_birth_read(b->birth, &other) &&
           same_name(&one, &other) && one.start == other.start;
  case HPR_BOOT_OTHER:
  case HPR_BOOT_UNKNOWN: break;
  }
  return false;
}
