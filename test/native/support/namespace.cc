#include "support/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <string>

#include "support/processes.h"
#include "support/subprocess.h"
#include "support/wait.h"

const char kNoNamespaces[] = "SKIP: this system lets us make no pid namespace";

namespace {

bool WriteTo(const char *path, const std::string &text) {
  const int fd = open(path, O_WRONLY | O_CLOEXEC);
  const bool written = fd >= 0 && write(fd, text.data(), text.size()) == ssize_t(text.size());
  if (fd >= 0) close(fd);
  return written;
}

/* What `unshare -Ur --pid --mount` does; the next child is the new namespace's init. */
bool Unshare() {
  const std::string user = std::to_string(geteuid()), group = std::to_string(getegid());
  return unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS) == 0 &&
         WriteTo("/proc/self/setgroups", "deny") &&
         WriteTo("/proc/self/uid_map", "0 " + user + " 1") &&
         WriteTo("/proc/self/gid_map", "0 " + group + " 1");
}

/* Reaps everybody and ends, and with it the namespace, as the body's process did. */
[[noreturn]] void BeInit(pid_t body) {
  for (;;) {
    int status = 0;
    const pid_t ended = waitpid(-1, &status, 0);
    if (ended == body) _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
    if (ended < 0 && errno != EINTR) _exit(1);
  }
}

/* In the first process of the namespace: a /proc that shows it, and a child that runs the body. */
[[noreturn]] void RunAsInit(const std::function<void()> &body) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (mount("proc", "/proc", "proc", 0, nullptr) != 0) _exit(1);
  const pid_t child = fork();
  if (child != 0) BeInit(child);
  setpgid(0, 0);
  RunForked(body);
  fflush(nullptr);
  _exit(testing::Test::HasFailure() ? 1 : 0);
}

int RunIn(const std::function<void()> &body) {
  const pid_t init = fork();
  if (init == 0) RunAsInit(body);
  int status = 0;
  if (init < 0 || waitpid(init, &status, 0) != init || !WIFEXITED(status)) return 1;
  return WEXITSTATUS(status);
}

} // namespace

bool HasNamespaces() {
  const pid_t child = fork();
  if (child == 0) _exit(Unshare() && RunIn([] {}) == 0 ? 0 : 1);
  int status = 1;
  waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void InNamespace(const std::function<void()> &body) {
  InSubprocess([&] {
    ASSERT_TRUE(Unshare());
    EXPECT_EQ(0, RunIn(body)) << "an expectation failed in the namespace, see above";
  });
}

void AwaitNextTick() {
  const auto ticks = [] {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    const int64_t per_second = sysconf(_SC_CLK_TCK);
    return now.tv_sec * per_second + now.tv_nsec * per_second / 1000000000;
  };
  const int64_t before = ticks();
  EXPECT_TRUE(Eventually([&] { return ticks() > before; }));
}

pid_t ForkAs(pid_t number) {
  /* Others may fork in between; here that can only be a thread that is starting. */
  for (int tries = 0; tries < 100; tries++) {
    if (!WriteTo("/proc/sys/kernel/ns_last_pid", std::to_string(number - 1))) return -1;
    const pid_t child = fork();
    if (child == 0) Idle();
    if (child == number) return child;
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  return -1;
}
