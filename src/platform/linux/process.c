#include "platform/process.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "platform/linux/pidfd.h"
#include "platform/linux/procfs.h"
#include "platform/linux/watch.h"

enum {
  NAME_SIZE = 48,
  GENERATIONS = 4096,   /* a parent chain that is longer is one that we do not trust */
  LEGACY_SLACK_MS = 5000 /* between a spawn and its being written down by the original module */
};

typedef struct native {
  int32_t opener; /* the process that may act; a fork of it may not */
  uint64_t pid_namespace;
  char boot[HPR_BOOT_SIZE];
  hpr_exit_notice notice;
  void *notice_context;
  hpr_watcher *watcher; /* NULL until the first watch */
} native;

/* What an identity's birth text says: "<pid namespace>.<start ticks>[.<pidfs name>]". */
typedef struct birth {
  uint64_t pid_namespace, start_ticks;
  const char *name; /* NULL: the kernel had none to give */
} birth;

static bool parse_birth(const char *text, birth *ret_birth) {
  char *end;
  ret_birth->pid_namespace = strtoull(text, &end, 10);
  if (end == text || *end != '.') return false;
  text = end + 1;
  ret_birth->start_ticks = strtoull(text, &end, 10);
  if (end == text || (*end != '.' && *end != '\0')) return false;
  ret_birth->name = *end == '.' ? end + 1 : NULL;
  return true;
}

static bool exists(int32_t pid) { return kill(pid, 0) == 0 || errno != ESRCH; }

/* --- identify ------------------------------------------------------------------------------- */

static bool is_descendant(int32_t parent, int32_t ancestor) {
  for (int i = 0; i < GENERATIONS && parent > 0; i++) {
    if (parent == ancestor) return true;
    hpr_proc_stat stat;
    if (hpr_procfs_stat(parent, &stat) != 0) return false;
    parent = stat.parent;
  }
  return false;
}

/* Our own group and session are no family: the user's shell and all its jobs are in them. */
static bool is_relative(const hpr_proc_stat *stat, const hpr_identity *family) {
  if (is_descendant(stat->parent, family->pid)) return true;
  hpr_proc_stat head;
  if (hpr_procfs_stat(family->pid, &head) != 0) return false;
  return (stat->group == head.group && stat->group != getpgrp()) ||
         (stat->session == head.session && stat->session != getsid(0));
}

static void write_birth(const native *self, const hpr_proc_stat *stat, int fd,
                        char *ret_birth) {
  char name[NAME_SIZE];
  bool named = fd >= 0 && hpr_pidfd_name(fd, name, sizeof name) == 0;
  int length = snprintf(ret_birth, HPR_BIRTH_SIZE, "%" PRIu64 ".%" PRIu64 "%s%s",
                        self->pid_namespace, stat->start_ticks, named ? "." : "",
                        named ? name : "");
  if (length >= HPR_BIRTH_SIZE) *strrchr(ret_birth, '.') = '\0'; /* a name cut short is none */
}

/* Reads a process's stat so that it is known to be that of the descriptor's process. */
static int pin(int32_t pid, int *ret_fd, hpr_proc_stat *ret_stat) {
  int fd = -1, result = hpr_pidfd_open(pid, &fd);
  if (result == HPR_ESRCH || result == HPR_EINVAL) return HPR_ESRCH;
  /* HPR_EMFILE falls through on purpose: then /proc cannot be read either, and says so. */
  if (result != 0 && !hpr_procfs_is_process(pid)) return exists(pid) ? HPR_EUNKNOWN : HPR_ESRCH;
  result = hpr_procfs_stat(pid, ret_stat);
  if (result == HPR_ESRCH && exists(pid)) result = HPR_EUNKNOWN; /* hidepid */
  if (result == 0 && ret_stat->dead) result = HPR_ESRCH;
  /* Not reaped after the read: then what was read was its own. */
  if (result == 0 && fd >= 0 && hpr_pidfd_signal(fd, 0, false) == HPR_ESRCH) result = HPR_ESRCH;
  if (result != 0) {
    if (fd >= 0) close(fd);
    return result;
  }
  *ret_fd = fd;
  return 0;
}

static int record(const native *self, int32_t pid, hpr_proc_stat *ret_stat,
                  hpr_identity *ret_identity) {
  *ret_identity = (hpr_identity){.pid = pid, .state = HPR_RECORD_OPAQUE};
  if (self->boot[0] == '\0') return HPR_EUNKNOWN;
  int fd, result = pin(pid, &fd, ret_stat);
  if (result == HPR_ESRCH) ret_identity->state = HPR_RECORD_NOBODY;
  memcpy(ret_identity->boot, self->boot, sizeof self->boot);
  if (result != 0) return result;
  ret_identity->state = HPR_RECORD_KNOWN;
  write_birth(self, ret_stat, fd, ret_identity->birth);
  if (fd >= 0) close(fd);
  return 0;
}

static hpr_verdict native_verify(void *context, const hpr_identity *identity);

static void native_identify(void *context, int32_t pid, const hpr_identity *family,
                            hpr_identity *ret_identity) {
  const native *self = context;
  hpr_proc_stat stat;
  if (record(self, pid, &stat, ret_identity) != 0) return;
  if (!family)
    ret_identity->kin = is_descendant(stat.parent, getpid());
  else /* the family's pid must still be the family's */
    ret_identity->kin = native_verify(context, family) == HPR_VERDICT_SAME &&
                        is_relative(&stat, family);
}

static void native_identify_recorded(void *context, int32_t pid, int64_t recorded_ms,
                                     hpr_identity *ret_identity) {
  const native *self = context;
  hpr_proc_stat stat;
  if (record(self, pid, &stat, ret_identity) != 0) return;
  if (stat.kernel_thread)
    *ret_identity = (hpr_identity){.pid = pid, .state = HPR_RECORD_OPAQUE};
  else if (hpr_procfs_started_ms(stat.start_ticks) - LEGACY_SLACK_MS > recorded_ms)
    *ret_identity = (hpr_identity){.pid = pid, .state = HPR_RECORD_NOBODY};
  else
    ret_identity->kin = true;
}

/* --- verify --------------------------------------------------------------------------------- */

/* A verdict and, if it is SAME or GROUP, how to reach what it is about. */
typedef struct aim {
  hpr_verdict verdict;
  int fd; /* -1: only by number */
  bool group;
} aim;

/* Whose boot it was: SAME for ours, GONE for an earlier one of this host, FOREIGN otherwise. */
static hpr_verdict judge_boot(const native *self, const char *boot) {
  if (strcmp(self->boot, boot) == 0) return HPR_VERDICT_SAME;
  const char *here = strchr(self->boot, '@'), *there = strchr(boot, '@');
  if (here && there) return strcmp(here, there) == 0 ? HPR_VERDICT_GONE : HPR_VERDICT_FOREIGN;
  size_t length = strcspn(boot, "@");
  if (length == strcspn(self->boot, "@") && strncmp(boot, self->boot, length) == 0)
    return HPR_VERDICT_SAME; /* one of the two could not read the host's name */
  return HPR_VERDICT_GONE;
}

/* The verdict on a number that was free, or whose holder was not told, when it was recorded. */
static hpr_verdict judge_unnamed(const hpr_identity *identity) {
  if (!exists(identity->pid)) return HPR_VERDICT_GONE;
  return identity->state == HPR_RECORD_NOBODY ? HPR_VERDICT_STRANGER : HPR_VERDICT_UNKNOWN;
}

/*
 * The leader is dead. `pinned` says that the group's number cannot have passed to another group:
 * the leader is an unreaped zombie, or a pidfd stands for the group.
 */
static aim aim_at_group(int32_t pid, int fd, bool pinned) {
  aim it = {.verdict = HPR_VERDICT_GONE, .fd = fd, .group = true};
  int asked = fd >= 0 ? hpr_pidfd_signal(fd, 0, true) : HPR_ENOTSUP;
  if (asked == 0) pinned = true;
  if (asked == HPR_ENOTSUP)
    asked = kill(-pid, 0) == 0 ? 0 : errno == ESRCH ? HPR_ESRCH : HPR_EACCES;
  if (asked == HPR_ESRCH) return it;
  int32_t member;
  int found = hpr_procfs_group_member(pid, &member); /* kill() counts zombies as members */
  if (found == HPR_ESRCH) return it;
  if (found != 0 || !pinned)
    it.verdict = HPR_VERDICT_UNKNOWN;
  else
    it.verdict = asked == 0 ? HPR_VERDICT_GROUP : HPR_VERDICT_FOREIGN;
  return it;
}

static bool out_of_resources(int result) { return result == HPR_EMFILE || result == HPR_ENOMEM; }

static aim aim_at_process(const hpr_identity *identity, const birth *born) {
  const int32_t pid = identity->pid;
  aim it = {.verdict = HPR_VERDICT_UNKNOWN, .fd = -1};
  int opened = born->name ? hpr_pidfd_reopen(born->name, &it.fd) : HPR_ENOTSUP;
  const bool exact = opened == 0;
  if (opened == HPR_ESRCH) {
    it.verdict = exists(pid) ? HPR_VERDICT_STRANGER : HPR_VERDICT_GONE;
    return it;
  }
  if (!exact && !out_of_resources(opened)) opened = hpr_pidfd_open(pid, &it.fd);
  if (out_of_resources(opened)) return it;
  if (opened == HPR_EINVAL) {
    it.verdict = HPR_VERDICT_STRANGER; /* the number is a thread's now, so it was free before */
    return it;
  }

  int32_t holder;
  if (exact && hpr_pidfd_pid(it.fd, &holder) == 0 && holder != pid) {
    it.verdict = HPR_VERDICT_STRANGER; /* a record pieced together from two */
    return it;
  }
  hpr_proc_stat stat;
  int read = hpr_procfs_stat(pid, &stat);
  int asked = it.fd >= 0          ? hpr_pidfd_signal(it.fd, 0, false)
              : opened == HPR_ESRCH ? HPR_ESRCH
              : kill(pid, 0) == 0 ? 0
              : errno == ESRCH    ? HPR_ESRCH
                                  : HPR_EACCES;
  if (asked == HPR_ESRCH) { /* reaped; a descriptor got by number may be a dead stranger's */
    if (!exact && it.fd >= 0) close(it.fd);
    return aim_at_group(pid, exact ? it.fd : -1, false);
  }
  if (read != 0) {
    /* Alive, but /proc hides it: exact needs no more proof. */
    it.verdict = asked == HPR_EACCES ? HPR_VERDICT_FOREIGN
                 : exact             ? HPR_VERDICT_SAME
                                     : HPR_VERDICT_UNKNOWN;
    it.group = exact && getpgid(pid) == pid;
    return it;
  }
  if (!exact && stat.start_ticks != born->start_ticks) {
    it.verdict = HPR_VERDICT_STRANGER;
    return it;
  }
  if (stat.dead) return aim_at_group(pid, it.fd, true);
  it.verdict = asked == HPR_EACCES ? HPR_VERDICT_FOREIGN : HPR_VERDICT_SAME;
  it.group = stat.group == pid;
  return it;
}

/* The caller closes aim.fd if it is not -1. */
static aim take_aim(const native *self, const hpr_identity *identity) {
  aim it = {.verdict = HPR_VERDICT_UNKNOWN, .fd = -1};
  birth born;
  if (identity->pid < HPR_PID_MIN || self->boot[0] == '\0') return it;
  if (identity->boot[0] != '\0') {
    hpr_verdict boot = judge_boot(self, identity->boot);
    it.verdict = boot;
    if (boot != HPR_VERDICT_SAME) return it;
  }
  if (identity->state != HPR_RECORD_KNOWN) {
    it.verdict = judge_unnamed(identity);
    return it;
  }
  it.verdict = HPR_VERDICT_UNKNOWN;
  if (!parse_birth(identity->birth, &born)) return it;
  it.verdict = HPR_VERDICT_FOREIGN; /* the same number means another process over there */
  if (born.pid_namespace != self->pid_namespace) return it;
  return aim_at_process(identity, &born);
}

static hpr_verdict native_verify(void *context, const hpr_identity *identity) {
  aim it = take_aim(context, identity);
  if (it.fd >= 0) close(it.fd);
  return it.verdict;
}

/* --- signal --------------------------------------------------------------------------------- */

static int number_of(hpr_signal signal) {
  switch (signal) {
  case HPR_SIGNAL_TERM: return SIGTERM;
  case HPR_SIGNAL_KILL: return SIGKILL;
  case HPR_SIGNAL_INT: return SIGINT;
  case HPR_SIGNAL_HUP: return SIGHUP;
  case HPR_SIGNAL_QUIT: return SIGQUIT;
  }
  return 0;
}

static bool is_forbidden(int32_t pid) {
  return pid < HPR_PID_MIN || pid == getpid() || pid == getpgrp() ||
         is_descendant(getppid(), pid);
}

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

static int deliver(const aim *it, int32_t pid, int signum) {
  int result = it->fd >= 0 ? hpr_pidfd_signal(it->fd, signum, it->group) : HPR_ENOTSUP;
  if (result == HPR_ENOTSUP) { /* verified a moment ago: the best that an old kernel allows */
    if (kill(it->group ? -pid : pid, signum) == 0) return 0;
    result = errno == ESRCH ? HPR_ESRCH : HPR_EACCES;
  }
  return result == HPR_EACCES ? HPR_EFOREIGN : result;
}

static int native_signal(void *context, const hpr_identity *identity, hpr_signal signal) {
  const native *self = context;
  const int32_t pid = identity->pid;
  if (getpid() != self->opener) return HPR_EFORKED;
  if (is_forbidden(pid)) return HPR_EFORBIDDEN;
  aim it = take_aim(self, identity);
  int result = error_of(it.verdict);
  if (result == 0 && !identity->kin) result = HPR_ENOTKIN;
  if (result == 0) result = deliver(&it, pid, number_of(signal));
  /* A stopped process keeps a signal pending until it runs again; SIGKILL needs no help. */
  if (result == 0 && signal != HPR_SIGNAL_KILL) deliver(&it, pid, SIGCONT);
  if (it.fd >= 0) close(it.fd);
  return result;
}

/* --- watch ---------------------------------------------------------------------------------- */

static bool is_there(const void *context, const hpr_identity *identity) {
  aim it = take_aim(context, identity);
  if (it.fd >= 0) close(it.fd);
  return it.verdict != HPR_VERDICT_GONE && it.verdict != HPR_VERDICT_STRANGER;
}

/* A descriptor of the process itself, or of a member of its group; -1 if it must be probed. */
static int watchable(const hpr_identity *identity, aim it) {
  if (it.verdict == HPR_VERDICT_SAME) return it.fd;
  if (it.fd >= 0) close(it.fd);
  int32_t member;
  hpr_proc_stat stat;
  int fd = -1;
  if (it.verdict != HPR_VERDICT_GROUP) return -1;
  if (hpr_procfs_group_member(identity->pid, &member) != 0 || pin(member, &fd, &stat) != 0)
    return -1;
  if (stat.group == identity->pid) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

static int native_watch(void *context, const hpr_identity *identity, uint64_t watch) {
  native *self = context;
  if (getpid() != self->opener) return HPR_EFORKED;
  if (!self->watcher) {
    int opened =
        hpr_watcher_open(self->notice, self->notice_context, is_there, self, &self->watcher);
    if (opened != 0) return opened;
  }
  aim it = take_aim(self, identity);
  if (it.verdict == HPR_VERDICT_GONE || it.verdict == HPR_VERDICT_STRANGER) {
    if (it.fd >= 0) close(it.fd);
    return HPR_ESRCH;
  }
  return hpr_watcher_add(self->watcher, watchable(identity, it), identity, watch);
}

static void native_unwatch(void *context, uint64_t watch) {
  native *self = context;
  if (self->watcher && getpid() == self->opener) hpr_watcher_remove(self->watcher, watch);
}

/* --- the whole ------------------------------------------------------------------------------ */

static int64_t native_now_ms(void *context) {
  (void)context;
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int32_t native_self_pid(void *context) {
  (void)context;
  return getpid();
}

static uint64_t native_nonce(void *context) {
  uint64_t number;
  if (getrandom(&number, sizeof number, GRND_NONBLOCK) == (ssize_t)sizeof number) return number;
  /* Only in the first moments of a boot, or under a filter: time and place tell us apart too. */
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_nsec << 32 ^ (uint64_t)now.tv_sec ^ (uint64_t)(uintptr_t)context ^
         (uint64_t)getpid() << 16;
}

int hpr_process_native_open(hpr_exit_notice notice, void *context, hpr_process_ops *ret_ops) {
  native *self = calloc(1, sizeof *self);
  if (!self) return HPR_ENOMEM;
  self->opener = getpid();
  self->pid_namespace = hpr_procfs_pid_namespace();
  hpr_procfs_boot(self->boot, sizeof self->boot);
  self->notice = notice;
  self->notice_context = context;
  *ret_ops = (hpr_process_ops){
      .self = self,
      .identify = native_identify,
      .identify_recorded = native_identify_recorded,
      .verify = native_verify,
      .signal = native_signal,
      .watch = native_watch,
      .unwatch = native_unwatch,
      .self_pid = native_self_pid,
      .now_ms = native_now_ms,
      .nonce = native_nonce,
  };
  return 0;
}

void hpr_process_native_close(hpr_process_ops *ops) {
  native *self = ops->self;
  if (!self) return;
  /* In a fork there is no thread to stop, and the epoll set is the parent's: leave both alone. */
  if (getpid() == self->opener) hpr_watcher_close(self->watcher);
  free(self);
  ops->self = NULL;
}
