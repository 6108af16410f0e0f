/* platform/linux/pidfd.h: descriptors that stay with one process, pidfd_open(2). */
#ifndef HPR_PLATFORM_LINUX_PIDFD_H
#define HPR_PLATFORM_LINUX_PIDFD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Everything here is probed by calling it: containers and seccomp filters withhold system calls
 * that the kernel version promises. HPR_ENOTSUP means "not here".
 */

/* Linux 5.3. HPR_ESRCH: nobody, HPR_EINVAL: a thread, HPR_EMFILE. */
int hpr_pidfd_open(int32_t pid, int *ret_fd);

void hpr_pidfd_close(int fd);

/*
 * The process's name on the pidfs file system (Linux 6.14) as text of letters, digits and '-'. It
 * is never used twice within a boot and stays good while any member of the process's group lives.
 * HPR_ENOTSUP also if the text would not fit.
 */
int hpr_pidfd_name(int fd, char *ret_name, size_t size);

/* Opens by that name, in any process of the same boot. HPR_ESRCH: it is gone for good. */
int hpr_pidfd_reopen(const char *name, int *ret_fd);

/* Whose it is, in our pid namespace. HPR_ESRCH: reaped, HPR_ENOTSUP (before Linux 6.13). */
int hpr_pidfd_pid(int fd, int32_t *ret_pid);

/* False if the process has ended, a zombie included, or if the system would not say. */
bool hpr_pidfd_runs(int fd);

/*
 * Signals the process, or the group that it leads (Linux 6.9), even if the leader itself was
 * reaped. signum 0 only asks. HPR_ESRCH, HPR_EACCES (exists, not ours), HPR_ENOTSUP.
 */
int hpr_pidfd_signal(int fd, int signum, bool group);

#endif
