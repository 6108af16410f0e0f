#include "platform/windows/identity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <windows.h>

enum { NAME_SIZE = 64 };

/* FNV-1a: the file need not tell everybody the machine's own id. */
static uint64_t digest_of(const wchar_t *text) {
  uint64_t digest = UINT64_C(0xcbf29ce484222325);
  for (; *text; text++) digest = (digest ^ (uint64_t)*text) * UINT64_C(0x100000001b3);
  return digest;
}

/* Made when Windows is installed; by name the key of 64 bits, which a program of 32 shall see, too.
 */
static bool read_machine(wchar_t ret_name[NAME_SIZE]) {
  DWORD size = NAME_SIZE * sizeof *ret_name;
  return RegGetValueW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\Microsoft\\Cryptography", L"MachineGuid",
                      RRF_RT_REG_SZ | RRF_SUBKEY_WOW6464KEY, NULL, ret_name,
                      &size) == ERROR_SUCCESS;
}

static bool read_computer(wchar_t ret_name[NAME_SIZE]) {
  DWORD size = NAME_SIZE;
  return GetComputerNameW(ret_name, &size);
}

hpr_here hpr_here_read(void) {
  hpr_here here = {.boot = ""};
  wchar_t name[NAME_SIZE];
  if (read_machine(name) || read_computer(name))
    snprintf(here.boot, sizeof here.boot, "windows@%016" PRIx64, digest_of(name));
  return here;
}

hpr_verdict hpr_here_judge(const hpr_here *here, const char *boot) {
  if (here->boot[0] == '\0') return HPR_VERDICT_UNKNOWN;
  return strcmp(here->boot, boot) == 0 ? HPR_VERDICT_SAME : HPR_VERDICT_FOREIGN;
}

void hpr_birth_write(uint64_t born, char ret_text[HPR_BIRTH_SIZE]) {
  snprintf(ret_text, HPR_BIRTH_SIZE, "%" PRIu64, born);
}

bool hpr_birth_read(const char *text, uint64_t *ret_born) {
  const size_t digits = strspn(text, "0123456789");
  int end = 0;
  return digits > 0 && digits < 20 && text[digits] == '\0' &&
         sscanf(text, "%" SCNu64 "%n", ret_born, &end) == 1 && (size_t)end == digits;
}
