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

#include "platform/posix/errors.h"
#include "platform/posix/exchange.h"
#include "platform/posix/folder.h"
#include "platform/posix/modified.h"
#include "platform/posix/shared.h"

static int result_of(int returned) { return returned < 0 ? hpr_error_from_errno(errno) : 0; }

static int opened(int fd, hpr_file *ret_file) {
  if (fd < 0) return hpr_error_from_errno(errno);
  *ret_file = fd;
  return 0;
}

static int file_open(void *self, const char *path, hpr_file *ret_file) {
  (void)self;
  /* O_NONBLOCK: opening a FIFO that nobody writes to would wait for ever (open(2)). */
  return opened(open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), ret_file);
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

static int file_write(void *self, hpr_file file, const char *data, size_t size, size_t *ret_count) {
  (void)self;
  return counted(write((int)file, data, size), ret_count);
}

static void file_close(void *self, hpr_file file) {
  (void)self;
  close((int)file); /* never again after EINTR: the descriptor is gone already (close(2), Linux) */
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
    .write = file_write,
    .close = file_close,
    .exchange = file_exchange,
    .rename = file_rename,
    .unlink = file_unlink,
    .make_folder = file_make_folder,
    .list = file_list,
    .try_lock = file_try_lock,
    .unlock = file_unlock,
    .pause_ms = file_pause_ms,
    .same_path = file_same_path,
    .folder = file_folder,
    .is_shared = file_is_shared,
    .names_socket = file_names_socket,
};

const hpr_file_ops *hpr_file_native(void) { return &native; }
