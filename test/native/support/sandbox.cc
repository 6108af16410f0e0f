#include "support/sandbox.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

bool Withhold(const std::vector<Withheld> &rows) {
  std::vector<struct sock_filter> program;
  const auto add = [&](uint16_t code, uint32_t k, uint8_t if_true = 0, uint8_t if_false = 0) {
    program.push_back({code, if_true, if_false, k});
  };
  for (const Withheld &row : rows) {
    const bool any = row.argument < 0;
    add(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
    add(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(row.call), 0, any ? 1 : 3);
    if (!any) { /* little-endian: the lower half comes first */
      add(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offsetof(struct seccomp_data, args) +
                                                          8 * static_cast<size_t>(row.argument)));
      add(BPF_JMP | BPF_JEQ | BPF_K, row.value, 0, 1);
    }
    add(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<uint32_t>(row.error));
  }
  add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  struct sock_fprog filter = {static_cast<unsigned short>(program.size()), program.data()};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

namespace {

/* What is mounted from here on is seen by this process and its children alone. */
bool LeaveMounts() {
  return unshare(CLONE_NEWNS) == 0 &&
         mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

} // namespace

bool CanMount() {
  const pid_t child = fork();
  if (child == 0) _exit(LeaveMounts() ? 0 : 1);
  int status = 1;
  return waitpid(child, &status, 0) == child && status == 0;
}

bool HideProc() { return LeaveMounts() && mount("none", "/proc", "tmpfs", 0, nullptr) == 0; }

bool HideOthersInProc(const char *how) {
  return LeaveMounts() && mount("proc", "/proc", "proc", 0, how) == 0;
}
