/* core/announced.h: tokens that others have announced in the file. */
#ifndef HPR_CORE_ANNOUNCED_H
#define HPR_CORE_ANNOUNCED_H

#include "core/carriers.h"
#include "core/ledger.h"

/*
 * Whom a token of a dead server leads to: `ret_row` is then what that server would have registered,
 * and the caller's. Whoever was registered once is known, and what its session has left behind is
 * no agent: HPR_FOUND_NOBODY. `stored` and those after it in the file are looked for together.
 */
hpr_found hpr_announced_find(const hpr_ledger_scope *scope, const hpr_stored *stored,
                             hpr_row *ret_row);

/* True if it was announced so short a time ago that its process may be about to start. */
bool hpr_announced_is_new(const hpr_ledger_scope *scope, const hpr_row *row);

/* True if we have a live entry with that token: it is announced no more, whoever did it. */
bool hpr_announced_is_ours(const hpr_ledger_scope *scope, const hpr_row *row);

/* Another's row: a token that it has is announced no more. */
void hpr_announced_note_row(const hpr_ledger_scope *scope, const hpr_row *row);

#endif
