/* platform/posix/lease.h: having a file for oneself, which POSIX lacks. */
#ifndef HPR_PLATFORM_POSIX_LEASE_H
#define HPR_PLATFORM_POSIX_LEASE_H

/* A lease on an open file: HPR_EBUSY where somebody else has it open, HPR_ENOTSUP: none here. */
int hpr_lease_take(int fd);

/* Gives it back. HPR_EBUSY: it was not whole any more. */
int hpr_lease_end(int fd);

/* open(2) for nothing but keeping its inode number: a descriptor, or -1 and errno. */
int hpr_lease_open_pin(const char *path);

#endif
