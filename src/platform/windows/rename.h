/* platform/windows/rename.h: moving one file over another while somebody may look at it. */
#ifndef HPR_PLATFORM_WINDOWS_RENAME_H
#define HPR_PLATFORM_WINDOWS_RENAME_H

#include <wchar.h>

/*
 * Moves `from` over `to` in one step, whether it exists or not. Who has the old file open keeps it
 * where the file system knows how; elsewhere the move is tried again for a tenth of a second.
 * HPR_ENOENT, HPR_EACCES, HPR_EBUSY, …
 */
int hpr_rename(const wchar_t *from, const wchar_t *to);

#endif
