#include "platform/native.h"

enum { LEGACY_SLACK_MS = 5000 }; /* between a spawn and the original module's writing it down */

/* --- looking -------------------------------------------------------------------------------- */

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
int hpr_native_pin(const hpr_system *system, int32_t pid, hpr_handle *ret_handle,
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
static void complete_here(hpr_native *self) {
  hpr_system_host now;
  if (!self->here.host.has_namespaces || self->here.host.pid_namespace != 0 || self->watcher)
    return; /* what the watching thread reads stays as it is */
  self->system->host(&now);
  self->here.host.pid_namespace = now.pid_namespace;
  self->here.host.time_namespace = now.time_namespace;
  self->here.host.clock_offset_ms = now.clock_offset_ms;
}

/* A birth that names no namespace would be nobody's for the next server. */
static bool is_nowhere(const hpr_native *self) {
  return self->here.host.has_namespaces && self->here.host.pid_namespace == 0;
}

/* Whoever is recorded in a turn is watched in it. Only if its name would do as well, later. */
static bool keep_for_watch(hpr_native *self, const hpr_identity *identity, hpr_handle handle) {
  const uint16_t kind = identity->birth.name_kind;
  int32_t pid;
  bool ours;
  return self->here.turn && self->names_open && kind != 0 && kind != HPR_NAME_INODE &&
         handle < self->here.limit && self->system->handle_pid(handle, &pid, &ours) == 0 && ours &&
         hpr_held_keep(self->here.turn, self->system, identity, handle);
}

/* Returns 0 if the identity is KNOWN; its kinship is yet to be told. */
int hpr_native_record(hpr_native *self, int32_t pid, hpr_facts *ret_facts,
                      hpr_identity *ret_identity) {
  hpr_handle handle;
  complete_here(self);
  const int result =
      is_nowhere(self) ? HPR_EUNKNOWN : hpr_native_pin(self->system, pid, &handle, ret_facts);
  *ret_identity = (hpr_identity){.pid = pid, .state = HPR_RECORD_OPAQUE};
  if (result == HPR_ESRCH) ret_identity->state = HPR_RECORD_NOBODY;
  ret_identity->boot = self->here.boot;
  if (result != 0) return result;
  ret_identity->state = HPR_RECORD_KNOWN;
  ret_identity->birth = hpr_birth_make(&self->here.host, ret_facts->start);
  if (handle == HPR_NO_HANDLE) return 0;
  (void)self->system->handle_name(handle, &ret_identity->birth);
  if (!keep_for_watch(self, ret_identity, handle)) self->system->close(handle);
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

/* Both are judged last: then the pids were theirs while relatives were told by pid. */
static bool is_kin(hpr_native *self, const hpr_identity *identity, const hpr_facts *facts,
                   const hpr_identity *family) {
  const hpr_system *system = self->system;
  const int32_t pid = identity->pid;
  if (!family && facts->parent == system->self_pid()) return true;
  const bool related = family ? family->kin && is_related(system, pid, facts, family->pid)
                              : hpr_descends(system, pid, system->self_pid());
  return related && hpr_verdict_is_reachable(hpr_native_verify(self, identity)) &&
         (!family || hpr_native_verify(self, family) == HPR_VERDICT_SAME);
}

void hpr_native_identify(void *context, int32_t pid, const hpr_identity *family,
                         hpr_identity *ret_identity) {
  hpr_native *self = context;
  hpr_facts facts;
  if (hpr_native_record(self, pid, &facts, ret_identity) == 0)
    ret_identity->kin = is_kin(self, ret_identity, &facts, family);
  else if (ret_identity->state == HPR_RECORD_OPAQUE && !family)
    ret_identity->kin = self->system->child(pid) == HPR_CHILD_RUNNING; /* ours until we reap it */
}

void hpr_native_identify_recorded(void *context, int32_t pid, int64_t recorded_ms,
                                  hpr_identity *ret_identity) {
  hpr_native *self = context;
  hpr_facts facts;
  if (hpr_native_record(self, pid, &facts, ret_identity) != 0) return;
  if (facts.kernel)
    *ret_identity = (hpr_identity){.pid = pid, .state = HPR_RECORD_OPAQUE};
  else if (self->system->started_ms(facts.start) - LEGACY_SLACK_MS > recorded_ms)
    *ret_identity = (hpr_identity){.pid = pid, .state = HPR_RECORD_NOBODY};
  else
    ret_identity->kin = true;
}

void hpr_native_renew(void *context, hpr_identity *identity) {
  const hpr_native *self = context;
  const hpr_boot_match match = hpr_boot_compare(&self->here.boot, &identity->boot);
  if (identity->boot.form != HPR_BOOT_NONE && match != HPR_BOOT_SAME && match != HPR_BOOT_OTHER)
    identity->boot = self->here.boot;
}
