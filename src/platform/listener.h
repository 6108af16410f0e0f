/* platform/listener.h: who listens on a keeper's socket, as far as it can be proved. */
#ifndef HPR_PLATFORM_LISTENER_H
#define HPR_PLATFORM_LISTENER_H

#include "platform/connection.h"
#include "platform/process.h"

/*
 * Connects, as hpr_connection_open does, and asks who listens. On any thread. `ret_who` is the
 * listener only if it lives and either the system gives a handle on it, or it started no later than
 * `recorded_ms`, when its pid was written down (INT64_MIN: when the socket was made): a pid may
 * have been reused since. Otherwise its pid is 0. Its `kin` says nothing.
 */
int hpr_listener_look(const char *path, int64_t recorded_ms, hpr_connection *connection,
                      hpr_identity *ret_who);

#endif
