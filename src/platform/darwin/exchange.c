#include "platform/posix/exchange.h"

#include <errno.h>
#include <stdio.h>

#include "base/error.h"
#include "platform/posix/errors.h"

int hpr_exchange_names(const char *a, const char *b) {
  /* macOS 10.12 and newer; ENOTSUP (which is not EOPNOTSUPP here): not on this file system. */
  if (renamex_np(a, b, RENAME_SWAP) == 0) return 0;
  return errno == ENOTSUP || errno == EINVAL ? HPR_ENOTSUP : hpr_error_from_errno(errno);
}
