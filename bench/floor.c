/*
 * bench/floor.c: the system calls that a registry's work cannot avoid, and nothing else. Answers
 * each line on stdin with the nanoseconds that it took, `cycles` with those of each cycle and
 * `removal` with the time of CLOCK_MONOTONIC. SIZE and ROW: bytes of the file, and of an entry.
 *   register PATH SIZE ROW PID         a process identified and watched, and one change of a file
 *   exit PATH SIZE ROW                 one change
 *   cycles PATH SIZE ROW PID COUNT     both, so many times, without a pause
 *   storm PATH SIZE ROW PID...         the first for each
 *   exits PATH SIZE ROW COUNT          a change by one entry, and one by all others
 *   orphans PATH SIZE ROW PID...       a file read, each told and watched, and all of it changed
 *   removal PATH SIZE ROW PID          its end asked for and waited for, and one change
 *   kill PID...                        a signal to each one's group
 *   look                               all processes of the system, and whose children they are
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
  EXCHANGE_NAMES = 1 << 1,
  TO_GROUP = 1 << 2,
  PIDFS_ROOT = -10002,
  HANDLE_BYTES = 16,
  PIDS_MAX = 10000,
};

typedef union name {
  struct file_handle head;
  char room[sizeof(struct file_handle) + HANDLE_BYTES];
} name;

/* The file that is worked on: one at a time, and its lock is held open. */
static struct {
  char path[3900], spare[4096], lock_path[4096];
  size_t size, row;
  int lock;
} file = {.lock = -1};

static char content[16 << 20];
static int pids[PIDS_MAX], descriptors[PIDS_MAX], count, epoll;
static name names[PIDS_MAX];

static int64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void check(int succeeded, const char *what) {
  if (succeeded) return;
  perror(what);
  exit(1);
}

/* --- the file ------------------------------------------------------------------------------- */

static void create(const char *path) {
  int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  check(fd >= 0 && write(fd, content, file.size) == (ssize_t)file.size, path);
  close(fd);
}

/* The file as a registry has it at work: it stands, and its spare, and the lock is open. */
static void prepare(const char *path, size_t size, size_t row) {
  if (strcmp(path, file.path) == 0 && size == file.size) return;
  if (file.lock >= 0) close(file.lock);
  snprintf(file.path, sizeof file.path, "%s", path);
  snprintf(file.spare, sizeof file.spare, "%s.spare", path);
  snprintf(file.lock_path, sizeof file.lock_path, "%s.lock", path);
  file.size = size;
  file.row = row;
  create(file.path);
  create(file.spare);
  file.lock = open(file.lock_path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  check(file.lock >= 0, file.lock_path);
}

static void put(int fd, size_t bytes, size_t at) {
  check(pwrite(fd, content, bytes, (off_t)at) == (ssize_t)bytes, file.spare);
}

/*
 * What the last change was and what this one is go into the spare, which nobody can have open, and
 * then it takes the file's place. The number in the lock file, and a look at the file, tell whether
 * somebody else has written.
 */
static void change(size_t bytes) {
  uint64_t generation = 0;
  struct stat live;
  check(flock(file.lock, LOCK_EX) == 0, file.lock_path);
  check(pread(file.lock, &generation, sizeof generation, 0) >= 0, file.lock_path);
  check(stat(file.path, &live) == 0, file.path);
  int fd = open(file.spare, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  check(fd >= 0 && fcntl(fd, F_SETSIG, SIGURG) == 0, file.spare);
  check(fcntl(fd, F_SETLEASE, F_WRLCK) == 0, "a lease, which this file system does not give");
  put(fd, bytes, 0);
  put(fd, bytes, file.size - bytes);
  check(fcntl(fd, F_GETLEASE) == F_WRLCK && fcntl(fd, F_SETLEASE, F_UNLCK) == 0, file.spare);
  check(syscall(SYS_renameat2, AT_FDCWD, file.spare, AT_FDCWD, file.path, EXCHANGE_NAMES) == 0,
        file.path);
  close(fd);
  generation++;
  check(pwrite(file.lock, &generation, sizeof generation, 0) > 0, file.lock_path);
  check(flock(file.lock, LOCK_UN) == 0, file.lock_path);
}

/* --- processes ------------------------------------------------------------------------------ */

static void name_of(int pidfd, name *ret_name) {
  int mount;
  ret_name->head.handle_bytes = HANDLE_BYTES;
  check(name_to_handle_at(pidfd, "", &ret_name->head, &mount, AT_EMPTY_PATH) == 0, "pidfs");
}

static int open_pid(int pid) {
  int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  check(pidfd >= 0, "pidfd_open");
  return pidfd;
}

static void watch(int pidfd) {
  struct epoll_event event = {.events = EPOLLIN};
  check(epoll_ctl(epoll, EPOLL_CTL_ADD, pidfd, &event) == 0, "watch");
}

/* A descriptor, the start time from /proc, a proof that they belong together, the name, a watch. */
static int identify(int pid) {
  char path[32], line[1024];
  name it;
  int pidfd = open_pid(pid);
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  int stat = open(path, O_RDONLY | O_CLOEXEC);
  check(stat >= 0 && read(stat, line, sizeof line) > 0, path);
  close(stat);
  check(syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) == 0, "pidfd_send_signal");
  name_of(pidfd, &it);
  watch(pidfd);
  return pidfd;
}

static void close_all(void) {
  for (int i = 0; i < count; i++) close(descriptors[i]);
}

/* --- the answers ---------------------------------------------------------------------------- */

static int registered = -1; /* of the last `register`, until its `exit` */

static int64_t enter(void) {
  int64_t start = now_ns();
  registered = identify(pids[0]);
  change(file.row);
  return now_ns() - start;
}

static int64_t leave(void) {
  int64_t start = now_ns();
  close(registered);
  change(file.row);
  return now_ns() - start;
}

static int64_t cycles(void) {
  int64_t took = 0;
  for (int i = 0; i < pids[1]; i++) {
    if (i > 0) printf("%lld ", (long long)took);
    took = enter();
    took += leave();
  }
  return took;
}

static int64_t storm(void) {
  int64_t start = now_ns();
  for (int i = 0; i < count; i++) {
    descriptors[i] = identify(pids[i]);
    change(file.row);
  }
  int64_t took = now_ns() - start;
  close_all();
  return took;
}

static int64_t leave_together(void) {
  int64_t start = now_ns();
  change(file.row);
  change(file.row * (size_t)(pids[0] - 1));
  return now_ns() - start;
}

/* Names, not numbers, reopen a process: the descriptor is its identity and its watch in one. */
static int64_t orphans(void) {
  struct epoll_event event;
  for (int i = 0; i < count; i++) {
    int pidfd = open_pid(pids[i]);
    name_of(pidfd, &names[i]);
    close(pidfd);
  }
  int64_t start = now_ns();
  int fd = open(file.path, O_RDONLY | O_CLOEXEC);
  check(fd >= 0 && read(fd, content, sizeof content) >= 0, file.path);
  close(fd);
  for (int i = 0; i < count; i++) {
    descriptors[i] = open_by_handle_at(PIDFS_ROOT, &names[i].head, O_CLOEXEC);
    check(descriptors[i] >= 0, "open_by_handle_at");
    watch(descriptors[i]);
  }
  check(epoll_wait(epoll, &event, 1, 0) == 0, "one that has ended");
  change(file.size / 2); /* and the other half: all of it */
  int64_t took = now_ns() - start;
  close_all();
  return took;
}

static int64_t removal(void) {
  struct pollfd one = {.fd = open_pid(pids[0]), .events = POLLIN};
  check(syscall(SYS_pidfd_send_signal, one.fd, SIGTERM, NULL, 0) == 0, "pidfd_send_signal");
  check(poll(&one, 1, -1) == 1, "poll");
  close(one.fd);
  change(file.row);
  return now_ns();
}

static int64_t kill_all(void) {
  for (int i = 0; i < count; i++) descriptors[i] = open_pid(pids[i]);
  int64_t start = now_ns();
  for (int i = 0; i < count; i++)
    check(syscall(SYS_pidfd_send_signal, descriptors[i], SIGTERM, NULL, TO_GROUP) == 0, "kill");
  int64_t took = now_ns() - start;
  close_all();
  return took;
}

static int64_t look(void) {
  char path[300], line[1024];
  int64_t start = now_ns();
  DIR *proc = opendir("/proc");
  check(proc != NULL, "/proc");
  for (struct dirent *it; (it = readdir(proc));) {
    if (it->d_name[0] < '1' || it->d_name[0] > '9') continue;
    snprintf(path, sizeof path, "/proc/%s/stat", it->d_name);
    int stat = open(path, O_RDONLY | O_CLOEXEC);
    if (stat < 0) continue; /* it has ended meanwhile */
    if (read(stat, line, sizeof line) < 0) perror(path);
    close(stat);
  }
  closedir(proc);
  return now_ns() - start;
}

static const struct {
  const char *name;
  int needs_file;
  int64_t (*answer)(void);
} commands[] = {
    {"register", 1, enter},  {"exit", 1, leave},           {"cycles", 1, cycles},
    {"storm", 1, storm},     {"exits", 1, leave_together}, {"orphans", 1, orphans},
    {"removal", 1, removal}, {"kill", 0, kill_all},        {"look", 0, look},
};

static int64_t answer(const char *line) {
  char command[16], path[3900];
  size_t size, row;
  int length = 0;
  if (sscanf(line, "%15s%n", command, &length) != 1) return -1;
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    if (strcmp(command, commands[i].name) != 0) continue;
    const char *rest = line + length;
    if (commands[i].needs_file) {
      if (sscanf(rest, "%3899s %zu %zu%n", path, &size, &row, &length) != 3) return -1;
      prepare(path, size, row);
      rest += length;
    }
    for (count = 0; count < PIDS_MAX && sscanf(rest, "%d%n", &pids[count], &length) == 1; count++)
      rest += length;
    return commands[i].answer();
  }
  return -1;
}

int main(void) {
  static char line[1 << 20];
  epoll = epoll_create1(EPOLL_CLOEXEC);
  while (fgets(line, sizeof line, stdin)) {
    printf("%lld\n", (long long)answer(line));
    fflush(stdout);
  }
  return 0;
}
