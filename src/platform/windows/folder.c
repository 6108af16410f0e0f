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

bool hpr_folder_same_path(const char *a, const char *b) {
  wchar_t *first = NULL, *second = NULL;
  const bool same = hpr_wide_path(a, &first) == 0 && hpr_wide_path(b, &second) == 0 &&
                    CompareStringOrdinal(first, -1, second, -1, TRUE) == CSTR_EQUAL;
  free(first);
  free(second);
  return same;
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
