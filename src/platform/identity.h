/* platform/identity.h: the texts of an identity, made and read here alone. */
#ifndef HPR_PLATFORM_IDENTITY_H
#define HPR_PLATFORM_IDENTITY_H

#include "platform/system.h"

/* Bytes of a text, the final NUL included. */
enum { HPR_BOOT_SIZE = 64, HPR_BIRTH_SIZE = 64, HPR_CLOCK_SIZE = 48 };

/*
 * An identity in a file: boot and birth as version 0.1 has them, which must find its processes in
 * our rows, and by themselves what it does not know.
 *
 * A boot is the kernel's id, a UUID, or on Windows "windows@<host>"; where the system tells none it
 * is "~<nonce>", which only its writer has. Version 0.1 wrote "@<host>" behind it, which counts no
 * more. Any other text is kept, and written, as the UUID that its hash makes.
 *
 * A birth is "<pid namespace>.<start>[.<name>]", or "<start>" on systems without namespaces; a name
 * is "<kind>-<number>", in hexadecimal. Any other text is odd: it stays so ("?<hash>"), and of its
 * process nothing can be told.
 *
 * A clock is "<time namespace>+<time of the boot>": where the start was counted, and when the boot
 * began by its writer's clock, in milliseconds since 1970. Both may be left out.
 */
typedef struct hpr_identity_text {
  char boot[HPR_BOOT_SIZE], birth[HPR_BIRTH_SIZE], clock[HPR_CLOCK_SIZE]; /* "" = not known */
} hpr_identity_text;

void hpr_identity_print(const hpr_identity *identity, hpr_identity_text *ret_text);
/* Writes boot and birth of *identity. */
void hpr_identity_read(const hpr_identity_text *text, hpr_identity *identity);

/* --- boots ------------------------------------------------------------------------------------ */

typedef enum hpr_boot_match {
  HPR_BOOT_SAME,    /* the very boot */
  HPR_BOOT_LIKELY,  /* one of them has no id, and both have the same time of the boot */
  HPR_BOOT_OTHER,   /* the ids differ */
  HPR_BOOT_UNKNOWN, /* nobody can tell */
} hpr_boot_match;

hpr_boot_match hpr_boot_compare(const hpr_boot *a, const hpr_boot *b);

/* Where we are, and how we name this boot. */
typedef struct hpr_here {
  hpr_system_host host;
  hpr_boot boot;
  struct hpr_held **held;    /* handles that we have kept; NULL: none */
  struct hpr_held **turn;    /* handles of those who were found in this turn; NULL: there is none */
  hpr_handle limit;          /* those from here on are not kept in it */
  struct hpr_groups *groups; /* one look at all of them, for who ended before it; NULL: none */
} hpr_here;

/* `nonce` is used where there is no boot id. */
hpr_boot hpr_boot_make(const hpr_system_host *host, uint64_t nonce);

/* --- births ----------------------------------------------------------------------------------- */

hpr_birth hpr_birth_make(const hpr_system_host *host, uint64_t start);

/* By itself: where its start was counted is not told. */
hpr_birth hpr_birth_read(const char *text);
void hpr_birth_print(const hpr_birth *birth, char ret_text[HPR_BIRTH_SIZE]);

/* True for one that can be judged. */
bool hpr_birth_is_told(const hpr_birth *birth);

/* True if both were counted in the same time namespace, as far as they tell. */
bool hpr_same_time(uint64_t time_namespace, uint64_t other);

#endif
