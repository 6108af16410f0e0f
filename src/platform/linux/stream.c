#include "platform/posix/stream.h"

#include <errno.h>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Linux 6.5; newer than the headers of the systems that we build on. The same on x86 and ARM. */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

int hpr_stream_socket(void) { return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); }

/* Older kernels do not know it, and filters refuse it. */
static int peer_handle(int fd, hpr_handle *ret_handle) {
  int pidfd = -1;
  socklen_t size = sizeof pidfd;
  *ret_handle = HPR_NO_HANDLE;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) == 0) {
    *ret_handle = pidfd;
    return 0;
  }
  if (errno == ENOPROTOOPT || errno == EPERM || errno == ENOSYS) return 0;
  if (errno == EMFILE || errno == ENFILE) return HPR_EMFILE;
  return HPR_ESRCH; /* reaped: ESRCH, ENODATA, and EINVAL before 6.16 */
}

/* Both tell of the same process: who called listen(2), unix(7). */
int hpr_stream_peer(int fd, int32_t *ret_pid, hpr_handle *ret_handle) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return HPR_EUNKNOWN;
  *ret_pid = peer.pid;
  return peer_handle(fd, ret_handle);
}

int64_t hpr_stream_unread(int fd) {
  int bytes;
  return ioctl(fd, SIOCOUTQ, &bytes) == 0 ? bytes : -1;
}
