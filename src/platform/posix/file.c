#include "platform/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "platform/posix/bytes.h"
#include "platform/posix/errors.h"
#include "platform/posix/exchange.h"
#include "platform/posix/folder.h"
#include "platform/posix/lease.h"
#include "platform/posix/modified.h"
#include "platform/posix/shared.h"

enum { OPEN_TRIES = 100 };

static int result_of(int returned) { return returned < 0 ? hpr_error_from_errno(errno) : 0; }

static int opened(int fd, hpr_file *ret_file) {
  if (fd < 0) return hpr_error_from_errno(errno);
  *ret_file = fd;
  return 0;
}

static int file_open(void *self, const char *path, hpr_file *ret_file) {
  (void)self;
  int fd = -1;
  /*
   * O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever (open(2)). With it a file
   * with a lease is EWOULDBLOCK: it lost the name to another one just after the kernel had found it
   * there, and by now the name leads to that one.
   */
  for (int i = 0; i < OPEN_TRIES && fd < 0; i++) {
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno != EWOULDBLOCK) break;
  }
  return opened(fd, ret_file);
}

static int file_create(void *self, const char *path, hpr_file *ret_file) {
  (void)self;
  return opened(open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600), ret_file);
}

static int file_open_lock(void *self, const char *path, hpr_file *ret_file) {
  (void)self;
  /* O_CLOEXEC above all: a child that inherited the descriptor would hold the lock (flock(2)). */
  return opened(open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600), ret_file);
}

static void translate(const struct stat *st, hpr_file_info *ret_info) {
  *ret_info = (hpr_file_info){
      .regular = S_ISREG(st->st_mode),
      .ours = st->st_uid == geteuid(),
      .writable_by_all = (st->st_mode & S_IWOTH) != 0,
      .exposed = (st->st_mode & (S_IRWXG | S_IRWXO)) != 0,
      .device = (uint64_t)st->st_dev,
      .inode = (uint64_t)st->st_ino,
      .links = (uint64_t)st->st_nlink,
      .size_bytes = (int64_t)st->st_size,
      .modified_ns = hpr_modified_ns(st),
  };
}

static int file_info(void *self, hpr_file file, hpr_file_info *ret_info) {
  (void)self;
  struct stat st;
  if (fstat((int)file, &st) < 0) return hpr_error_from_errno(errno);
  translate(&st, ret_info);
  return 0;
}

static int file_info_at(void *self, const char *path, hpr_file_info *ret_info) {
  (void)self;
  struct stat st;
  if (lstat(path, &st) < 0) return hpr_error_from_errno(errno);
  translate(&st, ret_info);
  return 0;
}

static int counted(ssize_t count, size_t *ret_count) {
  if (count < 0) return hpr_error_from_errno(errno);
  *ret_count = (size_t)count;
  return 0;
}

static int file_read(void *self, hpr_file file, char *buffer, size_t size, size_t *ret_count) {
  (void)self;
  return counted(read((int)file, buffer, size), ret_count);
}

static int file_read_at(void *self, hpr_file file, uint64_t offset, char *buffer, size_t size,
                        size_t *ret_count) {
  (void)self;
  return counted(pread((int)file, buffer, size, (off_t)offset), ret_count);
}

static int file_write_at(void *self, hpr_file file, uint64_t offset, const char *data, size_t size,
                         size_t *ret_count) {
  (void)self;
  return counted(pwrite((int)file, data, size, (off_t)offset), ret_count);
}

static int file_resize(void *self, hpr_file file, uint64_t size) {
  (void)self;
  return result_of(ftruncate((int)file, (off_t)size));
}

static void file_close(void *self, hpr_file file) {
  (void)self;
  close((int)file); /* never again after EINTR: the descriptor is gone already (close(2), Linux) */
}

static int file_pin(void *self, const char *path, hpr_file *ret_file) {
  (void)self;
  return opened(hpr_lease_open_pin(path), ret_file);
}

static int file_open_leased(void *self, const char *path, hpr_file *ret_file) {
  hpr_file file = 0;
  int result = opened(open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), &file);
  if (result != 0) return result;
  result = hpr_lease_take((int)file);
  if (result == 0)
    *ret_file = file;
  else
    file_close(self, file);
  return result;
}

static int file_end_lease(void *self, hpr_file file) {
  (void)self;
  return hpr_lease_end((int)file);
}

static int file_exchange(void *self, const char *a, const char *b) {
  (void)self;
  return hpr_exchange_names(a, b);
}

static int file_rename(void *self, const char *from, const char *to) {
  (void)self;
  return result_of(rename(from, to));
}

static int file_unlink(void *self, const char *path) {
  (void)self;
  return result_of(unlink(path));
}

static int file_make_folder(void *self, const char *path) {
  (void)self;
  return result_of(mkdir(path, 0700));
}

static int file_list(void *self, const char *folder, hpr_file_visit visit, void *context) {
  (void)self;
  DIR *stream = opendir(folder);
  if (!stream) return hpr_error_from_errno(errno);
  for (const struct dirent *item; (item = readdir(stream));) visit(context, item->d_name);
  closedir(stream);
  return 0;
}

static int file_try_lock(void *self, hpr_file file) {
  (void)self;
  return result_of(flock((int)file, LOCK_EX | LOCK_NB));
}

static void file_unlock(void *self, hpr_file file) {
  (void)self;
  flock((int)file, LOCK_UN);
}

static int file_open_bytes(void *self, const char *path, hpr_file *ret_file) {
  hpr_file file = 0;
  int result = file_open_lock(self, path, &file);
  if (result != 0) return result;
  result = hpr_bytes_keep((int)file);
  if (result == 0)
    *ret_file = file;
  else
    file_close(self, file);
  return result;
}

static void file_close_bytes(void *self, hpr_file file) {
  (void)self;
  hpr_bytes_close((int)file);
}

static int file_lock_byte(void *self, hpr_file file, uint64_t offset) {
  (void)self;
  return hpr_bytes_lock((int)file, offset);
}

static void file_unlock_byte(void *self, hpr_file file, uint64_t offset) {
  (void)self;
  hpr_bytes_unlock((int)file, offset);
}

static int file_test_byte(void *self, hpr_file file, uint64_t offset) {
  (void)self;
  return hpr_bytes_test((int)file, offset);
}

static int file_lock_byte_for_life(void *self, const char *path, uint64_t offset,
                                   uint64_t *ret_offset) {
  hpr_file file;
  int result = file_open_bytes(self, path, &file);
  return result ? result : hpr_bytes_lock_for_life((int)file, offset, ret_offset);
}

static void file_pause_ms(void *self, int ms) {
  (void)self;
  poll(NULL, 0, ms);
}

static bool file_same_path(void *self, const char *a, const char *b) {
  (void)self;
  return strcmp(a, b) == 0;
}

static int file_folder(void *self, const char *path, hpr_patience patience, hpr_folder_id *ret_id) {
  (void)self;
  return hpr_folder_find(path, patience, ret_id);
}

static bool file_is_shared(void *self, const char *folder) {
  (void)self;
  return hpr_is_shared(folder);
}

static bool file_names_socket(void *self, const char *path) {
  (void)self;
  /* With the final NUL, which unix(7) wants. */
  return path[0] == '/' && strlen(path) < sizeof((struct sockaddr_un *)NULL)->sun_path;
}

static const hpr_file_ops native = {
    .separators = "/",
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
    .pin = file_pin,
    .open_leased = file_open_leased,
    .end_lease = file_end_lease,
    .exchange = file_exchange,
    .rename = file_rename,
    .unlink = file_unlink,
    .make_folder = file_make_folder,
    .list = file_list,
    .try_lock = file_try_lock,
    .unlock = file_unlock,
    .open_bytes = file_open_bytes,
    .close_bytes = file_close_bytes,
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
