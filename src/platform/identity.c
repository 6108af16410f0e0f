#include "platform/identity.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

hpr_verdict hpr_boot_judge(const hpr_system_host *host, const char *boot) {
  if (host->boot[0] == '\0') return HPR_VERDICT_UNKNOWN;
  if (strcmp(host->boot, boot) == 0) return HPR_VERDICT_SAME;
  if (host->boots_alike) return HPR_VERDICT_FOREIGN;
  const char *our_host = strchr(host->boot, '@'), *its_host = strchr(boot, '@');
  if (our_host && its_host)
    return strcmp(our_host, its_host) == 0 ? HPR_VERDICT_GONE : HPR_VERDICT_FOREIGN;
  const size_t length = strcspn(boot, "@");
  if (length == strcspn(host->boot, "@") && strncmp(boot, host->boot, length) == 0)
    return HPR_VERDICT_SAME; /* one of the two could not read the host's name */
  return HPR_VERDICT_GONE;
}

void hpr_birth_write(const hpr_system_host *host, uint64_t start, const char *name,
                     char ret_text[HPR_BIRTH_SIZE]) {
  int length = 0;
  if (host->has_namespaces)
    length = snprintf(ret_text, HPR_BIRTH_SIZE, "%" PRIu64 ".", host->pid_namespace);
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
  return errno == 0 ? end : NULL;
}

bool hpr_birth_read(const hpr_system_host *host, const char *text, hpr_birth *ret_birth) {
  *ret_birth = (hpr_birth){0};
  if (host->has_namespaces) {
    text = read_number(text, &ret_birth->pid_namespace);
    if (!text || *text++ != '.') return false;
  }
  text = read_number(text, &ret_birth->start);
  if (text && *text == '.' && host->has_namespaces) ret_birth->name = text + 1;
  return text && (*text == '\0' || ret_birth->name);
}
