/* platform/posix/errors.h: errno into the codes of base/error.h. */
#ifndef HPR_PLATFORM_POSIX_ERRORS_H
#define HPR_PLATFORM_POSIX_ERRORS_H

/* The HPR_E… code for an errno value; HPR_EIO for those that nobody treats apart. */
int hpr_error_from_errno(int number);

#endif
