/* core/tokens.h: announced tokens, and the processes that were started with them. */
#ifndef HPR_CORE_TOKENS_H
#define HPR_CORE_TOKENS_H

#include "platform/process.h"
#include "store/row.h"

/* A token that was handed out for a process, which has not been registered yet. */
typedef struct hpr_token {
  hpr_row row; /* the token, when it was handed out, and we as its owner */
  struct hpr_token *prev, *next;
} hpr_token;

/* A utlist, the oldest first. */
typedef struct hpr_tokens {
  hpr_token *list;
} hpr_tokens;

/* One that is announced already stays as it is. HPR_ENOMEM. */
int hpr_tokens_add(hpr_tokens *tokens, const char *token, int64_t now_ms);
/* False: it is not announced. */
bool hpr_tokens_remove(hpr_tokens *tokens, const char *token);
void hpr_tokens_done(hpr_tokens *tokens);

/* True if that process carries the token of an entry, which proves that it is the entry's. */
bool hpr_token_is_carried(const hpr_process_ops *process, const char *token, const char *pid_file,
                          const hpr_identity *identity);

/*
 * Who was started with a token: of those that carry it the one that has no carrier among its
 * ancestors, of several the oldest; never ourselves, our ancestors, or one of our own group. With
 * `kin`, because its mark proves it. False: nobody, or it cannot be told.
 */
bool hpr_tokens_find(const hpr_process_ops *process, const char *token, const char *pid_file,
                     hpr_identity *ret_identity);

#endif
