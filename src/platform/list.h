/* platform/list.h: the running processes, as one pass over them saw them. */
#ifndef HPR_PLATFORM_LIST_H
#define HPR_PLATFORM_LIST_H

#include "platform/system.h"

/* Proves nothing: the processes and their parents may be gone, and their pids reused. */
typedef struct hpr_list {
  hpr_seen *rows; /* by pid */
  size_t count, room;
  bool failed; /* no memory for all of them */
} hpr_list;

/* Adds one that runs, an hpr_visit whose context is the list. */
bool hpr_list_add(void *list, int32_t pid, const hpr_facts *facts);

/* HPR_ENOMEM, HPR_EMFILE, HPR_EUNKNOWN: the system shows no processes. */
int hpr_list_init(hpr_list *list, const hpr_system *system);
void hpr_list_done(hpr_list *list);

/* 0: not in the list, or without a parent. */
int32_t hpr_list_parent(const hpr_list *list, int32_t pid);

#endif
