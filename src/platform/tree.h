/* platform/tree.h: a process that leads no group and its descendants, signalled together. */
#ifndef HPR_PLATFORM_TREE_H
#define HPR_PLATFORM_TREE_H

#include "platform/found.h"

/*
 * Signals a process that was found SAME, then its descendants, each of which is proved to be one:
 * it names its parent by number, and the parent still has that number afterwards. Who has lost its
 * parent before cannot be found. After a signal that nobody survives it looks for those that came
 * meanwhile. `root` is left open. The result is that of the process itself: 0, HPR_ESRCH,
 * HPR_EACCES.
 */
int hpr_tree_signal(const hpr_system *system, const hpr_found *root, hpr_signal signal);

#endif
