/* core/heir.h: that an orphan has one heir, also while the file cannot say whose it is. */
#ifndef HPR_CORE_HEIR_H
#define HPR_CORE_HEIR_H

#include "core/ledger.h"

/*
 * Holds the lock of a row's dead owner until the file says whose the row is, so that to others that
 * owner lives meanwhile. False: somebody else holds it. A row whose owner has no lock is taken over
 * with the write, or not at all.
 */
bool hpr_heir_claim(const hpr_ledger_scope *scope, const hpr_row *row);

/*
 * Tells of a dead one's exit; where no lock keeps others from telling of it too, with the write or
 * not at all.
 */
void hpr_heir_tell(const hpr_ledger_scope *scope, hpr_entry *take_entry);

/* True if the exit of a row that came back was told, or waits to be: a write had failed. */
bool hpr_heir_was_told(const hpr_ledger *ledger, const hpr_row *row);

/* A living server has recorded the row: whatever we have taken over of it is given up. */
void hpr_heir_give_way(const hpr_ledger_scope *scope, const hpr_row *row);

/* After each write: what it has not recorded, and nothing is locked for, is given up. Exits that
 * waited for it are told, or judged again. */
void hpr_heir_after_write(const hpr_ledger_scope *scope);

/* True if we have an entry of that very registration: after a failed write its row came back. */
bool hpr_heir_is_ours(const hpr_ledger_scope *scope, const hpr_row *row);

#endif
