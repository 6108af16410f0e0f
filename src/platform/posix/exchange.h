/* platform/posix/exchange.h: swapping two files, the one file operation that POSIX lacks. */
#ifndef HPR_PLATFORM_POSIX_EXCHANGE_H
#define HPR_PLATFORM_POSIX_EXCHANGE_H

/* Swaps two existing files in one step, or HPR_ENOTSUP where the system cannot. */
int hpr_exchange_names(const char *a, const char *b);

#endif
