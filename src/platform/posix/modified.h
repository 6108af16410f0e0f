/* platform/posix/modified.h: the time of a file's last change, whose name in stat(2) differs. */
#ifndef HPR_PLATFORM_POSIX_MODIFIED_H
#define HPR_PLATFORM_POSIX_MODIFIED_H

#include <stdint.h>
#include <sys/stat.h>

/* In nanoseconds since 1970. */
int64_t hpr_modified_ns(const struct stat *info);

#endif
