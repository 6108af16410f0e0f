#include "platform/windows/wide.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/error.h"
#include "platform/windows/errors.h"

/* In "Naming Files, Paths, and Namespaces": no limit of MAX_PATH behind this, and no parsing. */
static const wchar_t verbatim[] = L"\\\\?\\", verbatim_share[] = L"\\\\?\\UNC\\";

static int widen(const char *text, wchar_t **ret_text) {
  const int size = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
  if (size <= 0) return HPR_EINVAL;
  wchar_t *wide = malloc((size_t)size * sizeof *wide);
  if (!wide) return HPR_ENOMEM;
  MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, size);
  *ret_text = wide;
  return 0;
}

/* Absolute, with backslashes and without "." and "..", which the system does not look for later. */
static int make_full(const wchar_t *path, wchar_t **ret_path) {
  const DWORD size = GetFullPathNameW(path, 0, NULL, NULL);
  if (size == 0) return hpr_error_last();
  wchar_t *full = malloc(size * sizeof *full);
  if (!full) return HPR_ENOMEM;
  /* Another thread may have changed the current folder. */
  const DWORD length = GetFullPathNameW(path, size, full, NULL);
  if (length == 0 || length >= size) {
    free(full);
    return HPR_EINVAL;
  }
  *ret_path = full;
  return 0;
}

static int with_prefix(const wchar_t *prefix, const wchar_t *rest, wchar_t **ret_path) {
  const size_t head = wcslen(prefix), tail = wcslen(rest);
  wchar_t *path = malloc((head + tail + 1) * sizeof *path);
  if (!path) return HPR_ENOMEM;
  memcpy(path, prefix, head * sizeof *path);
  /* NOLINTNEXTLINE(clang-analyzer-unix.cstring.NullArg): an error is never 0 */
  memcpy(path + head, rest, (tail + 1) * sizeof *path);
  *ret_path = path;
  return 0;
}

static bool is_share(const wchar_t *full) { return wcsncmp(full, L"\\\\", 2) == 0; }

/* \\?\ already, or \\.\, which is how NUL and COM1 come out. */
static bool is_device(const wchar_t *full) {
  /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): an error is never 0 */
  return is_share(full) && (full[2] == L'?' || full[2] == L'.') && full[3] == L'\\';
}

static int make_verbatim(const wchar_t *full, wchar_t **ret_path) {
  if (is_device(full)) return with_prefix(L"", full, ret_path);
  if (is_share(full)) return with_prefix(verbatim_share, full + 2, ret_path);
  return with_prefix(verbatim, full, ret_path);
}

int hpr_wide_path(const char *path, wchar_t **ret_path) {
  wchar_t *wide = NULL, *full = NULL;
  int result = widen(path, &wide);
  if (result != 0) return result;
  result = make_full(wide, &full);
  free(wide);
  if (result != 0) return result;
  result = make_verbatim(full, ret_path);
  free(full);
  return result;
}

char *hpr_narrow(const wchar_t *text) {
  const int size = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
  char *narrow = size > 0 ? malloc((size_t)size) : NULL;
  if (narrow) WideCharToMultiByte(CP_UTF8, 0, text, -1, narrow, size, NULL, NULL);
  return narrow;
}
