#include "platform/darwin/identity.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysctl.h>
#include <time.h>
#include <unistd.h>

enum { HOST_WAIT_S = 1 }; /* gethostuuid(2) may have to ask another process */

static uint32_t digest_of(const unsigned char *bytes, size_t size) {
  uint32_t hash = UINT32_C(2166136261); /* FNV-1a */
  for (size_t i = 0; i < size; i++) hash = (hash ^ bytes[i]) * UINT32_C(16777619);
  return hash;
}

void hpr_boot_read(char ret_text[HPR_BOOT_SIZE]) {
  char session[48];
  size_t size = sizeof session;
  uuid_t host;
  const struct timespec wait = {.tv_sec = HOST_WAIT_S};
  ret_text[0] = '\0';
  if (sysctlbyname("kern.bootsessionuuid", session, &size, NULL, 0) != 0) return;
  session[sizeof session - 1] = '\0';
  if (gethostuuid(host, &wait) != 0)
    snprintf(ret_text, HPR_BOOT_SIZE, "%s", session);
  else
    snprintf(ret_text, HPR_BOOT_SIZE, "%s@%08" PRIx32, session, digest_of(host, sizeof host));
}

hpr_verdict hpr_boot_judge(const char *here, const char *boot) {
  if (strcmp(here, boot) == 0) return HPR_VERDICT_SAME;
  const char *our_host = strchr(here, '@'), *its_host = strchr(boot, '@');
  if (our_host && its_host)
    return strcmp(our_host, its_host) == 0 ? HPR_VERDICT_GONE : HPR_VERDICT_FOREIGN;
  size_t length = strcspn(boot, "@");
  if (length == strcspn(here, "@") && strncmp(boot, here, length) == 0)
    return HPR_VERDICT_SAME; /* one of the two was not told the host's UUID */
  return HPR_VERDICT_GONE;
}

void hpr_birth_write(int64_t born_us, char ret_text[HPR_BIRTH_SIZE]) {
  snprintf(ret_text, HPR_BIRTH_SIZE, "%" PRId64, born_us);
}

bool hpr_birth_read(const char *text, int64_t *ret_born_us) {
  char *end;
  errno = 0;
  *ret_born_us = strtoll(text, &end, 10);
  return errno == 0 && end != text && *end == '\0' && *ret_born_us > 0;
}
