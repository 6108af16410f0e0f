#include "platform/native.h"

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

static bool is_forbidden(hpr_native *self, int32_t pid) {
  const hpr_system *system = self->system;
  return !hpr_is_pid(pid) || pid == system->self_pid() || pid == system->own_group() ||
         (!system->is_ancestor && hpr_ancestry_has(hpr_native_ancestry(self), pid));
}

/*
 * Asked after is_forbidden: if we can be looked at, we could be for that. If not, nobody can say
 * who our ancestors are, but that a child of ours is none.
 */
static int permit(hpr_native *self, int32_t pid) {
  const hpr_system *system = self->system;
  const int is_ancestor = system->is_ancestor ? system->is_ancestor(pid) : 0;
  if (is_ancestor < 0) return HPR_EUNKNOWN;
  if (is_ancestor > 0) return HPR_EFORBIDDEN;
  const bool surely = hpr_native_ancestry(self)->told || system->child(pid) != HPR_CHILD_NONE;
  return surely ? 0 : HPR_EUNKNOWN;
}

/* All that is asked before anybody is looked for. `pid` may be a group's. */
static int check_target(hpr_native *self, int32_t pid) {
  if (self->system->self_pid() != self->opener) return HPR_EFORKED;
  return is_forbidden(self, pid) ? HPR_EFORBIDDEN : permit(self, pid);
}

/* And all that is asked when it is found. */
static int check_found(const hpr_identity *identity, hpr_verdict verdict) {
  const int result = error_of(verdict);
  return result == 0 && !identity->kin ? HPR_ENOTKIN : result;
}

/* Whoever leads no group, or none any more, is signalled alone. */
static int deliver(const hpr_system *system, const hpr_found *found, hpr_signal signal,
                   hpr_scope scope) {
  const bool group = scope == HPR_SCOPE_GROUP && hpr_found_leads(system, found);
  if (!group && found->verdict == HPR_VERDICT_GROUP) return HPR_ESRCH;
  return hpr_found_signal(system, found, signal, group);
}

int hpr_native_signal(void *context, const hpr_identity *identity, hpr_signal signal,
                      hpr_scope scope) {
  hpr_native *self = context;
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
static hpr_verdict verify_in(hpr_native *self, const hpr_identity *identity, int32_t group,
                             bool *ret_inside) {
  *ret_inside = hpr_is_pid(group) && self->system->group_of(identity->pid) == group;
  return hpr_native_verify(self, identity);
}

bool hpr_native_is_member(void *context, const hpr_identity *identity, int32_t group) {
  bool inside;
  return verify_in(context, identity, group, &inside) == HPR_VERDICT_SAME && inside;
}

int hpr_native_signal_group(void *context, const hpr_identity *member, int32_t group,
                            hpr_signal signal) {
  hpr_native *self = context;
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
  if (result == 0 && !hpr_signal_is_final(system, signal) &&
      hpr_native_is_member(self, member, group))
    system->signal(group, system->wake_signum, true);
  return result == HPR_EACCES ? HPR_EFOREIGN : result;
}

bool hpr_native_leads(void *context, const hpr_identity *identity) {
  hpr_native *self = context;
  const hpr_found found = hpr_found_open(self->system, &self->here, identity);
  const bool leads = hpr_found_leads(self->system, &found);
  hpr_found_close(self->system, &found);
  return hpr_verdict_is_reachable(found.verdict) && leads;
}
