/* platform/darwin/watch.h: one thread that waits for processes to exit. */
#ifndef HPR_PLATFORM_DARWIN_WATCH_H
#define HPR_PLATFORM_DARWIN_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/process.h"

typedef struct hpr_watcher hpr_watcher;

/* Says whether a process that kqueue does not watch is still there; on the watching thread. */
typedef bool (*hpr_watch_probe)(const void *context, const hpr_identity *identity);

/* Starts the thread. HPR_ENOMEM, HPR_EMFILE. */
int hpr_watcher_open(hpr_exit_notice notice, void *notice_context, hpr_watch_probe probe,
                     const void *probe_context, hpr_watcher **ret_watcher);

/* Stops the thread; no notice comes after this returns. NULL is a no-op. */
void hpr_watcher_close(hpr_watcher *watcher);

/*
 * Gives one notice when whoever holds the identity's pid now exits. Who that is the caller must
 * verify afterwards: an exit before this call is not told. What kqueue cannot watch (a group
 * without its leader, another user's process) is probed ten times a second. HPR_ENOMEM.
 */
int hpr_watcher_add(hpr_watcher *watcher, const hpr_identity *identity, bool group, uint64_t watch);

/* Takes a watch back. False: there is none of that number, or its notice is on its way. */
bool hpr_watcher_remove(hpr_watcher *watcher, uint64_t watch);

#endif
