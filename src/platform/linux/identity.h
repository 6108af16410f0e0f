/* platform/linux/identity.h: the two texts of an identity, boot and birth, made and read here. */
#ifndef HPR_PLATFORM_LINUX_IDENTITY_H
#define HPR_PLATFORM_LINUX_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/process.h"

/* Where our numbers mean something: this boot of this host, this pid namespace. */
typedef struct hpr_here {
  char boot[HPR_BOOT_SIZE]; /* "" where the system does not say */
  uint64_t pid_namespace;   /* 0 if it cannot be read */
} hpr_here;

/* What a birth text says: "<pid namespace>.<start ticks>[.<pidfs name>]". */
typedef struct hpr_birth {
  uint64_t pid_namespace, start_ticks;
  const char *name; /* within the text; NULL: the kernel had none to give */
} hpr_birth;

hpr_here hpr_here_read(void);

/* Whose boot a text names: SAME for ours, GONE for an earlier one of this host, or FOREIGN. */
hpr_verdict hpr_here_judge(const hpr_here *here, const char *boot);

/* `pidfd` -1, or one that has no name: the text goes without. */
void hpr_birth_write(const hpr_here *here, uint64_t start_ticks, int pidfd,
                     char ret_text[HPR_BIRTH_SIZE]);

/* False: not such a text. */
bool hpr_birth_read(const char *text, hpr_birth *ret_birth);

#endif
