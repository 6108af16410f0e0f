#include "platform/found.h"

#include "platform/identity.h"

bool hpr_pid_exists(const hpr_system *system, int32_t pid) {
  return system->signal(pid, 0, false) != HPR_ESRCH;
}

static hpr_found not_found(int32_t pid, hpr_verdict verdict) {
  return (hpr_found){.verdict = verdict, .pid = pid, .handle = HPR_NO_HANDLE};
}

/* --- identities that say little -------------------------------------------------------------- */

/* An own child has its number until we reap it, and its exit event takes its entry away. */
static hpr_found find_child(const hpr_system *system, int32_t pid) {
  hpr_found it = not_found(pid, HPR_VERDICT_UNKNOWN);
  (void)system->open(pid, &it.handle); /* before the question, so that it is the child's */
  switch (system->child(pid)) {
  case HPR_CHILD_RUNNING: it.verdict = HPR_VERDICT_SAME; break;
  case HPR_CHILD_ENDED: it.verdict = HPR_VERDICT_GONE; break;
  case HPR_CHILD_NONE:
    if (!hpr_pid_exists(system, pid)) it.verdict = HPR_VERDICT_GONE;
    hpr_found_close(system, &it);
    it.handle = HPR_NO_HANDLE;
    break;
  }
  hpr_facts facts;
  if (system->look(pid, &facts) == 0) it.start = facts.start;
  it.group = system->group_of(pid) == pid;
  return it;
}

/* A number that was free, or whose holder was not told, when it was recorded. */
static hpr_found find_unnamed(const hpr_system *system, const hpr_identity *identity) {
  const int32_t pid = identity->pid;
  if (identity->state == HPR_RECORD_OPAQUE && identity->kin) return find_child(system, pid);
  if (!hpr_pid_exists(system, pid)) return not_found(pid, HPR_VERDICT_GONE);
  return not_found(pid, identity->state == HPR_RECORD_NOBODY ? HPR_VERDICT_STRANGER
                                                             : HPR_VERDICT_UNKNOWN);
}

/* --- a dead leader's group -------------------------------------------------------------------- */

static bool note_living(void *context, int32_t pid, const hpr_facts *facts) {
  int32_t *member = context;
  if (facts->dead) return true;
  *member = pid;
  return false;
}

int hpr_group_member(const hpr_system *system, int32_t group, int32_t *ret_pid) {
  *ret_pid = 0;
  const int result = system->visit(group, note_living, ret_pid);
  return *ret_pid != 0 ? 0 : result != 0 ? result : HPR_ESRCH;
}

static int ask_group(const hpr_system *system, int32_t group, hpr_handle handle) {
  const int asked = handle != HPR_NO_HANDLE ? system->handle_signal(handle, 0, true) : HPR_ENOTSUP;
  return asked == HPR_ENOTSUP ? system->signal(group, 0, true) : asked;
}

/*
 * `pinned` says that the group's number cannot have passed to another group: the leader is an
 * unreaped zombie, or `handle` was opened by its name and answers for the group.
 */
static hpr_found find_group(const hpr_system *system, int32_t pid, hpr_handle handle, bool pinned) {
  hpr_found it = {.verdict = HPR_VERDICT_GONE, .pid = pid, .handle = handle, .group = true};
  const int asked = ask_group(system, pid, handle);
  if (asked == HPR_ESRCH) return it;
  int32_t member;
  const int found = hpr_group_member(system, pid, &member); /* kill(2) may count zombies */
  if (found == HPR_ESRCH) return it;
  if (found != 0 || !pinned)
    it.verdict = HPR_VERDICT_UNKNOWN;
  else
    it.verdict = asked == 0 ? HPR_VERDICT_GROUP : HPR_VERDICT_FOREIGN;
  return it;
}

/* --- a process with a birth ------------------------------------------------------------------- */

/* What there is to reach it by, before anything is judged. */
typedef struct reach {
  hpr_handle handle;
  bool exact; /* the handle was opened by the identity's own name: it can be no stranger's */
  bool gone;  /* the number is free */
} reach;

static bool out_of_resources(int result) { return result == HPR_EMFILE || result == HPR_ENOMEM; }

/* Returns SAME if it has to be looked at more closely. */
static hpr_verdict open_handle(const hpr_system *system, int32_t pid, const char *name,
                               reach *ret_reach) {
  *ret_reach = (reach){.handle = HPR_NO_HANDLE};
  int opened = name ? system->reopen(name, &ret_reach->handle) : HPR_ENOTSUP;
  ret_reach->exact = opened == 0;
  if (opened == HPR_ESRCH)
    return hpr_pid_exists(system, pid) ? HPR_VERDICT_STRANGER : HPR_VERDICT_GONE;
  if (!ret_reach->exact && !out_of_resources(opened))
    opened = system->open(pid, &ret_reach->handle);
  if (out_of_resources(opened)) return HPR_VERDICT_UNKNOWN;
  if (opened == HPR_EINVAL) return HPR_VERDICT_STRANGER; /* a thread's now, so it was free before */
  ret_reach->gone = opened == HPR_ESRCH;
  int32_t holder;
  /* A record pieced together from two. */
  const bool mixed =
      ret_reach->exact && system->handle_pid(ret_reach->handle, &holder) == 0 && holder != pid;
  return mixed ? HPR_VERDICT_STRANGER : HPR_VERDICT_SAME;
}

/* Asked after a look: an answer other than HPR_ESRCH proves that what was seen was its own. */
static int ask_process(const hpr_system *system, int32_t pid, const reach *by) {
  if (by->handle != HPR_NO_HANDLE) return system->handle_signal(by->handle, 0, false);
  return by->gone ? HPR_ESRCH : system->signal(pid, 0, false);
}

/* It lives, and its facts are hidden or not needed: an exact handle is proof enough. */
static hpr_found find_unread(const hpr_system *system, int32_t pid, const reach *by, int asked) {
  hpr_found it = not_found(pid, by->exact ? HPR_VERDICT_SAME : HPR_VERDICT_UNKNOWN);
  if (asked == HPR_EACCES) it.verdict = HPR_VERDICT_FOREIGN;
  if (by->exact) it.handle = by->handle;
  it.group = by->exact && system->group_of(pid) == pid;
  return it;
}

static hpr_found judge(const hpr_system *system, int32_t pid, uint64_t start, const reach *by) {
  const bool runs = by->exact && system->handle_runs(by->handle);
  if (runs && ask_process(system, pid, by) == 0) return find_unread(system, pid, by, 0);
  hpr_facts facts;
  const int read = system->look(pid, &facts);
  const int asked = ask_process(system, pid, by);
  /* Reaped. A handle got by number may be a dead stranger's: no proof of anything. */
  if (asked == HPR_ESRCH)
    return find_group(system, pid, by->exact ? by->handle : HPR_NO_HANDLE, by->exact);
  const bool told = read == 0 && facts.start != 0;
  if (told && !by->exact && facts.start != start) return not_found(pid, HPR_VERDICT_STRANGER);
  if (read == 0 ? facts.dead : by->exact && !runs)
    return find_group(system, pid, told || by->exact ? by->handle : HPR_NO_HANDLE,
                      told || by->exact);
  if (!told) return find_unread(system, pid, by, asked);
  return (hpr_found){
      .verdict = asked == HPR_EACCES ? HPR_VERDICT_FOREIGN : HPR_VERDICT_SAME,
      .pid = pid,
      .handle = by->handle,
      .group = facts.group == pid,
  };
}

static hpr_found find_process(const hpr_system *system, int32_t pid, const hpr_birth *birth) {
  reach by;
  hpr_found it = not_found(pid, open_handle(system, pid, birth->name, &by));
  if (it.verdict == HPR_VERDICT_SAME) it = judge(system, pid, birth->start, &by);
  if (by.handle != HPR_NO_HANDLE && it.handle != by.handle) system->close(by.handle);
  it.start = birth->start;
  return it;
}

hpr_found hpr_found_open(const hpr_system *system, const hpr_system_host *host,
                         const hpr_identity *identity) {
  hpr_birth birth;
  const int32_t pid = identity->pid;
  if (!hpr_is_pid(pid)) return not_found(pid, HPR_VERDICT_UNKNOWN);
  if (identity->boot[0] != '\0') {
    const hpr_verdict boot = hpr_boot_judge(host, identity->boot);
    if (boot != HPR_VERDICT_SAME) return not_found(pid, boot);
  }
  if (identity->state != HPR_RECORD_KNOWN) return find_unnamed(system, identity);
  if (!hpr_birth_read(host, identity->birth, &birth)) return not_found(pid, HPR_VERDICT_UNKNOWN);
  /* In another pid namespace the same number means another process. */
  if (birth.pid_namespace != host->pid_namespace) return not_found(pid, HPR_VERDICT_FOREIGN);
  return find_process(system, pid, &birth);
}

void hpr_found_close(const hpr_system *system, const hpr_found *found) {
  if (found->handle != HPR_NO_HANDLE) system->close(found->handle);
}

hpr_verdict hpr_found_verdict(const hpr_system *system, const hpr_system_host *host,
                              const hpr_identity *identity) {
  const hpr_found it = hpr_found_open(system, host, identity);
  hpr_found_close(system, &it);
  return it.verdict;
}

/* --- signal ----------------------------------------------------------------------------------- */

bool hpr_found_has_number(const hpr_system *system, const hpr_found *found) {
  int32_t holder;
  hpr_facts facts;
  if (found->handle != HPR_NO_HANDLE) {
    int result = system->handle_pid(found->handle, &holder);
    if (result == 0) return holder == found->pid;
    if (result == HPR_ENOTSUP) result = system->handle_signal(found->handle, 0, false);
    if (result != HPR_ENOTSUP) return result != HPR_ESRCH;
  }
  if (found->start == 0) return system->child(found->pid) != HPR_CHILD_NONE;
  return system->look(found->pid, &facts) == 0 && facts.start == found->start;
}

static bool lets_run(const hpr_system *system, hpr_signal signal) {
  return signal != HPR_SIGNAL_STOP && !hpr_signal_is_final(system, signal);
}

bool hpr_signal_is_final(const hpr_system *system, hpr_signal signal) {
  return system->signum_of(signal) == system->signum_of(HPR_SIGNAL_KILL);
}

static int send(const hpr_system *system, const hpr_found *found, int signum, bool group) {
  const int result = found->handle != HPR_NO_HANDLE
                         ? system->handle_signal(found->handle, signum, group)
                         : HPR_ENOTSUP;
  /* Verified a moment ago: the best that an old kernel allows. */
  return result == HPR_ENOTSUP ? system->signal(found->pid, signum, group) : result;
}

int hpr_found_signal(const hpr_system *system, const hpr_found *found, hpr_signal signal,
                     bool group) {
  const int result = send(system, found, system->signum_of(signal), group);
  if (result != 0 || !lets_run(system, signal)) return result;
  /* A stopped process keeps a signal pending until it runs again. The first may have ended it. */
  if (found->handle != HPR_NO_HANDLE || hpr_found_has_number(system, found))
    send(system, found, system->wake_signum, group);
  return 0;
}
