/*
 * platform/process.c: the one door to processes, the same on every system. What stands before a
 * signal (fork, forbidden targets, identity, kinship) and what makes an identity stands here; what
 * a system can tell and do stands in its folder's system.c.
 */
#include "platform/process.h"

#include <stdlib.h>
#include <string.h>

#include "platform/descent.h"
#include "platform/explain.h"
#include "platform/found.h"
#include "platform/held.h"
#include "platform/identity.h"
#include "platform/list.h"
#include "platform/mark.h"
#include "platform/tree.h"

enum { LEGACY_SLACK_MS = 5000 }; /* between a spawn and the original module's writing it down */

typedef struct native {
  const hpr_system *system;
  int32_t opener; /* the process that may act; a fork of it may not */
  hpr_here here;
  hpr_held *held; /* handles of those who are watched, where their names cannot be opened */
  hpr_exit_notice notice;
  void *notice_context;
  hpr_watcher *watcher; /* NULL until the first watch */
} native;

bool hpr_is_pid(int32_t pid) { return pid >= HPR_PID_MIN; }

static void hold(native *self, const hpr_identity *identity, hpr_handle take_handle) {
  hpr_held_keep(&self->held, self->system, identity, take_handle);
  self->here.held = self->held;
}

static void let_go(native *self, const hpr_identity *identity) {
  hpr_held_drop(&self->held, self->system, identity);
  self->here.held = self->held;
}

static hpr_verdict native_verify(void *context, const hpr_identity *identity) {
  native *self = context;
  const hpr_verdict verdict = hpr_found_verdict(self->system, &self->here, identity);
  if (verdict == HPR_VERDICT_GONE && self->held) let_go(self, identity);
  return verdict;
}

static void native_explain(void *context, const hpr_identity *identity, hpr_proof_visit visit,
                           void *visit_context) {
  const native *self = context;
  hpr_explain(self->system, &self->here, identity, visit, visit_context);
}

static bool is_reachable(hpr_verdict verdict) {
  return verdict == HPR_VERDICT_SAME || verdict == HPR_VERDICT_GROUP;
}

bool hpr_verdict_is_gone(hpr_verdict verdict) {
  return verdict == HPR_VERDICT_GONE || verdict == HPR_VERDICT_STRANGER;
}

/* --- identify ------------------------------------------------------------------------------- */

static int read_pinned(const hpr_system *system, int32_t pid, hpr_handle handle,
                       hpr_facts *ret_facts) {
  const int result = system->look(pid, ret_facts);
  if (result == HPR_ESRCH && hpr_pid_exists(system, pid)) return HPR_EUNKNOWN; /* hidepid */
  if (result != 0) return result;
  if (ret_facts->dead) return HPR_ESRCH;
  if (ret_facts->start == 0) return HPR_EUNKNOWN; /* another user's */
  /* Not reaped after the look: then what was seen was its own. */
  const int asked = handle != HPR_NO_HANDLE ? system->handle_signal(handle, 0, false) : 0;
  const bool reaped = asked == HPR_ESRCH || (asked == HPR_ENOTSUP && !system->handle_runs(handle));
  return reaped ? HPR_ESRCH : 0;
}

/* Looks at a process so that the facts are known to be those of the handle's process. */
static int pin(const hpr_system *system, int32_t pid, hpr_handle *ret_handle,
               hpr_facts *ret_facts) {
  hpr_handle handle = HPR_NO_HANDLE;
  int result = system->open(pid, &handle);
  if (result == HPR_ESRCH || result == HPR_EINVAL) return HPR_ESRCH;
  /* Without, the identity would lack its name, and on this system nobody would miss it. */
  if (result == HPR_EMFILE || result == HPR_ENOMEM)
    return hpr_pid_exists(system, pid) ? result : HPR_ESRCH;
  result = read_pinned(system, pid, handle, ret_facts);
  if (result == 0)
    *ret_handle = handle;
  else if (handle != HPR_NO_HANDLE)
    system->close(handle);
  return result;
}

/* /proc may have been mounted since. How we name this boot must not change any more. */
static void complete_here(native *self) {
  hpr_system_host now;
  if (!self->here.host.has_namespaces || self->here.host.pid_namespace != 0 || self->watcher)
    return; /* what the watching thread reads stays as it is */
  self->system->host(&now);
  self->here.host.pid_namespace = now.pid_namespace;
  self->here.host.time_namespace = now.time_namespace;
}

/* A birth that names no namespace would be nobody's for the next server. */
static bool is_nowhere(const native *self) {
  return self->here.host.has_namespaces && self->here.host.pid_namespace == 0;
}

/* Returns 0 if the identity is KNOWN; its kinship is yet to be told. */
static int record(native *self, int32_t pid, hpr_facts *ret_facts, hpr_identity *ret_identity) {
  char name[HPR_BIRTH_SIZE];
  hpr_handle handle;
  complete_here(self);
  const int result = is_nowhere(self) ? HPR_EUNKNOWN : pin(self->system, pid, &handle, ret_facts);
  *ret_identity = (hpr_identity){.pid = pid, .state = HPR_RECORD_OPAQUE};
  if (result == HPR_ESRCH) ret_identity->state = HPR_RECORD_NOBODY;
  memcpy(ret_identity->boot, self->here.boot, sizeof self->here.boot);
  if (result != 0) return result;
  const bool has_handle = handle != HPR_NO_HANDLE;
  const bool named = has_handle && self->system->handle_name(handle, name, sizeof name) == 0;
  ret_identity->state = HPR_RECORD_KNOWN;
  hpr_birth_write(&self->here.host, ret_facts->start, named ? name : NULL, ret_identity->birth);
  if (has_handle) self->system->close(handle);
  return 0;
}

/* Our own group and session are no family: the user's shell and all its jobs are in them. */
static bool is_led(int32_t number, int32_t leader, int32_t our_own) {
  return number == leader && number != our_own;
}

static bool is_related(const hpr_system *system, int32_t pid, const hpr_facts *facts,
                       int32_t family) {
  return hpr_descends(system, pid, family) || is_led(facts->group, family, system->own_group()) ||
         is_led(facts->session, family, system->own_session());
}

/* Both are judged last: then the numbers were theirs while relatives were told by number. */
static bool is_kin(native *self, const hpr_identity *identity, const hpr_facts *facts,
                   const hpr_identity *family) {
  const hpr_system *system = self->system;
  const int32_t pid = identity->pid;
  if (!family && facts->parent == system->self_pid()) return true;
  const bool related = family ? family->kin && is_related(system, pid, facts, family->pid)
                              : hpr_descends(system, pid, system->self_pid());
  return related && is_reachable(native_verify(self, identity)) &&
         (!family || native_verify(self, family) == HPR_VERDICT_SAME);
}

static void native_identify(void *context, int32_t pid, const hpr_identity *family,
                            hpr_identity *ret_identity) {
  native *self = context;
  hpr_facts facts;
  if (record(self, pid, &facts, ret_identity) == 0)
    ret_identity->kin = is_kin(self, ret_identity, &facts, family);
  else if (ret_identity->state == HPR_RECORD_OPAQUE && !family)
    ret_identity->kin = self->system->child(pid) == HPR_CHILD_RUNNING; /* ours until we reap it */
}

static void native_identify_recorded(void *context, int32_t pid, int64_t recorded_ms,
                                     hpr_identity *ret_identity) {
  native *self = context;
  hpr_facts facts;
  if (record(self, pid, &facts, ret_identity) != 0) return;
  if (facts.kernel)
    *ret_identity = (hpr_identity){.pid = pid, .state = HPR_RECORD_OPAQUE};
  else if (self->system->started_ms(facts.start) - LEGACY_SLACK_MS > recorded_ms)
    *ret_identity = (hpr_identity){.pid = pid, .state = HPR_RECORD_NOBODY};
  else
    ret_identity->kin = true;
}

static void native_renew(void *context, hpr_identity *identity) {
  const native *self = context;
  const hpr_boot_match match = hpr_boot_compare(self->here.boot, identity->boot);
  if (identity->boot[0] && match != HPR_BOOT_SAME && match != HPR_BOOT_OTHER)
    memcpy(identity->boot, self->here.boot, sizeof self->here.boot);
}

/* --- signal --------------------------------------------------------------------------------- */

static int error_of(hpr_verdict verdict) {
  switch (verdict) {
  case HPR_VERDICT_SAME:
  case HPR_VERDICT_GROUP: return 0;
  case HPR_VERDICT_GONE:
  case HPR_VERDICT_NOT_HERE: return HPR_ESRCH;
  case HPR_VERDICT_STRANGER: return HPR_ESTRANGER;
  case HPR_VERDICT_ELSEWHERE:
  case HPR_VERDICT_FOREIGN: return HPR_EFOREIGN;
  case HPR_VERDICT_UNKNOWN: return HPR_EUNKNOWN;
  }
  return HPR_EUNKNOWN;
}

static bool is_forbidden(const hpr_system *system, int32_t pid) {
  return !hpr_is_pid(pid) || pid == system->self_pid() || pid == system->own_group() ||
         (!system->is_ancestor && hpr_descends(system, system->self_pid(), pid));
}

/*
 * Asked after is_forbidden: if we can be looked at, we could be for that. If not, nobody can say
 * who our ancestors are, but that a child of ours is none.
 */
static int permit(const hpr_system *system, int32_t pid) {
  hpr_facts facts;
  const int is_ancestor = system->is_ancestor ? system->is_ancestor(pid) : 0;
  if (is_ancestor < 0) return HPR_EUNKNOWN;
  if (is_ancestor > 0) return HPR_EFORBIDDEN;
  const bool surely =
      system->look(system->self_pid(), &facts) == 0 || system->child(pid) != HPR_CHILD_NONE;
  return surely ? 0 : HPR_EUNKNOWN;
}

/* All that is asked before anybody is looked for. `pid` may be a group's number. */
static int check_target(const native *self, int32_t pid) {
  if (self->system->self_pid() != self->opener) return HPR_EFORKED;
  return is_forbidden(self->system, pid) ? HPR_EFORBIDDEN : permit(self->system, pid);
}

/* And all that is asked when it is found. */
static int check_found(const hpr_identity *identity, hpr_verdict verdict) {
  const int result = error_of(verdict);
  return result == 0 && !identity->kin ? HPR_ENOTKIN : result;
}

static int deliver(const hpr_system *system, const hpr_found *found, hpr_signal signal,
                   hpr_scope scope) {
  if (scope == HPR_SCOPE_GROUP)
    return found->group ? hpr_found_signal(system, found, signal, true)
                        : hpr_tree_signal(system, found, signal);
  if (found->verdict == HPR_VERDICT_GROUP) return HPR_ESRCH;
  return hpr_found_signal(system, found, signal, false);
}

static int native_signal(void *context, const hpr_identity *identity, hpr_signal signal,
                         hpr_scope scope) {
  const native *self = context;
  const bool can_stop = self->system->wake_signum != 0;
  if (signal == HPR_SIGNAL_STOP && !can_stop) return HPR_ENOTSUP;
  int result = check_target(self, identity->pid);
  if (result != 0) return result;
  const hpr_found found = hpr_found_open(self->system, &self->here, identity);
  result = check_found(identity, found.verdict);
  if (result == 0) result = deliver(self->system, &found, signal, scope);
  hpr_found_close(self->system, &found);
  return result == HPR_EACCES ? HPR_EFOREIGN : result;
}

/* --- groups --------------------------------------------------------------------------------- */

/* Judged after its group was read: then that was its own. */
static hpr_verdict verify_in(native *self, const hpr_identity *identity, int32_t group,
                             bool *ret_inside) {
  *ret_inside = hpr_is_pid(group) && self->system->group_of(identity->pid) == group;
  return native_verify(self, identity);
}

static bool native_is_member(void *context, const hpr_identity *identity, int32_t group) {
  bool inside;
  return verify_in(context, identity, group, &inside) == HPR_VERDICT_SAME && inside;
}

static int native_signal_group(void *context, const hpr_identity *member, int32_t group,
                               hpr_signal signal) {
  native *self = context;
  const hpr_system *system = self->system;
  bool inside;
  int result = check_target(self, group);
  if (result != 0) return result;
  const hpr_verdict verdict = verify_in(self, member, group, &inside);
  if (verdict == HPR_VERDICT_GROUP) return HPR_ESRCH; /* the member is dead, whatever it led */
  result = check_found(member, verdict);
  if (result != 0) return result;
  if (!inside) return HPR_ESTRANGER;
  result = system->signal(group, system->signum_of(signal), true);
  if (result == 0 && !hpr_signal_is_final(system, signal) && native_is_member(self, member, group))
    system->signal(group, system->wake_signum, true);
  return result == HPR_EACCES ? HPR_EFOREIGN : result;
}

/* The leader is judged before and after: then it led, or did not, all the while. */
static bool native_reaches(void *context, const hpr_identity *leader, const hpr_identity *other) {
  native *self = context;
  const hpr_found found = hpr_found_open(self->system, &self->here, leader);
  hpr_found_close(self->system, &found);
  if (!is_reachable(found.verdict)) return false;
  const bool within = found.group ? native_is_member(self, other, leader->pid)
                                  : (other->pid == leader->pid ||
                                     hpr_descends(self->system, other->pid, leader->pid)) &&
                                        native_verify(self, other) == HPR_VERDICT_SAME;
  return within && is_reachable(native_verify(self, leader));
}

typedef struct gathering {
  native *self;
  const hpr_identity *leader;
  hpr_identity *members;
  size_t capacity, count;
  int error;
} gathering;

static bool gather(void *context, int32_t pid, const hpr_facts *seen) {
  gathering *it = context;
  hpr_facts facts;
  hpr_identity *member = &it->members[it->count];
  if (seen->dead || pid == it->leader->pid || it->count == it->capacity)
    return it->count < it->capacity;
  const int result = record(it->self, pid, &facts, member);
  if (result == HPR_EMFILE || result == HPR_ENOMEM) it->error = HPR_EMFILE;
  if (result == 0 && facts.group == it->leader->pid) {
    member->kin = it->leader->kin;
    it->count++;
  }
  return it->error == 0;
}

static bool native_leads(void *context, const hpr_identity *identity) {
  native *self = context;
  const hpr_found found = hpr_found_open(self->system, &self->here, identity);
  hpr_found_close(self->system, &found);
  return is_reachable(found.verdict) && found.group;
}

/* By the list alone, which proves nothing yet. */
static bool is_below(const hpr_list *list, int32_t pid, int32_t root) {
  for (size_t i = 0; i < list->count && pid > 0; i++)
    if ((pid = hpr_list_parent(list, pid)) == root) return true;
  return false;
}

/* The root is judged last: then the number was its own while its descendants were told. */
static int native_descendants(void *context, const hpr_identity *root,
                              hpr_identity *ret_descendants, size_t capacity, size_t *ret_count) {
  native *self = context;
  const hpr_system *system = self->system;
  hpr_list list;
  hpr_facts facts;
  size_t count = 0;
  *ret_count = 0;
  if (!hpr_is_pid(root->pid) || root->pid == system->self_pid() ||
      hpr_descends(system, system->self_pid(), root->pid))
    return 0;
  int result = hpr_list_init(&list, system);
  if (result != 0) return result;
  for (size_t i = 0; i < list.count && count < capacity; i++) {
    const int32_t pid = list.rows[i].pid;
    if (!hpr_is_pid(pid) || pid == system->self_pid() || !is_below(&list, pid, root->pid)) continue;
    hpr_identity *it = &ret_descendants[count];
    if (record(self, pid, &facts, it) != 0 || !hpr_descends(system, pid, root->pid)) continue;
    it->kin = root->kin && native_verify(self, it) == HPR_VERDICT_SAME;
    count += it->kin;
  }
  hpr_list_done(&list);
  if (native_verify(self, root) == HPR_VERDICT_SAME) *ret_count = count;
  return 0;
}

static int native_members(void *context, const hpr_identity *leader, hpr_identity *ret_members,
                          size_t capacity, size_t *ret_count) {
  native *self = context;
  const hpr_system *system = self->system;
  gathering all = {.self = self, .leader = leader, .members = ret_members, .capacity = capacity};
  *ret_count = 0;
  hpr_found found = hpr_found_open(system, &self->here, leader);
  const bool none = found.verdict == HPR_VERDICT_GONE || found.verdict == HPR_VERDICT_STRANGER ||
                    (found.verdict == HPR_VERDICT_SAME && !found.group) ||
                    leader->pid == system->own_group();
  int result = none || is_reachable(found.verdict) ? 0 : HPR_EUNKNOWN;
  if (!none && result == 0 && capacity > 0) result = system->visit(leader->pid, gather, &all);
  hpr_found_close(system, &found);
  if (none || result != 0) return result;
  if (all.error != 0) return all.error;
  /* Judged again: then the number was its group's while the members were recorded. */
  const hpr_verdict verdict = native_verify(self, leader);
  if (is_reachable(verdict)) *ret_count = all.count;
  return is_reachable(verdict) || verdict == HPR_VERDICT_GONE ? 0 : HPR_EUNKNOWN;
}

/* --- what it says of itself ----------------------------------------------------------------- */

static int native_lineage(void *context, int32_t pid, hpr_ancestor ret_line[HPR_LINEAGE_MAX],
                          size_t *ret_count) {
  const native *self = context;
  return hpr_lineage(self->system, pid, ret_line, ret_count);
}

/* Judged after its environment was read: then that was its own. */
static hpr_mark native_mark(void *context, const hpr_identity *identity, const char *token,
                            const char *pid_file) {
  const native *self = context;
  const hpr_mark mark = hpr_mark_of(self->system, identity->pid, token, pid_file);
  return native_verify(context, identity) == HPR_VERDICT_SAME ? mark : HPR_MARK_UNKNOWN;
}

static size_t native_marked(void *context, int32_t pid, const char *const tokens[], size_t count,
                            const char *pid_file) {
  const native *self = context;
  return hpr_mark_first(self->system, pid, tokens, count, pid_file);
}

static int native_list(void *context, hpr_seen **ret_list, size_t *ret_count) {
  const native *self = context;
  hpr_list list;
  const int32_t group = self->system->own_group(), session = self->system->own_session();
  const int result = hpr_list_init(&list, self->system);
  if (result != 0) return result;
  for (size_t i = 0; i < list.count; i++) {
    if (list.rows[i].group == group) list.rows[i].group = 0;
    if (list.rows[i].session == session) list.rows[i].session = 0;
  }
  *ret_list = list.rows;
  *ret_count = list.count;
  return 0;
}

static bool native_same_user(void *context, const hpr_identity *a, const hpr_identity *b) {
  const native *self = context;
  return self->system->same_user(a->pid, b->pid) && native_verify(context, a) == HPR_VERDICT_SAME &&
         native_verify(context, b) == HPR_VERDICT_SAME;
}

static int native_command(void *context, const hpr_identity *identity, char **ret_words,
                          size_t *ret_size) {
  const native *self = context;
  char *words;
  size_t size;
  const int result = self->system->words(identity->pid, HPR_WORDS_COMMAND, &words, &size);
  if (result != 0) return result;
  if (native_verify(context, identity) != HPR_VERDICT_SAME) {
    free(words);
    return HPR_ESRCH;
  }
  *ret_words = words;
  *ret_size = size;
  return 0;
}

static int native_folder(void *context, const hpr_identity *identity, char **ret_path) {
  const native *self = context;
  char *path;
  if (!self->system->folder) return HPR_ENOTSUP;
  const int result = self->system->folder(identity->pid, &path);
  if (result != 0) return result;
  if (native_verify(context, identity) != HPR_VERDICT_SAME) {
    free(path);
    return HPR_ESRCH;
  }
  *ret_path = path;
  return 0;
}

/* Both times are of today's clock: what it was set to meanwhile does not count. */
static int64_t native_age_ms(void *context, const hpr_identity *identity) {
  const native *self = context;
  hpr_facts facts;
  if (self->system->look(identity->pid, &facts) != 0 || facts.start == 0 ||
      native_verify(context, identity) != HPR_VERDICT_SAME)
    return -1;
  const int64_t age_ms = self->system->now_ms() - self->system->started_ms(facts.start);
  return age_ms < 0 ? 0 : age_ms;
}

static int64_t native_since_ms(void *context, const hpr_identity *identity, int64_t boot_ms) {
  const native *self = context;
  hpr_birth birth;
  if (hpr_boot_compare(self->here.boot, identity->boot) != HPR_BOOT_SAME ||
      self->here.host.boots_alike || !hpr_birth_read(identity->birth, &birth) ||
      !hpr_same_time(birth.time_namespace, self->here.host.time_namespace))
    return -1;
  const int64_t since_ms = self->system->boot_ms() - boot_ms;
  return since_ms < 0 ? -1 : since_ms;
}

/* --- watch ---------------------------------------------------------------------------------- */

/* A leader has gone when only its group is left. On the watching thread too: what is held is the
 * registry's thread's. */
static bool is_there(const void *context, const hpr_identity *identity, bool group) {
  const native *self = context;
  hpr_here here = {.host = self->here.host};
  memcpy(here.boot, self->here.boot, sizeof here.boot);
  const hpr_verdict verdict = hpr_found_verdict(self->system, &here, identity);
  return !hpr_verdict_is_gone(verdict) && (group || verdict != HPR_VERDICT_GROUP);
}

/* A handle on any living member of the group; HPR_NO_HANDLE: it must be probed. */
static hpr_handle open_member(const hpr_system *system, int32_t group) {
  int32_t member;
  hpr_facts facts;
  hpr_handle handle = HPR_NO_HANDLE;
  if (hpr_group_member(system, group, &member) != 0 || pin(system, member, &handle, &facts) != 0)
    return HPR_NO_HANDLE;
  if (facts.group == group || handle == HPR_NO_HANDLE) return handle;
  system->close(handle);
  return HPR_NO_HANDLE;
}

static int open_watcher(native *self) {
  if (self->watcher) return 0;
  return self->system->watcher_open(self->notice, self->notice_context, is_there, self,
                                    &self->watcher);
}

static int add_watch(native *self, const hpr_found *found, const hpr_identity *identity,
                     uint64_t watch) {
  const hpr_system *system = self->system;
  const bool group = found->verdict == HPR_VERDICT_GROUP;
  const hpr_handle handle = group ? open_member(system, identity->pid) : found->handle;
  if (handle != found->handle) hpr_found_close(system, found);
  const int result = system->watcher_add(self->watcher, handle, identity, found->verdict, watch);
  if (handle != HPR_NO_HANDLE || result != 0 || is_there(self, identity, group)) return result;
  /* Who exits before a number is watched is not told. If it was told, all is well. */
  return system->watcher_remove(self->watcher, watch) ? HPR_ESRCH : 0;
}

/*
 * Where its name can be opened again that is as good. Else this pins the process and, from Linux
 * 6.9 on, its group, whatever becomes of the leader.
 */
static hpr_handle copy_to_hold(const native *self, const hpr_found *found,
                               const hpr_identity *identity) {
  hpr_handle copy;
  const bool wanted = identity->state == HPR_RECORD_KNOWN && found->verdict == HPR_VERDICT_SAME &&
                      found->handle != HPR_NO_HANDLE && !found->reopened && self->system->copy &&
                      hpr_held_find(self->held, identity) == HPR_NO_HANDLE;
  return wanted && self->system->copy(found->handle, &copy) == 0 ? copy : HPR_NO_HANDLE;
}

static int native_watch(void *context, const hpr_identity *identity, uint64_t watch) {
  native *self = context;
  if (self->system->self_pid() != self->opener) return HPR_EFORKED;
  const hpr_found found = hpr_found_open(self->system, &self->here, identity);
  const int result = !hpr_verdict_is_gone(found.verdict) ? open_watcher(self) : HPR_ESRCH;
  const hpr_handle held = result == 0 ? copy_to_hold(self, &found, identity) : HPR_NO_HANDLE;
  if (result == 0) {
    const int added = add_watch(self, &found, identity, watch);
    if (held != HPR_NO_HANDLE && added == 0)
      hold(self, identity, held);
    else if (held != HPR_NO_HANDLE) /* with few descriptors there is none to spare */
      self->system->close(held);
    return added;
  }
  hpr_found_close(self->system, &found);
  return result;
}

static void native_unwatch(void *context, uint64_t watch) {
  native *self = context;
  if (self->watcher && self->system->self_pid() == self->opener)
    self->system->watcher_remove(self->watcher, watch);
}

/* --- the whole ------------------------------------------------------------------------------ */

static bool native_withheld(void *self) {
  const hpr_system *system = ((native *)self)->system;
  return system->withheld && system->withheld();
}

static int32_t native_self_pid(void *self) { return ((native *)self)->system->self_pid(); }
static int64_t native_now_ms(void *self) { return ((native *)self)->system->now_ms(); }
static int64_t native_clock_ms(void *self) { return ((native *)self)->system->clock_ms(); }
static int64_t native_boot_ms(void *self) { return ((native *)self)->system->boot_ms(); }
static uint64_t native_nonce(void *self) { return ((native *)self)->system->nonce(); }

int hpr_process_open(const hpr_system *system, hpr_exit_notice notice, void *context,
                     hpr_process_ops *ret_ops) {
  native *self = calloc(1, sizeof *self);
  if (!self) return HPR_ENOMEM;
  self->system = system;
  self->opener = system->self_pid();
  system->host(&self->here.host);
  hpr_boot_write(&self->here.host, self->here.host.boot_id[0] ? 0 : system->nonce(),
                 self->here.boot);
  self->notice = notice;
  self->notice_context = context;
  *ret_ops = (hpr_process_ops){
      .self = self,
      .identify = native_identify,
      .identify_recorded = native_identify_recorded,
      .verify = native_verify,
      .explain = native_explain,
      .renew = native_renew,
      .signal = native_signal,
      .reaches = native_reaches,
      .leads = native_leads,
      .descendants = native_descendants,
      .members = native_members,
      .is_member = native_is_member,
      .signal_group = native_signal_group,
      .lineage = native_lineage,
      .mark = native_mark,
      .marked = native_marked,
      .list = native_list,
      .same_user = native_same_user,
      .command = native_command,
      .folder = native_folder,
      .age_ms = native_age_ms,
      .since_ms = native_since_ms,
      .withheld = native_withheld,
      .watch = native_watch,
      .unwatch = native_unwatch,
      .self_pid = native_self_pid,
      .now_ms = native_now_ms,
      .clock_ms = native_clock_ms,
      .boot_ms = native_boot_ms,
      .nonce = native_nonce,
  };
  return 0;
}

int hpr_process_native_open(hpr_exit_notice notice, void *context, hpr_process_ops *ret_ops) {
  return hpr_process_open(hpr_system_native(), notice, context, ret_ops);
}

void hpr_process_native_close(hpr_process_ops *ops) {
  native *self = ops->self;
  if (!self) return;
  /* In a fork there is no thread to stop, and the watcher is the parent's: leave both alone. */
  if (self->system->self_pid() == self->opener) self->system->watcher_close(self->watcher);
  hpr_held_done(&self->held, self->system);
  free(self);
  ops->self = NULL;
}
