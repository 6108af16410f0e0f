#include "platform/identity.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* Two readings of two clocks, and what an adjustment of one of them may do between two servers. */
enum { BOOT_TIME_SLACK_MS = 2000 };

static const char NO_ID[] = "~", WINDOWS[] = "windows@", ODD = '?';

#define HASH_START UINT64_C(0xcbf29ce484222325)

enum {
  OLD_HOST_LENGTH = 9, /* "@" and eight digits, which version 0.1 wrote behind the id */
  UUID_LENGTH = 36,
  HEX_DIGITS = 16, /* of 64 bits */
};

/* --- numbers -------------------------------------------------------------------------------- */

/* Returns how many digits it has, at most `most`; 0: none. */
static size_t read_hex(const char *text, size_t most, uint64_t *ret_number) {
  size_t length = 0;
  *ret_number = 0;
  for (; length < most && hpr_hex_digit(text[length]) >= 0; length++)
    *ret_number = *ret_number << 4 | (uint64_t)hpr_hex_digit(text[length]);
  return length;
}

/* FNV-1a. */
static uint64_t hash_of(const char *text, size_t length, uint64_t hash) {
  for (size_t i = 0; i < length; i++)
    hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
  return hash;
}

/* --- boots ----------------------------------------------------------------------------------- */

static size_t id_length_of(const char *text) {
  const size_t length = strlen(text);
  const bool is_old = length > OLD_HOST_LENGTH && text[length - OLD_HOST_LENGTH] == '@';
  return is_old ? length - OLD_HOST_LENGTH : length;
}

static bool read_uuid(const char *text, size_t length, hpr_boot *ret_boot) {
  size_t digits = 0;
  if (length != UUID_LENGTH) return false;
  for (size_t i = 0; i < length; i++) {
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    const int digit = hpr_hex_digit(text[i]);
    if (is_dash ? text[i] != '-' : digit < 0) return false;
    if (is_dash) continue;
    ret_boot->id[digits / HEX_DIGITS] = ret_boot->id[digits / HEX_DIGITS] << 4 | (uint64_t)digit;
    ret_boot->upper = ret_boot->upper || (text[i] >= 'A' && text[i] <= 'F');
    digits++;
  }
  ret_boot->form = HPR_BOOT_ID;
  return true;
}

/* "~<nonce>", "windows@<host>" */
static bool read_number_behind(const char *text, size_t length, const char *prefix, uint8_t form,
                               hpr_boot *ret_boot) {
  const size_t before = strlen(prefix);
  if (length != before + HEX_DIGITS || strncmp(text, prefix, before) != 0 ||
      read_hex(text + before, HEX_DIGITS, &ret_boot->id[0]) != HEX_DIGITS)
    return false;
  ret_boot->form = form;
  return true;
}

static hpr_boot read_id(const char *text, size_t length) {
  hpr_boot boot = {0};
  if (read_uuid(text, length, &boot)) return boot;
  boot = (hpr_boot){0};
  if (read_number_behind(text, length, NO_ID, HPR_BOOT_NONCE, &boot) ||
      read_number_behind(text, length, WINDOWS, HPR_BOOT_HOST, &boot))
    return boot;
  boot.form = HPR_BOOT_ID;
  boot.id[0] = hash_of(text, length, HASH_START);
  boot.id[1] = hash_of(text, length, boot.id[0]);
  return boot;
}

hpr_boot hpr_boot_make(const hpr_system_host *host, uint64_t nonce) {
  hpr_boot boot = {.form = HPR_BOOT_NONCE, .id = {nonce}};
  if (host->boot_id[0]) boot = read_id(host->boot_id, strlen(host->boot_id));
  boot.began_ms = host->booted_ms;
  return boot;
}

static void print_uuid(const hpr_boot *boot, char ret_text[HPR_BOOT_SIZE]) {
  const uint64_t *id = boot->id;
  char *at = hpr_print_hex(ret_text, id[0] >> 32, 8);
  const uint64_t groups[] = {id[0] >> 16 & 0xffff, id[0] & 0xffff, id[1] >> 48};
  for (int i = 0; i < 3; i++) {
    *at++ = '-';
    at = hpr_print_hex(at, groups[i], 4);
  }
  *at++ = '-';
  *hpr_print_hex(at, id[1] & UINT64_C(0xffffffffffff), 12) = '\0';
  for (at = ret_text; *at && boot->upper; at++) *at = (char)toupper((unsigned char)*at);
}

static void print_hex_behind(const char *prefix, uint64_t number, char *ret_text) {
  const size_t length = strlen(prefix);
  memcpy(ret_text, prefix, length);
  *hpr_print_hex(ret_text + length, number, HEX_DIGITS) = '\0';
}

static void print_boot(const hpr_boot *boot, char ret_text[HPR_BOOT_SIZE]) {
  switch (boot->form) {
  case HPR_BOOT_ID: print_uuid(boot, ret_text); break;
  case HPR_BOOT_HOST: print_hex_behind(WINDOWS, boot->id[0], ret_text); break;
  case HPR_BOOT_NONCE: print_hex_behind(NO_ID, boot->id[0], ret_text); break;
  default: ret_text[0] = '\0';
  }
}

static bool has_id(const hpr_boot *boot) {
  return boot->form == HPR_BOOT_ID || boot->form == HPR_BOOT_HOST;
}

static bool same_id(const hpr_boot *a, const hpr_boot *b) {
  return a->form != HPR_BOOT_NONE && a->form == b->form && a->id[0] == b->id[0] &&
         a->id[1] == b->id[1];
}

hpr_boot_match hpr_boot_compare(const hpr_boot *a, const hpr_boot *b) {
  if (same_id(a, b)) return HPR_BOOT_SAME;
  if (has_id(a) && has_id(b)) return HPR_BOOT_OTHER;
  if (a->began_ms == 0 || b->began_ms == 0) return HPR_BOOT_UNKNOWN;
  const int64_t between_ms = a->began_ms - b->began_ms;
  return llabs(between_ms) <= BOOT_TIME_SLACK_MS ? HPR_BOOT_LIKELY : HPR_BOOT_UNKNOWN;
}

/* --- births ---------------------------------------------------------------------------------- */

hpr_birth hpr_birth_make(const hpr_system_host *host, uint64_t start) {
  return (hpr_birth){
      .form = host->has_namespaces ? HPR_BIRTH_FULL : HPR_BIRTH_PLAIN,
      .pid_namespace = (uint32_t)host->pid_namespace,
      .time_namespace = (uint32_t)host->time_namespace,
      .start = start,
  };
}

static char *print_name(const hpr_birth *birth, char *text) {
  const bool is_inode = birth->name_kind == HPR_NAME_INODE;
  *text++ = '.';
  if (is_inode)
    *text++ = 'i';
  else
    text = hpr_print_hex(text, birth->name_kind, 1);
  *text++ = '-';
  return hpr_print_hex(text, birth->name, is_inode ? 1 : HEX_DIGITS);
}

/* A name that has no room is left out. */
void hpr_birth_print(const hpr_birth *birth, char ret_text[HPR_BIRTH_SIZE]) {
  char name[sizeof ".ffff-" + HEX_DIGITS];
  char *at = ret_text;
  if (birth->form == HPR_BIRTH_ODD) {
    *at++ = ODD;
    at = hpr_print_hex(at, birth->start, HEX_DIGITS);
  } else if (birth->form != HPR_BIRTH_NONE) {
    if (birth->form == HPR_BIRTH_FULL) {
      at = hpr_print_decimal(at, birth->pid_namespace, 1);
      *at++ = '.';
    }
    at = hpr_print_decimal(at, birth->start, 1);
    const size_t length = birth->name_kind ? (size_t)(print_name(birth, name) - name) : 0;
    const bool fits = (size_t)(at - ret_text) + length < HPR_BIRTH_SIZE;
    if (fits) memcpy(at, name, length);
    at += fits ? length : 0;
  }
  *at = '\0';
}

/* Returns what follows the number; NULL: there is none. */
static const char *read_number(const char *text, uint64_t *ret_number) {
  char *end;
  if (*text < '0' || *text > '9') return NULL;
  errno = 0;
  *ret_number = strtoull(text, &end, 10);
  return errno == 0 && (*end == '\0' || *end == '.') ? end : NULL;
}

static bool read_name(const char *text, hpr_birth *birth) {
  uint64_t kind = HPR_NAME_INODE;
  const bool is_inode = text[0] == 'i';
  const size_t length = is_inode ? 1 : read_hex(text, 3, &kind);
  if (length == 0 || kind == 0 || text[length] != '-') return false;
  const char *number = text + length + 1;
  const size_t digits = read_hex(number, HEX_DIGITS, &birth->name);
  birth->name_kind = (uint16_t)kind;
  return number[digits] == '\0' && (is_inode ? digits > 0 : digits == HEX_DIGITS);
}

static bool read_parts(const char *text, hpr_birth *ret_birth) {
  uint64_t first, second;
  const char *rest = read_number(text, &first);
  const char *behind = rest && *rest == '.' ? read_number(rest + 1, &second) : NULL;
  if (behind) rest = behind;
  if (!rest || (behind && first > UINT32_MAX)) return false;
  if (*rest == '.' && !read_name(rest + 1, ret_birth)) return false;
  ret_birth->form = behind ? HPR_BIRTH_FULL : HPR_BIRTH_PLAIN;
  ret_birth->start = behind ? second : first;
  if (behind) ret_birth->pid_namespace = (uint32_t)first;
  return true;
}

hpr_birth hpr_birth_read(const char *text) {
  hpr_birth birth = {0};
  if (text[0] == '\0' || read_parts(text, &birth)) return birth;
  birth = (hpr_birth){.form = HPR_BIRTH_ODD};
  if (text[0] != ODD || read_hex(text + 1, HEX_DIGITS, &birth.start) != HEX_DIGITS)
    birth.start = hash_of(text, strlen(text), HASH_START);
  return birth;
}

bool hpr_birth_is_told(const hpr_birth *birth) {
  return birth->form == HPR_BIRTH_PLAIN || birth->form == HPR_BIRTH_FULL;
}

bool hpr_same_time(uint64_t time_namespace, uint64_t other) {
  return time_namespace == 0 || other == 0 || time_namespace == other;
}

/* --- both, and the clock ---------------------------------------------------------------------- */

static void print_clock(const hpr_identity *identity, char ret_text[HPR_CLOCK_SIZE]) {
  const int64_t began_ms = identity->boot.began_ms;
  char *at = ret_text;
  if (identity->birth.time_namespace != 0)
    at = hpr_print_decimal(at, identity->birth.time_namespace, 1);
  if (began_ms != 0) {
    *at++ = '+';
    if (began_ms < 0) *at++ = '-';
    const uint64_t number = began_ms < 0 ? 0 - (uint64_t)began_ms : (uint64_t)began_ms;
    at = hpr_print_decimal(at, number, 1);
  }
  *at = '\0';
}

void hpr_identity_print(const hpr_identity *identity, hpr_identity_text *ret_text) {
  print_boot(&identity->boot, ret_text->boot);
  hpr_birth_print(&identity->birth, ret_text->birth);
  print_clock(identity, ret_text->clock);
}

static void read_clock(const char *text, hpr_identity *identity) {
  const char *time = strchr(text, '+');
  char *end;
  const uint64_t time_namespace = strtoull(text, NULL, 10);
  const int64_t began_ms = time ? strtoll(time + 1, &end, 10) : 0;
  if (time && end > time + 1 && *end == '\0' && identity->boot.form != HPR_BOOT_NONE)
    identity->boot.began_ms = began_ms;
  if (time_namespace <= UINT32_MAX && identity->birth.form == HPR_BIRTH_FULL)
    identity->birth.time_namespace = (uint32_t)time_namespace;
}

void hpr_identity_read(const hpr_identity_text *text, hpr_identity *identity) {
  identity->boot = (hpr_boot){0};
  if (text->boot[0]) identity->boot = read_id(text->boot, id_length_of(text->boot));
  identity->birth = hpr_birth_read(text->birth);
  read_clock(text->clock, identity);
}

/* --- the whole ------------------------------------------------------------------------------- */

static bool same_name(const hpr_birth *a, const hpr_birth *b) {
  return a->name_kind != 0 && a->name_kind == b->name_kind && a->name == b->name &&
         a->pid_namespace == b->pid_namespace;
}

/* A name says all; without one on both sides the start does. */
bool hpr_birth_equal(const hpr_birth *a, const hpr_birth *b) {
  if (!hpr_birth_is_told(a) || !hpr_birth_is_told(b))
    return a->form == b->form && a->start == b->start;
  if (a->name_kind != 0 && b->name_kind != 0) return same_name(a, b);
  return a->pid_namespace == b->pid_namespace && a->start == b->start &&
         hpr_same_time(a->time_namespace, b->time_namespace);
}

bool hpr_identity_equal(const hpr_identity *a, const hpr_identity *b) {
  if (a->pid != b->pid || a->state != b->state) return false;
  if (a->boot.form == HPR_BOOT_NONE && b->boot.form == HPR_BOOT_NONE)
    return hpr_birth_equal(&a->birth, &b->birth);
  switch (hpr_boot_compare(&a->boot, &b->boot)) {
  case HPR_BOOT_SAME: return hpr_birth_equal(&a->birth, &b->birth);
  case HPR_BOOT_LIKELY: return same_name(&a->birth, &b->birth) && a->birth.start == b->birth.start;
  case HPR_BOOT_OTHER:
  case HPR_BOOT_UNKNOWN: break;
  }
  return false;
}
