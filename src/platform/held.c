#include "platform/held.h"

#include <stdlib.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct hpr_held {
  int32_t pid;
  hpr_birth birth;
  hpr_handle handle;
  UT_hash_handle hh;
};

static hpr_held *find(const hpr_held *list, int32_t pid) {
  hpr_held *it;
  HASH_FIND(hh, list, &pid, sizeof pid, it);
  return it;
}

hpr_handle hpr_held_find(const hpr_held *list, const hpr_identity *identity) {
  const hpr_held *it = find(list, identity->pid);
  return it && hpr_birth_equal(&it->birth, &identity->birth) ? it->handle : HPR_NO_HANDLE;
}

static hpr_handle remove_item(hpr_held **list, hpr_held *it) {
  const hpr_handle handle = it->handle;
  /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): uthash frees nothing that it still reads */
  HASH_DEL(*list, it);
  free(it);
  return handle;
}

bool hpr_held_keep(hpr_held **list, const hpr_system *system, const hpr_identity *identity,
                   hpr_handle take_handle) {
  hpr_held *it = find(*list, identity->pid);
  if (it) system->close(remove_item(list, it));
  it = calloc(1, sizeof *it);
  if (!it) return false;
  it->pid = identity->pid;
  it->handle = take_handle;
  it->birth = identity->birth;
  HASH_ADD(hh, *list, pid, sizeof it->pid, it);
  if (it->hh.tbl) return true;
  free(it);
  return false;
}

hpr_handle hpr_held_take(hpr_held **list, const hpr_identity *identity) {
  hpr_held *it = find(*list, identity->pid);
  const bool own = it && hpr_birth_equal(&it->birth, &identity->birth);
  return own ? remove_item(list, it) : HPR_NO_HANDLE;
}

void hpr_held_drop(hpr_held **list, const hpr_system *system, const hpr_identity *identity) {
  const hpr_handle handle = hpr_held_take(list, identity);
  if (handle != HPR_NO_HANDLE) system->close(handle);
}

void hpr_held_done(hpr_held **list, const hpr_system *system) {
  hpr_held *it, *next;
  HASH_ITER(hh, *list, it, next) system->close(remove_item(list, it));
}
