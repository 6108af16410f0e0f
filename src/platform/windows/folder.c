#include "platform/windows/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "platform/windows/errors.h"
#include "platform/windows/privacy.h"
#include "platform/windows/wide.h"

int hpr_folder_make(const char *path) {
  wchar_t *wide;
  hpr_privacy privacy;
  int result = hpr_wide_path(path, &wide);
  if (result != 0) return result;
  result = hpr_privacy_init(&privacy, true);
  if (result == 0) {
    SECURITY_ATTRIBUTES security = {sizeof security, privacy.descriptor, FALSE};
    result = CreateDirectoryW(wide, &security) ? 0 : hpr_error_last();
    hpr_privacy_done(&privacy);
  }
  free(wide);
  return result;
}

static void visit_all(HANDLE search, WIN32_FIND_DATAW *found, hpr_file_visit visit, void *context) {
  do {
    char *name = hpr_narrow(found->cFileName);
    if (name) visit(context, name);
    free(name);
  } while (FindNextFileW(search, found));
}

/* HPR_EINVAL for a path that is none, HPR_ENOMEM. */
static int pattern_of(const char *folder, wchar_t **ret_pattern) {
  const size_t size = strlen(folder) + sizeof "\\*";
  char *pattern = malloc(size);
  if (!pattern) return HPR_ENOMEM;
  snprintf(pattern, size, "%s\\*", folder);
  const int result = hpr_wide_path(pattern, ret_pattern);
  free(pattern);
  return result;
}

int hpr_folder_list(const char *folder, hpr_file_visit visit, void *context) {
  WIN32_FIND_DATAW found;
  wchar_t *pattern;
  const int result = pattern_of(folder, &pattern);
  if (result != 0) return result;
  HANDLE search = FindFirstFileW(pattern, &found);
  free(pattern);
  if (search == INVALID_HANDLE_VALUE) return hpr_error_last();
  visit_all(search, &found, visit, context);
  FindClose(search);
  return 0;
}

static bool find_folder(const char *path, BY_HANDLE_FILE_INFORMATION *ret_info) {
  const DWORD share_all = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
  wchar_t *wide;
  if (hpr_wide_path(path, &wide) != 0) return false;
  /* Without FILE_FLAG_OPEN_REPARSE_POINT: links are followed. */
  HANDLE handle = CreateFileW(wide, FILE_READ_ATTRIBUTES, share_all, NULL, OPEN_EXISTING,
                              FILE_FLAG_BACKUP_SEMANTICS, NULL);
  free(wide);
  if (handle == INVALID_HANDLE_VALUE) return false;
  const bool told = GetFileInformationByHandle(handle, ret_info);
  CloseHandle(handle);
  return told && (ret_info->dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
}

bool hpr_folder_same(const char *a, const char *b) {
  BY_HANDLE_FILE_INFORMATION first, second;
  return find_folder(a, &first) && find_folder(b, &second) &&
         first.dwVolumeSerialNumber == second.dwVolumeSerialNumber &&
         first.nFileIndexHigh == second.nFileIndexHigh &&
         first.nFileIndexLow == second.nFileIndexLow;
}

/* By the drive or share that the folder's volume is mounted at. */
bool hpr_folder_is_shared(const char *folder) {
  wchar_t *wide, root[MAX_PATH];
  if (hpr_wide_path(folder, &wide) != 0) return true;
  const bool found = GetVolumePathNameW(wide, root, MAX_PATH);
  free(wide);
  if (!found) return true;
  const UINT type = GetDriveTypeW(root);
  return type != DRIVE_FIXED && type != DRIVE_REMOVABLE && type != DRIVE_RAMDISK;
}
