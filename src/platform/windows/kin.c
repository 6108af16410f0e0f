#include "platform/windows/kin.h"

#include <stddef.h>

#include "platform/windows/handle.h"

enum { GENERATIONS = 256 }; /* a chain that is longer is one that we do not trust */

/* Equal times are no proof: a maker runs before it makes. */
static bool is_older(void *handle, void *than) {
  const uint64_t born = hpr_handle_born(handle);
  return born != 0 && born < hpr_handle_born(than);
}

bool hpr_kin_made(void *parent, void *child) {
  return hpr_handle_parent(child) == hpr_handle_pid(parent) && is_older(parent, child);
}

/* NULL: it is gone, or not to be looked at. */
static void *open_maker(void *child) {
  void *parent;
  if (hpr_handle_open(hpr_handle_parent(child), HPR_HANDLE_LOOK, &parent) != 0) return NULL;
  if (hpr_kin_made(parent, child)) return parent;
  hpr_handle_close(parent);
  return NULL;
}

bool hpr_kin_descends(int32_t pid, int32_t ancestor) {
  void *handle;
  bool found = false;
  if (hpr_handle_open(pid, HPR_HANDLE_LOOK, &handle) != 0) return false;
  for (int i = 0; i < GENERATIONS && handle && !found; i++) {
    void *parent = open_maker(handle);
    found = parent && hpr_handle_pid(parent) == ancestor;
    hpr_handle_close(handle);
    handle = parent;
  }
  hpr_handle_close(handle);
  return found;
}

/* False also for those whose birth is hidden. */
static bool is_surely_younger(int32_t pid, int32_t than) {
  void *handle = NULL, *other = NULL;
  const bool seen = hpr_handle_open(pid, HPR_HANDLE_LOOK, &handle) == 0 &&
                    hpr_handle_open(than, HPR_HANDLE_LOOK, &other) == 0;
  const bool younger = seen && is_older(other, handle);
  hpr_handle_close(handle);
  hpr_handle_close(other);
  return younger;
}

bool hpr_kin_may_descend(const hpr_snapshot *all, int32_t pid, int32_t ancestor) {
  for (int i = 0; i < GENERATIONS && pid != 0; i++) {
    const int32_t parent = hpr_snapshot_parent(all, pid);
    if (parent == 0 || is_surely_younger(parent, pid)) return false;
    if (parent == ancestor) return true;
    pid = parent;
  }
  return pid != 0; /* a chain without an end tells nothing */
}
