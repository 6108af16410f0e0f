#include "platform/windows/tree.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/error.h"
#include "platform/windows/handle.h"
#include "platform/windows/kin.h"
#include "platform/windows/self.h"

/* Looks in search of those that were made while the others were being ended. */
enum { LOOKS = 8 };

typedef struct member {
  void *handle;
  int32_t pid;
  struct member *next; /* in the order in which they were found: makers first */
} member;

typedef struct tree {
  member *first, *last;
} tree;

static bool contains(const tree *it, int32_t pid) {
  for (const member *at = it->first; at; at = at->next)
    if (at->pid == pid) return true;
  return false;
}

/* Takes the handle over on success; false: no memory. */
static bool add(tree *it, void *take_handle, int32_t pid) {
  member *made = malloc(sizeof *made);
  if (!made) return false;
  *made = (member){.handle = take_handle, .pid = pid};
  if (it->last)
    it->last->next = made;
  else
    it->first = made;
  it->last = made;
  return true;
}

static void clear(const tree *it, const void *borrowed) {
  for (member *at = it->first, *next; at; at = next) {
    next = at->next;
    if (at->handle != borrowed) hpr_handle_close(at->handle);
    free(at);
  }
}

/* NULL: not a child of that one, or not ours to end. */
static void *open_child(const member *maker, int32_t pid) {
  void *child;
  if (hpr_handle_open(pid, HPR_HANDLE_END, &child) != 0) return NULL;
  if (hpr_kin_made(maker->handle, child)) return child;
  hpr_handle_close(child);
  return NULL;
}

static void add_children(tree *it, const member *maker, const hpr_snapshot *all) {
  for (size_t i = 0; i < all->count; i++) {
    const int32_t pid = all->rows[i].pid;
    if (all->rows[i].parent != maker->pid || pid == hpr_self_pid() || contains(it, pid)) continue;
    void *child = open_child(maker, pid);
    if (child && !add(it, child, pid)) hpr_handle_close(child);
  }
}

/* Adds who has come since; they are behind `before` then, the last of those that were there. */
static member *grow(tree *it, const hpr_snapshot *all) {
  member *before = it->last;
  for (const member *at = it->first; at; at = at->next) add_children(it, at, all);
  return before->next;
}

static void end_from(member *first) {
  for (member *at = first; at; at = at->next) hpr_handle_end(at->handle);
}

/* One that dies slowly may still have made a child: until nobody new is found. */
static void end_newcomers(tree *it) {
  for (int i = 0; i < LOOKS; i++) {
    hpr_snapshot all;
    if (hpr_snapshot_init(&all) != 0) return;
    member *newcomers = grow(it, &all);
    hpr_snapshot_done(&all);
    if (!newcomers) return;
    end_from(newcomers);
  }
}

int hpr_tree_end(void *handle, const hpr_snapshot *all) {
  tree it = {NULL, NULL};
  int result = HPR_ENOMEM;
  if (add(&it, handle, hpr_handle_pid(handle))) {
    member *descendants = grow(&it, all);
    result = hpr_handle_end(handle); /* first, so that it makes no more of them */
    if (result == 0) {
      end_from(descendants);
      end_newcomers(&it);
    }
  }
  clear(&it, handle);
  return result;
}
