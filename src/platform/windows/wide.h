/* platform/windows/wide.h: UTF-16, which Windows speaks, from and to the UTF-8 of all the rest. */
#ifndef HPR_PLATFORM_WINDOWS_WIDE_H
#define HPR_PLATFORM_WINDOWS_WIDE_H

#include <wchar.h>

/*
 * A path as the system wants it: absolute, and in the form that has no limit of 260 characters. The
 * caller frees it. HPR_EINVAL: not UTF-8, or no path; HPR_ENOMEM.
 */
int hpr_wide_path(const char *path, wchar_t **ret_path);

/*
 * As UTF-8; the caller frees it. Halves of surrogate pairs, which file names may hold, become
 * U+FFFD. NULL: no memory.
 */
char *hpr_narrow(const wchar_t *text);

#endif
