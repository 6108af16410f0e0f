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
 * Creates what hpr_connection_open connects later, perhaps on a thread that no longer shares our
 * descriptors (platform/errand.h). HPR_EMFILE, HPR_ENOMEM.
 */
int hpr_connection_prepare(hpr_connection *ret_connection);

/*
 * May block forever on a dead mount; waits a third of a second for a keeper that does not accept.
 * The path is absolute and not too long. HPR_ENOENT: nobody listens there. HPR_EUNSAFE: not a
 * socket. HPR_EFOREIGN: another user's. HPR_EBUSY: nobody accepted in time. HPR_EACCES, HPR_EMFILE,
 * … `ret_made_ms`: when the socket was made, in ms since 1970; INT64_MIN: unknown. Whatever it
 * returns, the caller closes the connection.
 */
int hpr_connection_open(const char *path, hpr_connection *connection, int64_t *ret_made_ms);

/* HPR_NO_CONNECTION is a no-op. */
void hpr_connection_close(hpr_connection connection);

/*
 * The process that called listen there: its pid, and a handle on it where the system gives one
 * (else HPR_NO_HANDLE: the pid may have been reused by now). HPR_ESRCH: it has ended. HPR_EUNKNOWN,
 * HPR_EMFILE: not known. A pid of 0 (not visible from here) or 1 (init listens on behalf of what it
 * starts) proves nothing.
 */
int hpr_connection_peer(hpr_connection connection, int32_t *ret_pid, hpr_handle *ret_handle);

/*
 * How much of what was written has not been read, in bytes of kernel memory; 0 when all was read;
 * -1: unknown.
 */
int64_t hpr_connection_unread(hpr_connection connection);

#endif
