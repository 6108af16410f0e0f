/* platform/linux/procfs.h: the few facts of /proc that identity rests on. */
#ifndef HPR_PLATFORM_LINUX_PROCFS_H
#define HPR_PLATFORM_LINUX_PROCFS_H

#include "platform/system.h"

/* One line of /proc/<pid>/stat, proc_pid_stat(5). */
typedef struct hpr_proc_stat {
  hpr_facts facts;    /* start in 1/sysconf(_SC_CLK_TCK) s after boot, in our time namespace */
  uint64_t cpu_ticks; /* user and system time, in the same unit */
  uint64_t resident_pages;
} hpr_proc_stat;

/*
 * Reads it. HPR_ESRCH: no such directory, which under the hidepid mount option is no proof of
 * death. HPR_EACCES (hidepid=1), HPR_EMFILE, HPR_EUNKNOWN: could not be read.
 */
int hpr_procfs_stat(int32_t pid, hpr_proc_stat *ret_stat);

/* Visits the number of each process, until it has seen enough. HPR_EMFILE, HPR_EUNKNOWN. */
typedef bool (*hpr_pid_visit)(void *context, int32_t pid);
int hpr_procfs_each(hpr_pid_visit visit, void *context);

/* True if it runs as our effective user. */
bool hpr_procfs_is_ours(int32_t pid);

/* True if pid is surely one of the threads of another process. */
bool hpr_procfs_is_thread(int32_t pid);

/* The functions of hpr_system that /proc answers. */
int hpr_procfs_look(int32_t pid, hpr_facts *ret_facts);
bool hpr_procfs_same_user(int32_t a, int32_t b);
int hpr_procfs_folder(int32_t pid, char **ret_path);
int hpr_procfs_visit(int32_t group, hpr_visit visit, void *context);
int hpr_procfs_groups(hpr_visit visit, void *context);
void hpr_procfs_host(hpr_system_host *ret_host);
int64_t hpr_procfs_started_ms(uint64_t start_ticks);

#endif
