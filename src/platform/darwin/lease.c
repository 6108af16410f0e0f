#include "platform/posix/lease.h"

#include <fcntl.h>

#include "base/error.h"

int hpr_lease_take(int fd) {
  (void)fd;
  return HPR_ENOTSUP;
}

int hpr_lease_end(int fd) {
  (void)fd;
  return HPR_ENOTSUP;
}

int hpr_lease_open_pin(const char *path) {
  return open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
}
