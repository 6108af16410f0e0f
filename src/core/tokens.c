#include "core/tokens.h"

#include <stdlib.h>
#include <utlist.h>

#include "base/error.h"
#include "base/text.h"

/* --- the list ------------------------------------------------------------------------------- */

static hpr_token *find(const hpr_tokens *tokens, const char *token) {
  hpr_token *it;
  DL_FOREACH(tokens->list, it) {
    if (hpr_same_text(it->row.token, token)) return it;
  }
  return NULL;
}

int hpr_tokens_add(hpr_tokens *tokens, const char *token, int64_t now_ms) {
  if (find(tokens, token)) return 0;
  hpr_token *it = calloc(1, sizeof *it);
  if (!it || hpr_row_set_text(&it->row.token, token) != 0) {
    free(it);
    return HPR_ENOMEM;
  }
  it->row.spawned_ms = now_ms;
  DL_APPEND(tokens->list, it);
  return 0;
}

static void drop(hpr_tokens *tokens, hpr_token *it) {
  DL_DELETE(tokens->list, it);
  hpr_row_done(&it->row);
  free(it);
}

bool hpr_tokens_remove(hpr_tokens *tokens, const char *token) {
  hpr_token *it = token ? find(tokens, token) : NULL;
  if (it) drop(tokens, it);
  return it != NULL;
}

void hpr_tokens_done(hpr_tokens *tokens) {
  while (tokens->list) drop(tokens, tokens->list);
}

/* --- who carries one --------------------------------------------------------------- */

bool hpr_token_is_carried(const hpr_process_ops *process, const char *token, const char *pid_file,
                          const hpr_identity *identity) {
  return token && process->mark(process->self, identity, token, pid_file) == HPR_MARK_CARRIED;
}

/* --- who was started with one --------------------------------------------------------------- */

/* By its pid alone. */
static bool carries(const hpr_process_ops *process, int32_t pid, const char *token,
                    const char *pid_file) {
  return process->marked(process->self, pid, &token, 1, pid_file) == 0;
}

/* Ourselves, our ancestors and those beside us have no line of descent, or are in our group. */
static bool is_topmost(const hpr_process_ops *process, const hpr_seen *seen, const char *token,
                       const char *pid_file) {
  hpr_ancestor line[HPR_LINEAGE_MAX];
  size_t count;
  if (seen->group == 0 || process->lineage(process->self, seen->pid, line, &count) != 0)
    return false;
  for (size_t i = 1; i < count; i++)
    if (carries(process, line[i].pid, token, pid_file)) return false;
  return true;
}

static bool prove(const hpr_process_ops *process, int32_t pid, const char *token,
                  const char *pid_file, hpr_identity *ret_identity) {
  process->identify(process->self, pid, NULL, ret_identity);
  ret_identity->kin = ret_identity->state == HPR_RECORD_KNOWN &&
                      hpr_token_is_carried(process, token, pid_file, ret_identity);
  return ret_identity->kin;
}

bool hpr_tokens_find(const hpr_process_ops *process, const char *token, const char *pid_file,
                     hpr_identity *ret_identity) {
  hpr_seen *list;
  size_t count;
  int64_t oldest_ms = -1;
  if (process->list(process->self, &list, &count) != 0) return false;
  for (size_t i = 0; i < count; i++) {
    hpr_identity identity;
    if (!hpr_is_pid(list[i].pid) || !carries(process, list[i].pid, token, pid_file) ||
        !is_topmost(process, &list[i], token, pid_file) ||
        !prove(process, list[i].pid, token, pid_file, &identity))
      continue;
    const int64_t age_ms = process->age_ms(process->self, &identity);
    if (oldest_ms >= 0 && age_ms <= oldest_ms) continue;
    *ret_identity = identity;
    oldest_ms = age_ms > 0 ? age_ms : 0;
  }
  free(list);
  return oldest_ms >= 0;
}
