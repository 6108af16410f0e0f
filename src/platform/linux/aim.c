#include "platform/linux/aim.h"

#include "platform/linux/pidfd.h"
#include "platform/linux/procfs.h"
#include "platform/posix/pids.h"

static bool exists(int32_t pid) { return hpr_pids_signal(pid, 0, false) != HPR_ESRCH; }

static bool out_of_resources(int result) { return result == HPR_EMFILE || result == HPR_ENOMEM; }

static hpr_aim no_aim(hpr_verdict verdict) { return (hpr_aim){.verdict = verdict, .fd = -1}; }

/* --- identities that say little -------------------------------------------------------------- */

/* An own child has its number until we reap it, and its exit event takes its entry away. */
static hpr_aim aim_at_child(int32_t pid) {
  hpr_aim it = no_aim(HPR_VERDICT_UNKNOWN);
  (void)hpr_pidfd_open(pid, &it.fd); /* before the question, so that it is the child's */
  switch (hpr_pids_child(pid)) {
  case HPR_CHILD_RUNNING: it.verdict = HPR_VERDICT_SAME; break;
  case HPR_CHILD_ENDED: it.verdict = HPR_VERDICT_GONE; break;
  case HPR_CHILD_NONE: it.verdict = exists(pid) ? HPR_VERDICT_UNKNOWN : HPR_VERDICT_GONE; break;
  }
  it.group = hpr_pids_group_of(pid) == pid;
  return it;
}

/* A number that was free, or whose holder was not told, when it was recorded. */
static hpr_aim aim_at_unnamed(const hpr_identity *identity) {
  if (identity->state == HPR_RECORD_OPAQUE && identity->kin) return aim_at_child(identity->pid);
  if (!exists(identity->pid)) return no_aim(HPR_VERDICT_GONE);
  return no_aim(identity->state == HPR_RECORD_NOBODY ? HPR_VERDICT_STRANGER : HPR_VERDICT_UNKNOWN);
}

/* --- a dead leader's group -------------------------------------------------------------------- */

static int ask_group(int32_t group, int fd) {
  int asked = fd >= 0 ? hpr_pidfd_signal(fd, 0, true) : HPR_ENOTSUP;
  return asked == HPR_ENOTSUP ? hpr_pids_signal(group, 0, true) : asked;
}

/*
 * `pinned` says that the group's number cannot have passed to another group: the leader is an
 * unreaped zombie, or `fd` was opened by its name and answers for the group.
 */
static hpr_aim aim_at_group(int32_t pid, int fd, bool pinned) {
  hpr_aim it = {.verdict = HPR_VERDICT_GONE, .fd = fd, .group = true};
  int asked = ask_group(pid, fd);
  if (asked == HPR_ESRCH) return it;
  int32_t member;
  int found = hpr_procfs_group_member(pid, &member); /* kill(2) counts zombies as members */
  if (found == HPR_ESRCH) return it;
  if (found != 0 || !pinned)
    it.verdict = HPR_VERDICT_UNKNOWN;
  else
    it.verdict = asked == 0 ? HPR_VERDICT_GROUP : HPR_VERDICT_FOREIGN;
  return it;
}

/* --- a process with a birth ------------------------------------------------------------------- */

/* What there is to aim by, before anything is judged. */
typedef struct sight {
  int fd;     /* -1: none */
  bool exact; /* fd was opened by the identity's own name: it can be no stranger's */
  bool gone;  /* the number is free */
} sight;

/* Returns SAME if it has to be looked at more closely. */
static hpr_verdict take_sight(int32_t pid, const char *name, sight *ret_sight) {
  *ret_sight = (sight){.fd = -1};
  int opened = name ? hpr_pidfd_reopen(name, &ret_sight->fd) : HPR_ENOTSUP;
  ret_sight->exact = opened == 0;
  if (opened == HPR_ESRCH) return exists(pid) ? HPR_VERDICT_STRANGER : HPR_VERDICT_GONE;
  if (!ret_sight->exact && !out_of_resources(opened)) opened = hpr_pidfd_open(pid, &ret_sight->fd);
  if (out_of_resources(opened)) return HPR_VERDICT_UNKNOWN;
  if (opened == HPR_EINVAL) return HPR_VERDICT_STRANGER; /* a thread's now, so it was free before */
  ret_sight->gone = opened == HPR_ESRCH;
  int32_t holder;
  /* A record pieced together from two. */
  bool mixed = ret_sight->exact && hpr_pidfd_pid(ret_sight->fd, &holder) == 0 && holder != pid;
  return mixed ? HPR_VERDICT_STRANGER : HPR_VERDICT_SAME;
}

/* Asked after /proc was read: an answer other than HPR_ESRCH proves that it was its own. */
static int ask_process(int32_t pid, const sight *seen) {
  if (seen->fd >= 0) return hpr_pidfd_signal(seen->fd, 0, false);
  return seen->gone ? HPR_ESRCH : hpr_pids_signal(pid, 0, false);
}

/* It lives, and /proc hides it or is not worth reading: an exact descriptor needs no more proof. */
static hpr_aim aim_at_unread(int32_t pid, const sight *seen, int asked) {
  hpr_aim it = {.fd = seen->fd, .verdict = seen->exact ? HPR_VERDICT_SAME : HPR_VERDICT_UNKNOWN};
  if (asked == HPR_EACCES) it.verdict = HPR_VERDICT_FOREIGN;
  it.group = seen->exact && hpr_pids_group_of(pid) == pid;
  return it;
}

/* An exact descriptor of a process that has not ended, and that we may signal, tells it all. */
static bool is_plain(const sight *seen) {
  return seen->exact && hpr_pidfd_signal(seen->fd, 0, false) == 0 && hpr_pidfd_runs(seen->fd);
}

static hpr_aim aim_at_seen(int32_t pid, const hpr_birth *birth, const sight *seen) {
  hpr_proc_stat stat;
  if (is_plain(seen)) return aim_at_unread(pid, seen, 0);
  int read = hpr_procfs_stat(pid, &stat);
  int asked = ask_process(pid, seen);
  /* Reaped. A descriptor got by number may be a dead stranger's: no proof of anything. */
  if (asked == HPR_ESRCH) return aim_at_group(pid, seen->exact ? seen->fd : -1, seen->exact);
  if (read != 0) return aim_at_unread(pid, seen, asked);
  if (!seen->exact && stat.start_ticks != birth->start_ticks) return no_aim(HPR_VERDICT_STRANGER);
  if (stat.dead) return aim_at_group(pid, seen->fd, true);
  return (hpr_aim){
      .verdict = asked == HPR_EACCES ? HPR_VERDICT_FOREIGN : HPR_VERDICT_SAME,
      .fd = seen->fd,
      .group = stat.group == pid,
  };
}

static hpr_aim aim_at_process(int32_t pid, const hpr_birth *birth) {
  sight seen;
  hpr_aim it = no_aim(take_sight(pid, birth->name, &seen));
  if (it.verdict == HPR_VERDICT_SAME) it = aim_at_seen(pid, birth, &seen);
  if (seen.fd >= 0 && it.fd != seen.fd) hpr_pidfd_close(seen.fd);
  return it;
}

hpr_aim hpr_aim_take(const hpr_here *here, const hpr_identity *identity) {
  hpr_birth birth;
  if (identity->pid < HPR_PID_MIN) return no_aim(HPR_VERDICT_UNKNOWN);
  if (identity->boot[0] != '\0') {
    if (here->boot[0] == '\0') return no_aim(HPR_VERDICT_UNKNOWN);
    hpr_verdict boot = hpr_here_judge(here, identity->boot);
    if (boot != HPR_VERDICT_SAME) return no_aim(boot);
  }
  if (identity->state != HPR_RECORD_KNOWN) return aim_at_unnamed(identity);
  if (!hpr_birth_read(identity->birth, &birth)) return no_aim(HPR_VERDICT_UNKNOWN);
  /* In another pid namespace the same number means another process. */
  if (birth.pid_namespace != here->pid_namespace) return no_aim(HPR_VERDICT_FOREIGN);
  return aim_at_process(identity->pid, &birth);
}

void hpr_aim_done(const hpr_aim *aim) {
  if (aim->fd >= 0) hpr_pidfd_close(aim->fd);
}

/* --- signal ----------------------------------------------------------------------------------- */

static int error_of(hpr_verdict verdict) {
  switch (verdict) {
  case HPR_VERDICT_SAME:
  case HPR_VERDICT_GROUP: return 0;
  case HPR_VERDICT_GONE: return HPR_ESRCH;
  case HPR_VERDICT_STRANGER: return HPR_ESTRANGER;
  case HPR_VERDICT_FOREIGN: return HPR_EFOREIGN;
  case HPR_VERDICT_UNKNOWN: return HPR_EUNKNOWN;
  }
  return HPR_EUNKNOWN;
}

int hpr_aim_signal(const hpr_aim *aim, const hpr_identity *identity, int signum) {
  int result = error_of(aim->verdict);
  if (result != 0) return result;
  result = aim->fd >= 0 ? hpr_pidfd_signal(aim->fd, signum, aim->group) : HPR_ENOTSUP;
  /* Verified a moment ago: the best that an old kernel allows. */
  if (result == HPR_ENOTSUP) result = hpr_pids_signal(identity->pid, signum, aim->group);
  return result == HPR_EACCES ? HPR_EFOREIGN : result;
}
