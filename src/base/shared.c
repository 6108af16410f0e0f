#include "base/shared.h"

#include <stdlib.h>
#include <string.h>

/* The count stands before the text. */
typedef struct shared {
  size_t uses;
  char text[];
} shared;

static shared *of(const char *text) { return (shared *)(text - offsetof(shared, text)); }

char *hpr_shared_new(const char *text) {
  const size_t size = strlen(text) + 1;
  shared *it = malloc(sizeof *it + size);
  if (!it) return NULL;
  it->uses = 1;
  memcpy(it->text, text, size);
  /* cppcheck-suppress memleak */
  return it->text;
}

char *hpr_shared_use(char *text) {
  of(text)->uses++;
  return text;
}

void hpr_shared_drop(char *text) {
  if (text && --of(text)->uses == 0) free(of(text));
}

size_t hpr_shared_uses(const char *text) { return of(text)->uses; }
