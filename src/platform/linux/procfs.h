/* platform/linux/procfs.h: the few facts of /proc that identity rests on. */
#ifndef HPR_PLATFORM_LINUX_PROCFS_H
#define HPR_PLATFORM_LINUX_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One line of /proc/<pid>/stat, proc_pid_stat(5). */
typedef struct hpr_proc_stat {
  bool dead;          /* a zombie without a living thread, or on its way to one */
  bool kernel_thread; /* not a program; signals mean nothing to it */
  int32_t parent;     /* 0: none, or outside our pid namespace */
  int32_t group;      /* its process group */
  int32_t session;
  uint64_t start_ticks; /* after boot, in 1/sysconf(_SC_CLK_TCK) s, in our time namespace */
  uint64_t cpu_ticks;   /* user and system time, in the same unit */
  uint64_t resident_pages;
} hpr_proc_stat;

/*
 * Reads it. HPR_ESRCH: no such directory, which under the hidepid mount option is no proof of
 * death. HPR_EMFILE, HPR_EUNKNOWN: could not be read.
 */
int hpr_procfs_stat(int32_t pid, hpr_proc_stat *ret_stat);

/* True if pid is a process, false if it is one of the threads of another (or cannot be read). */
bool hpr_procfs_is_process(int32_t pid);

/* Finds a living member of a process group. HPR_ESRCH: none. HPR_EMFILE, HPR_EUNKNOWN: unread. */
int hpr_procfs_group_member(int32_t group, int32_t *ret_pid);

/* Writes "<boot id>@<host>" as text, or leaves "" where the system does not say. */
void hpr_procfs_boot(char *ret_text, size_t size);

/* The number of our pid namespace, 0 if it cannot be read. */
uint64_t hpr_procfs_pid_namespace(void);

/* When a process with these start ticks started, in ms since 1970 by today's clock. */
int64_t hpr_procfs_started_ms(uint64_t start_ticks);

#endif
