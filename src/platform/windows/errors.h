/* platform/windows/errors.h: GetLastError() into the codes of base/error.h. */
#ifndef HPR_PLATFORM_WINDOWS_ERRORS_H
#define HPR_PLATFORM_WINDOWS_ERRORS_H

/* The HPR_E… code for a system error code; HPR_EIO for those that nobody treats apart. */
int hpr_error_from_windows(unsigned long number);

/* The same for what the last call that failed has left behind; never 0. */
int hpr_error_last(void);

#endif
