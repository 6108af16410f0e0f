/*
 * bench/floor.c: the system calls that a registry's work cannot avoid, and nothing else. Answers
 * each line on stdin with the nanoseconds that it took:
 *   register PID PATH BYTES    the identity of a process and one replacement of a file
 *   exit PATH BYTES            one replacement
 *   orphans PATH BYTES PID...  one file read, that many processes told and watched, one replacement
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { EXCHANGE_NAMES = 1 << 1, PIDFS_ROOT = -10002, HANDLE_BYTES = 16, ORPHANS_MAX = 10000 };

typedef union name {
  struct file_handle head;
  char room[sizeof(struct file_handle) + HANDLE_BYTES];
} name;

static char content[16 << 20]; /* of the replaced files, and room to read one */
static name names[ORPHANS_MAX];
static int watched[ORPHANS_MAX];

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

static void name_of(int pidfd, name *ret_name) {
  int mount;
  ret_name->head.handle_bytes = HANDLE_BYTES;
  check(name_to_handle_at(pidfd, "", &ret_name->head, &mount, AT_EMPTY_PATH) == 0, "pidfs");
}

/* A descriptor, the start time from /proc, a proof that they belong together, and the name. */
static void identify(int pid) {
  char path[32], line[1024];
  int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
  check(pidfd >= 0, "pidfd_open");
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  int stat = open(path, O_RDONLY | O_CLOEXEC);
  check(stat >= 0 && read(stat, line, sizeof line) > 0, path);
  close(stat);
  check(syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) == 0, "pidfd_send_signal");
  name it;
  name_of(pidfd, &it);
  close(pidfd);
}

/* The cheapest way that readers see the old file or the new one and nothing between. */
static void replace(const char *path, size_t size) {
  char temporary[4096];
  snprintf(temporary, sizeof temporary, "%s.tmp", path);
  int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  check(fd >= 0 && write(fd, content, size) == (ssize_t)size, temporary);
  close(fd);
  if (syscall(SYS_renameat2, AT_FDCWD, temporary, AT_FDCWD, path, EXCHANGE_NAMES) == 0)
    unlink(temporary);
  else
    check(rename(temporary, path) == 0, path);
}

static int64_t enter(int pid, const char *path, size_t size) {
  int64_t start = now_ns();
  identify(pid);
  replace(path, size);
  return now_ns() - start;
}

static int64_t leave(const char *path, size_t size) {
  int64_t start = now_ns();
  replace(path, size);
  return now_ns() - start;
}

/* Names, not numbers, reopen a process: the descriptor is its identity and its watch in one. */
static int64_t orphans(const char *path, size_t size, const char *pids) {
  int count = 0, length;
  for (int pid; count < ORPHANS_MAX && sscanf(pids, "%d%n", &pid, &length) == 1; pids += length) {
    int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
    check(pidfd >= 0, "pidfd_open");
    name_of(pidfd, &names[count++]);
    close(pidfd);
  }
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  int64_t start = now_ns();
  int file = open(path, O_RDONLY | O_CLOEXEC);
  check(file >= 0 && read(file, content, sizeof content) >= 0, path);
  close(file);
  for (int i = 0; i < count; i++) {
    struct epoll_event event = {.events = EPOLLIN};
    watched[i] = open_by_handle_at(PIDFS_ROOT, &names[i].head, O_CLOEXEC);
    check(watched[i] >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, watched[i], &event) == 0, "watch");
  }
  replace(path, size);
  int64_t took = now_ns() - start;
  for (int i = 0; i < count; i++) close(watched[i]);
  close(epoll);
  return took;
}

int main(void) {
  static char line[1 << 20], path[4096];
  while (fgets(line, sizeof line, stdin)) {
    int pid, rest;
    size_t size;
    int64_t took = -1;
    if (sscanf(line, "register %d %4095s %zu", &pid, path, &size) == 3)
      took = enter(pid, path, size);
    else if (sscanf(line, "exit %4095s %zu", path, &size) == 2)
      took = leave(path, size);
    else if (sscanf(line, "orphans %4095s %zu%n", path, &size, &rest) == 2)
      took = orphans(path, size, line + rest);
    printf("%lld\n", (long long)took);
    fflush(stdout);
  }
  return 0;
}
