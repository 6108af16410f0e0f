/* platform/watcher.h: the watcher of hpr_system, which each system fulfils in its own way. */
#ifndef HPR_PLATFORM_WATCHER_H
#define HPR_PLATFORM_WATCHER_H

#include "platform/system.h"

/* The contracts are hpr_system's, where the functions have the same names. */
int hpr_watcher_open(hpr_exit_notice notice, void *notice_context, hpr_watch_probe probe,
                     const void *probe_context, hpr_watcher **ret_watcher);
void hpr_watcher_close(hpr_watcher *watcher);
int hpr_watcher_add(hpr_watcher *watcher, hpr_handle take_handle, const hpr_identity *identity,
                    hpr_verdict verdict, uint64_t watch);
bool hpr_watcher_remove(hpr_watcher *watcher, uint64_t watch);

#endif
