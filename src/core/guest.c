#include "base/error.h"
#include "base/text.h"
#include "core/announced.h"
#include "core/judge.h"
#include "core/turn.h"

static hpr_ownership ownership_of(hpr_registry *registry, const hpr_row *row) {
  return hpr_owners_ask(&registry->owners, &registry->process, row);
}

static hpr_judge_scope scope_of(hpr_registry *registry) {
  return (hpr_judge_scope){
      .process = &registry->process,
      .files = registry->files,
      .pid_file = hpr_pidfile_path(registry->ledger.pidfile),
      .shared = registry->owners.shared,
      .dead_mount = &registry->ledger.dead_mount,
  };
}

static hpr_verdict judge_row(hpr_registry *registry, hpr_row *row) {
  const hpr_judge_scope scope = scope_of(registry);
  if (hpr_owners_took_all_along(&registry->owners, &registry->process, row))
    return HPR_VERDICT_GONE;
  return hpr_judge_row(&scope, row);
}

/*
 * Another host's, namespace's or user's, and nobody proves that its owner lives: the processes may
 * be gone or not, and nobody here can ever tell.
 */
static bool can_forget(const hpr_registry *registry, const hpr_row *row, hpr_verdict verdict) {
  const hpr_process_ops *process = &registry->process;
  if (verdict != HPR_VERDICT_FOREIGN && verdict != HPR_VERDICT_ELSEWHERE) return false;
  if (hpr_ownerfile_test(registry->owners.locks, hpr_row_owner(row)) == HPR_PROOF_LIVES)
    return false;
  return hpr_row_owner(row)->identity.pid == 0 ||
         process->verify(process->self, &hpr_row_owner(row)->identity) != HPR_VERDICT_SAME;
}

static int read_file(hpr_registry *registry, hpr_document *ret_document) {
  registry->owners.shared = hpr_pidfile_is_shared(registry->ledger.pidfile);
  return hpr_pidfile_read(hpr_pidfile_path(registry->ledger.pidfile), registry->files,
                          ret_document);
}

/* --- looking -------------------------------------------------------------------------------- */

typedef struct borrowing {
  hpr_registry *registry;
  const hpr_document *document;
  hpr_carriers carriers; /* of the tokens of all entries; taken when one of them has gone */
  hpr_borrow_visit visit;
  void *context;
} borrowing;

/* What has that token, or that pid, can be no other entry's. */
static bool is_only(const borrowing *it, const hpr_stored *stored) {
  for (const hpr_stored *at = it->document->stored; at; at = at->next)
    if (at != stored && at->error == 0 &&
        (hpr_same_text(at->row.token, stored->row.token) ||
         at->row.main.pid == stored->row.main.pid ||
         hpr_row_more(&at->row)->pi.pid == stored->row.main.pid))
      return false;
  return true;
}

static size_t count_leftovers(borrowing *it, const hpr_stored *stored, hpr_verdict verdict) {
  const hpr_row *row = &stored->row;
  if (verdict != HPR_VERDICT_GONE || !row->token || row->main.state != HPR_RECORD_KNOWN ||
      !is_only(it, stored))
    return 0;
  const hpr_process_ops *process = &it->registry->process;
  const char *path = hpr_pidfile_path(it->registry->ledger.pidfile);
  if (!it->carriers.looked)
    (void)hpr_carriers_look_for_rows(&it->carriers, process, it->document->stored, path);
  return hpr_carriers_count(&it->carriers, process, row->token, path);
}

/* `left`: itself has gone. */
static int hold(hpr_registry *registry, hpr_row *row, bool left) {
  hpr_table *table = &registry->table;
  const hpr_entry *entry =
      left ? hpr_table_add_remainder(table, row) : hpr_table_add(table, row, NULL);
  return entry ? 0 : HPR_ENOMEM;
}

static int look_at(borrowing *borrowing, hpr_stored *stored) {
  hpr_registry *registry = borrowing->registry;
  if (stored->error != 0) {
    const hpr_borrowed refused = {.refused = stored->text.text,
                                  .refused_size = stored->text.length};
    borrowing->visit(borrowing->context, &refused);
    return 0;
  }
  /* As it stands there, before anything is learnt about it. */
  hpr_borrowed it = {
      .entry = hpr_row_snapshot(&stored->row),
      .owner_pid = hpr_row_owner(&stored->row)->identity.pid,
      .owner = ownership_of(registry, &stored->row),
  };
  it.verdict = judge_row(registry, &stored->row);
  it.can_forget = can_forget(registry, &stored->row, it.verdict);
  it.entry.kin = stored->row.main.kin;
  it.stands_for = stored->row.main.pid;
  bool there = it.verdict == HPR_VERDICT_SAME || it.verdict == HPR_VERDICT_GROUP;
  /* Of two rows with one pid only the first can be named, so nothing ends the second. */
  it.can_end = there && !hpr_table_find_pid(&registry->table, it.stands_for);
  it.leftovers = count_leftovers(borrowing, stored, it.verdict);
  borrowing->visit(borrowing->context, &it); /* before holding it takes the strings */
  const bool left = it.leftovers > 0;
  return it.can_end || left ? hold(registry, &stored->row, left) : 0;
}

/* Of a dead server, which did not live to register who was started with it: as if it had. */
static int look_at_announced(borrowing *borrowing, const hpr_stored *announced) {
  hpr_stored found = {0};
  hpr_registry *registry = borrowing->registry;
  const hpr_ledger_scope scope = hpr_turn_scope(registry);
  if (announced->error != 0 || ownership_of(registry, &announced->row) != HPR_OWNER_GONE ||
      hpr_announced_find(&scope, announced, &found.row) != HPR_FOUND_CHILD)
    return 0;
  hpr_row_set_owner(&found.row, announced->row.owner);
  const int result = look_at(borrowing, &found);
  hpr_row_done(&found.row);
  return result;
}

int hpr_registry_borrow(hpr_registry *registry, hpr_borrow_visit visit, void *context,
                        bool *ret_damaged) {
  hpr_document document;
  borrowing it = {.registry = registry, .document = &document, .visit = visit, .context = context};
  int result = read_file(registry, &document);
  if (result != 0) return result;
  for (hpr_stored *at = document.stored; at && result == 0; at = at->next)
    result = look_at(&it, at);
  for (hpr_stored *at = document.announced; at && result == 0; at = at->next)
    result = look_at_announced(&it, at);
  hpr_carriers_done(&it.carriers);
  hpr_carriers_done(&registry->ledger.carriers);
  if (result == 0) *ret_damaged = document.damaged;
  hpr_document_done(&document);
  return result;
}

/* --- explaining ------------------------------------------------------------------------------ */

typedef struct explaining {
  hpr_testimony it;
  hpr_testimony_visit visit;
  void *context;
} explaining;

static void tell(void *context, const char *proof, const char *said) {
  explaining *self = context;
  self->it.proof = proof;
  self->it.said = said;
  self->visit(self->context, &self->it);
}

static void explain_part(const hpr_registry *registry, explaining *self, const char *about,
                         const hpr_identity *identity) {
  const hpr_process_ops *process = &registry->process;
  self->it.about = about;
  self->it.pid = identity->pid;
  if (identity->pid != 0) process->explain(process->self, identity, tell, self);
}

static const char *lock_word(hpr_proof proof) {
  switch (proof) {
  case HPR_PROOF_LIVES: return "held";
  case HPR_PROOF_ENDED: return "free";
  case HPR_PROOF_NONE: break;
  }
  return "none";
}

static void explain_row(hpr_registry *registry, explaining *self, const hpr_row *row) {
  const hpr_judge_scope scope = scope_of(registry);
  const hpr_ownerfile *locks = registry->owners.locks;
  self->it.about = "registered";
  self->it.pid = row->main.pid;
  hpr_judge_explain(&scope, row, tell, self);
  explain_part(registry, self, "agent", &hpr_row_more(row)->pi);
  if (hpr_row_more(row)->keeper.pid != row->main.pid)
    explain_part(registry, self, "keeper", &hpr_row_more(row)->keeper);
  explain_part(registry, self, "owner", &hpr_row_owner(row)->identity);
  if (hpr_row_owner(row)->identity.pid == 0) return;
  tell(self, "lock", lock_word(hpr_ownerfile_test(locks, hpr_row_owner(row))));
  if (hpr_row_owner(row)->init[0])
    tell(self, "init", lock_word(hpr_ownerfile_test_init(locks, hpr_row_owner(row))));
}

int hpr_registry_explain(hpr_registry *registry, int32_t pid, hpr_testimony_visit visit,
                         void *context) {
  hpr_document document;
  explaining self = {.visit = visit, .context = context};
  const int result = read_file(registry, &document);
  if (result != 0) return result;
  for (hpr_stored *it = document.stored; it; it = it->next) {
    if (it->error != 0) continue;
    if (it->row.main.pid == pid || hpr_row_more(&it->row)->pi.pid == pid)
      explain_row(registry, &self, &it->row);
    self.it.row++;
  }
  hpr_document_done(&document);
  return 0;
}

/* --- tidying -------------------------------------------------------------------------------- */

typedef struct tidying {
  hpr_registry *registry;
  bool (*drops)(hpr_registry *registry, hpr_row *row);
  bool forgets;   /* announced tokens, too */
  hpr_lines none; /* a guest has no entries of its own to write */
  size_t dropped; /* entries */
  bool dropped_token;
} tidying;

static bool is_gone(hpr_registry *registry, hpr_row *row) {
  return ownership_of(registry, row) == HPR_OWNER_GONE &&
         hpr_verdict_is_gone(judge_row(registry, row));
}

static bool is_forgettable(hpr_registry *registry, hpr_row *row) {
  return can_forget(registry, row, judge_row(registry, row));
}

static hpr_keep judge(void *self, hpr_stored *stored) {
  tidying *it = self;
  if (stored->error != 0 || !it->drops(it->registry, &stored->row)) return HPR_KEEP;
  it->dropped++;
  return HPR_DROP;
}

/*
 * Whether somebody was started with another host's only that host can tell. Whom we have ended was,
 * and what that session has left is no agent.
 */
static bool is_over(const tidying *it, const hpr_row *row) {
  const hpr_ownership owner = ownership_of(it->registry, row);
  const hpr_target ended = {.token = row->token};
  if (owner == HPR_OWNER_ELSEWHERE) return it->forgets;
  return owner == HPR_OWNER_GONE && hpr_past_find(&it->registry->ledger.past, &ended);
}

static hpr_keep judge_announced(void *self, hpr_stored *stored) {
  tidying *it = self;
  if (stored->error != 0 || !is_over(it, &stored->row)) return HPR_KEEP;
  it->dropped_token = true;
  return HPR_DROP;
}

static hpr_lines *no_lines(void *self) { return &((tidying *)self)->none; }

static void warn(void *self, int error, const char *detail) {
  hpr_outbox_warn(&((tidying *)self)->registry->outbox, error, 0, detail);
}

/* A file in which nothing is to be tidied is not written, not even by the same text. */
static int is_due(tidying it, bool *ret_due) {
  hpr_document document;
  hpr_registry *registry = it.registry;
  int result = read_file(registry, &document);
  if (result != 0) return result;
  for (hpr_stored *stored = document.stored; stored; stored = stored->next) judge(&it, stored);
  for (hpr_stored *stored = document.announced; stored; stored = stored->next)
    judge_announced(&it, stored);
  hpr_document_done(&document);
  *ret_due = it.dropped > 0 || it.dropped_token;
  return 0;
}

static int drop(tidying it, size_t *ret_dropped) {
  bool due;
  hpr_registry *registry = it.registry;
  const hpr_pidfile_client client = {.self = &it,
                                     .judge = judge,
                                     .judge_announced = judge_announced,
                                     .lines = no_lines,
                                     .warn = warn};
  int result = hpr_turn_is_forked(registry) ? HPR_EFORKED : is_due(it, &due);
  if (result == 0 && due) result = hpr_pidfile_sync(registry->ledger.pidfile, &client);
  hpr_lines_done(&it.none);
  if (result == 0) *ret_dropped = it.dropped;
  hpr_turn_tell(registry);
  return result;
}

int hpr_registry_tidy(hpr_registry *registry, size_t *ret_dropped) {
  return drop((tidying){.registry = registry, .drops = is_gone}, ret_dropped);
}

int hpr_registry_forget(hpr_registry *registry, size_t *ret_dropped) {
  return drop((tidying){.registry = registry, .drops = is_forgettable, .forgets = true},
              ret_dropped);
}
