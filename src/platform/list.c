#include "platform/list.h"

#include <stdlib.h>

enum { FIRST_ROOM = 256 };

static bool add(void *context, int32_t pid, const hpr_facts *facts) {
  hpr_list *list = context;
  if (list->count == list->room) {
    const size_t room = list->room ? list->room * 2 : FIRST_ROOM;
    hpr_list_row *rows = realloc(list->rows, room * sizeof *rows);
    if (!rows) {
      list->failed = true;
      return false;
    }
    list->rows = rows;
    list->room = room;
  }
  list->rows[list->count++] = (hpr_list_row){pid, facts->parent};
  return true;
}

int hpr_list_init(hpr_list *list, const hpr_system *system) {
  *list = (hpr_list){0};
  int result = system->visit(0, add, list);
  if (list->failed) result = HPR_ENOMEM;
  if (result == 0) return 0;
  hpr_list_done(list);
  return result;
}

void hpr_list_done(hpr_list *list) { free(list->rows); }

int32_t hpr_list_parent(const hpr_list *list, int32_t pid) {
  for (size_t i = 0; i < list->count; i++)
    if (list->rows[i].pid == pid) return list->rows[i].parent;
  return 0;
}
