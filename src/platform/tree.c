#include "platform/tree.h"

#include <stdlib.h>

#include "platform/list.h"

/* Looks in search of those that were made while the others were being ended. */
enum { LOOKS = 8 };

typedef struct member {
  hpr_found it;
  struct member *next; /* in the order in which they were found: parents first */
} member;

static void signal_from(const hpr_system *system, const member *first, hpr_signal signal) {
  for (const member *at = first; at; at = at->next)
    if (at->it.handle != HPR_NO_HANDLE || hpr_found_has_number(system, &at->it))
      hpr_found_signal(system, &at->it, signal, false);
}

static bool contains(const member *first, int32_t pid) {
  for (const member *at = first; at; at = at->next)
    if (at->it.pid == pid) return true;
  return false;
}

/* NULL: not a child of that one, or no memory. */
static member *open_child(const hpr_system *system, const hpr_found *parent, int32_t pid) {
  hpr_found it = {.verdict = HPR_VERDICT_SAME, .pid = pid, .handle = HPR_NO_HANDLE};
  hpr_facts facts;
  const int opened = system->open(pid, &it.handle);
  if (opened == HPR_ESRCH || opened == HPR_EINVAL || opened == HPR_EACCES) return NULL;
  bool proved = system->look(pid, &facts) == 0 && !facts.dead && facts.parent == parent->pid;
  it.start = proved ? facts.start : 0;
  proved = proved && hpr_found_has_number(system, &it) && hpr_found_has_number(system, parent);
  member *made = proved ? malloc(sizeof *made) : NULL;
  if (made)
    *made = (member){.it = it};
  else
    hpr_found_close(system, &it);
  return made;
}

static member *add_children(const hpr_system *system, member *first, const member *parent,
                            member *last, const hpr_list *list) {
  for (size_t i = 0; i < list->count; i++) {
    const int32_t pid = list->rows[i].pid;
    if (list->rows[i].parent != parent->it.pid || contains(first, pid)) continue;
    if (!hpr_is_pid(pid) || pid == system->self_pid() || pid == system->own_group()) continue;
    member *child = open_child(system, &parent->it, pid);
    if (child) last = last->next = child;
  }
  return last;
}

/* Adds who has come since the last look. Returns the first of them, NULL: nobody. */
static member *grow(const hpr_system *system, member *first) {
  hpr_list list;
  if (hpr_list_init(&list, system) != 0) return NULL;
  member *last = first;
  while (last->next) last = last->next;
  const member *before = last;
  for (const member *at = first; at; at = at->next)
    last = add_children(system, first, at, last, &list);
  hpr_list_done(&list);
  return before->next;
}

int hpr_tree_signal(const hpr_system *system, const hpr_found *root, hpr_signal signal) {
  member first = {.it = *root};
  member *found = grow(system, &first);
  /* The root first, so that it makes no more of them. */
  const int result = hpr_found_signal(system, root, signal, false);
  for (int i = 0; result == 0 && i < LOOKS; i++) {
    signal_from(system, found, signal);
    found = hpr_signal_is_final(system, signal) ? grow(system, &first) : NULL;
    if (!found) break;
  }
  for (member *at = first.next, *next; at; at = next) {
    next = at->next;
    hpr_found_close(system, &at->it);
    free(at);
  }
  return result;
}
