#include "platform/linux/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "platform/posix/pids.h"

enum {
  STAT_SIZE = 1024,           /* 52 numbers and a name of at most 64 bytes */
  KERNEL_THREAD = 0x00200000, /* PF_KTHREAD in linux/sched.h, stable since 2.6.27 */
  EXITING = 0x00000004,       /* PF_EXITING */
  SIGNALLED = 0x00000400,     /* PF_SIGNALED: a signal has ended it, and all its threads */
  KILL_PENDING = 1 << 8,      /* SIGKILL, 9, among the pending signals */
  FIRST_ROOM = 256,           /* for pids */
  ROUNDS_MAX = 8,             /* of reading /proc, where somebody new is always there */
};

/* Reads the start of a small file as text. */
static int read_text(const char *path, char *buffer, size_t size) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    if (errno == ENOENT || errno == ESRCH) return HPR_ESRCH;
    if (errno == EACCES || errno == EPERM) return HPR_EACCES;
    return errno == EMFILE || errno == ENFILE ? HPR_EMFILE : HPR_EUNKNOWN;
  }
  ssize_t count;
  do count = read(fd, buffer, size - 1);
  while (count < 0 && errno == EINTR);
  /* A process that was reaped between open and read reads as ESRCH. */
  int result = count > 0 ? 0 : (count < 0 && errno != ESRCH) ? HPR_EUNKNOWN : HPR_ESRCH;
  close(fd);
  if (result == 0) buffer[count] = '\0';
  return result;
}

/* The numbers behind the state, counted from proc_pid_stat(5)'s field 4. */
enum {
  PARENT = 0,
  GROUP = 1,
  SESSION = 2,
  FLAGS = 5,
  USER_TIME = 10,
  SYSTEM_TIME = 11,
  THREADS = 16,
  START = 18,
  RESIDENT = 20,
  PENDING = 27,
  NUMBERS = 28
};

static bool read_numbers(const char *text, int64_t ret_numbers[NUMBERS]) {
  for (int i = 0; i < NUMBERS; i++) {
    char *end;
    ret_numbers[i] = strtoll(text, &end, 10);
    if (end == text) return false;
    text = end;
  }
  return true;
}

static int parse_stat(const char *line, hpr_proc_stat *ret_stat) {
  /* The name may hold spaces and parentheses: the fields start behind the last one. */
  const char *fields = strrchr(line, ')');
  int64_t numbers[NUMBERS];
  if (!fields || strlen(fields) < strlen(") S ") || !read_numbers(fields + strlen(") S"), numbers))
    return HPR_EUNKNOWN;
  const char state = fields[strlen(") ")];
  const bool zombie = state == 'Z' && numbers[THREADS] <= 1;
  const bool leader_left = state == 'Z' && !zombie && (numbers[FLAGS] & SIGNALLED) == 0;
  *ret_stat = (hpr_proc_stat){
      .facts =
          {
              /* A main thread that ended before the others shows Z too, but the process lives on.
               */
              .dead = state == 'X' || state == 'x' || zombie,
              .dying = (numbers[PENDING] & KILL_PENDING) != 0 ||
                       ((numbers[FLAGS] & EXITING) != 0 && !leader_left),
              .kernel = (numbers[FLAGS] & KERNEL_THREAD) != 0,
              .parent = (int32_t)numbers[PARENT],
              .group = (int32_t)numbers[GROUP],
              .session = (int32_t)numbers[SESSION],
              .start = (uint64_t)numbers[START],
          },
      .cpu_ticks = (uint64_t)(numbers[USER_TIME] + numbers[SYSTEM_TIME]),
      .resident_pages = (uint64_t)numbers[RESIDENT],
  };
  return 0;
}

int hpr_procfs_stat(int32_t pid, hpr_proc_stat *ret_stat) {
  char path[32], line[STAT_SIZE];
  snprintf(path, sizeof path, "/proc/%" PRId32 "/stat", pid);
  int result = read_text(path, line, sizeof line);
  return result == 0 ? parse_stat(line, ret_stat) : result;
}

int hpr_procfs_look(int32_t pid, hpr_facts *ret_facts) {
  hpr_proc_stat stat;
  const int result = hpr_procfs_stat(pid, &stat);
  if (result == 0) *ret_facts = stat.facts;
  return result;
}

/* Behind the name of a folder that was removed, proc_pid_cwd(5); one that has it in its name is
 * there. */
static void cut_remark(const char *link, char *folder, size_t length) {
  static const char REMARK[] = " (deleted)";
  const size_t size = sizeof REMARK - 1;
  struct statx info;
  if (length <= size || strcmp(folder + length - size, REMARK) != 0) return;
  /* Not stat(): it would wait for a dead mount. */
  if (syscall(SYS_statx, AT_FDCWD, link, AT_STATX_DONT_SYNC, STATX_NLINK, &info) == 0 &&
      info.stx_nlink > 0)
    return;
  folder[length - size] = '\0';
}

int hpr_procfs_folder(int32_t pid, char **ret_path) {
  char path[32], folder[PATH_MAX];
  snprintf(path, sizeof path, "/proc/%" PRId32 "/cwd", pid);
  const ssize_t length = readlink(path, folder, sizeof folder - 1);
  if (length < 0) return HPR_EUNKNOWN; /* another user's, a kernel's thread, or gone */
  folder[length] = '\0';
  cut_remark(path, folder, (size_t)length);
  *ret_path = strdup(folder);
  return *ret_path ? 0 : HPR_ENOMEM;
}

bool hpr_procfs_is_thread(int32_t pid) {
  char path[32], text[STAT_SIZE];
  snprintf(path, sizeof path, "/proc/%" PRId32 "/status", pid);
  if (read_text(path, text, sizeof text) != 0) return false;
  const char *line = strstr(text, "\nTgid:");
  return line && strtol(line + strlen("\nTgid:"), NULL, 10) != pid;
}

int hpr_procfs_each(hpr_pid_visit visit, void *context) {
  DIR *stream = opendir("/proc");
  if (!stream) return errno == EMFILE || errno == ENFILE ? HPR_EMFILE : HPR_EUNKNOWN;
  for (const struct dirent *item; (item = readdir(stream));) {
    char *end;
    const long pid = strtol(item->d_name, &end, 10);
    if (*end == '\0' && pid > 0 && pid <= INT32_MAX && !visit(context, (int32_t)pid)) break;
  }
  closedir(stream);
  return 0;
}

typedef struct visiting {
  int32_t group;
  hpr_visit visit;
  void *context;
  int result;
} visiting;

static bool look_and_visit(void *context, int32_t pid) {
  visiting *it = context;
  hpr_facts facts;
  /* Its group without its file, which takes fifty times as long to read. */
  const int32_t its_group = it->group > 0 ? hpr_pids_group_of(pid) : -1;
  if (its_group >= 0 && its_group != it->group) return true;
  const int read = hpr_procfs_look(pid, &facts);
  if (read == 0 && (it->group == 0 || facts.group == it->group))
    return it->visit(it->context, pid, &facts);
  const bool hidden = read == HPR_EACCES && it->group == 0; /* another user's, by hidepid=1 */
  if (read != 0 && read != HPR_ESRCH && !hidden) it->result = read;
  return true;
}

/* --- all of them ---------------------------------------------------------------------------- */

/* Pids in their order, but for those that were added last. */
typedef struct pids {
  int32_t *list;
  size_t count, room, sorted;
  bool failed;
} pids;

static int by_number(const void *a, const void *b) {
  const int32_t one = *(const int32_t *)a, other = *(const int32_t *)b;
  return (one > other) - (one < other);
}

static bool has_pid(const pids *it, int32_t pid) {
  return it->sorted > 0 && bsearch(&pid, it->list, it->sorted, sizeof pid, by_number);
}

static bool add_unless_known(void *context, int32_t pid) {
  pids *it = context;
  if (has_pid(it, pid)) return true;
  if (it->count == it->room) {
    const size_t room = it->room ? it->room * 2 : FIRST_ROOM;
    int32_t *list = realloc(it->list, room * sizeof *list);
    it->failed = !list;
    if (!list) return false;
    it->list = list;
    it->room = room;
  }
  it->list[it->count++] = pid;
  return true;
}

/*
 * /proc is read in pieces, and a pid that has been given out since may stand before the place where
 * it is read. Read again until it shows nobody new, it has shown all who were there then.
 */
static int visit_all(visiting *it) {
  pids all = {0};
  int result = 0;
  bool more = true;
  for (int round = 0; round < ROUNDS_MAX && more; round++) {
    result = hpr_procfs_each(add_unless_known, &all);
    if (all.failed) result = HPR_ENOMEM;
    more = result == 0 && all.count > all.sorted;
    for (size_t i = all.sorted; i < all.count && more; i++) more = look_and_visit(it, all.list[i]);
    all.sorted = all.count;
    if (more) qsort(all.list, all.count, sizeof *all.list, by_number);
  }
  free(all.list);
  return result;
}

int hpr_procfs_visit(int32_t group, hpr_visit visit, void *context) {
  visiting it = {.group = group, .visit = visit, .context = context};
  const int result = group == 0 ? visit_all(&it) : hpr_procfs_each(look_and_visit, &it);
  return result ? result : it.result;
}

static bool visit_group_of(void *context, int32_t pid) {
  visiting *it = context;
  hpr_facts facts = {.group = hpr_pids_group_of(pid)};
  const int read = facts.group >= 0 ? 0 : hpr_procfs_look(pid, &facts);
  if (read == 0) return it->visit(it->context, pid, &facts);
  if (read != HPR_ESRCH) it->result = read;
  return true;
}

int hpr_procfs_groups(hpr_visit visit, void *context) {
  visiting it = {.visit = visit, .context = context};
  const int result = hpr_procfs_each(visit_group_of, &it);
  return result ? result : it.result;
}

/* WSL 1 and some confined services have none. */
static void read_boot_id(char ret_text[HPR_BOOT_ID_SIZE]) {
  if (read_text("/proc/sys/kernel/random/boot_id", ret_text, HPR_BOOT_ID_SIZE) != 0)
    ret_text[0] = '\0';
  ret_text[strcspn(ret_text, "\n@+~")] = '\0';
}

static uint64_t namespace_of(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 ? (uint64_t)st.st_ino : 0;
}

/* Of the time namespace, time_namespaces(7). Kernels that have none have no such file. */
static int64_t clock_offset_ms(void) {
  static const char name[] = "monotonic";
  char text[128], *end;
  if (read_text("/proc/self/timens_offsets", text, sizeof text) != 0 ||
      strncmp(text, name, sizeof name - 1) != 0)
    return 0;
  const int64_t seconds = strtoll(text + sizeof name - 1, &end, 10);
  return seconds * 1000 + strtoll(end, NULL, 10) / 1000000;
}

static int64_t booted_ms(void) {
  struct timespec wall, since_boot;
  clock_gettime(CLOCK_REALTIME, &wall);
  clock_gettime(CLOCK_BOOTTIME, &since_boot);
  return (int64_t)(wall.tv_sec - since_boot.tv_sec) * 1000 +
         (wall.tv_nsec - since_boot.tv_nsec) / 1000000;
}

void hpr_procfs_host(hpr_system_host *ret_host) {
  *ret_host = (hpr_system_host){
      .booted_ms = booted_ms(),
      .has_namespaces = true,
      .pid_namespace = namespace_of("/proc/self/ns/pid"),
      .time_namespace = namespace_of("/proc/self/ns/time"), /* Linux 5.6 */
      .clock_offset_ms = clock_offset_ms(),
  };
  read_boot_id(ret_host->boot_id);
}

int64_t hpr_procfs_started_ms(uint64_t start_ticks) {
  return booted_ms() + (int64_t)(start_ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* The owner of a process's directory is its effective user, proc(5). */
static bool user_of(int32_t pid, uid_t *ret_user) {
  char path[32];
  struct stat st;
  snprintf(path, sizeof path, "/proc/%" PRId32, pid);
  if (stat(path, &st) != 0) return false;
  *ret_user = st.st_uid;
  return true;
}

bool hpr_procfs_is_ours(int32_t pid) {
  uid_t user;
  return user_of(pid, &user) && user == geteuid();
}

bool hpr_procfs_same_user(int32_t a, int32_t b) {
  uid_t one, other;
  return user_of(a, &one) && user_of(b, &other) && one == other;
}
