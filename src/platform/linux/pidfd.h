/* platform/linux/pidfd.h: descriptors that stay with one process, pidfd_open(2). */
#ifndef HPR_PLATFORM_LINUX_PIDFD_H
#define HPR_PLATFORM_LINUX_PIDFD_H

#include "platform/system.h"

/*
 * The handles of hpr_system. Everything here is probed by calling it: containers and seccomp
 * filters withhold system calls that the kernel version promises.
 */

/* Linux 5.3. Without, HPR_EINVAL is said of those that are surely threads. */
int hpr_pidfd_open(int32_t pid, hpr_handle *ret_fd);

void hpr_pidfd_close(hpr_handle fd);
int hpr_pidfd_copy(hpr_handle fd, hpr_handle *ret_copy);

/*
 * The process's name on the pidfs file system: its file handle (Linux 6.14), which can be opened
 * while any member of the process's group lives, or else its inode number (6.9), which can only be
 * compared.
 */
int hpr_pidfd_name(hpr_handle fd, hpr_birth *birth);

int hpr_pidfd_reopen(const hpr_birth *named, hpr_handle *ret_fd);

/*
 * The kernel gives out the lowest free number, so a descriptor's number tells how many there are,
 * whoever has them: other registries of this process too. The limit is half of what the process may
 * have; the rest is its server's.
 */
hpr_handle hpr_pidfd_limit(void);

/* Whose it is, in our pid namespace, and whether it runs as our user (Linux 6.13). */
int hpr_pidfd_pid(hpr_handle fd, int32_t *ret_pid, bool *ret_ours);

bool hpr_pidfd_runs(hpr_handle fd);

/* Before 5.3, and where a filter of system calls refuses one of the two that all rest on. */
bool hpr_pidfd_withheld(void);

/* Groups: Linux 6.9. */
int hpr_pidfd_signal(hpr_handle fd, int signum, bool group);

#endif
