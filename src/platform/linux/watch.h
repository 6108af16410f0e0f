/* platform/linux/watch.h: one thread that waits for processes to exit. */
#ifndef HPR_PLATFORM_LINUX_WATCH_H
#define HPR_PLATFORM_LINUX_WATCH_H

#include "platform/system.h"

/* The watcher of hpr_system; its handles are pidfds. What has none is probed. */
int hpr_watcher_open(hpr_exit_notice notice, void *notice_context, hpr_watch_probe probe,
                     const void *probe_context, hpr_watcher **ret_watcher);
void hpr_watcher_close(hpr_watcher *watcher);
int hpr_watcher_add(hpr_watcher *watcher, hpr_handle take_pidfd, const hpr_identity *identity,
                    hpr_verdict verdict, uint64_t watch);
bool hpr_watcher_remove(hpr_watcher *watcher, uint64_t watch);

#endif
