#include "platform/windows/kin.h"

#include "platform/list.h"
#include "platform/windows/handle.h"
#include "platform/windows/self.h"

enum { GENERATIONS = 256 }; /* a chain that is longer is one that we do not trust */

/* Equal times are no proof: a maker runs before it makes. */
static bool is_older(void *handle, void *than) {
  const uint64_t born = hpr_handle_born(handle);
  return born != 0 && born < hpr_handle_born(than);
}

int32_t hpr_kin_maker(void *child) {
  void *maker;
  const int32_t pid = hpr_handle_parent(child);
  if (hpr_handle_open(pid, HPR_HANDLE_LOOK, &maker) != 0) return 0;
  const bool proved = is_older(maker, child);
  hpr_handle_close(maker);
  return proved ? pid : 0;
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

static bool may_descend(const hpr_list *all, int32_t pid, int32_t ancestor) {
  for (int i = 0; i < GENERATIONS && pid != 0; i++) {
    const int32_t parent = hpr_list_parent(all, pid);
    if (parent == 0 || is_surely_younger(parent, pid)) return false;
    if (parent == ancestor) return true;
    pid = parent;
  }
  return pid != 0; /* a chain without an end tells nothing */
}

int hpr_kin_is_ancestor(int32_t pid) {
  hpr_list all;
  if (pid <= HPR_SYSTEM_PID) return 1; /* everybody's */
  const int listed = hpr_list_init(&all, hpr_system_native());
  if (listed != 0) return listed;
  const bool may = may_descend(&all, hpr_self_pid(), pid);
  hpr_list_done(&all);
  return may;
}
