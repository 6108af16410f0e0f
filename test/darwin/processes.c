/* What macOS tells of processes, as far as /proc knows it. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libproc.h>
#include <mach/mach_time.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/proc.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysctl.h>
#include <unistd.h>

typedef struct facts {
  char name[32], state;
  int parent, group;
  unsigned user;
  unsigned long long user_ticks, system_ticks, start_ticks;
  long pages;
} facts;

enum { US_PER_TICK = 10000 }; /* USER_HZ, time(7) */

static long read_text(int pid, const char *name, char *ret_text, size_t size) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  FILE *stream = fopen(path, "re");
  if (!stream) return -1;
  const size_t length = fread(ret_text, 1, size - 1, stream);
  fclose(stream);
  ret_text[length] = '\0';
  return (long)length;
}

static bool read_user(int pid, unsigned *ret_user) {
  char path[64];
  struct stat info;
  snprintf(path, sizeof path, "/proc/%d", pid);
  if (stat(path, &info) != 0) return false;
  *ret_user = info.st_uid;
  return true;
}

static bool read_facts(int pid, facts *ret) {
  char text[1024];
  if (pid <= 0 || read_text(pid, "stat", text, sizeof text) <= 0) return false;
  const char *name = strchr(text, '('), *end = strrchr(text, ')');
  if (!name || !end || !read_user(pid, &ret->user)) return false;
  snprintf(ret->name, sizeof ret->name, "%.*s", (int)(end - name - 1), name + 1);
  return sscanf(end + 2,
                "%c %d %d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d %*d %*d %*d %llu "
                "%*u %ld",
                &ret->state, &ret->parent, &ret->group, &ret->user_ticks, &ret->system_ticks,
                &ret->start_ticks, &ret->pages) == 7;
}

static uint64_t booted_at_s(void) {
  char text[65536];
  if (read_text(1, "../stat", text, sizeof text) <= 0) return 0;
  const char *line = strstr(text, "\nbtime ");
  return line ? strtoull(line + 7, NULL, 10) : 0;
}

static bool is_dead(const facts *it) { return it->state == 'Z' || it->state == 'X'; }

static uint32_t status_of(const facts *it) {
  if (is_dead(it)) return SZOMB;
  return it->state == 'T' || it->state == 't' ? SSTOP : SRUN;
}

/* macOS knows the microsecond. Two processes of one tick differ by their pidfds' inodes instead. */
static uint64_t part_of_tick_us(int pid) {
  struct stat info;
  const int fd = (int)syscall(SYS_pidfd_open, pid, 0);
  if (fd < 0) return 0;
  const bool told = fstat(fd, &info) == 0;
  close(fd);
  return told ? info.st_ino % US_PER_TICK : 0;
}

static struct proc_bsdinfo bsd_of(int pid, const facts *it) {
  const uint64_t us = it->start_ticks * US_PER_TICK + part_of_tick_us(pid);
  struct proc_bsdinfo info = {
      .pbi_status = status_of(it),
      .pbi_ppid = (uint32_t)it->parent,
      .pbi_pgid = (uint32_t)it->group,
      .pbi_uid = it->user,
      .pbi_start_tvsec = booted_at_s() + us / 1000000,
      .pbi_start_tvusec = us % 1000000,
  };
  memcpy(info.pbi_name, it->name, sizeof info.pbi_name);
  return info;
}

static int give(void *buffer, int room, const void *answer, size_t size) {
  if (room < (int)size) {
    errno = ENOMEM;
    return 0;
  }
  memcpy(buffer, answer, size);
  return (int)size;
}

static int refuse(int error) {
  errno = error;
  return 0;
}

static int give_folder(int pid, void *buffer, int size) {
  struct proc_vnodepathinfo info = {0};
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/cwd", pid);
  if (readlink(path, info.pvi_cdir.vip_path, sizeof info.pvi_cdir.vip_path - 1) < 0)
    return refuse(EPERM);
  return give(buffer, size, &info, sizeof info);
}

/* Zombies are found only if asked for; of others' processes only the short facts are told. */
int proc_pidinfo(int pid, int flavor, uint64_t arg, void *buffer, int size) {
  facts it;
  if (!read_facts(pid, &it)) return refuse(ESRCH);
  if (is_dead(&it) && (arg == 0 || flavor == PROC_PIDTASKALLINFO)) return refuse(ESRCH);
  if (flavor != PROC_PIDT_SHORTBSDINFO && geteuid() != 0 && it.user != geteuid())
    return refuse(EPERM);
  const struct proc_bsdinfo bsd = bsd_of(pid, &it);
  const struct proc_bsdshortinfo brief = {
      .pbsi_status = bsd.pbi_status,
      .pbsi_ppid = bsd.pbi_ppid,
      .pbsi_pgid = bsd.pbi_pgid,
      .pbsi_uid = bsd.pbi_uid,
  };
  const struct proc_taskallinfo all = {
      .pbsd = bsd,
      .ptinfo = {.pti_total_user = it.user_ticks * US_PER_TICK * 1000,
                 .pti_total_system = it.system_ticks * US_PER_TICK * 1000,
                 .pti_resident_size = (uint64_t)it.pages * (uint64_t)sysconf(_SC_PAGESIZE)},
  };
  switch (flavor) {
  case PROC_PIDTBSDINFO: return give(buffer, size, &bsd, sizeof bsd);
  case PROC_PIDT_SHORTBSDINFO: return give(buffer, size, &brief, sizeof brief);
  case PROC_PIDTASKALLINFO: return give(buffer, size, &all, sizeof all);
  case PROC_PIDVNODEPATHINFO: return give_folder(pid, buffer, size);
  default: return refuse(EINVAL);
  }
}

/* Zombies are in a group as long as they are there. */
static int list(int group, int *pids, int room) {
  int count = 0;
  DIR *stream = opendir("/proc");
  if (!stream) return -1;
  for (const struct dirent *entry; (entry = readdir(stream));) {
    facts it;
    const int pid = isdigit((unsigned char)entry->d_name[0]) ? atoi(entry->d_name) : 0;
    if (pid == 0 || (group != 0 && (!read_facts(pid, &it) || it.group != group))) continue;
    if (pids && count < room) pids[count] = pid;
    if (!pids || count < room) count++;
  }
  closedir(stream);
  return count;
}

int proc_listpids(uint32_t type, uint32_t typeinfo, void *buffer, int size) {
  if (type != PROC_PGRP_ONLY) return refuse(EINVAL);
  return list((int)typeinfo, buffer, size / (int)sizeof(int)) * (int)sizeof(int);
}

int proc_listallpids(void *buffer, int size) { return list(0, buffer, size / (int)sizeof(int)); }

/* As macOS answers: of a group of zombies it says that nobody may be signalled. */
#undef kill
#include <signal.h>
int stand_in_kill(pid_t pid, int signum) {
  if (pid < -1) {
    int members[512];
    bool lives = false;
    const int count = list(-pid, members, 512);
    for (int i = 0; i < count; i++) {
      facts it;
      lives = lives || (read_facts(members[i], &it) && !is_dead(&it));
    }
    if (count > 0 && !lives) {
      errno = EPERM;
      return -1;
    }
  }
  return kill(pid, signum);
}

/* --- the machine ------------------------------------------------------------------------------ */

int sysctlbyname(const char *name, void *old, size_t *size, void *new_value, size_t new_size) {
  char text[64];
  (void)new_value, (void)new_size;
  if (strcmp(name, "kern.bootsessionuuid") != 0 ||
      read_text(1, "../sys/kernel/random/boot_id", text, sizeof text) <= 0)
    return errno = ENOENT, -1;
  text[strcspn(text, "\n")] = '\0';
  if (*size < strlen(text) + 1) return errno = ENOMEM, -1;
  *size = strlen(text) + 1;
  memcpy(old, text, *size);
  return 0;
}

/* KERN_PROCARGS2: the number of words, the program's path, NULs, the words, the environment. */
static int read_arguments(int pid, void *old, size_t *size) {
  char words[2048], program[1024] = "";
  static char variables[256 * 1024]; /* one thread asks */
  const long length = read_text(pid, "cmdline", words, sizeof words);
  long more = read_text(pid, "environ", variables, sizeof variables);
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/exe", pid);
  const ssize_t named = readlink(path, program, sizeof program - 1);
  if (length <= 0 || named < 0) return errno = EINVAL, -1;
  if (more < 0) more = 0; /* another user's */
  int number = 0;
  for (long i = 0; i < length; i++) number += words[i] == '\0';
  const size_t head = sizeof number + (size_t)named + 4;
  const size_t whole = head + (size_t)length + (size_t)more;
  char *answer = calloc(1, whole);
  if (!answer) return errno = ENOMEM, -1;
  memcpy(answer, &number, sizeof number);
  memcpy(answer + sizeof number, program, (size_t)named);
  memcpy(answer + head, words, (size_t)length);
  memcpy(answer + head + length, variables, (size_t)more);
  *size = whole < *size ? whole : *size;
  memcpy(old, answer, *size);
  free(answer);
  return 0;
}

int sysctl(int *name, unsigned count, void *old, size_t *size, void *new_value, size_t new_size) {
  (void)new_value, (void)new_size;
  if (count == 2 && name[0] == CTL_KERN && name[1] == KERN_ARGMAX && *size == sizeof(int))
    return *(int *)old = 1024 * 1024, 0;
  if (count != 3 || name[0] != CTL_KERN || name[1] != KERN_PROCARGS2) return errno = EINVAL, -1;
  return read_arguments(name[2], old, size);
}

int stand_in_statfs(const char *path, struct stand_in_statfs *ret_info) {
  ret_info->f_flags = MNT_LOCAL;
  return access(path, F_OK);
}

int renamex_np(const char *from, const char *to, unsigned flags) {
  return renameat2(AT_FDCWD, from, AT_FDCWD, to, flags);
}

#undef fcntl
int stand_in_fcntl(int fd, int command, ...) {
  enum { DARWIN_OFD_SETLK = 90, DARWIN_OFD_GETLK = 92 };
  va_list rest;
  va_start(rest, command);
  void *argument = va_arg(rest, void *); /* a number is as good */
  va_end(rest);
  if (command == DARWIN_OFD_SETLK) command = F_OFD_SETLK;
  if (command == DARWIN_OFD_GETLK) command = F_OFD_GETLK;
  return fcntl(fd, command, argument);
}

int mach_timebase_info(mach_timebase_info_data_t *ret_info) {
  *ret_info = (mach_timebase_info_data_t){1, 1};
  return 0;
}

/* --- sockets ---------------------------------------------------------------------------------- */

#undef getsockopt
int stand_in_getsockopt(int fd, int level, int name, void *ret_value, unsigned *size) {
  struct ucred peer;
  socklen_t peer_size = sizeof peer;
  if (level != SOL_LOCAL || name != LOCAL_PEERPID)
    return getsockopt(fd, level, name, ret_value, size);
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_size) != 0) return -1;
  memcpy(ret_value, &peer.pid, sizeof peer.pid);
  return 0;
}
