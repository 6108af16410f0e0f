/*
 * platform/windows/file.c: files as Windows has them.
 *
 * - Nobody who opens a file here is in another's way: every handle lets others read, write and
 *   delete, and is inherited by no child.
 * - What the last part of a path names is opened itself, whatever it is; a reparse point (a
 *   link, a junction, a file that a cloud keeps) is then refused.
 * - There is no swapping of two files: exchange is HPR_ENOTSUP, and rename does it alone.
 * - A file's number has a count of its uses in it (NTFS: MFT_SEGMENT_REFERENCE.SequenceNumber), so
 *   that it lasts. On FAT it does not, and the time of the last write has to tell two files apart.
 */
#include "platform/file.h"

#include <stdlib.h>
#include <string.h>
#include <windows.h>

#include "platform/windows/errors.h"
#include "platform/windows/fileinfo.h"
#include "platform/windows/folder.h"
#include "platform/windows/pause.h"
#include "platform/windows/privacy.h"
#include "platform/windows/rename.h"
#include "platform/windows/wide.h"

enum {
  SHARE_ALL = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
  PIPE_NAME_MAX = 256, /* characters of a pipe's name, CreateNamedPipeW */
};

/* NOLINTNEXTLINE(performance-no-int-to-ptr): a HANDLE is a pointer */
static HANDLE handle_of(hpr_file file) { return (HANDLE)file; }

static int result_of(BOOL done) { return done ? 0 : hpr_error_last(); }

/* --- opening -------------------------------------------------------------------------------- */

/* Folders too (backup semantics): that they are none of the wanted files is told afterwards. */
static int open_wide(const wchar_t *path, DWORD access, DWORD how, SECURITY_ATTRIBUTES *security,
                     HANDLE *ret_handle) {
  const DWORD flags = FILE_FLAG_OPEN_REPARSE_POINT | FILE_FLAG_BACKUP_SEMANTICS;
  HANDLE handle = CreateFileW(path, access, SHARE_ALL, security, how, flags, NULL);
  if (handle == INVALID_HANDLE_VALUE) return hpr_error_last();
  *ret_handle = handle;
  return 0;
}

static int open_path(const char *path, DWORD access, DWORD how, SECURITY_ATTRIBUTES *security,
                     HANDLE *ret_handle) {
  wchar_t *wide;
  int result = hpr_wide_path(path, &wide);
  if (result != 0) return result;
  result = open_wide(wide, access, how, security, ret_handle);
  free(wide);
  return result;
}

static int open_private(const char *path, DWORD access, DWORD how, HANDLE *ret_handle) {
  hpr_privacy privacy;
  int result = hpr_privacy_init(&privacy, false);
  if (result != 0) return result;
  SECURITY_ATTRIBUTES security = {sizeof security, privacy.descriptor, FALSE};
  result = open_path(path, access, how, &security, ret_handle);
  hpr_privacy_done(&privacy);
  return result;
}

static int unless_reparse(int result, HANDLE handle, hpr_file *ret_file) {
  if (result != 0) return result;
  if (hpr_fileinfo_is_reparse(handle)) {
    CloseHandle(handle);
    return HPR_EUNSAFE;
  }
  *ret_file = (hpr_file)handle;
  return 0;
}

static int file_open(void *self, const char *path, hpr_file *ret_file) {
  (void)self;
  HANDLE handle = NULL;
  const int result = open_path(path, GENERIC_READ, OPEN_EXISTING, NULL, &handle);
  return unless_reparse(result, handle, ret_file);
}

static int file_create(void *self, const char *path, hpr_file *ret_file) {
  (void)self;
  HANDLE handle = NULL;
  const int result =
      open_private(path, GENERIC_WRITE | READ_CONTROL | FILE_READ_ATTRIBUTES, CREATE_NEW, &handle);
  return unless_reparse(result, handle, ret_file);
}

static int file_open_lock(void *self, const char *path, hpr_file *ret_file) {
  (void)self;
  HANDLE handle = NULL;
  const int result = open_private(path, GENERIC_READ | GENERIC_WRITE, OPEN_ALWAYS, &handle);
  return unless_reparse(result, handle, ret_file);
}

/* --- looking, reading, writing -------------------------------------------------------------- */

static int file_info(void *self, hpr_file file, hpr_file_info *ret_info) {
  (void)self;
  return hpr_fileinfo(handle_of(file), ret_info);
}

static int file_info_at(void *self, const char *path, hpr_file_info *ret_info) {
  (void)self;
  HANDLE handle = NULL;
  int result = open_path(path, FILE_READ_ATTRIBUTES | READ_CONTROL, OPEN_EXISTING, NULL, &handle);
  if (result != 0) return result;
  result = hpr_fileinfo(handle, ret_info);
  CloseHandle(handle);
  return result;
}

static DWORD at_once(size_t size) { return size > MAXLONG ? MAXLONG : (DWORD)size; }

static int file_read(void *self, hpr_file file, char *buffer, size_t size, size_t *ret_count) {
  (void)self;
  DWORD count = 0;
  if (!ReadFile(handle_of(file), buffer, at_once(size), &count, NULL) &&
      GetLastError() != ERROR_HANDLE_EOF)
    return hpr_error_last();
  *ret_count = count;
  return 0;
}

static int file_read_at(void *self, hpr_file file, uint64_t offset, char *buffer, size_t size,
                        size_t *ret_count) {
  (void)self;
  DWORD count = 0;
  OVERLAPPED at = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
  const BOOL done = ReadFile(handle_of(file), buffer, (DWORD)size, &count, &at);
  if (!done && GetLastError() != ERROR_HANDLE_EOF) return hpr_error_last();
  *ret_count = count;
  return 0;
}

static int file_write_at(void *self, hpr_file file, uint64_t offset, const char *data, size_t size,
                         size_t *ret_count) {
  (void)self;
  DWORD count = 0;
  OVERLAPPED at = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
  if (!WriteFile(handle_of(file), data, (DWORD)size, &count, &at)) return hpr_error_last();
  *ret_count = count;
  return 0;
}

static void file_close(void *self, hpr_file file) {
  (void)self;
  CloseHandle(handle_of(file));
}

/* --- names ---------------------------------------------------------------------------------- */

static int file_exchange(void *self, const char *a, const char *b) {
  (void)self, (void)a, (void)b;
  return HPR_ENOTSUP;
}

static int file_rename(void *self, const char *from, const char *to) {
  (void)self;
  wchar_t *wide_from, *wide_to = NULL;
  int result = hpr_wide_path(from, &wide_from);
  if (result != 0) return result;
  result = hpr_wide_path(to, &wide_to);
  if (result == 0) result = hpr_rename(wide_from, wide_to);
  free(wide_from);
  free(wide_to);
  return result;
}

static int file_unlink(void *self, const char *path) {
  (void)self;
  wchar_t *wide;
  int result = hpr_wide_path(path, &wide);
  if (result != 0) return result;
  result = result_of(DeleteFileW(wide));
  free(wide);
  return result;
}

static int file_make_folder(void *self, const char *path) {
  (void)self;
  return hpr_folder_make(path);
}

static int file_list(void *self, const char *folder, hpr_file_visit visit, void *context) {
  (void)self;
  return hpr_folder_list(folder, visit, context);
}

static bool file_same_path(void *self, const char *a, const char *b) {
  (void)self;
  return hpr_folder_same_path(a, b);
}

/* Nothing here can be asked without waiting for a file system. */
static int file_folder(void *self, const char *path, hpr_patience patience, hpr_folder_id *ret_id) {
  (void)self;
  (void)path;
  (void)patience;
  (void)ret_id;
  return HPR_ENOTSUP;
}

static bool file_is_shared(void *self, const char *folder) {
  (void)self;
  return hpr_folder_is_shared(folder);
}

/* --- the lock ------------------------------------------------------------------------------- */

static int file_try_lock(void *self, hpr_file file) {
  (void)self;
  OVERLAPPED at = {0};
  return result_of(LockFileEx(handle_of(file), LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY,
                              0, 1, 0, &at));
}

static void file_unlock(void *self, hpr_file file) {
  (void)self;
  OVERLAPPED at = {0};
  UnlockFileEx(handle_of(file), 0, 1, 0, &at);
}

/* --- single bytes --------------------------------------------------------------------------- */

/* A lock belongs to its handle, and there is no fork() that could share it. */
static int file_lock_byte(void *self, hpr_file file, uint64_t offset) {
  (void)self;
  OVERLAPPED at = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
  return result_of(LockFileEx(handle_of(file), LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY,
                              0, 1, 0, &at));
}

static void file_unlock_byte(void *self, hpr_file file, uint64_t offset) {
  (void)self;
  OVERLAPPED at = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
  UnlockFileEx(handle_of(file), 0, 1, 0, &at);
}

/* There is no question without a lock. A shared one is in no other question's way. */
static int file_test_byte(void *self, hpr_file file, uint64_t offset) {
  OVERLAPPED at = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
  const int result =
      result_of(LockFileEx(handle_of(file), LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at));
  if (result == 0) file_unlock_byte(self, file, offset);
  return result;
}

/* Only who is process 1 of a namespace needs one, and there are none. */
static int file_lock_byte_for_life(void *self, const char *path, uint64_t offset,
                                   uint64_t *ret_offset) {
  (void)self, (void)path, (void)offset, (void)ret_offset;
  return HPR_ENOTSUP;
}

static void file_pause_ms(void *self, int ms) {
  (void)self;
  hpr_pause_ms(ms);
}

/* --- sockets -------------------------------------------------------------------------------- */

static bool file_names_socket(void *self, const char *path) {
  (void)self;
  const bool is_pipe =
      _strnicmp(path, "\\\\.\\pipe\\", 9) == 0 || _strnicmp(path, "\\\\?\\pipe\\", 9) == 0;
  return is_pipe && path[9] != '\0' && strlen(path) <= PIPE_NAME_MAX;
}

/* --- what there is not ---------------------------------------------------------------------- */

static int file_resize(void *self, hpr_file file, uint64_t size) {
  (void)self, (void)file, (void)size;
  return HPR_ENOTSUP;
}

static int file_open_leased(void *self, const char *path, hpr_file *ret_file) {
  (void)self, (void)path, (void)ret_file;
  return HPR_ENOTSUP;
}

static int file_end_lease(void *self, hpr_file file) {
  (void)self, (void)file;
  return HPR_ENOTSUP;
}

static const hpr_file_ops native = {
    .separators = "\\/",
    .numbers_last = true,
    .open = file_open,
    .create = file_create,
    .open_lock = file_open_lock,
    .info = file_info,
    .info_at = file_info_at,
    .read = file_read,
    .read_at = file_read_at,
    .write_at = file_write_at,
    .resize = file_resize,
    .close = file_close,
    .pin = file_open,
    .open_leased = file_open_leased,
    .end_lease = file_end_lease,
    .exchange = file_exchange,
    .rename = file_rename,
    .unlink = file_unlink,
    .make_folder = file_make_folder,
    .list = file_list,
    .try_lock = file_try_lock,
    .unlock = file_unlock,
    .open_bytes = file_open_lock,
    .close_bytes = file_close,
    .lock_byte = file_lock_byte,
    .unlock_byte = file_unlock_byte,
    .test_byte = file_test_byte,
    .lock_byte_for_life = file_lock_byte_for_life,
    .pause_ms = file_pause_ms,
    .same_path = file_same_path,
    .folder = file_folder,
    .is_shared = file_is_shared,
    .names_socket = file_names_socket,
};

const hpr_file_ops *hpr_file_native(void) { return &native; }
