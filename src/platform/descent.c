#include "platform/descent.h"

#include <string.h>

enum { GENERATIONS = 256 }; /* a chain of parents that is longer is one that we do not trust */

/* Follows the parents up to `ancestor`; returns how many there are on the way, 0: not found. */
static size_t climb(const hpr_system *system, int32_t pid, int32_t ancestor,
                    int32_t ret_way[GENERATIONS]) {
  hpr_facts facts;
  for (size_t i = 0; i < GENERATIONS && pid > 0; i++) {
    if (system->look(pid, &facts) != 0) return 0;
    pid = ret_way[i] = facts.parent;
    if (pid == ancestor) return i + 1;
  }
  return 0;
}

bool hpr_descends(const hpr_system *system, int32_t pid, int32_t ancestor) {
  int32_t way[GENERATIONS], again[GENERATIONS];
  const size_t length = climb(system, pid, ancestor, way);
  if (length <= 1) return length == 1;
  /*
   * A parent on the way may have died while we climbed, and its number have passed to one of our
   * own. Its children have another parent since then: the same way twice is the true one.
   */
  return climb(system, pid, ancestor, again) == length &&
         memcmp(way, again, length * sizeof *way) == 0;
}
