/*
 * bench/agent.c LOG LEASH [deaf | crowd COUNT]: a process to be registered. Adds "PID 0" to the log
 * when it is ready and "PID NANOSECONDS" when SIGTERM ends it, the time of CLOCK_MONOTONIC as
 * Node's hrtime counts it. Ends silently when nobody holds the leash, a FIFO, open for writing any
 * more. `deaf`: SIGTERM wakes it up and does not end it. `crowd`: so many children beside it, that
 * do nothing.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int log_fd;

static void tell(long long time_ns) {
  char line[64];
  int length = snprintf(line, sizeof line, "%d %lld\n", getpid(), time_ns);
  if (write(log_fd, line, (size_t)length) != length) _exit(1);
}

static void end(int signal) {
  (void)signal;
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  tell((long long)now.tv_sec * 1000000000 + now.tv_nsec);
  _exit(0);
}

static void wake_up(int signal) { (void)signal; }

/* False in a child. */
static int gather(int children) {
  for (int i = 0; i < children; i++)
    if (fork() == 0) return 0;
  return 1;
}

int main(int count, char **arguments) {
  char byte;
  if (count < 3) return 2;
  const int is_deaf = count > 3 && strcmp(arguments[3], "deaf") == 0;
  log_fd = open(arguments[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  signal(SIGTERM, is_deaf ? wake_up : end);
  int leash = open(arguments[2], O_RDONLY | O_CLOEXEC);
  if (log_fd < 0 || leash < 0) return 1;
  if (gather(count > 4 ? atoi(arguments[4]) : 0)) tell(0);
  while (read(leash, &byte, 1) > 0) {}
  return 0;
}
