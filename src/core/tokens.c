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

int hpr_tokens_add(hpr_tokens *tokens, const char *token, const hpr_process_ops *process) {
  if (find(tokens, token)) return 0;
  hpr_token *it = calloc(1, sizeof *it);
  if (!it || hpr_row_set_text(&it->row.token, token) != 0) {
    free(it);
    return HPR_ENOMEM;
  }
  it->row.spawned_ms = process->now_ms(process->self);
  it->row.spawned_boot_ms = process->boot_ms(process->self);
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

/* Without memory it is as if it carried none. */
static hpr_token *find_carried(const hpr_tokens *tokens, const hpr_process_ops *process,
                               const char *pid_file, int32_t pid) {
  hpr_token *it;
  size_t count = 0;
  DL_COUNT(tokens->list, it, count);
  const char **texts = count > 0 ? malloc(count * sizeof *texts) : NULL;
  if (!texts) return NULL;
  count = 0;
  DL_FOREACH(tokens->list, it) {
    texts[count++] = it->row.token;
  }
  size_t which = process->marked(process->self, pid, texts, count, pid_file);
  free(texts);
  it = which < count ? tokens->list : NULL;
  while (it && which-- > 0) it = it->next;
  return it;
}

void hpr_tokens_remove_carried(hpr_tokens *tokens, const hpr_process_ops *process,
                               const char *pid_file, const hpr_identity *identity) {
  hpr_token *it = find_carried(tokens, process, pid_file, identity->pid);
  if (it && hpr_token_is_carried(process, it->row.token, pid_file, identity)) drop(tokens, it);
}

void hpr_tokens_done(hpr_tokens *tokens) {
  while (tokens->list) drop(tokens, tokens->list);
}

/* --- who carries one --------------------------------------------------------------- */

bool hpr_token_is_carried(const hpr_process_ops *process, const char *token, const char *pid_file,
                          const hpr_identity *identity) {
  return token && process->mark(process->self, identity, token, pid_file) == HPR_MARK_CARRIED;
}
