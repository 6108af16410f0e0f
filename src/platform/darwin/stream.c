#include "platform/posix/stream.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

int hpr_stream_socket(void) {
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  if (fd >= 0) fcntl(fd, F_SETFD, FD_CLOEXEC);
  return fd;
}

int hpr_stream_peer(int fd, int32_t *ret_pid, hpr_handle *ret_handle) {
  pid_t pid;
  socklen_t size = sizeof pid;
  if (getsockopt(fd, SOL_LOCAL, LOCAL_PEERPID, &pid, &size) != 0) return HPR_EUNKNOWN;
  *ret_pid = pid;
  *ret_handle = HPR_NO_HANDLE;
  return 0;
}

/* What is written lies with the reader at once, where we cannot see it. */
int64_t hpr_stream_unread(int fd) {
  (void)fd;
  return -1;
}
