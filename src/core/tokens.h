/* core/tokens.h: tokens that we have announced, and whether a process carries one. */
#ifndef HPR_CORE_TOKENS_H
#define HPR_CORE_TOKENS_H

#include "platform/process.h"
#include "store/row.h"

/* A token that was handed out for a process which has not been registered yet. */
typedef struct hpr_token {
  hpr_row row; /* the token, when it was handed out, and we as its owner */
  struct hpr_token *prev, *next;
} hpr_token;

/* A utlist, the oldest first. */
typedef struct hpr_tokens {
  hpr_token *list;
} hpr_tokens;

/* A token that is announced already is left as it is. HPR_ENOMEM. */
int hpr_tokens_add(hpr_tokens *tokens, const char *token, const hpr_process_ops *process);
/* False: it was not announced. */
bool hpr_tokens_remove(hpr_tokens *tokens, const char *token);
/* One that a process carries was announced for it. */
void hpr_tokens_remove_carried(hpr_tokens *tokens, const hpr_process_ops *process,
                               const char *pid_file, const hpr_identity *identity);
void hpr_tokens_done(hpr_tokens *tokens);

/* True if the process carries the token, which proves that it belongs to the token's entry. */
bool hpr_token_is_carried(const hpr_process_ops *process, const char *token, const char *pid_file,
                          const hpr_identity *identity);

#endif
