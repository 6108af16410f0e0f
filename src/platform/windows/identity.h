/* platform/windows/identity.h: the two texts of an identity, boot and birth, made and read here. */
#ifndef HPR_PLATFORM_WINDOWS_IDENTITY_H
#define HPR_PLATFORM_WINDOWS_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/process.h"

/*
 * Where our numbers mean something: this installation of Windows, "windows@<digest>".
 *
 * No number of the boot is in it. A birth is a time of the wall clock to 100 ns, so that a number
 * and a birth come together once and not once a boot, and what an earlier boot has recorded is
 * found GONE, or its number a STRANGER's, without one. The time of the boot, which Windows would
 * tell, follows the clock when that is set: whoever took it for an id would forget living
 * processes.
 */
typedef struct hpr_here {
  char boot[HPR_BOOT_SIZE]; /* "" where the system does not say */
} hpr_here;

hpr_here hpr_here_read(void);

/* Whose boot a text names: SAME for ours, FOREIGN, or UNKNOWN if we do not know our own. */
hpr_verdict hpr_here_judge(const hpr_here *here, const char *boot);

/* Digits alone. */
void hpr_birth_write(uint64_t born, char ret_text[HPR_BIRTH_SIZE]);

/* False: not such a text. */
bool hpr_birth_read(const char *text, uint64_t *ret_born);

#endif
