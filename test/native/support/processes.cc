#include "support/processes.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>
#include <string>

#include "support/folder.h"
#include "support/subprocess.h"
#include "support/wait.h"

namespace {

/* Longer than any test; for processes that outlive a test that crashed. */
constexpr unsigned kLifeSeconds = 60;

/* Default dispositions and an empty mask, whatever the test runner has. */
void BecomePlain() {
  for (const int signum : {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGCONT, SIGALRM})
    signal(signum, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  alarm(kLifeSeconds);
}

bool ReadNumber(int fd, pid_t *ret_number) {
  struct pollfd readable = {fd, POLLIN, 0};
  const int ms = static_cast<int>(std::chrono::milliseconds(kPatience).count());
  return poll(&readable, 1, ms) == 1 &&
         read(fd, ret_number, sizeof *ret_number) == sizeof *ret_number;
}

/* The fields behind the name, which may hold spaces and parentheses. */
std::string FieldsOf(pid_t pid) {
  const std::string line = TextOf("/proc/" + std::to_string(pid) + "/stat").value_or("");
  const size_t name_end = line.rfind(')');
  return name_end == std::string::npos ? "" : line.substr(name_end + 2);
}

} // namespace

void Idle() {
  for (;;) pause();
}

pid_t ForkIn(const std::function<void()> &body) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  BecomePlain();
  RunForked(body);
  _exit(0);
}

Child::Child(size_t reports, const std::function<void(const Report &)> &body) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
  fflush(nullptr);
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) {
    close(ends[0]);
    BecomePlain();
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that crashes leaves none behind */
    RunForked([&] {
      body([&](pid_t number) {
        if (write(ends[1], &number, sizeof number) != sizeof number) _exit(1);
      });
    });
    _exit(0);
  }
  close(ends[1]);
  for (size_t i = 0; i < reports; i++) {
    pid_t number = -1;
    EXPECT_TRUE(ReadNumber(ends[0], &number)) << "the child did not report";
    reported_.push_back(number);
  }
  close(ends[0]);
}

Child::~Child() {
  if (reaped_) return;
  Kill();
  EXPECT_NE(-1, Reap()) << "SIGKILL did not end it";
}

void Child::Kill(int signum) const {
  if (!reaped_) kill(pid_, signum); /* not reaped, so the number is still its own */
}

bool Child::Ends() const {
  return Eventually([&] {
    siginfo_t info = {};
    return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT | WNOHANG) == 0 &&
           info.si_pid == pid_;
  });
}

int Child::Reap() {
  int status = -1;
  reaped_ = Eventually([&] { return waitpid(pid_, &status, WNOHANG) == pid_; });
  return reaped_ ? status : -1;
}

bool Child::IsAlive() const {
  siginfo_t info = {};
  return !reaped_ &&
         waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT | WNOHANG) == 0 &&
         info.si_pid == 0;
}

IdleChild::IdleChild()
    : Child(1, [](const Report &report) {
        report(getpid());
        Idle();
      }) {}

GroupLeader::GroupLeader()
    : Child(1, [](const Report &report) {
        setpgid(0, 0);
        report(getpid());
        Idle();
      }) {}

GroupOfTwo::GroupOfTwo()
    : Child(1, [](const Report &report) {
        setpgid(0, 0);
        report(ForkIn(Idle));
        Idle();
      }) {}

SessionLeader::SessionLeader()
    : Child(1, [](const Report &report) {
        setsid();
        report(getpid());
        Idle();
      }) {}

Grandchild::Grandchild(pid_t pid)
    : pid_(pid), fd_(static_cast<int>(syscall(SYS_pidfd_open, pid, 0))) {
  if (fd_ < 0) throw std::runtime_error("pidfd_open of " + std::to_string(pid));
}

Grandchild::~Grandchild() {
  Kill();
  EXPECT_TRUE(Ends()) << "SIGKILL did not end it";
  close(fd_);
}

void Grandchild::Kill(int signum) const { syscall(SYS_pidfd_send_signal, fd_, signum, nullptr, 0); }

bool Grandchild::Ends() const {
  struct pollfd readable = {fd_, POLLIN, 0};
  return poll(&readable, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) == 1;
}

bool Grandchild::IsAlive() const {
  struct pollfd readable = {fd_, POLLIN, 0};
  return poll(&readable, 1, 0) == 0;
}

char StateOf(pid_t pid) {
  const std::string fields = FieldsOf(pid);
  return fields.empty() ? '\0' : fields[0];
}

pid_t ParentOf(pid_t pid) {
  const std::string fields = FieldsOf(pid);
  return fields.empty() ? -1 : std::stoi(fields.substr(2));
}

bool IsStopped(pid_t pid) { return StateOf(pid) == 'T'; }

pid_t FreePid() {
  Child child(0, [](const Report &) {});
  const pid_t pid = child.pid();
  child.Reap();
  return pid;
}
