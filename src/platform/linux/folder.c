#include "platform/posix/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "platform/errand.h"
#include "platform/posix/errors.h"

/* openat2(2), Linux 5.6: newer than the headers of the systems that we build on. */
#ifndef SYS_openat2
#define SYS_openat2 437 /* on all architectures */
#endif
enum {
  CACHED_ONLY = 0x20, /* RESOLVE_CACHED, Linux 5.12 */
  BRIEF_MS = 100,
};
struct question {
  uint64_t flags, mode, resolve;
};

/* EAGAIN: a part of the path is not in memory. EINVAL: before 5.12. Filters say EPERM. */
static int open_cached(const char *path, int *ret_fd) {
  const struct question how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = CACHED_ONLY};
  const long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
  if (fd < 0 && errno == EAGAIN) return HPR_EBUSY;
  if (fd < 0 && (errno == EINVAL || errno == EPERM)) return HPR_ENOTSUP;
  *ret_fd = (int)fd;
  return fd < 0 ? hpr_error_from_errno(errno) : 0;
}

static int open_waiting(const char *path, int *ret_fd) {
  *ret_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  return *ret_fd < 0 ? hpr_error_from_errno(errno) : 0;
}

static int find(const char *path, bool cached, hpr_folder_id *ret_id) {
  int fd;
  struct statx info;
  int result = cached ? open_cached(path, &fd) : open_waiting(path, &fd);
  if (result != 0) return result;
  /* fstat(2) would ask the file system's server again, even of a descriptor like this one. By its
   * number: musl has no statx() before 1.2.5. */
  if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_INO, &info) != 0)
    result = hpr_error_from_errno(errno);
  else
    *ret_id =
        (hpr_folder_id){(uint64_t)info.stx_dev_major << 32 | info.stx_dev_minor, info.stx_ino};
  close(fd);
  return result;
}

/* --- waiting a little ----------------------------------------------------------------------- */

/* A question that is asked on a thread of its own. The last to leave frees it. */
typedef struct inquiry {
  pthread_mutex_t lock;
  pthread_cond_t told;
  bool answered, left;
  int result;
  hpr_folder_id id;
  char path[];
} inquiry;

static inquiry *new_inquiry(const char *path) {
  inquiry *it = calloc(1, sizeof *it + strlen(path) + 1);
  pthread_condattr_t attributes;
  if (!it) return NULL;
  memcpy(it->path, path, strlen(path));
  pthread_mutex_init(&it->lock, NULL);
  pthread_condattr_init(&attributes);
  pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
  pthread_cond_init(&it->told, &attributes);
  pthread_condattr_destroy(&attributes);
  return it;
}

static void free_inquiry(inquiry *it) {
  pthread_cond_destroy(&it->told);
  pthread_mutex_destroy(&it->lock);
  free(it);
}

static void answer(void *context) {
  inquiry *it = context;
  hpr_folder_id id = {0};
  hpr_errand_leave_files(-1);
  const int result = find(it->path, false, &id);
  pthread_mutex_lock(&it->lock);
  it->result = result;
  it->id = id;
  it->answered = true;
  const bool alone = it->left;
  pthread_cond_signal(&it->told);
  pthread_mutex_unlock(&it->lock);
  if (alone) free_inquiry(it);
}

static struct timespec deadline(void) {
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  at.tv_nsec += BRIEF_MS * INT64_C(1000000);
  at.tv_sec += at.tv_nsec / 1000000000;
  at.tv_nsec %= 1000000000;
  return at;
}

static int ask_briefly(const char *path, hpr_folder_id *ret_id) {
  inquiry *it = new_inquiry(path);
  const struct timespec until = deadline();
  if (!it) return HPR_ENOMEM;
  if (hpr_errand_start(answer, it) != 0) {
    free_inquiry(it);
    return HPR_ENOMEM;
  }
  pthread_mutex_lock(&it->lock);
  while (!it->answered && pthread_cond_timedwait(&it->told, &it->lock, &until) == 0) {}
  const bool answered = it->answered;
  const int result = answered ? it->result : HPR_EBUSY;
  if (result == 0) *ret_id = it->id;
  it->left = true;
  pthread_mutex_unlock(&it->lock);
  if (answered) free_inquiry(it);
  return result;
}

int hpr_folder_find(const char *path, hpr_patience patience, hpr_folder_id *ret_id) {
  const int result = find(path, patience != HPR_PATIENCE_ENDLESS, ret_id);
  /* Where a link has not been followed before, even its time of access is not in memory. */
  return result == HPR_EBUSY && patience == HPR_PATIENCE_BRIEF ? ask_briefly(path, ret_id) : result;
}
