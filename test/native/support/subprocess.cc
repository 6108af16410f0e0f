#include "support/subprocess.h"

#include <grp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/wait.h"

namespace {

/* Of this test so far, those of the process that forked us included. */
int Failures() {
  const testing::TestResult *result =
      testing::UnitTest::GetInstance()->current_test_info()->result();
  int count = 0;
  for (int i = 0; i < result->total_part_count(); i++)
    count += result->GetTestPartResult(i).failed();
  return count;
}

} // namespace

void RunForked(const std::function<void()> &body) noexcept { body(); }

void InSubprocess(const std::function<void()> &body) {
  fflush(nullptr);
  const pid_t pid = fork();
  ASSERT_GE(pid, 0);
  if (pid == 0) {
    const int before = Failures();
    RunForked(body);
    fflush(nullptr);
    _exit(Failures() > before ? 1 : 0);
  }
  int status = 0;
  const bool ended =
      Eventually([&] { return waitpid(pid, &status, WNOHANG) == pid; }, 2 * kPatience);
  if (!ended) {
    kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
  }
  EXPECT_TRUE(ended) << "the subprocess hangs";
  EXPECT_TRUE(WIFEXITED(status)) << "the subprocess was ended by signal " << WTERMSIG(status);
  EXPECT_EQ(0, WEXITSTATUS(status)) << "an expectation failed in the subprocess, see above";
}

bool CanChangeUser() { return geteuid() == 0; }

void BecomeNobody() {
  ASSERT_EQ(0, setgroups(0, nullptr));
  ASSERT_EQ(0, setresgid(kNobody, kNobody, kNobody));
  ASSERT_EQ(0, setresuid(kNobody, kNobody, kNobody));
  /* Changing user hides /proc/self from us, prctl(2). */
  ASSERT_EQ(0, prctl(PR_SET_DUMPABLE, 1));
}
