#include "platform/posix/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "base/error.h"
#include "platform/posix/errors.h"

int hpr_lease_take(int fd) {
  /*
   * Whoever opens the file has the kernel send us a signal, which must be one that does nothing by
   * default: SIGIO, which it is without this, ends the process. F_UNLCK resets it (fcntl(2) does
   * not say so), so it comes before each lease.
   */
  if (fcntl(fd, F_SETSIG, SIGURG) == 0 && fcntl(fd, F_SETLEASE, F_WRLCK) == 0) return 0;
  /* EINVAL: not on this file system, or not on this system (fs.leases-enable). EPERM: a filter. */
  return errno == EINVAL || errno == EPERM ? HPR_ENOTSUP : hpr_error_from_errno(errno);
}

int hpr_lease_end(int fd) {
  const int lease = fcntl(fd, F_GETLEASE);
  fcntl(fd, F_SETLEASE, F_UNLCK);
  return lease == F_WRLCK ? 0 : HPR_EBUSY;
}

/* A descriptor that could be read from would refuse everybody a lease. */
int hpr_lease_open_pin(const char *path) { return open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC); }
