/* platform/posix/bytes.h: locks on single bytes of a file, and what becomes of them in a fork. */
#ifndef HPR_PLATFORM_POSIX_BYTES_H
#define HPR_PLATFORM_POSIX_BYTES_H

#include <stdint.h>

/*
 * From here on a child made by fork() closes its copy of the descriptor before anything else.
 * HPR_ENOMEM. Any thread, as all of these.
 */
int hpr_bytes_keep(int fd);

/* Closes what hpr_bytes_keep was given; nothing in a child, which has closed it already. */
void hpr_bytes_close(int fd);

/* HPR_EBUSY, HPR_ENOTSUP, HPR_ENOLCK, … Unlocking in a fork's child does nothing. */
int hpr_bytes_lock(int fd, uint64_t offset);
void hpr_bytes_unlock(int fd, uint64_t offset);
int hpr_bytes_test(int fd, uint64_t offset);

/*
 * Locks a byte of a file and never lets go of it; if the process has one of that file already,
 * that is the answer. The descriptor has been given to hpr_bytes_keep, and is taken.
 */
int hpr_bytes_lock_for_life(int take_fd, uint64_t offset, uint64_t *ret_offset);

#endif
