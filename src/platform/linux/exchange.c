#include "platform/posix/exchange.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "platform/posix/errors.h"

/* From linux/fs.h, which clashes with other headers on old systems. */
enum { EXCHANGE_NAMES = 1 << 1 };

int hpr_exchange_names(const char *a, const char *b) {
  /* By number: renameat2(2) came to glibc in 2.28 only, and to musl in 1.2.4. */
  if (syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, EXCHANGE_NAMES) == 0) return 0;
  /* EINVAL: a file system that cannot exchange, as renameat2(2) says. */
  return errno == EINVAL ? HPR_ENOTSUP : hpr_error_from_errno(errno);
}
