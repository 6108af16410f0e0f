#include "platform/native.h"

/* A leader has gone when only its group is left. On the watching thread too: what is held is the
 * registry's thread's. */
static bool is_there(const void *context, const hpr_identity *identity, bool group) {
  const hpr_native *self = context;
  const hpr_here here = {.host = self->here.host, .boot = self->here.boot};
  const hpr_verdict verdict = hpr_found_verdict(self->system, &here, identity);
  return !hpr_verdict_is_gone(verdict) && (group || verdict != HPR_VERDICT_GROUP);
}

/* A handle on any living member of the group; HPR_NO_HANDLE: it must be probed. */
static hpr_handle open_member(const hpr_system *system, int32_t group) {
  int32_t member;
  hpr_facts facts;
  hpr_handle handle = HPR_NO_HANDLE;
  if (hpr_group_member(system, group, &member) != 0 ||
      hpr_native_pin(system, member, &handle, &facts) != 0)
    return HPR_NO_HANDLE;
  if (facts.group == group || handle == HPR_NO_HANDLE) return handle;
  system->close(handle);
  return HPR_NO_HANDLE;
}

static int open_watcher(hpr_native *self) {
  if (self->watcher) return 0;
  return self->system->watcher_open(self->notice, self->notice_context, is_there, self,
                                    &self->watcher);
}

/* Without a handle it is asked again when it is watched. */
static int add_probe(const hpr_native *self, const hpr_found *found, const hpr_identity *identity,
                     uint64_t watch) {
  const hpr_system *system = self->system;
  const int result =
      system->watcher_add(self->watcher, HPR_NO_HANDLE, identity, found->verdict, watch);
  if (result != 0 || is_there(self, identity, found->verdict == HPR_VERDICT_GROUP)) return result;
  /* Who exits before a pid is watched is not told. If it was told, all is well. */
  return system->watcher_remove(self->watcher, watch) ? HPR_ESRCH : 0;
}

/* Its leader has ended, and would tell so at once and for ever; whose the group is may be unknown.
 */
static bool is_group_alone(const hpr_system *system, const hpr_found *found) {
  if (found->verdict == HPR_VERDICT_SAME || found->verdict == HPR_VERDICT_GROUP)
    return found->verdict == HPR_VERDICT_GROUP;
  return found->handle != HPR_NO_HANDLE && !system->handle_runs(found->handle);
}

static int add_watch(hpr_native *self, const hpr_found *found, const hpr_identity *identity,
                     uint64_t watch) {
  const hpr_system *system = self->system;
  const bool group = is_group_alone(system, found);
  const hpr_handle handle = group ? open_member(system, identity->pid) : found->handle;
  if (handle != found->handle) hpr_found_close(system, found);
  if (handle == HPR_NO_HANDLE) return add_probe(self, found, identity, watch);
  if (handle < hpr_native_limit(self))
    return system->watcher_add(self->watcher, handle, identity, found->verdict, watch);
  system->close(handle);
  const int result = add_probe(self, found, identity, watch);
  return result == 0 ? HPR_EPOLLED : result;
}

/*
 * Where its name can be opened again that is as good. Else this pins the process and, from Linux
 * 6.9 on, its group, whatever becomes of the leader.
 */
static hpr_handle copy_to_hold(const hpr_native *self, const hpr_found *found,
                               const hpr_identity *identity) {
  hpr_handle copy;
  const bool wanted = identity->state == HPR_RECORD_KNOWN && found->verdict == HPR_VERDICT_SAME &&
                      found->handle != HPR_NO_HANDLE && !found->reopened && self->system->copy &&
                      hpr_held_find(self->held, identity) == HPR_NO_HANDLE;
  return wanted && self->system->copy(found->handle, &copy) == 0 ? copy : HPR_NO_HANDLE;
}

static void hold(hpr_native *self, const hpr_identity *identity, hpr_handle take_handle) {
  if (!hpr_held_keep(&self->held, self->system, identity, take_handle))
    self->system->close(take_handle);
}

int hpr_native_watch(void *context, const hpr_identity *identity, uint64_t watch,
                     hpr_verdict *ret_verdict) {
  hpr_native *self = context;
  if (self->system->self_pid() != self->opener) return HPR_EFORKED;
  hpr_found found = hpr_found_in_turn(&self->here, identity);
  if (found.verdict != HPR_VERDICT_SAME)
    found = hpr_found_open(self->system, &self->here, identity);
  const int result = !hpr_verdict_is_gone(found.verdict) ? open_watcher(self) : HPR_ESRCH;
  const hpr_handle held = result == 0 ? copy_to_hold(self, &found, identity) : HPR_NO_HANDLE;
  if (result == 0) {
    hpr_found_take(&self->here, identity, &found);
    self->names_open = self->names_open || found.reopened;
    const int added = add_watch(self, &found, identity, watch);
    if (held != HPR_NO_HANDLE && added == 0)
      hold(self, identity, held);
    else if (held != HPR_NO_HANDLE) /* with few descriptors there is none to spare */
      self->system->close(held);
    *ret_verdict = found.verdict;
    return added;
  }
  hpr_found_close(self->system, &found);
  return result;
}

void hpr_native_unwatch(void *context, uint64_t watch) {
  hpr_native *self = context;
  if (self->watcher && self->system->self_pid() == self->opener)
    self->system->watcher_remove(self->watcher, watch);
}
