/* platform/darwin/watch.h: one thread that waits for processes to exit. */
#ifndef HPR_PLATFORM_DARWIN_WATCH_H
#define HPR_PLATFORM_DARWIN_WATCH_H

#include "platform/system.h"

/*
 * The watcher of hpr_system. There are no handles here: the pid is watched. What kqueue cannot
 * watch (a group without its leader, another user's process) is probed.
 */
int hpr_watcher_open(hpr_exit_notice notice, void *notice_context, hpr_watch_probe probe,
                     const void *probe_context, hpr_watcher **ret_watcher);
void hpr_watcher_close(hpr_watcher *watcher);
int hpr_watcher_add(hpr_watcher *watcher, hpr_handle handle, const hpr_identity *identity,
                    hpr_verdict verdict, uint64_t watch);
bool hpr_watcher_remove(hpr_watcher *watcher, uint64_t watch);

#endif
