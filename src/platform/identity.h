/* platform/identity.h: the two texts of an identity, boot and birth, made and read here. */
#ifndef HPR_PLATFORM_IDENTITY_H
#define HPR_PLATFORM_IDENTITY_H

#include "platform/system.h"

/* What a birth says: "<pid namespace>.<start>[.<name>]", or "<start>" without namespaces. */
typedef struct hpr_birth {
  uint64_t pid_namespace, start;
  const char *name; /* within the text; NULL: the system had none to give */
} hpr_birth;

/* Whose boot a text names: SAME for ours, GONE for an earlier one of this host, FOREIGN, UNKNOWN.
 */
hpr_verdict hpr_boot_judge(const hpr_system_host *host, const char *boot);

/* `name` NULL: the text goes without, as it does if there is no room. */
void hpr_birth_write(const hpr_system_host *host, uint64_t start, const char *name,
                     char ret_text[HPR_BIRTH_SIZE]);

/* False: not such a text. */
bool hpr_birth_read(const hpr_system_host *host, const char *text, hpr_birth *ret_birth);

#endif
