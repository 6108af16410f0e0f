#include "platform/groups.h"

#include <stdlib.h>

#include "platform/found.h"

static int by_group(const void *a, const void *b) {
  const int32_t one = ((const hpr_seen *)a)->group, other = ((const hpr_seen *)b)->group;
  return (one > other) - (one < other);
}

static int read_all(hpr_groups *groups, const hpr_system *system) {
  hpr_list *list = &groups->list;
  if (groups->read) return 0;
  const int result = system->groups(hpr_list_add, list);
  if (result != 0 || list->failed) {
    hpr_groups_done(groups);
    return result ? result : HPR_EUNKNOWN;
  }
  if (list->count > 0) qsort(list->rows, list->count, sizeof *list->rows, by_group);
  groups->read = true;
  return 0;
}

/* Where those of a group begin. */
static size_t find(const hpr_list *list, int32_t group) {
  size_t low = 0, high = list->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (list->rows[middle].group < group)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

int hpr_groups_member(hpr_groups *groups, const hpr_system *system, int32_t group,
                      int32_t *ret_pid) {
  const hpr_list *list = &groups->list;
  int result = read_all(groups, system);
  if (result != 0) return result;
  result = HPR_ESRCH;
  for (size_t i = find(list, group); i < list->count && list->rows[i].group == group; i++) {
    hpr_facts facts;
    if (list->rows[i].pid == group) continue; /* the leader, which is dead */
    *ret_pid = list->rows[i].pid;
    if (system->look(*ret_pid, &facts) == 0 && !facts.dead && facts.group == group) return 0;
    result = HPR_EUNKNOWN; /* gone by now: it may have left a child that the list has not */
  }
  return result == HPR_EUNKNOWN ? hpr_group_member(system, group, ret_pid) : result;
}

void hpr_groups_done(hpr_groups *groups) {
  hpr_list_done(&groups->list);
  groups->read = false;
}
