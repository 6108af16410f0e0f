#include "platform/linux/pidfd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "platform/linux/procfs.h"
#include "platform/posix/errors.h"
#include "platform/posix/pids.h"

/* Newer than the headers of the systems that we build on; from linux/pidfd.h and fcntl.h. */
enum {
  SIGNAL_GROUP = 1 << 2,    /* PIDFD_SIGNAL_PROCESS_GROUP, Linux 6.9 */
  PIDFS_ROOT = -10002,      /* FD_PIDFS_ROOT, Linux 6.17 */
  INFO_PID = 1,             /* PIDFD_INFO_PID, Linux 6.13 */
  INFO_USERS = 2,           /* PIDFD_INFO_CREDS */
  NAME_BYTES = 16,          /* longer file handles than any pidfs has had (8) */
  PIDFS_MAGIC = 0x50494446, /* PID_FS_MAGIC of linux/magic.h */
};
/* The same numbers on all architectures, because they are younger than the unified table. */
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

typedef union handle {
  struct file_handle head;
  char room[sizeof(struct file_handle) + NAME_BYTES];
} handle;

/* seccomp filters answer EPERM where the kernel would say ENOSYS (docker, old systemd-nspawn). */
static int refused_or(int number) {
  return number == EPERM ? HPR_ENOTSUP : hpr_error_from_errno(number);
}

/*
 * Newer kernels say ENOENT of a thread. Older ones say EINVAL, and say it too of the number of a
 * group or session whose leader was reaped, which is no process's; kill(2) tells them apart.
 */
static int why_not_open(int32_t pid, int number) {
  if (number == EINVAL) return hpr_pids_signal(pid, 0, false) == HPR_ESRCH ? HPR_ESRCH : HPR_EINVAL;
  const int result = number == ENOENT ? HPR_EINVAL : refused_or(number);
  return result == HPR_ENOTSUP && hpr_procfs_is_thread(pid) ? HPR_EINVAL : result;
}

int hpr_pidfd_open(int32_t pid, hpr_handle *ret_fd) {
  const int fd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (fd < 0) return why_not_open(pid, errno);
  *ret_fd = fd;
  return 0;
}

void hpr_pidfd_close(hpr_handle fd) { close((int)fd); }

int hpr_pidfd_copy(hpr_handle fd, hpr_handle *ret_copy) {
  const int copy = fcntl((int)fd, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return hpr_error_from_errno(errno);
  *ret_copy = copy;
  return 0;
}

hpr_handle hpr_pidfd_limit(void) {
  struct rlimit limit;
  const bool known = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < INT_MAX;
  return known ? (hpr_handle)(limit.rlim_cur / 2) : INT_MAX;
}

/*
 * A number that pidfs never gives out twice within a boot. Such a name cannot be opened, but it
 * tells two processes apart. Before 6.9 all pidfds had one inode, of another file system.
 */
static int name_by_inode(int fd, hpr_birth *birth) {
  struct statfs system;
  struct stat st;
  if (fstatfs(fd, &system) != 0 || system.f_type != PIDFS_MAGIC || fstat(fd, &st) != 0)
    return HPR_ENOTSUP;
  birth->name_kind = HPR_NAME_INODE;
  birth->name = st.st_ino;
  return 0;
}

int hpr_pidfd_name(hpr_handle fd, hpr_birth *birth) {
  handle it = {.head.handle_bytes = NAME_BYTES};
  int mount;
  if (name_to_handle_at((int)fd, "", &it.head, &mount, AT_EMPTY_PATH) != 0 ||
      it.head.handle_bytes != sizeof birth->name || it.head.handle_type <= 0 ||
      it.head.handle_type >= HPR_NAME_INODE)
    return name_by_inode((int)fd, birth);
  birth->name_kind = (uint16_t)it.head.handle_type;
  birth->name = 0; /* its bytes in their order, which is how the text shows them */
  for (size_t i = 0; i < sizeof birth->name; i++)
    birth->name = birth->name << 8 | it.head.f_handle[i];
  return 0;
}

static handle handle_of(const hpr_birth *named) {
  handle it = {.head.handle_type = named->name_kind, .head.handle_bytes = sizeof named->name};
  for (size_t i = 0; i < sizeof named->name; i++)
    it.head.f_handle[i] = (unsigned char)(named->name >> 8 * (sizeof named->name - 1 - i));
  return it;
}

int hpr_pidfd_reopen(const hpr_birth *named, hpr_handle *ret_fd) {
  if (named->name_kind == HPR_NAME_INODE) return HPR_EINVAL;
  handle it = handle_of(named);
  int fd = open_by_handle_at(PIDFS_ROOT, &it.head, O_CLOEXEC);
  if (fd < 0 && errno == EBADF) {
    /* Before 6.17 any descriptor on pidfs names the file system, our own pidfd too. */
    hpr_handle own = HPR_NO_HANDLE;
    int opened = hpr_pidfd_open(hpr_pids_self(), &own);
    if (opened != 0) return opened == HPR_EMFILE ? HPR_EMFILE : HPR_ENOTSUP;
    fd = open_by_handle_at((int)own, &it.head, O_CLOEXEC);
    int number = errno;
    hpr_pidfd_close(own);
    errno = number;
  }
  if (fd < 0) return errno == ESTALE ? HPR_ESRCH : refused_or(errno);
  *ret_fd = fd;
  return 0;
}

/* struct pidfd_info of linux/pidfd.h in its first version, PIDFD_INFO_SIZE_VER0. */
typedef struct pidfd_info {
  uint64_t mask, cgroup;
  uint32_t pid, tgid, ppid, real_user, rest[8];
} pidfd_info;

int hpr_pidfd_pid(hpr_handle fd, int32_t *ret_pid, bool *ret_ours) {
  pidfd_info info = {.mask = INFO_PID};
  if (ioctl((int)fd, _IOWR(0xFF, 11, pidfd_info), &info) != 0) { /* PIDFD_GET_INFO */
    return errno == ESRCH ? HPR_ESRCH : HPR_ENOTSUP;
  }
  *ret_pid = (int32_t)info.pid;
  /* The sender's effective user is the target's real one, kill(2). */
  *ret_ours = (info.mask & INFO_USERS) != 0 && info.real_user == geteuid();
  return 0;
}

bool hpr_pidfd_runs(hpr_handle fd) {
  /* Readable when the last thread has ended, pidfd_open(2). */
  struct pollfd asked = {.fd = (int)fd, .events = POLLIN};
  return poll(&asked, 1, 0) == 0;
}

static int send(hpr_handle fd, int signum, unsigned flags) {
  return (int)syscall(SYS_pidfd_send_signal, (int)fd, signum, NULL, flags);
}

bool hpr_pidfd_withheld(void) {
  hpr_handle own = HPR_NO_HANDLE;
  const int opened = hpr_pidfd_open(hpr_pids_self(), &own);
  if (opened != 0) return opened == HPR_ENOTSUP;
  const bool refused = send(own, 0, 0) != 0;
  hpr_pidfd_close(own);
  return refused;
}

int hpr_pidfd_signal(hpr_handle fd, int signum, bool group) {
  if (send(fd, signum, group ? SIGNAL_GROUP : 0) == 0) return 0;
  /* Of another user's process, or by a filter, which refuses it of ourselves too. */
  if (errno == EPERM) return hpr_pidfd_withheld() ? HPR_ENOTSUP : HPR_EACCES;
  return errno == EINVAL ? HPR_ENOTSUP : hpr_error_from_errno(errno);
}
