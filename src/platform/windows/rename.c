#include "platform/windows/rename.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "base/error.h"
#include "platform/windows/errors.h"
#include "platform/windows/pause.h"

/* Virus scanners and indexers open a new file at once, for some milliseconds. */
enum { PATIENCE_MS = 100, PAUSE_MS = 5 };

/* FileRenameInfoEx and its flags, from winbase.h, of which older headers lack them. */
enum { RENAME_INFO_EX = 22, REPLACE_IF_EXISTS = 1, POSIX_SEMANTICS = 2 };

/* FILE_RENAME_INFO. */
typedef struct rename_info {
  DWORD flags;
  HANDLE root;
  DWORD name_bytes;
  WCHAR name[1];
} rename_info;

static DWORD last_of(BOOL done) { return done ? ERROR_SUCCESS : GetLastError(); }

static DWORD open_source(const wchar_t *path, HANDLE *ret_file) {
  *ret_file = CreateFileW(
      path, DELETE | SYNCHRONIZE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
      OPEN_EXISTING, FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS, NULL);
  return last_of(*ret_file != INVALID_HANDLE_VALUE);
}

static rename_info *describe(const wchar_t *to, DWORD *ret_size) {
  const size_t name_bytes = wcslen(to) * sizeof *to;
  const size_t size = sizeof(rename_info) + name_bytes;
  rename_info *info = calloc(1, size);
  if (!info) return NULL;
  info->flags = REPLACE_IF_EXISTS | POSIX_SEMANTICS;
  info->name_bytes = (DWORD)name_bytes;
  memcpy(info->name, to, name_bytes);
  *ret_size = (DWORD)size;
  return info;
}

/*
 * As POSIX has it: whoever has the old file open is not in the way and keeps it. NTFS since Windows
 * 10 1607, by FILE_RENAME_INFORMATION in ntifs.h.
 */
static DWORD rename_by_handle(const wchar_t *from, const wchar_t *to) {
  HANDLE file;
  DWORD size, result = open_source(from, &file);
  if (result != ERROR_SUCCESS) return result;
  rename_info *info = describe(to, &size);
  const FILE_INFO_BY_HANDLE_CLASS what = (FILE_INFO_BY_HANDLE_CLASS)RENAME_INFO_EX;
  result =
      info ? last_of(SetFileInformationByHandle(file, what, info, size)) : ERROR_NOT_ENOUGH_MEMORY;
  free(info);
  CloseHandle(file);
  return result;
}

/* FAT, shares of old servers, Wine: an open file is in the way, its opener's sharing or not. */
static DWORD rename_by_name(const wchar_t *from, const wchar_t *to) {
  return last_of(MoveFileExW(from, to, MOVEFILE_REPLACE_EXISTING));
}

static DWORD rename_once(const wchar_t *from, const wchar_t *to) {
  const DWORD result = rename_by_handle(from, to);
  switch (result) {
  case ERROR_SUCCESS:
  case ERROR_FILE_NOT_FOUND:
  case ERROR_PATH_NOT_FOUND: return result;
  default: return rename_by_name(from, to);
  }
}

static bool may_pass(DWORD result) {
  return result == ERROR_ACCESS_DENIED || result == ERROR_SHARING_VIOLATION ||
         result == ERROR_LOCK_VIOLATION;
}

int hpr_rename(const wchar_t *from, const wchar_t *to) {
  const ULONGLONG end_ms = GetTickCount64() + PATIENCE_MS;
  DWORD result = rename_once(from, to);
  while (may_pass(result) && GetTickCount64() < end_ms) {
    hpr_pause_ms(PAUSE_MS);
    result = rename_once(from, to);
  }
  return hpr_error_from_windows(result);
}
