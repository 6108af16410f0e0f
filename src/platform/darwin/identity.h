/* platform/darwin/identity.h: the two texts of an identity, boot and birth, made and read here. */
#ifndef HPR_PLATFORM_DARWIN_IDENTITY_H
#define HPR_PLATFORM_DARWIN_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/process.h"

/*
 * This boot of this host: "<boot session>@<digest of the host's UUID>"; "" where the system does
 * not say. The boot session is kern.bootsessionuuid, new with every boot.
 */
void hpr_boot_read(char ret_text[HPR_BOOT_SIZE]);

/* Whose boot a text names: SAME for `here`, GONE for an earlier one of this host, or FOREIGN. */
hpr_verdict hpr_boot_judge(const char *here, const char *boot);

/* A birth is the start time in microseconds since 1970, as the kernel noted it down. */
void hpr_birth_write(int64_t born_us, char ret_text[HPR_BIRTH_SIZE]);

/* False: not such a text. */
bool hpr_birth_read(const char *text, int64_t *ret_born_us);

#endif
