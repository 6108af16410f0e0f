/* platform/identity.h: the two texts of an identity, boot and birth, made and read here. */
#ifndef HPR_PLATFORM_IDENTITY_H
#define HPR_PLATFORM_IDENTITY_H

#include "platform/system.h"

enum { HPR_CLOCK_SIZE = 48 }; /* bytes, the final NUL included */

/*
 * A boot is "<boot id>+<time of the boot>", in milliseconds since 1970 by the clock of the one who
 * wrote it. Where the system tells no boot id there is "~<nonce>" instead, which only its writer
 * has. Version 0.1 wrote "<boot id>@<host>"; what follows the id counts no more.
 */
typedef enum hpr_boot_match {
  HPR_BOOT_SAME,    /* the very boot */
  HPR_BOOT_LIKELY,  /* one of them has no id, and both have the same time of the boot */
  HPR_BOOT_OTHER,   /* the ids differ */
  HPR_BOOT_UNKNOWN, /* nobody can tell */
} hpr_boot_match;

hpr_boot_match hpr_boot_compare(const char *a, const char *b);

/* Where we are, and how we name this boot. */
typedef struct hpr_here {
  hpr_system_host host;
  char boot[HPR_BOOT_SIZE];
  struct hpr_held **held; /* handles that we have kept; NULL: none */
  struct hpr_held **turn; /* handles of those who were found in this turn; NULL: there is none */
  hpr_handle limit;       /* those from here on are not kept in it */
} hpr_here;

/* `nonce` is used where there is no boot id. */
void hpr_boot_write(const hpr_system_host *host, uint64_t nonce, char ret_text[HPR_BOOT_SIZE]);

/*
 * What a birth says: "<pid namespace>.<time namespace>.<start>[.<name>]", or "<start>" on systems
 * without namespaces. Version 0.1 left the time namespace out.
 */
typedef struct hpr_birth {
  bool has_namespaces;
  uint64_t pid_namespace, time_namespace; /* time: 0 = not told */
  uint64_t start;                         /* compares only within one time namespace */
  const char *name;                       /* within the text; NULL: the system had none to give */
} hpr_birth;

/* `name` NULL: the text goes without, as it does if there is no room. */
void hpr_birth_write(const hpr_system_host *host, uint64_t start, const char *name,
                     char ret_text[HPR_BIRTH_SIZE]);

/* False: not such a text. */
bool hpr_birth_read(const char *text, hpr_birth *ret_birth);

/*
 * An identity in a file: boot and birth as version 0.1 has them, which must find its processes in
 * our rows, and by themselves what it does not know: "<time namespace>+<time of the boot>".
 */
typedef struct hpr_identity_text {
  char boot[HPR_BOOT_SIZE], birth[HPR_BIRTH_SIZE], clock[HPR_CLOCK_SIZE]; /* "" = not known */
} hpr_identity_text;

/* The birth alone. */
void hpr_birth_split(const char *birth, char ret_text[HPR_BIRTH_SIZE]);

void hpr_identity_split(const hpr_identity *identity, hpr_identity_text *ret_text);

/* Writes boot and birth of *identity. What does not fit is left out. */
void hpr_identity_join(const hpr_identity_text *text, hpr_identity *identity);

/* True if both were counted in the same time namespace, as far as they tell. */
bool hpr_same_time(uint64_t time_namespace, uint64_t other);

#endif
