#include "platform/descent.h"

#include <string.h>

/* Follows the parents up to `ancestor`; returns how many there are on the way, 0: not found. */
static size_t climb(const hpr_system *system, int32_t pid, int32_t ancestor,
                    int32_t ret_way[HPR_LINEAGE_MAX]) {
  hpr_facts facts;
  for (size_t i = 0; i < HPR_LINEAGE_MAX && pid > 0; i++) {
    if (system->look(pid, &facts) != 0) return 0;
    pid = ret_way[i] = facts.parent;
    if (pid == ancestor) return i + 1;
  }
  return 0;
}

bool hpr_descends(const hpr_system *system, int32_t pid, int32_t ancestor) {
  int32_t way[HPR_LINEAGE_MAX], again[HPR_LINEAGE_MAX];
  const size_t length = climb(system, pid, ancestor, way);
  if (length <= 1) return length == 1;
  /*
   * A parent on the way may have died while we climbed, and its pid have passed to one of our
   * own. Its children have another parent since then: the same way twice is the true one.
   */
  return climb(system, pid, ancestor, again) == length &&
         memcmp(way, again, length * sizeof *way) == 0;
}

/* --- our own ancestors ---------------------------------------------------------------------- */

/* False: one on the way could not be looked at. */
static bool climb_from_us(hpr_ancestry *ancestry, const hpr_system *system) {
  hpr_facts facts;
  *ancestry = (hpr_ancestry){0};
  for (int32_t pid = system->self_pid(); pid > 0 && ancestry->count < HPR_LINEAGE_MAX;) {
    if (system->look(pid, &facts) != 0) return false;
    ancestry->told = true;
    pid = facts.parent;
    if (pid > 0) ancestry->pids[ancestry->count++] = pid;
  }
  return true;
}

/* Once more if one of them has ended meanwhile: we have another parent by then. */
void hpr_ancestry_read(hpr_ancestry *ancestry, const hpr_system *system) {
  if (!climb_from_us(ancestry, system)) climb_from_us(ancestry, system);
}

bool hpr_ancestry_has(const hpr_ancestry *ancestry, int32_t pid) {
  for (size_t i = 0; i < ancestry->count; i++)
    if (ancestry->pids[i] == pid) return true;
  return false;
}

bool hpr_is_above_us(const hpr_system *system, const hpr_ancestry *ancestry, int32_t pid) {
  if (pid == system->self_pid()) return true;
  return system->is_ancestor ? system->is_ancestor(pid) != 0 : hpr_ancestry_has(ancestry, pid);
}

/* --- lines of descent ----------------------------------------------------------------------- */

/* Whatever is shared with us is no mark of anybody else. */
static int32_t unless_ours(int32_t number, int32_t our_own) {
  return number > 0 && number != our_own ? number : 0;
}

static int follow(const hpr_system *system, const hpr_ancestry *ancestry, int32_t pid,
                  hpr_ancestor ret_line[HPR_LINEAGE_MAX], size_t *ret_count) {
  hpr_facts facts;
  size_t count = 0;
  for (; hpr_is_pid(pid) && count < HPR_LINEAGE_MAX; pid = facts.parent) {
    if (hpr_is_above_us(system, ancestry, pid)) break;
    const int result = system->look(pid, &facts);
    if (result != 0) return count == 0 && result == HPR_ESRCH ? HPR_ESRCH : HPR_EUNKNOWN;
    ret_line[count++] = (hpr_ancestor){
        .pid = pid,
        .group = unless_ours(facts.group, system->own_group()),
        .session = unless_ours(facts.session, system->own_session()),
    };
  }
  *ret_count = count;
  return count > 0 ? 0 : HPR_ESRCH;
}

int hpr_lineage(const hpr_system *system, const hpr_ancestry *ancestry, int32_t pid,
                hpr_ancestor ret_line[HPR_LINEAGE_MAX], size_t *ret_count) {
  hpr_ancestor again[HPR_LINEAGE_MAX];
  size_t count, count_again;
  /* Who cannot look at itself cannot tell who its ancestors are. */
  if (!ancestry->told) return HPR_EUNKNOWN;
  int result = follow(system, ancestry, pid, ret_line, &count);
  /* The same line twice is the true one, for the reason above. */
  if (result == 0) result = follow(system, ancestry, pid, again, &count_again);
  if (result == 0 && (count != count_again || memcmp(ret_line, again, count * sizeof *again) != 0))
    result = HPR_EUNKNOWN;
  if (result == 0) *ret_count = count;
  return result;
}
