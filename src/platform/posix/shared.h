/* platform/posix/shared.h: which file systems other hosts may write to, which POSIX does not tell.
 */
#ifndef HPR_PLATFORM_POSIX_SHARED_H
#define HPR_PLATFORM_POSIX_SHARED_H

#include <stdbool.h>

/* See hpr_file_ops.is_shared. */
bool hpr_is_shared(const char *folder);

#endif
