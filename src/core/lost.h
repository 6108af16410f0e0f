/* core/lost.h: what becomes of rows, and of announced tokens, whose server has gone. */
#ifndef HPR_CORE_LOST_H
#define HPR_CORE_LOST_H

#include "core/ledger.h"

/*
 * Judges a row that nobody looks after and does what its fate asks for: it is taken over (into the
 * table, marked for the turn), its exit is told, or it stays. `lost`: whoever looked after it has
 * provably ended.
 */
hpr_keep hpr_lost_judge(const hpr_ledger_scope *scope, hpr_row *row, bool lost);

/* Its server has provably taken all its processes along. */
hpr_keep hpr_lost_drop(const hpr_ledger_scope *scope, hpr_row *row);

/* Finds the child that a dead server did not live to register, and takes it over as if it had. */
hpr_keep hpr_lost_judge_token(const hpr_ledger_scope *scope, hpr_stored *stored);

/* --- rows that stay ------------------------------------------------------------------------- */

/* The first time that it is judged, the warning is told. */
hpr_keep hpr_lost_keep_with_warning(const hpr_ledger_scope *scope, int error, int32_t pid);

/* It is judged again with the next look at all owners. */
hpr_keep hpr_lost_keep_for_later(const hpr_ledger_scope *scope, const hpr_row *row);

/*
 * Nobody here can tell whether it lives, nor who looks after it. It stays for the time in which
 * somebody may come back who can: whoever owns it writes its row anew, without that date.
 */
hpr_keep hpr_lost_keep_elsewhere(const hpr_ledger_scope *scope, hpr_row *row);

/* --- our own entry -------------------------------------------------------------------------- */

/* It learns the agent that a registry which is gone knew. */
void hpr_lost_take_agent(const hpr_ledger_scope *scope, hpr_entry *entry, const hpr_row *row);

#endif
