/* platform/linux/watch.h: one thread that waits for processes to exit. */
#ifndef HPR_PLATFORM_LINUX_WATCH_H
#define HPR_PLATFORM_LINUX_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "platform/process.h"

typedef struct hpr_watcher hpr_watcher;

/* Says whether a process without a descriptor is still there. Called on the watching thread. */
typedef bool (*hpr_watch_probe)(const void *context, const hpr_identity *identity);

/* Starts the thread. HPR_ENOMEM, HPR_EMFILE. */
int hpr_watcher_open(hpr_exit_notice notice, void *notice_context, hpr_watch_probe probe,
                     const void *probe_context, hpr_watcher **ret_watcher);

/* Stops the thread; no notice comes after this returns. NULL is a no-op. */
void hpr_watcher_close(hpr_watcher *watcher);

/*
 * Gives one notice when the process behind `take_pidfd` exits; the descriptor is the watcher's
 * from here on, also on failure. With -1, `identity` is probed ten times a second instead; so it is
 * for HPR_EPOLLED, because half of the process's descriptors are taken: the rest is its server's.
 */
int hpr_watcher_add(hpr_watcher *watcher, int take_pidfd, const hpr_identity *identity,
                    uint64_t watch);

/* Takes a watch back. Unknown numbers are ignored. */
void hpr_watcher_remove(hpr_watcher *watcher, uint64_t watch);

#endif
