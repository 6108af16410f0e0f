/* platform/windows/tree.h: a process and all that descends from it, held open and ended together.
 */
#ifndef HPR_PLATFORM_WINDOWS_TREE_H
#define HPR_PLATFORM_WINDOWS_TREE_H

#include "platform/windows/snapshot.h"

/*
 * Ends an open process, then its descendants, each of which is proved to be one: it names its maker
 * by number, the maker is in our hand and so still has that number, and is older. Who has lost its
 * maker before cannot be found, and who may not be ended is left out. `all` was taken after
 * `handle` was opened. The result is that of the process itself: HPR_ESRCH, HPR_EACCES.
 */
int hpr_tree_end(void *handle, const hpr_snapshot *all);

#endif
