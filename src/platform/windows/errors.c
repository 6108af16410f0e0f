#include "platform/windows/errors.h"

#include <windows.h>

#include "base/error.h"

/* From winerror.h, of which older headers lack them. */
enum { DELETE_PENDING = 303, STOPPED_ON_SYMLINK = 681, DISK_QUOTA_EXCEEDED = 1295 };

int hpr_error_from_windows(unsigned long number) {
  switch (number) {
  case ERROR_SUCCESS: return HPR_OK;
  case ERROR_INVALID_PARAMETER:
  case ERROR_INVALID_NAME:
  case ERROR_FILENAME_EXCED_RANGE: return HPR_EINVAL;
  case ERROR_NOT_ENOUGH_MEMORY:
  case ERROR_OUTOFMEMORY:
  case ERROR_COMMITMENT_LIMIT: return HPR_ENOMEM;
  /* ERROR_DIRECTORY: a file in the place of a folder. */
  case ERROR_FILE_NOT_FOUND:
  case ERROR_PATH_NOT_FOUND:
  case ERROR_INVALID_DRIVE:
  case ERROR_BAD_NETPATH:
  case ERROR_BAD_NET_NAME:
  case ERROR_DIRECTORY: return HPR_ENOENT;
  case ERROR_FILE_EXISTS:
  case ERROR_ALREADY_EXISTS: return HPR_EEXIST;
  case ERROR_ACCESS_DENIED:
  case DELETE_PENDING:
  case ERROR_PRIVILEGE_NOT_HELD: return HPR_EACCES;
  case ERROR_DISK_FULL:
  case ERROR_HANDLE_DISK_FULL:
  case DISK_QUOTA_EXCEEDED: return HPR_ENOSPC;
  case ERROR_TOO_MANY_OPEN_FILES:
  case ERROR_NO_SYSTEM_RESOURCES: return HPR_EMFILE;
  case ERROR_WRITE_PROTECT: return HPR_EROFS;
  case ERROR_LOCK_VIOLATION:
  case ERROR_SHARING_VIOLATION: return HPR_EBUSY;
  case ERROR_NOT_SUPPORTED:
  case ERROR_INVALID_FUNCTION:
  case ERROR_CALL_NOT_IMPLEMENTED: return HPR_ENOTSUP;
  case ERROR_CANT_ACCESS_FILE:
  case ERROR_CANT_RESOLVE_FILENAME:
  case STOPPED_ON_SYMLINK: return HPR_EUNSAFE;
  default: return HPR_EIO;
  }
}

int hpr_error_last(void) {
  const int error = hpr_error_from_windows(GetLastError());
  return error != 0 ? error : HPR_EIO; /* some failures leave no number behind */
}
