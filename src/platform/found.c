#include "platform/found.h"

#include <string.h>

#include "platform/groups.h"
#include "platform/held.h"

bool hpr_pid_exists(const hpr_system *system, int32_t pid) {
  return system->signal(pid, 0, false) != HPR_ESRCH;
}

static hpr_found not_found(int32_t pid, hpr_verdict verdict) {
  return (hpr_found){.verdict = verdict, .pid = pid, .handle = HPR_NO_HANDLE};
}

/* --- identities that say little -------------------------------------------------------------- */

/* An own child has its pid until we reap it, and its exit event takes its entry away. */
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
  it.leads = system->group_of(pid) == pid ? HPR_LEADS : HPR_LEADS_NOT;
  return it;
}

/* A pid that was free, or whose holder was not told, when it was recorded. */
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

static int ask_group(const hpr_system *system, int32_t group, hpr_handle handle,
                     bool *ret_by_handle) {
  const int asked = handle != HPR_NO_HANDLE ? system->handle_signal(handle, 0, true) : HPR_ENOTSUP;
  *ret_by_handle = asked != HPR_ENOTSUP;
  return *ret_by_handle ? asked : system->signal(group, 0, true);
}

static int find_member(const hpr_system *system, const hpr_here *here, int32_t group,
                       int32_t *ret_pid) {
  const bool shared = here->groups && system->groups;
  return shared ? hpr_groups_member(here->groups, system, group, ret_pid)
                : hpr_group_member(system, group, ret_pid);
}

/*
 * `pinned` says that the group's pid cannot have passed to another group: the leader is an
 * unreaped zombie. Else only its own handle, if it answers for the group, says so.
 */
static hpr_found find_group(const hpr_system *system, const hpr_here *here, int32_t pid,
                            hpr_handle handle, bool pinned) {
  hpr_found it = {.verdict = HPR_VERDICT_GONE, .pid = pid, .handle = handle, .leads = HPR_LEADS};
  bool by_handle;
  const int asked = ask_group(system, pid, handle, &by_handle);
  if (asked == HPR_ESRCH) return it;
  int32_t member;
  const int found = find_member(system, here, pid, &member); /* kill(2) may count zombies */
  if (found == HPR_ESRCH) return it;
  if (found != 0 || !(pinned || by_handle))
    it.verdict = HPR_VERDICT_UNKNOWN;
  else
    it.verdict = asked == 0 ? HPR_VERDICT_GROUP : HPR_VERDICT_FOREIGN;
  return it;
}

/* --- a process with a birth ------------------------------------------------------------------- */

/* What there is to reach it by, before anything is judged. */
typedef struct reach {
  hpr_handle handle;
  bool exact;    /* the handle is the identity's own: it can be no stranger's */
  bool reopened; /* it was opened by its name */
  bool kept;     /* it is the turn's, which has found it SAME before */
  bool ours;     /* it surely runs as our user: a signal would reach it */
  bool gone;     /* the pid is free */
} reach;

static bool out_of_resources(int result) { return result == HPR_EMFILE || result == HPR_ENOMEM; }

/* A record pieced together from two has a name and a pid that never belonged to one process. */
static bool is_mixed(const hpr_system *system, int32_t pid, reach *by) {
  int32_t holder;
  return system->handle_pid(by->handle, &holder, &by->ours) == 0 && holder != pid;
}

/* By the name of the process that was opened by pid, where names cannot be opened. */
static hpr_verdict compare_name(const hpr_system *system, const hpr_birth *birth, reach *by) {
  hpr_birth its = {0};
  const bool told = by->handle != HPR_NO_HANDLE && birth->name_kind != 0 &&
                    system->handle_name(by->handle, &its) == 0 && birth->name_kind == its.name_kind;
  if (!told) return HPR_VERDICT_SAME;
  by->exact = birth->name == its.name;
  return by->exact ? HPR_VERDICT_SAME : HPR_VERDICT_STRANGER;
}

static hpr_handle find_in(hpr_held *const *list, const hpr_identity *identity) {
  return list ? hpr_held_find(*list, identity) : (hpr_handle)HPR_NO_HANDLE;
}

static bool copy_held(const hpr_system *system, const hpr_here *here, const hpr_identity *identity,
                      hpr_handle *ret_handle) {
  const hpr_handle held = find_in(here->held, identity);
  return held != HPR_NO_HANDLE && system->copy(held, ret_handle) == 0;
}

/* Takes no descriptor. A pid that nobody has, and no group, is nobody's. */
static hpr_verdict judge_by_number(const hpr_system *system, int32_t pid) {
  const bool gone = !hpr_pid_exists(system, pid) && system->signal(pid, 0, true) == HPR_ESRCH;
  return gone ? HPR_VERDICT_GONE : HPR_VERDICT_UNKNOWN;
}

/* Returns SAME if it has to be looked at more closely. */
static hpr_verdict open_handle(const hpr_system *system, const hpr_here *here,
                               const hpr_identity *identity, reach *ret_reach) {
  const hpr_birth *birth = &identity->birth;
  const int32_t pid = identity->pid;
  *ret_reach = (reach){.handle = find_in(here->turn, identity)};
  ret_reach->exact = ret_reach->reopened = ret_reach->kept = ret_reach->handle != HPR_NO_HANDLE;
  if (ret_reach->kept) return HPR_VERDICT_SAME;
  ret_reach->exact = copy_held(system, here, identity, &ret_reach->handle);
  if (ret_reach->exact) return HPR_VERDICT_SAME;
  int opened = birth->name_kind != 0 ? system->reopen(birth, &ret_reach->handle) : HPR_ENOTSUP;
  ret_reach->exact = ret_reach->reopened = opened == 0;
  if (opened == 0)
    return is_mixed(system, pid, ret_reach) ? HPR_VERDICT_STRANGER : HPR_VERDICT_SAME;
  if (opened == HPR_ESRCH)
    return hpr_pid_exists(system, pid) ? HPR_VERDICT_STRANGER : HPR_VERDICT_GONE;
  if (!out_of_resources(opened)) opened = system->open(pid, &ret_reach->handle);
  if (out_of_resources(opened)) return judge_by_number(system, pid);
  if (opened == HPR_EINVAL) return HPR_VERDICT_STRANGER; /* a thread's now, so it was free before */
  ret_reach->gone = opened == HPR_ESRCH;
  return compare_name(system, birth, ret_reach);
}

/* Asked after a look: an answer other than HPR_ESRCH proves that what was seen was its own. */
static int ask_process(const hpr_system *system, int32_t pid, const reach *by) {
  const int asked =
      by->handle != HPR_NO_HANDLE ? system->handle_signal(by->handle, 0, false) : HPR_ENOTSUP;
  if (asked != HPR_ENOTSUP) return asked;
  return by->gone ? HPR_ESRCH : system->signal(pid, 0, false);
}

/* It runs, which a handle of its own alone can tell, and a signal would reach it. */
static bool surely_runs(const hpr_system *system, int32_t pid, const reach *by, bool *ret_runs) {
  *ret_runs = by->exact && system->handle_runs(by->handle);
  return *ret_runs && (by->kept || by->ours || ask_process(system, pid, by) == 0);
}

/* It lives, and its facts are hidden or not needed: an exact handle is proof enough. */
static hpr_found find_unread(int32_t pid, const reach *by, int asked) {
  hpr_found it = not_found(pid, by->exact ? HPR_VERDICT_SAME : HPR_VERDICT_UNKNOWN);
  if (asked == HPR_EACCES) it.verdict = HPR_VERDICT_FOREIGN;
  if (by->exact) it.handle = by->handle;
  if (by->exact) it.leads = HPR_LEADS_UNASKED;
  return it;
}

/* The start of a process, where it compares with the one that was recorded. */
static int look_at(const hpr_system *system, const hpr_here *here, int32_t pid,
                   const hpr_birth *birth, hpr_facts *ret_facts) {
  const int result = system->look(pid, ret_facts);
  if (result == 0 && !hpr_same_time(here->host.time_namespace, birth->time_namespace))
    ret_facts->start = 0;
  return result;
}

static hpr_found judge(const hpr_system *system, const hpr_here *here, int32_t pid,
                       const hpr_birth *birth, const reach *by) {
  bool runs;
  if (surely_runs(system, pid, by, &runs)) return find_unread(pid, by, 0);
  hpr_facts facts;
  const int read = look_at(system, here, pid, birth, &facts);
  const int asked = ask_process(system, pid, by);
  const bool told = read == 0 && facts.start != 0;
  /* Reaped, and its pid another's, which a group of its would not have let go. */
  if (asked == HPR_ESRCH && told && facts.start != birth->start)
    return not_found(pid, HPR_VERDICT_STRANGER);
  /* Reaped. A handle got by pid may be a dead stranger's: no proof of anything. */
  if (asked == HPR_ESRCH) {
    hpr_found it = find_group(system, here, pid, by->exact ? by->handle : HPR_NO_HANDLE, false);
    it.reaped = true;
    return it;
  }
  if (told && !by->exact && facts.start != birth->start)
    return not_found(pid, HPR_VERDICT_STRANGER);
  if (read == 0 ? facts.dead : by->exact && !runs)
    return find_group(system, here, pid, told || by->exact ? by->handle : HPR_NO_HANDLE,
                      told || by->exact);
  if (!told) return find_unread(pid, by, asked);
  return (hpr_found){
      .verdict = asked == HPR_EACCES ? HPR_VERDICT_FOREIGN : HPR_VERDICT_SAME,
      .pid = pid,
      .handle = by->handle,
      .leads = facts.group == pid ? HPR_LEADS : HPR_LEADS_NOT,
  };
}

/* Only what is needed anew at any time: then the turn may end without it. */
static bool keep(const hpr_system *system, const hpr_here *here, const hpr_identity *identity,
                 const hpr_found *found) {
  return here->turn && found->verdict == HPR_VERDICT_SAME && found->reopened &&
         found->handle < here->limit && hpr_held_keep(here->turn, system, identity, found->handle);
}

static hpr_found find_process(const hpr_system *system, const hpr_here *here,
                              const hpr_identity *identity) {
  const hpr_birth *birth = &identity->birth;
  reach by;
  const int32_t pid = identity->pid;
  hpr_found it = not_found(pid, open_handle(system, here, identity, &by));
  if (it.verdict == HPR_VERDICT_SAME) it = judge(system, here, pid, birth, &by);
  if (by.handle != HPR_NO_HANDLE && it.handle != by.handle && !by.kept) system->close(by.handle);
  it.start = birth->start;
  it.exact = by.exact;
  it.reopened = by.reopened;
  it.kept = by.kept || keep(system, here, identity, &it);
  return it;
}

/* --- a record of which nobody can tell whether it is of this boot ----------------------------- */

/* Of two boots at the same time, by the same clock, a name that is found in both says: the same. */
static hpr_found find_likely(const hpr_system *system, const hpr_here *here,
                             const hpr_identity *identity) {
  const int32_t pid = identity->pid;
  hpr_found it = find_process(system, here, identity);
  if (it.exact && !hpr_verdict_is_gone(it.verdict)) return it;
  hpr_found_close(system, &it);
  return not_found(pid,
                   hpr_verdict_is_gone(it.verdict) ? HPR_VERDICT_NOT_HERE : HPR_VERDICT_UNKNOWN);
}

static hpr_found find_of_unknown_boot(const hpr_system *system, int32_t pid) {
  return not_found(pid, hpr_pid_exists(system, pid) ? HPR_VERDICT_UNKNOWN : HPR_VERDICT_NOT_HERE);
}

/* --- the whole -------------------------------------------------------------------------------- */

static hpr_boot_match match_boot(const hpr_here *here, const hpr_boot *boot) {
  return boot->form != HPR_BOOT_NONE ? hpr_boot_compare(&here->boot, boot)
                                     : HPR_BOOT_SAME; /* nothing was recorded */
}

hpr_found hpr_found_open(const hpr_system *system, const hpr_here *here,
                         const hpr_identity *identity) {
  const hpr_birth *birth = &identity->birth;
  const int32_t pid = identity->pid;
  const hpr_boot_match boot = match_boot(here, &identity->boot);
  if (!hpr_is_pid(pid)) return not_found(pid, HPR_VERDICT_UNKNOWN);
  if (boot == HPR_BOOT_OTHER)
    return not_found(pid, here->host.boots_alike ? HPR_VERDICT_ELSEWHERE : HPR_VERDICT_NOT_HERE);
  if (identity->state != HPR_RECORD_KNOWN)
    return boot == HPR_BOOT_SAME ? find_unnamed(system, identity)
                                 : find_of_unknown_boot(system, pid);
  if (!hpr_birth_is_told(birth) || (birth->form == HPR_BIRTH_FULL) != here->host.has_namespaces)
    return not_found(pid, HPR_VERDICT_UNKNOWN);
  /* In another pid namespace the same pid means another process. */
  if (birth->pid_namespace != here->host.pid_namespace)
    return not_found(pid, birth->pid_namespace == 0 || here->host.pid_namespace == 0
                              ? HPR_VERDICT_UNKNOWN
                              : HPR_VERDICT_ELSEWHERE);
  if (boot == HPR_BOOT_SAME) return find_process(system, here, identity);
  return boot == HPR_BOOT_LIKELY && birth->name_kind != 0 ? find_likely(system, here, identity)
                                                          : find_of_unknown_boot(system, pid);
}

hpr_found hpr_found_in_turn(const hpr_here *here, const hpr_identity *identity) {
  const hpr_handle handle = find_in(here->turn, identity);
  hpr_found it = not_found(identity->pid, HPR_VERDICT_UNKNOWN);
  if (handle == HPR_NO_HANDLE) return it;
  it.verdict = HPR_VERDICT_SAME;
  it.handle = handle;
  it.exact = it.reopened = it.kept = true;
  it.leads = HPR_LEADS_UNASKED;
  return it;
}

void hpr_found_take(const hpr_here *here, const hpr_identity *identity, hpr_found *found) {
  if (found->kept) hpr_held_take(here->turn, identity);
  found->kept = false;
}

void hpr_found_close(const hpr_system *system, const hpr_found *found) {
  if (found->handle != HPR_NO_HANDLE && !found->kept) system->close(found->handle);
}

hpr_verdict hpr_found_verdict(const hpr_system *system, const hpr_here *here,
                              const hpr_identity *identity) {
  const hpr_found it = hpr_found_open(system, here, identity);
  hpr_found_close(system, &it);
  return it.verdict;
}

bool hpr_found_leads(const hpr_system *system, const hpr_found *found) {
  if (found->leads != HPR_LEADS_UNASKED) return found->leads == HPR_LEADS;
  return system->group_of(found->pid) == found->pid;
}

/* --- signal ----------------------------------------------------------------------------------- */

bool hpr_found_has_number(const hpr_system *system, const hpr_found *found) {
  int32_t holder;
  hpr_facts facts;
  if (found->handle != HPR_NO_HANDLE) {
    bool ours;
    int result = system->handle_pid(found->handle, &holder, &ours);
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

static int deliver(const hpr_system *system, const hpr_found *found, int signum, bool group) {
  const int result = found->handle != HPR_NO_HANDLE
                         ? system->handle_signal(found->handle, signum, group)
                         : HPR_ENOTSUP;
  /* Verified a moment ago: the best that an old kernel allows. */
  return result == HPR_ENOTSUP ? system->signal(found->pid, signum, group) : result;
}

int hpr_found_signal(const hpr_system *system, const hpr_found *found, hpr_signal signal,
                     bool group) {
  const int result = deliver(system, found, system->signum_of(signal), group);
  if (result != 0 || !lets_run(system, signal)) return result;
  /* A stopped process keeps a signal pending until it runs again. The first may have ended it. */
  if (found->handle != HPR_NO_HANDLE || hpr_found_has_number(system, found))
    deliver(system, found, system->wake_signum, group);
  return 0;
}
