#include "platform/list.h"

#include <stdlib.h>

enum { FIRST_ROOM = 256 };

bool hpr_list_add(void *context, int32_t pid, const hpr_facts *facts) {
  hpr_list *list = context;
  if (facts->dead || facts->kernel) return true;
  if (list->count == list->room) {
    const size_t room = list->room ? list->room * 2 : FIRST_ROOM;
    hpr_seen *rows = realloc(list->rows, room * sizeof *rows);
    if (!rows) {
      list->failed = true;
      return false;
    }
    list->rows = rows;
    list->room = room;
  }
  list->rows[list->count++] = (hpr_seen){
      .pid = pid,
      .parent = facts->parent,
      .group = facts->group,
      .session = facts->session,
  };
  return true;
}

static int by_pid(const void *a, const void *b) {
  const int32_t one = ((const hpr_seen *)a)->pid, other = ((const hpr_seen *)b)->pid;
  return (one > other) - (one < other);
}

int hpr_list_init(hpr_list *list, const hpr_system *system) {
  *list = (hpr_list){0};
  int result = system->visit(0, hpr_list_add, list);
  if (list->failed) result = HPR_ENOMEM;
  if (result == 0 && list->count > 0) qsort(list->rows, list->count, sizeof *list->rows, by_pid);
  if (result == 0) return 0;
  hpr_list_done(list);
  return result;
}

void hpr_list_done(hpr_list *list) {
  free(list->rows);
  *list = (hpr_list){0};
}

size_t hpr_seen_find(const hpr_seen *list, size_t count, int32_t pid) {
  const hpr_seen key = {.pid = pid};
  const hpr_seen *it = count > 0 ? bsearch(&key, list, count, sizeof key, by_pid) : NULL;
  return it ? (size_t)(it - list) : SIZE_MAX;
}

int32_t hpr_list_parent(const hpr_list *list, int32_t pid) {
  const size_t i = hpr_seen_find(list->rows, list->count, pid);
  return i == SIZE_MAX ? 0 : list->rows[i].parent;
}
