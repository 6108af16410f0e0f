#include "core/paths.h"

#include <stdlib.h>
#include <string.h>

#include "base/shared.h"

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

typedef struct hpr_path {
  char *text;
  UT_hash_handle hh;
} hpr_path;

static hpr_path *find(const hpr_paths *paths, const char *text) {
  hpr_path *it;
  HASH_FIND_STR(paths->list, text, it);
  return it;
}

/* Without memory the next one of that text is not shared. */
static void add(hpr_paths *paths, char *text) {
  hpr_path *it = malloc(sizeof *it);
  if (!it) return;
  it->text = text;
  HASH_ADD_KEYPTR(hh, paths->list, it->text, strlen(it->text), it);
  if (it->hh.tbl)
    hpr_shared_use(text);
  else
    free(it);
}

static void drop(hpr_paths *paths, hpr_path *it) {
  /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): uthash frees nothing that it still reads */
  HASH_DEL(paths->list, it);
  hpr_shared_drop(it->text);
  free(it);
}

void hpr_paths_share(hpr_paths *paths, char **path) {
  const hpr_path *it = find(paths, *path);
  if (!it) {
    add(paths, *path);
    return;
  }
  hpr_shared_use(it->text);
  hpr_shared_drop(*path);
  *path = it->text;
}

void hpr_paths_leave(hpr_paths *paths, const char *path) {
  enum { OURS_AND_THE_CALLERS = 2 };
  hpr_path *it = find(paths, path);
  if (it && it->text == path && hpr_shared_uses(path) == OURS_AND_THE_CALLERS) drop(paths, it);
}

void hpr_paths_done(hpr_paths *paths) {
  hpr_path *it, *next;
  HASH_ITER(hh, paths->list, it, next) drop(paths, it);
}
