/* platform/connection.h: a connection to a keeper's socket (Windows: pipe), and who is behind it.
 */
#ifndef HPR_PLATFORM_CONNECTION_H
#define HPR_PLATFORM_CONNECTION_H

#include <stdint.h>

#include "platform/system.h"

/* A descriptor or handle, as the system has it. */
typedef intptr_t hpr_connection;

enum { HPR_NO_CONNECTION = -1 };

/*
 * Makes ready what hpr_connection_open connects, perhaps on another thread that has left our
 * descriptors (platform/errand.h). HPR_EMFILE, HPR_ENOMEM.
 */
int hpr_connection_prepare(hpr_connection *ret_connection);

/*
 * May wait for ever, for a path on a dead mount; for a keeper that accepts nobody it waits a third
 * of a second. The path is absolute and not too long. HPR_ENOENT: nobody listens there.
 * HPR_EUNSAFE: that is no socket. HPR_EFOREIGN: another user's. HPR_EBUSY: nobody accepted in time.
 * HPR_EACCES, HPR_EMFILE, … `ret_made_ms`: when the socket was made, since 1970; INT64_MIN: not
 * told. Whatever it returns, the connection stays the caller's to close.
 */
int hpr_connection_open(const char *path, hpr_connection *connection, int64_t *ret_made_ms);

/* HPR_NO_CONNECTION is a no-op. */
void hpr_connection_close(hpr_connection connection);

/*
 * The process that has begun to listen there: its number, and a handle on it where the system
 * gives one (else HPR_NO_HANDLE: the number may be another's by now). HPR_ESRCH: it has ended.
 * HPR_EUNKNOWN, HPR_EMFILE: not to be told. The number may be 0 (not to be seen from here) or 1
 * (init listens for whom it starts), which say nothing.
 */
int hpr_connection_peer(hpr_connection connection, int32_t *ret_pid, hpr_handle *ret_handle);

/*
 * How much of what was written has not been read, in bytes of the system's memory; -1: not told.
 * It is 0 when all was read.
 */
int64_t hpr_connection_unread(hpr_connection connection);

#endif
