#include "platform/held.h"

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

struct hpr_held {
  int32_t pid;
  char birth[HPR_BIRTH_SIZE];
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
  return it && hpr_birth_equal(it->birth, identity->birth) ? it->handle : HPR_NO_HANDLE;
}

static void drop(hpr_held **list, const hpr_system *system, hpr_held *it) {
  /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): uthash frees nothing that it still reads */
  HASH_DEL(*list, it);
  system->close(it->handle);
  free(it);
}

void hpr_held_keep(hpr_held **list, const hpr_system *system, const hpr_identity *identity,
                   hpr_handle take_handle) {
  hpr_held *it = find(*list, identity->pid);
  if (it) drop(list, system, it);
  it = calloc(1, sizeof *it);
  if (it) {
    it->pid = identity->pid;
    it->handle = take_handle;
    memcpy(it->birth, identity->birth, sizeof it->birth);
    HASH_ADD(hh, *list, pid, sizeof it->pid, it);
    if (it->hh.tbl) return;
  }
  free(it);
  system->close(take_handle);
}

void hpr_held_drop(hpr_held **list, const hpr_system *system, const hpr_identity *identity) {
  hpr_held *it = find(*list, identity->pid);
  if (it && hpr_birth_equal(it->birth, identity->birth)) drop(list, system, it);
}

void hpr_held_done(hpr_held **list, const hpr_system *system) {
  hpr_held *it, *next;
  HASH_ITER(hh, *list, it, next) drop(list, system, it);
}
