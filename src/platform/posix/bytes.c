#include "platform/posix/bytes.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "platform/posix/errors.h"
#include "platform/posix/ofd.h"

/* --- descriptors that a fork must not keep -------------------------------------------------- */

/*
 * A lock belongs to the opening of the file, which a fork's child shares: it lives until the last
 * descriptor is closed, and one unlock frees it for both. So the child closes, and never unlocks.
 */
typedef struct kept {
  int fd;
  bool for_life;
  uint64_t offset; /* of a lock for life */
  dev_t device;
  ino_t inode;
  struct kept *next;
} kept;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards the list */
static kept *all_kept;

static void before_fork(void) { pthread_mutex_lock(&mutex); }

static void in_parent(void) { pthread_mutex_unlock(&mutex); }

/* Only what may be called in the fork of a program with threads: nothing is freed. */
static void in_child(void) {
  for (const kept *it = all_kept; it; it = it->next) close(it->fd);
  all_kept = NULL;
  pthread_mutex_unlock(&mutex);
}

static void set_handlers(void) {
  hpr_ofd_stay_loaded();
  pthread_atfork(before_fork, in_parent, in_child);
}

int hpr_bytes_keep(int fd) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  kept *it = malloc(sizeof *it);
  if (!it) return HPR_ENOMEM;
  pthread_once(&once, set_handlers);
  *it = (kept){.fd = fd};
  pthread_mutex_lock(&mutex);
  it->next = all_kept;
  all_kept = it;
  pthread_mutex_unlock(&mutex);
  return 0;
}

static kept **find(int fd) {
  kept **at = &all_kept;
  while (*at && (*at)->fd != fd) at = &(*at)->next;
  return at;
}

void hpr_bytes_close(int fd) {
  pthread_mutex_lock(&mutex);
  kept **at = find(fd), *it = *at;
  if (it) {
    *at = it->next;
    close(fd); /* before a fork can have it on no list */
  }
  pthread_mutex_unlock(&mutex);
  free(it);
}

/* --- the locks ------------------------------------------------------------------------------ */

static struct flock byte_at(short type, uint64_t offset) {
  return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)offset, .l_len = 1};
}

/* EACCES: taken, as fcntl(2) allows. EINVAL: a kernel or a file system without such locks. */
static int failure(void) {
  if (errno == EACCES) return HPR_EBUSY;
  return errno == EINVAL ? HPR_ENOTSUP : hpr_error_from_errno(errno);
}

int hpr_bytes_lock(int fd, uint64_t offset) {
  struct flock byte = byte_at(F_WRLCK, offset);
  return fcntl(fd, hpr_ofd_set, &byte) == 0 ? 0 : failure();
}

void hpr_bytes_unlock(int fd, uint64_t offset) {
  struct flock byte = byte_at(F_UNLCK, offset);
  pthread_mutex_lock(&mutex);
  if (*find(fd)) fcntl(fd, hpr_ofd_set, &byte); /* not in a fork, for the lock is its parent's */
  pthread_mutex_unlock(&mutex);
}

int hpr_bytes_test(int fd, uint64_t offset) {
  struct flock byte = byte_at(F_WRLCK, offset);
  if (fcntl(fd, hpr_ofd_get, &byte) != 0) return failure();
  return byte.l_type == F_UNLCK ? 0 : HPR_EBUSY;
}

/* --- for life ------------------------------------------------------------------------------- */

static kept *find_life(const struct stat *file) {
  kept *it = all_kept;
  while (it && !(it->for_life && it->device == file->st_dev && it->inode == file->st_ino))
    it = it->next;
  return it;
}

static int lock_once(int fd, uint64_t offset, uint64_t *ret_offset, bool *ret_taken) {
  struct stat file;
  if (fstat(fd, &file) != 0) return hpr_error_from_errno(errno);
  kept *known = find_life(&file), *it = known ? known : *find(fd);
  if (!it) return HPR_EINVAL; /* a fork has closed it */
  const int result = known ? 0 : hpr_bytes_lock(fd, offset);
  if (result != 0) return result;
  if (!known) {
    it->for_life = true;
    it->offset = offset;
    it->device = file.st_dev;
    it->inode = file.st_ino;
  }
  *ret_offset = it->offset;
  *ret_taken = !known;
  return 0;
}

int hpr_bytes_lock_for_life(int take_fd, uint64_t offset, uint64_t *ret_offset) {
  bool taken = false;
  pthread_mutex_lock(&mutex);
  const int result = lock_once(take_fd, offset, ret_offset, &taken);
  pthread_mutex_unlock(&mutex);
  if (!taken) hpr_bytes_close(take_fd);
  return result;
}
