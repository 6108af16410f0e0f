#include "platform/posix/pids.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

int32_t hpr_pids_self(void) { return getpid(); }

int32_t hpr_pids_own_group(void) { return getpgrp(); }

int32_t hpr_pids_own_session(void) { return getsid(0); }

int32_t hpr_pids_group_of(int32_t pid) { return getpgid(pid); }

int hpr_pids_signal(int32_t pid, int signum, bool group) {
  if (kill(group ? -pid : pid, signum) == 0) return 0;
  return errno == ESRCH ? HPR_ESRCH : HPR_EACCES;
}

hpr_child_state hpr_pids_child(int32_t pid) {
  siginfo_t info = {0};
  /* WNOWAIT: the exit status is Node's to fetch. */
  if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return HPR_CHILD_NONE;
  return info.si_pid == pid ? HPR_CHILD_ENDED : HPR_CHILD_RUNNING;
}
