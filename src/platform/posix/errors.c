#include "platform/posix/errors.h"

#include <errno.h>

#include "base/error.h"

int hpr_error_from_errno(int number) {
  switch (number) {
  case EINVAL: return HPR_EINVAL;
  case ENOMEM: return HPR_ENOMEM;
  case ESRCH: return HPR_ESRCH;
  case ENOENT:
  case ENOTDIR: return HPR_ENOENT;
  case EEXIST: return HPR_EEXIST;
  case EACCES:
  case EPERM: return HPR_EACCES;
  case ENOSPC:
  case EDQUOT: return HPR_ENOSPC;
  case EMFILE:
  case ENFILE: return HPR_EMFILE;
  case EROFS: return HPR_EROFS;
  case EWOULDBLOCK:
  case EBUSY: return HPR_EBUSY;
  case ENOLCK: return HPR_ENOLCK;
  case ENOSYS:
  case EOPNOTSUPP: return HPR_ENOTSUP;
  /* O_NOFOLLOW on a link (ELOOP), a socket opened as a file (ENXIO), a folder (EISDIR). */
  case ELOOP:
  case ENXIO:
  case EISDIR: return HPR_EUNSAFE;
  case EINTR: return HPR_EINTR;
  /* 0 too: whoever asks has seen a call fail. */
  default: return HPR_EIO;
  }
}
