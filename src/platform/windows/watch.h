/* platform/windows/watch.h: waits for processes to exit, on the system's own waiting threads. */
#ifndef HPR_PLATFORM_WINDOWS_WATCH_H
#define HPR_PLATFORM_WINDOWS_WATCH_H

#include "platform/system.h"

/*
 * The watcher of hpr_system: it needs handles, and keeps their processes' pids from being reused.
 */
int hpr_watcher_open(hpr_exit_notice notice, void *notice_context, hpr_watch_probe probe,
                     const void *probe_context, hpr_watcher **ret_watcher);
void hpr_watcher_close(hpr_watcher *watcher);
int hpr_watcher_add(hpr_watcher *watcher, hpr_handle take_handle, const hpr_identity *identity,
                    hpr_verdict verdict, uint64_t watch);
bool hpr_watcher_remove(hpr_watcher *watcher, uint64_t watch);

#endif
