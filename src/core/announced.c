#include "core/announced.h"

#include <stdlib.h>

#include "base/shared.h"
#include "base/text.h"

enum { STARTING_MS = 1000 }; /* from fork() to the program, whose environment tells, and to spare */

static const char *path_of(const hpr_ledger_scope *scope) {
  return hpr_pidfile_path(scope->ledger->pidfile);
}

/* --- who was registered once ---------------------------------------------------------------- */

typedef struct asking {
  const char *token;
  const hpr_identity *identity;
  bool registered;
} asking;

static bool is_of(const hpr_row *row, const asking *it) {
  const hpr_row_rest *rest = hpr_row_more(row);
  return hpr_same_text(row->token, it->token) || hpr_identity_equal(&row->main, it->identity) ||
         hpr_identity_equal(&rest->pi, it->identity) ||
         hpr_identity_equal(&rest->keeper, it->identity);
}

static void ask_row(void *context, const hpr_row *row) {
  asking *it = context;
  const bool is_announced = row->main.pid == 0; /* by somebody: no more */
  it->registered = it->registered || (!is_announced && is_of(row, it));
}

/* By us, by somebody whose exit we have told, or by another server. */
static bool is_registered(const hpr_ledger_scope *scope, const char *token,
                          const hpr_identity *identity) {
  const hpr_ledger *ledger = scope->ledger;
  asking it = {.token = token, .identity = identity};
  it.registered = hpr_past_find(&ledger->past, &(hpr_target){.token = token});
  for (const hpr_entry *entry = scope->table->entries; entry; entry = entry->next)
    ask_row(&it, &entry->row);
  for (const hpr_entry *entry = ledger->exits; entry; entry = entry->next)
    ask_row(&it, &entry->row);
  if (!it.registered) hpr_pidfile_each_other(ledger->pidfile, ledger->owner->id, ask_row, &it);
  return it.registered;
}

bool hpr_announced_is_ours(const hpr_ledger_scope *scope, const hpr_row *row) {
  return row->token && hpr_table_find_token(scope->table, row->token);
}

void hpr_announced_note_row(const hpr_ledger_scope *scope, const hpr_row *row) {
  hpr_tokens_remove(&scope->ledger->tokens, row->token);
}

/* --- who carries a token -------------------------------------------------------------------- */

/* Those before it were judged without a look. */
static void look(const hpr_ledger_scope *scope, const hpr_stored *first) {
  const int result =
      hpr_carriers_look_for_rows(&scope->ledger->carriers, scope->process, first, path_of(scope));
  if (result != 0 && !scope->ledger->judging_again)
    hpr_outbox_warn(scope->outbox, result, 0, path_of(scope));
}

/* Since it was announced; -1: nobody can tell. */
static int64_t since_of(const hpr_process_ops *process, const hpr_row *announced) {
  if (announced->spawned_boot_ms == 0) return -1;
  return process->since_ms(process->self, &hpr_row_owner(announced)->identity,
                           announced->spawned_boot_ms);
}

bool hpr_announced_is_new(const hpr_ledger_scope *scope, const hpr_row *row) {
  const int64_t since_ms = since_of(scope->process, row);
  return since_ms >= 0 && since_ms < STARTING_MS;
}

/* --- as if it had been registered ----------------------------------------------------------- */

static void date(const hpr_process_ops *process, const hpr_row *announced, hpr_row *row) {
  const int64_t age_ms = process->age_ms(process->self, &row->main);
  row->spawned_ms = announced->spawned_ms;
  if (age_ms < 0) return;
  row->spawned_ms = process->now_ms(process->self) - age_ms;
  const int64_t boot_ms = process->boot_ms(process->self) - age_ms;
  row->spawned_boot_ms = boot_ms > 0 ? boot_ms : 0;
}

static int fill(const hpr_process_ops *process, const hpr_row *announced, hpr_row *row) {
  char *folder = NULL;
  const bool has = process->folder(process->self, &row->main, &folder) == 0;
  row->cwd = hpr_shared_new(has ? folder : "");
  free(folder);
  date(process, announced, row);
  return row->cwd ? hpr_row_set_text(&row->token, announced->token) : HPR_ENOMEM;
}

hpr_found hpr_announced_find(const hpr_ledger_scope *scope, const hpr_stored *stored,
                             hpr_row *ret_row) {
  const hpr_process_ops *process = scope->process;
  const hpr_row *announced = &stored->row;
  hpr_row row = {0};
  if (!scope->ledger->carriers.looked) look(scope, stored);
  const hpr_found found =
      hpr_carriers_find(&scope->ledger->carriers, process, announced->token, path_of(scope),
                        since_of(process, announced), &row.main);
  if (found != HPR_FOUND_CHILD) return found;
  if (is_registered(scope, announced->token, &row.main)) return HPR_FOUND_NOBODY;
  if (fill(process, announced, &row) != 0) {
    hpr_row_done(&row);
    return HPR_FOUND_UNSURE;
  }
  *ret_row = row;
  return HPR_FOUND_CHILD;
}
