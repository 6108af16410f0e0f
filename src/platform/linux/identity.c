#include "platform/linux/identity.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/linux/pidfd.h"
#include "platform/linux/procfs.h"

enum { NAME_SIZE = 48 };

hpr_here hpr_here_read(void) {
  hpr_here here = {.pid_namespace = hpr_procfs_pid_namespace()};
  hpr_procfs_boot(here.boot, sizeof here.boot);
  return here;
}

hpr_verdict hpr_here_judge(const hpr_here *here, const char *boot) {
  if (strcmp(here->boot, boot) == 0) return HPR_VERDICT_SAME;
  const char *our_host = strchr(here->boot, '@'), *its_host = strchr(boot, '@');
  if (our_host && its_host)
    return strcmp(our_host, its_host) == 0 ? HPR_VERDICT_GONE : HPR_VERDICT_FOREIGN;
  size_t length = strcspn(boot, "@");
  if (length == strcspn(here->boot, "@") && strncmp(boot, here->boot, length) == 0)
    return HPR_VERDICT_SAME; /* one of the two could not read the host's name */
  return HPR_VERDICT_GONE;
}

void hpr_birth_write(const hpr_here *here, uint64_t start_ticks, int pidfd,
                     char ret_text[HPR_BIRTH_SIZE]) {
  char name[NAME_SIZE];
  bool named = pidfd >= 0 && hpr_pidfd_name(pidfd, name, sizeof name) == 0;
  int length = snprintf(ret_text, HPR_BIRTH_SIZE, "%" PRIu64 ".%" PRIu64 "%s%s",
                        here->pid_namespace, start_ticks, named ? "." : "", named ? name : "");
  if (length >= HPR_BIRTH_SIZE) *strrchr(ret_text, '.') = '\0'; /* a name cut short is none */
}

bool hpr_birth_read(const char *text, hpr_birth *ret_birth) {
  char *end;
  ret_birth->pid_namespace = strtoull(text, &end, 10);
  if (end == text || *end != '.') return false;
  text = end + 1;
  ret_birth->start_ticks = strtoull(text, &end, 10);
  if (end == text || (*end != '.' && *end != '\0')) return false;
  ret_birth->name = *end == '.' ? end + 1 : NULL;
  return true;
}
