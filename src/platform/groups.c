#include "platform/groups.h"

#include <stdlib.h>

#include "platform/found.h"

typedef struct hpr_grouped {
  int32_t group, pid;
} hpr_grouped;

enum { FIRST_ROOM = 256 };

static bool add(void *context, int32_t pid, const hpr_facts *facts) {
  hpr_groups *groups = context;
  if (groups->count == groups->room) {
    const size_t room = groups->room ? groups->room * 2 : FIRST_ROOM;
    hpr_grouped *list = realloc(groups->list, room * sizeof *list);
    groups->failed = !list;
    if (!list) return false;
    groups->list = list;
    groups->room = room;
  }
  groups->list[groups->count++] = (hpr_grouped){.group = facts->group, .pid = pid};
  return true;
}

static int by_group(const void *a, const void *b) {
  const int32_t one = ((const hpr_grouped *)a)->group, other = ((const hpr_grouped *)b)->group;
  return (one > other) - (one < other);
}

static int read_all(hpr_groups *groups, const hpr_system *system) {
  if (groups->read) return 0;
  const int result = system->groups(add, groups);
  if (result != 0 || groups->failed) {
    hpr_groups_done(groups);
    return result ? result : HPR_EUNKNOWN;
  }
  if (groups->count > 0) qsort(groups->list, groups->count, sizeof *groups->list, by_group);
  groups->read = true;
  return 0;
}

/* Where those of a group begin. */
static size_t find(const hpr_groups *groups, int32_t group) {
  size_t low = 0, high = groups->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (groups->list[middle].group < group)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

int hpr_groups_member(hpr_groups *groups, const hpr_system *system, int32_t group,
                      int32_t *ret_pid) {
  int result = read_all(groups, system);
  if (result != 0) return result;
  result = HPR_ESRCH;
  for (size_t i = find(groups, group); i < groups->count && groups->list[i].group == group; i++) {
    hpr_facts facts;
    if (groups->list[i].pid == group) continue; /* the leader, which is dead */
    *ret_pid = groups->list[i].pid;
    if (system->look(*ret_pid, &facts) == 0 && !facts.dead && facts.group == group) return 0;
    result = HPR_EUNKNOWN; /* gone by now: it may have left a child that the list has not */
  }
  return result == HPR_EUNKNOWN ? hpr_group_member(system, group, ret_pid) : result;
}

void hpr_groups_done(hpr_groups *groups) {
  free(groups->list);
  *groups = (hpr_groups){0};
}
