/* platform/windows/watch.h: waits for processes to exit, on the system's own waiting threads. */
#ifndef HPR_PLATFORM_WINDOWS_WATCH_H
#define HPR_PLATFORM_WINDOWS_WATCH_H

#include "platform/process.h"

typedef struct hpr_watcher hpr_watcher;

/* HPR_ENOMEM. */
int hpr_watcher_open(hpr_exit_notice notice, void *notice_context, hpr_watcher **ret_watcher);

/* No notice comes after this returns. NULL is a no-op. */
void hpr_watcher_close(hpr_watcher *watcher);

/*
 * Gives one notice when the process behind `take_handle` has ended; the handle is the watcher's
 * from here on, also on failure. It keeps the process's number from passing on. HPR_ENOMEM,
 * HPR_EMFILE.
 */
int hpr_watcher_add(hpr_watcher *watcher, void *take_handle, uint64_t watch);

/* Takes a watch back. Unknown numbers are ignored. */
void hpr_watcher_remove(hpr_watcher *watcher, uint64_t watch);

#endif
