#include "platform/connection.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "platform/posix/errors.h"
#include "platform/posix/modified.h"
#include "platform/posix/stream.h"

enum { ACCEPT_US = 350000, NS_PER_MS = 1000000 };

static int check_socket(const char *path, int64_t *ret_made_ms) {
  struct stat st;
  if (lstat(path, &st) != 0) return hpr_error_from_errno(errno);
  if (!S_ISSOCK(st.st_mode)) return HPR_EUNSAFE;
  if (st.st_uid != geteuid()) return HPR_EFOREIGN;
  *ret_made_ms = hpr_modified_ns(&st) / NS_PER_MS;
  return 0;
}

static int connect_to(int fd, const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  /* The time that connect(2) waits for a place in the queue too, unix(7). */
  const struct timeval limit = {.tv_usec = ACCEPT_US};
  if (strlen(path) >= sizeof address.sun_path) return HPR_EINVAL;
  memcpy(address.sun_path, path, strlen(path));
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) return 0;
  return errno == ECONNREFUSED ? HPR_ENOENT : hpr_error_from_errno(errno);
}

int hpr_connection_prepare(hpr_connection *ret_connection) {
  const int fd = hpr_stream_socket();
  *ret_connection = fd < 0 ? HPR_NO_CONNECTION : fd;
  return fd < 0 ? hpr_error_from_errno(errno) : 0;
}

int hpr_connection_open(const char *path, hpr_connection *connection, int64_t *ret_made_ms) {
  const int result = check_socket(path, ret_made_ms);
  return result == 0 ? connect_to((int)*connection, path) : result;
}

void hpr_connection_close(hpr_connection connection) {
  if (connection != HPR_NO_CONNECTION) close((int)connection);
}

int hpr_connection_peer(hpr_connection connection, int32_t *ret_pid, hpr_handle *ret_handle) {
  return hpr_stream_peer((int)connection, ret_pid, ret_handle);
}

int64_t hpr_connection_unread(hpr_connection connection) {
  return hpr_stream_unread((int)connection);
}
