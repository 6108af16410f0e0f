/* platform/posix/stream.h: what systems do each in their own way about Unix sockets. */
#ifndef HPR_PLATFORM_POSIX_STREAM_H
#define HPR_PLATFORM_POSIX_STREAM_H

#include "platform/system.h"

/* A new one, which no child inherits; -1 and errno. */
int hpr_stream_socket(void);

/* As in platform/connection.h. */
int hpr_stream_peer(int fd, int32_t *ret_pid, hpr_handle *ret_handle);
int64_t hpr_stream_unread(int fd);

#endif
