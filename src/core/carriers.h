/* core/carriers.h: the processes that carry tokens of sessions that nobody looks after. */
#ifndef HPR_CORE_CARRIERS_H
#define HPR_CORE_CARRIERS_H

#include "platform/process.h"
#include "store/document.h"

/* One look at all processes, for as many tokens as there are. All zero: nobody has looked yet. */
typedef struct hpr_carriers {
  hpr_seen *list; /* all that run */
  size_t count;
  bool *marked; /* who of them carries one of the tokens, by pid alone; NULL: it is not known */
  bool looked;
} hpr_carriers;

/* HPR_EMFILE, HPR_ENOMEM, HPR_EUNKNOWN: the system does not tell now. To be released in any case.
 */
int hpr_carriers_look(hpr_carriers *carriers, const hpr_process_ops *process,
                      const char *const tokens[], size_t count, const char *pid_file);
/* The same for the tokens of all those rows, a utlist. */
int hpr_carriers_look_for_rows(hpr_carriers *carriers, const hpr_process_ops *process,
                               const hpr_stored *first, const char *pid_file);
/* Then it is all zero again. */
void hpr_carriers_done(hpr_carriers *carriers);

typedef enum hpr_found {
  HPR_FOUND_NOBODY,
  HPR_FOUND_CHILD,     /* whoever was started with the token */
  HPR_FOUND_FORBIDDEN, /* somebody is left, whom another server may have to adopt, and we not */
  HPR_FOUND_UNSURE,    /* it cannot be told now */
} hpr_found;

/*
 * Who was started with one of those tokens: of those that carry it the topmost (no ancestor carries
 * it), the oldest if there are several; `kin` is set, because the mark proves it. Who started
 * earlier than `since_ms` ago was not started with it (-1: that is not known). We may not adopt
 * ourselves, our ancestors, members of our group, or another user's process; a token that one of
 * us carries belongs to a session that we are part of.
 */
hpr_found hpr_carriers_find(const hpr_carriers *carriers, const hpr_process_ops *process,
                            const char *token, const char *pid_file, int64_t since_ms,
                            hpr_identity *ret_identity);

/* How many carry that token now. What we carry ourselves proves nothing: 0. */
size_t hpr_carriers_count(const hpr_carriers *carriers, const hpr_process_ops *process,
                          const char *token, const char *pid_file);

#endif
