#include "platform/native.h"

#include "platform/list.h"

typedef struct gathering {
  hpr_native *self;
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
  const int result = hpr_native_record(it->self, pid, &facts, member);
  if (result == HPR_EMFILE || result == HPR_ENOMEM) it->error = HPR_EMFILE;
  if (result == 0 && facts.group == it->leader->pid) {
    member->kin = it->leader->kin;
    it->count++;
  }
  return it->error == 0;
}

/* By the list alone, which proves nothing yet. */
static bool is_below(const hpr_list *list, int32_t pid, int32_t root) {
  for (size_t i = 0; i < list->count && pid > 0; i++)
    if ((pid = hpr_list_parent(list, pid)) == root) return true;
  return false;
}

/* The root is judged last: then the pid was its own while its descendants were told. */
int hpr_native_descendants(void *context, const hpr_identity *root, hpr_identity *ret_descendants,
                           size_t capacity, size_t *ret_count) {
  hpr_native *self = context;
  const hpr_system *system = self->system;
  hpr_list list;
  hpr_facts facts;
  size_t count = 0;
  *ret_count = 0;
  if (!hpr_is_pid(root->pid) || root->pid == system->self_pid() ||
      hpr_ancestry_has(hpr_native_ancestry(self), root->pid))
    return 0;
  int result = hpr_list_init(&list, system);
  if (result != 0) return result;
  for (size_t i = 0; i < list.count && count < capacity; i++) {
    const int32_t pid = list.rows[i].pid;
    if (!hpr_is_pid(pid) || pid == system->self_pid() || !is_below(&list, pid, root->pid)) continue;
    hpr_identity *it = &ret_descendants[count];
    if (hpr_native_record(self, pid, &facts, it) != 0 || !hpr_descends(system, pid, root->pid))
      continue;
    it->kin = root->kin && hpr_native_verify(self, it) == HPR_VERDICT_SAME;
    count += it->kin;
  }
  hpr_list_done(&list);
  if (hpr_native_verify(self, root) == HPR_VERDICT_SAME) *ret_count = count;
  return 0;
}

int hpr_native_members(void *context, const hpr_identity *leader, hpr_identity *ret_members,
                       size_t capacity, size_t *ret_count) {
  hpr_native *self = context;
  const hpr_system *system = self->system;
  gathering all = {.self = self, .leader = leader, .members = ret_members, .capacity = capacity};
  *ret_count = 0;
  hpr_found found = hpr_found_open(system, &self->here, leader);
  const bool none = found.verdict == HPR_VERDICT_GONE || found.verdict == HPR_VERDICT_STRANGER ||
                    (found.verdict == HPR_VERDICT_SAME && !hpr_found_leads(system, &found)) ||
                    leader->pid == system->own_group();
  int result = none || hpr_verdict_is_reachable(found.verdict) ? 0 : HPR_EUNKNOWN;
  if (!none && result == 0 && capacity > 0) result = system->visit(leader->pid, gather, &all);
  hpr_found_close(system, &found);
  if (none || result != 0) return result;
  if (all.error != 0) return all.error;
  /* Judged again: then the pid was its group's while the members were recorded. */
  const hpr_verdict verdict = hpr_native_verify(self, leader);
  if (hpr_verdict_is_reachable(verdict)) *ret_count = all.count;
  return hpr_verdict_is_reachable(verdict) || verdict == HPR_VERDICT_GONE ? 0 : HPR_EUNKNOWN;
}

/* --- lines of descent ------------------------------------------------------------------------- */

bool hpr_native_is_around_us(void *context, const hpr_identity *identity) {
  hpr_native *self = context;
  return hpr_is_above_us(self->system, hpr_native_ancestry(self), identity->pid) &&
         hpr_native_verify(self, identity) == HPR_VERDICT_SAME;
}

int hpr_native_lineage(void *context, int32_t pid, hpr_ancestor ret_line[HPR_LINEAGE_MAX],
                       size_t *ret_count) {
  hpr_native *self = context;
  return hpr_lineage(self->system, hpr_native_ancestry(self), pid, ret_line, ret_count);
}

/* --- all -------------------------------------------------------------------------------------- */

int hpr_native_list(void *context, hpr_seen **ret_list, size_t *ret_count) {
  const hpr_native *self = context;
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
