#include "platform/windows/fileinfo.h"

#include <windows.h>

#include "platform/windows/errors.h"
#include "platform/windows/privacy.h"
#include "platform/windows/ticks.h"

static bool has(HANDLE file, DWORD attribute) {
  FILE_ATTRIBUTE_TAG_INFO info;
  return GetFileInformationByHandleEx(file, FileAttributeTagInfo, &info, sizeof info) &&
         (info.FileAttributes & attribute) != 0;
}

bool hpr_fileinfo_is_reparse(void *file) { return has(file, FILE_ATTRIBUTE_REPARSE_POINT); }

static bool is_regular(HANDLE file, DWORD attributes) {
  const DWORD others =
      FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT | FILE_ATTRIBUTE_DEVICE;
  return GetFileType(file) == FILE_TYPE_DISK && (attributes & others) == 0;
}

/* A deleted file keeps the number of its names until the last one who has it open lets it go. */
static uint64_t links_of(HANDLE file, DWORD links) {
  FILE_STANDARD_INFO info;
  const bool told = GetFileInformationByHandleEx(file, FileStandardInfo, &info, sizeof info);
  return told && info.DeletePending ? 0 : links;
}

int hpr_fileinfo(void *file, hpr_file_info *ret_info) {
  BY_HANDLE_FILE_INFORMATION it;
  hpr_file_info info = {0};
  if (GetFileType(file) != FILE_TYPE_DISK) { /* NUL, a pipe: nothing that could be trusted */
    *ret_info = info;
    return 0;
  }
  if (!GetFileInformationByHandle(file, &it)) return hpr_error_last();
  const int result = hpr_privacy_look(file, &info.ours, &info.writable_by_all);
  if (result != 0) return result;
  info.regular = is_regular(file, it.dwFileAttributes);
  info.device = it.dwVolumeSerialNumber;
  info.inode = (uint64_t)it.nFileIndexHigh << 32 | it.nFileIndexLow;
  info.links = links_of(file, it.nNumberOfLinks);
  info.size_bytes = (int64_t)((uint64_t)it.nFileSizeHigh << 32 | it.nFileSizeLow);
  info.modified_ns = hpr_ticks_to_ns(
      hpr_ticks(it.ftLastWriteTime.dwLowDateTime, it.ftLastWriteTime.dwHighDateTime));
  *ret_info = info;
  return 0;
}
