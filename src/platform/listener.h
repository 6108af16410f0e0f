/* platform/listener.h: who listens on a keeper's socket, as far as it can be proved. */
#ifndef HPR_PLATFORM_LISTENER_H
#define HPR_PLATFORM_LISTENER_H

#include "platform/connection.h"
#include "platform/process.h"

typedef struct hpr_listener {
  hpr_connection connection; /* the caller's to close, or HPR_NO_CONNECTION */
  hpr_identity who;          /* pid 0: nobody whom we can name; `kin` says nothing here */
} hpr_listener;

/*
 * Connects, as hpr_connection_open does, and asks who is there. On any thread. The listener is
 * named only if it lives, and the system gives a handle on it or it has started no later than
 * `recorded_ms`, when its number was written down (INT64_MIN: when the socket was made): a number
 * may have passed on. Fails as hpr_connection_open does; then nothing is left to close.
 */
int hpr_listener_look(const char *path, int64_t recorded_ms, hpr_listener *ret_listener);

#endif
