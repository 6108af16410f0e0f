#include "core/carriers.h"

#include <stdlib.h>

#include "base/error.h"

enum { CLOCKS_DIFFER_MS = 100 }; /* a start is told in ticks of a hundredth of a second */

static const size_t NOBODY = SIZE_MAX;

/* --- the look ------------------------------------------------------------------------------- */

int hpr_carriers_look(hpr_carriers *carriers, const hpr_process_ops *process,
                      const char *const tokens[], size_t count, const char *pid_file) {
  const int result = process->list(process->self, &carriers->list, &carriers->count);
  carriers->looked = true;
  if (result != 0) {
    carriers->list = NULL;
    return result;
  }
  carriers->marked = calloc(carriers->count + 1, sizeof *carriers->marked);
  if (!carriers->marked) return HPR_ENOMEM;
  for (size_t i = 0; i < carriers->count; i++) {
    const int32_t pid = carriers->list[i].pid;
    carriers->marked[i] =
        hpr_is_pid(pid) && process->marked(process->self, pid, tokens, count, pid_file) < count;
  }
  return 0;
}

static size_t list_tokens(const hpr_stored *first, const char **ret_tokens) {
  size_t count = 0;
  for (const hpr_stored *it = first; it; it = it->next) {
    if (it->error != 0 || !it->row.token) continue;
    if (ret_tokens) ret_tokens[count] = it->row.token;
    count++;
  }
  return count;
}

int hpr_carriers_look_for_rows(hpr_carriers *carriers, const hpr_process_ops *process,
                               const hpr_stored *first, const char *pid_file) {
  const char **tokens = malloc((list_tokens(first, NULL) + 1) * sizeof *tokens);
  carriers->looked = true;
  if (!tokens) return HPR_ENOMEM;
  const size_t count = list_tokens(first, tokens);
  const int result = hpr_carriers_look(carriers, process, tokens, count, pid_file);
  free(tokens);
  return result;
}

void hpr_carriers_done(hpr_carriers *carriers) {
  free(carriers->list);
  free(carriers->marked);
  *carriers = (hpr_carriers){0};
}

/* --- one token ------------------------------------------------------------------------------ */

typedef struct finding {
  const hpr_carriers *among;
  const hpr_process_ops *process;
  const char *token, *pid_file;
  int64_t since_ms;
} finding;

static bool carries(const finding *it, int32_t pid) {
  return it->process->marked(it->process->self, pid, &it->token, 1, it->pid_file) == 0;
}

static size_t parent_of(const finding *it, size_t i) {
  const size_t at = hpr_seen_find(it->among->list, it->among->count, it->among->list[i].parent);
  return at == i ? NOBODY : at;
}

/* Our own ancestors count as well: what they have started is theirs. */
static bool is_topmost(const finding *it, size_t i) {
  size_t at = parent_of(it, i);
  for (int steps = 0; at != NOBODY && steps < HPR_LINEAGE_MAX; steps++, at = parent_of(it, at))
    if (it->among->marked[at] && carries(it, it->among->list[at].pid)) return false;
  return true;
}

static bool is_older_than_token(const finding *it, int64_t age_ms) {
  return it->since_ms >= 0 && age_ms > it->since_ms + CLOCKS_DIFFER_MS;
}

/* Who has ended since the look may have left somebody who is the topmost now. */
static hpr_found doubt(const finding *it, const hpr_identity *identity) {
  const bool others = it->process->verify(it->process->self, identity) == HPR_VERDICT_FOREIGN;
  return others ? HPR_FOUND_FORBIDDEN : HPR_FOUND_UNSURE;
}

static hpr_found judge(const finding *it, size_t i, hpr_identity *ret_identity,
                       int64_t *ret_age_ms) {
  const hpr_process_ops *process = it->process;
  const hpr_seen *seen = &it->among->list[i];
  process->identify(process->self, seen->pid, NULL, ret_identity);
  if (ret_identity->state != HPR_RECORD_KNOWN) return HPR_FOUND_UNSURE;
  const hpr_mark mark = process->mark(process->self, ret_identity, it->token, it->pid_file);
  if (mark == HPR_MARK_ABSENT) return HPR_FOUND_NOBODY;
  if (mark == HPR_MARK_UNKNOWN) return doubt(it, ret_identity);
  *ret_age_ms = process->age_ms(process->self, ret_identity);
  if (is_older_than_token(it, *ret_age_ms)) return HPR_FOUND_NOBODY;
  ret_identity->kin = true;
  const bool ours = seen->group == 0 || process->is_around_us(process->self, ret_identity);
  return ours ? HPR_FOUND_FORBIDDEN : HPR_FOUND_CHILD;
}

hpr_found hpr_carriers_find(const hpr_carriers *carriers, const hpr_process_ops *process,
                            const char *token, const char *pid_file, int64_t since_ms,
                            hpr_identity *ret_identity) {
  const finding it = {carriers, process, token, pid_file, since_ms};
  hpr_found found = HPR_FOUND_NOBODY;
  int64_t oldest_ms = -1, age_ms = 0;
  if (!carriers->marked) return HPR_FOUND_UNSURE;
  if (carries(&it, process->self_pid(process->self))) return HPR_FOUND_FORBIDDEN;
  for (size_t i = 0; i < carriers->count; i++) {
    hpr_identity identity;
    if (!carriers->marked[i] || !carries(&it, carriers->list[i].pid) || !is_topmost(&it, i))
      continue;
    const hpr_found one = judge(&it, i, &identity, &age_ms);
    if (one > found) found = one;
    if (one != HPR_FOUND_CHILD || (oldest_ms >= 0 && age_ms <= oldest_ms)) continue;
    *ret_identity = identity;
    oldest_ms = age_ms > 0 ? age_ms : 0;
  }
  return found;
}

size_t hpr_carriers_count(const hpr_carriers *carriers, const hpr_process_ops *process,
                          const char *token, const char *pid_file) {
  const finding it = {carriers, process, token, pid_file, -1};
  size_t count = 0;
  if (!carriers->marked || carries(&it, process->self_pid(process->self))) return 0;
  for (size_t i = 0; i < carriers->count; i++)
    count += carriers->marked[i] && carries(&it, carriers->list[i].pid);
  return count;
}
