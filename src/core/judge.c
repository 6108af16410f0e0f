#include "core/judge.h"

#include <stdlib.h>
#include <string.h>

#include "core/registry.h"
#include "core/tokens.h"

/* Between the start of a process and the original module's writing it down. */
enum { EARLY_MS = 15 * 1000, LATE_MS = 5 * 1000 };

/* --- proofs for what was not recorded --------------------------------------------------------- */

static bool carries_mark(const hpr_judge_scope *scope, const hpr_row *row,
                         const hpr_identity *identity) {
  return hpr_token_is_carried(scope->process, row->token, scope->pid_file, identity);
}

typedef enum place { PLACE_SAME, PLACE_OTHER, PLACE_UNKNOWN } place;

/* Two names may be one folder's. A link's is not in memory when nobody has followed it for a day.
 */
static place compare(const hpr_judge_scope *scope, const char *its, const char *wanted) {
  const hpr_file_ops *files = scope->files;
  const hpr_patience patience = *scope->dead_mount ? HPR_PATIENCE_NONE : HPR_PATIENCE_BRIEF;
  hpr_folder_id one, other;
  if (files->same_path(files->self, its, wanted)) return PLACE_SAME;
  if (files->folder(files->self, its, HPR_PATIENCE_NONE, &one) != 0) return PLACE_UNKNOWN;
  const int result = files->folder(files->self, wanted, patience, &other);
  if (result == HPR_EBUSY) *scope->dead_mount = true;
  if (result != 0) return result == HPR_ENOENT ? PLACE_OTHER : PLACE_UNKNOWN;
  return one.device == other.device && one.inode == other.inode ? PLACE_SAME : PLACE_OTHER;
}

static place place_of(const hpr_judge_scope *scope, const hpr_row *row,
                      const hpr_identity *identity) {
  char *folder;
  const hpr_process_ops *process = scope->process;
  if (process->folder(process->self, identity, &folder) != 0) return PLACE_UNKNOWN;
  const place place = compare(scope, folder, row->cwd);
  free(folder);
  return place;
}

/* How much later than the row says it started; INT64_MIN: nobody can tell. */
static int64_t lateness_of(const hpr_judge_scope *scope, const hpr_row *row,
                           const hpr_identity *identity) {
  const hpr_process_ops *process = scope->process;
  const int64_t age_ms = process->age_ms(process->self, identity);
  if (age_ms < 0 || row->spawned_ms == HPR_SPAWNED_UNKNOWN) return INT64_MIN;
  return process->now_ms(process->self) - age_ms - row->spawned_ms;
}

/* The process that has the pid now, of which the original module recorded no more. */
static void prove(const hpr_judge_scope *scope, const hpr_row *row, hpr_identity *identity) {
  const hpr_process_ops *process = scope->process;
  const int32_t pid = identity->pid;
  process->identify(process->self, pid, NULL, identity);
  identity->kin = false;
  if (identity->state == HPR_RECORD_OPAQUE) /* to be asked again */
    *identity = (hpr_identity){.pid = pid, .state = HPR_RECORD_NONE};
  if (identity->state != HPR_RECORD_KNOWN) return;
  identity->kin = carries_mark(scope, row, identity);
  if (identity->kin) return;
  const place place = place_of(scope, row, identity);
  const int64_t late_ms = lateness_of(scope, row, identity);
  if (late_ms > LATE_MS && place == PLACE_OTHER)
    *identity = (hpr_identity){.pid = pid, .state = HPR_RECORD_NOBODY}; /* a stranger */
  else
    identity->kin = place == PLACE_SAME && late_ms >= -EARLY_MS && late_ms <= LATE_MS;
}

/* pi starts when its keeper gets round to it; being its relative is the better proof. */
static void prove_agent(const hpr_judge_scope *scope, hpr_row *row) {
  const hpr_process_ops *process = scope->process;
  hpr_identity agent;
  process->identify(process->self, hpr_row_more(row)->pi.pid, &row->main, &agent);
  if (agent.state == HPR_RECORD_KNOWN && agent.kin)
    row->rest->pi = agent;
  else
    prove(scope, row, &row->rest->pi);
}

/* Where nobody can tell, by what was recorded, whether it is still the same, its mark may. */
static hpr_verdict verify_or_heal(const hpr_judge_scope *scope, const hpr_row *row,
                                  hpr_identity *identity) {
  const hpr_process_ops *process = scope->process;
  const hpr_verdict verdict = process->verify(process->self, identity);
  hpr_identity now;
  if (verdict != HPR_VERDICT_UNKNOWN || !row->token) return verdict;
  process->identify(process->self, identity->pid, NULL, &now);
  if (now.state != HPR_RECORD_KNOWN || !carries_mark(scope, row, &now)) return verdict;
  *identity = now;
  identity->kin = true;
  return process->verify(process->self, identity);
}

static void heal(const hpr_judge_scope *scope, const hpr_row *row, hpr_identity *identity) {
  if (identity->pid != 0 && row->token) (void)verify_or_heal(scope, row, identity);
}

/* Returns what the registered process is found to be. */
static hpr_verdict complete_identities(const hpr_judge_scope *scope, hpr_row *row) {
  const bool is_keeper = hpr_row_more(row)->keeper.pid == row->main.pid;
  if (row->main.state == HPR_RECORD_NONE) prove(scope, row, &row->main);
  const hpr_verdict verdict = verify_or_heal(scope, row, &row->main);
  hpr_row_rest *rest = row->rest;
  if (!rest) return verdict;
  if (rest->pi.pid != 0 && rest->pi.state == HPR_RECORD_NONE) prove_agent(scope, row);
  heal(scope, row, &rest->pi);
  if (is_keeper)
    rest->keeper = row->main;
  else if (rest->keeper.pid != 0 && rest->keeper.state == HPR_RECORD_NONE)
    prove(scope, row, &rest->keeper);
  if (!is_keeper) heal(scope, row, &rest->keeper);
  return verdict;
}

/*
 * One of them is there, so all were recorded in this boot. From now on it has the name that we give
 * it, and of one that has ended that can be told.
 */
static void renew(const hpr_process_ops *process, hpr_row *row) {
  hpr_row_rest *rest = row->rest;
  process->renew(process->self, &row->main);
  if (!rest) return;
  hpr_identity *const others[] = {&rest->pi, &rest->keeper, &rest->former};
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    if (others[i]->pid != 0) process->renew(process->self, others[i]);
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    hpr_members *members = rest->members[part];
    for (size_t k = 0; members && k < members->count; k++)
      process->renew(process->self, &members->list[k]);
  }
}

/* --- age -------------------------------------------------------------------------------------- */

/* Since it was registered; of what nobody dated in time of the boot: since it started. */
static int64_t age_of(const hpr_process_ops *process, const hpr_row *row) {
  const int64_t since_ms = row->spawned_boot_ms != 0
                               ? process->since_ms(process->self, &row->main, row->spawned_boot_ms)
                               : -1;
  return since_ms >= 0 ? since_ms : process->age_ms(process->self, &row->main);
}

static bool is_too_old(const hpr_process_ops *process, const hpr_row *row, int64_t max_age_ms) {
  const bool dated = row->spawned_boot_ms != 0 || row->spawned_ms != HPR_SPAWNED_UNKNOWN;
  return dated && max_age_ms != HPR_AGE_NEVER && age_of(process, row) > max_age_ms;
}

/* --- verdicts --------------------------------------------------------------------------------- */

const hpr_identity *hpr_judge_member(const hpr_process_ops *process, const hpr_row *row,
                                     hpr_part part) {
  const hpr_members *members = hpr_row_more(row)->members[part];
  const int32_t group = hpr_row_identity(row, part)->pid;
  for (size_t i = 0; members && i < members->count; i++)
    if (process->is_member(process->self, &members->list[i], group)) return &members->list[i];
  return NULL;
}

static bool is_group_left(const hpr_process_ops *process, const hpr_row *row, hpr_part part) {
  const hpr_identity *leader = hpr_row_identity(row, part);
  if (leader->pid == 0 || !leader->kin) return false;
  return hpr_judge_member(process, row, part) ||
         process->verify(process->self, leader) == HPR_VERDICT_GROUP;
}

/* It may run yet. */
static bool is_former_left(const hpr_process_ops *process, const hpr_row *row) {
  const hpr_identity *it = &hpr_row_more(row)->former;
  return is_group_left(process, row, HPR_PART_FORMER) ||
         (it->kin && process->verify(process->self, it) == HPR_VERDICT_SAME);
}

static hpr_verdict verify(const hpr_judge_scope *scope, const hpr_identity *identity) {
  const hpr_process_ops *process = scope->process;
  return hpr_judge_place(scope, process->verify(process->self, identity));
}

/* A dead registered process, or one of which nobody can tell, may have left members of its group.
 */
static hpr_verdict with_members(const hpr_judge_scope *scope, const hpr_row *row,
                                hpr_verdict verdict) {
  const bool may_be_group = hpr_verdict_is_gone(verdict) || verdict == HPR_VERDICT_UNKNOWN;
  const bool left = may_be_group && hpr_judge_member(scope->process, row, HPR_PART_MAIN);
  return left ? HPR_VERDICT_GROUP : verdict;
}

/* Its processes are gone; a group that one of the others led need not be. */
static hpr_verdict verdict_of_rest(const hpr_process_ops *process, const hpr_row *row,
                                   hpr_verdict verdict) {
  const bool left = is_group_left(process, row, HPR_PART_AGENT) || is_former_left(process, row);
  return hpr_verdict_is_gone(verdict) && left ? HPR_VERDICT_GROUP : verdict;
}

static bool has_ended(const hpr_process_ops *process, const hpr_identity *identity) {
  return identity->state == HPR_RECORD_KNOWN && process->has_ended(process->self, identity);
}

/* Keeps nothing alive. */
static bool is_stranger(const hpr_identity *agent) {
  return agent->state == HPR_RECORD_KNOWN && !agent->kin;
}

/* Its registered process and its agent, whatever they have left. */
static bool have_ended(const hpr_process_ops *process, const hpr_row *row) {
  const hpr_identity *agent = &hpr_row_more(row)->pi;
  return has_ended(process, &row->main) &&
         (agent->pid == 0 || is_stranger(agent) || has_ended(process, agent));
}

/*
 * Whom the row is about: the registered process, which was found to be `main`, or, where that is
 * gone, its agent.
 */
static hpr_verdict find_subject(const hpr_judge_scope *scope, hpr_row *row, hpr_verdict main) {
  const hpr_process_ops *process = scope->process;
  const hpr_verdict verdict = with_members(scope, row, hpr_judge_place(scope, main));
  const bool ended = hpr_verdict_is_gone(verdict) || verdict == HPR_VERDICT_GROUP ||
                     (verdict == HPR_VERDICT_UNKNOWN && has_ended(process, &row->main));
  if (hpr_row_more(row)->pi.pid == 0 || is_stranger(&hpr_row_more(row)->pi) || !ended)
    return verdict_of_rest(process, row, verdict);
  const hpr_verdict agent = verify(scope, &hpr_row_more(row)->pi);
  if (hpr_verdict_is_gone(agent) || agent == HPR_VERDICT_GROUP)
    return verdict_of_rest(process, row, verdict);
  /* A row that stays is judged again: as it is, or its registered process is never told to be dead.
   */
  if (agent != HPR_VERDICT_SAME) return agent;
  if (verdict == HPR_VERDICT_GROUP && is_former_left(process, row)) return verdict;
  hpr_row_promote(row, verdict == HPR_VERDICT_GROUP);
  return agent;
}

hpr_verdict hpr_judge_place(const hpr_judge_scope *scope, hpr_verdict verdict) {
  if (verdict != HPR_VERDICT_NOT_HERE) return verdict;
  return scope->shared ? HPR_VERDICT_ELSEWHERE : HPR_VERDICT_GONE;
}

hpr_verdict hpr_judge_row(const hpr_judge_scope *scope, hpr_row *row) {
  const hpr_identity main = row->main, pi = hpr_row_more(row)->pi;
  const hpr_identity keeper = hpr_row_more(row)->keeper;
  const hpr_verdict found = complete_identities(scope, row);
  const hpr_verdict verdict = find_subject(scope, row, found);
  if (verdict == HPR_VERDICT_SAME || verdict == HPR_VERDICT_GROUP) renew(scope->process, row);
  if (!scope->shared || main.state != HPR_RECORD_NONE || !hpr_verdict_is_gone(verdict))
    return verdict;
  /* The original module does not say on which host its processes are. */
  row->main = main;
  if (row->rest) row->rest->pi = pi;
  if (row->rest) row->rest->keeper = keeper;
  return HPR_VERDICT_ELSEWHERE;
}

/* Processes beside its own that an end was asked for are there yet. */
static bool is_ending_left(const hpr_process_ops *process, const hpr_row *row) {
  const hpr_ending_record *ending = hpr_row_more(row)->ending;
  for (size_t i = 0; ending && i < ending->sent_count; i++) {
    const hpr_asked *it = &ending->sent[i];
    hpr_identity identity = {.pid = it->pid, .state = HPR_RECORD_KNOWN, .kin = true};
    identity.boot = row->main.boot;
    identity.birth = it->birth;
    if (it->birth.form != HPR_BIRTH_NONE &&
        process->verify(process->self, &identity) == HPR_VERDICT_SAME)
      return true;
  }
  return false;
}

/* Somebody may be left whom no record names. Of another boot nobody is. */
static bool may_have_tree(const hpr_process_ops *process, const hpr_row *row) {
  return row->token && process->verify(process->self, &row->main) != HPR_VERDICT_NOT_HERE;
}

/* A server that died had found only part of the tree, or had nobody's end to ask for. */
static hpr_fate fate_of_dead(const hpr_process_ops *process, const hpr_orphan_policy *policy,
                             const hpr_row *row) {
  const hpr_ending_record *ending = hpr_row_more(row)->ending;
  if (row->terminating)
    return ending && ending->tree && may_have_tree(process, row) ? HPR_FATE_RESUME : HPR_FATE_DROP;
  const bool may = policy->tree && !row->remainder && row->main.state == HPR_RECORD_KNOWN;
  return may && may_have_tree(process, row) ? HPR_FATE_TREE : HPR_FATE_DROP;
}

static bool is_above_us(const hpr_process_ops *process, const hpr_identity *identity) {
  return identity->pid != 0 && process->is_around_us(process->self, identity);
}

static hpr_fate fate_of_survivor(const hpr_process_ops *process, const hpr_orphan_policy *policy,
                                 bool lost, const hpr_row *row) {
  if (row->terminating) return HPR_FATE_RESUME;
  if (is_too_old(process, row, policy->max_age_ms)) return HPR_FATE_END_OLD;
  const bool may_end = policy->end && lost && row->main.kin && !is_above_us(process, &row->main) &&
                       !is_above_us(process, &hpr_row_more(row)->pi) &&
                       !is_above_us(process, &hpr_row_more(row)->keeper);
  return may_end ? HPR_FATE_END : HPR_FATE_ADOPT;
}

hpr_fate hpr_judge_orphan(const hpr_judge_scope *scope, const hpr_orphan_policy *policy, bool lost,
                          hpr_row *row, bool *ret_runs) {
  const hpr_process_ops *process = scope->process;
  const hpr_verdict verdict = hpr_judge_row(scope, row);
  *ret_runs = verdict == HPR_VERDICT_SAME;
  switch (verdict) {
  case HPR_VERDICT_GONE:
  case HPR_VERDICT_STRANGER:
    if (row->terminating && is_ending_left(process, row)) {
      renew(process, row); /* one that was asked is there: they were recorded in this boot */
      return HPR_FATE_RESUME;
    }
    return fate_of_dead(process, policy, row);
  case HPR_VERDICT_NOT_HERE:
  case HPR_VERDICT_ELSEWHERE: return HPR_FATE_ELSEWHERE;
  case HPR_VERDICT_FOREIGN: return HPR_FATE_FOREIGN;
  case HPR_VERDICT_UNKNOWN: return have_ended(process, row) ? HPR_FATE_UNPROVED : HPR_FATE_UNKNOWN;
  default: return fate_of_survivor(process, policy, lost, row);
  }
}

bool hpr_judge_was_seen(const hpr_row *row) {
  return row->main.state == HPR_RECORD_KNOWN || row->main.state == HPR_RECORD_OPAQUE;
}

/* --- for people ------------------------------------------------------------------------------- */

static const char *mark_word(hpr_mark mark) {
  switch (mark) {
  case HPR_MARK_CARRIED: return "carried";
  case HPR_MARK_ABSENT: return "absent";
  case HPR_MARK_UNKNOWN: break;
  }
  return "unknown";
}

static const char *place_word(place place) {
  switch (place) {
  case PLACE_SAME: return "same";
  case PLACE_OTHER: return "other";
  case PLACE_UNKNOWN: break;
  }
  return "unknown";
}

static const char *time_word(int64_t late_ms) {
  if (late_ms == INT64_MIN) return "unknown";
  if (late_ms > LATE_MS) return "late";
  return late_ms < -EARLY_MS ? "early" : "in";
}

void hpr_judge_explain(const hpr_judge_scope *scope, const hpr_row *row, hpr_proof_visit visit,
                       void *context) {
  const hpr_process_ops *process = scope->process;
  hpr_identity now = row->main;
  process->explain(process->self, &row->main, visit, context);
  if (row->main.state == HPR_RECORD_NONE) process->identify(process->self, now.pid, NULL, &now);
  if (row->token)
    visit(context, "mark",
          mark_word(process->mark(process->self, &now, row->token, scope->pid_file)));
  if (row->main.state != HPR_RECORD_NONE) return;
  visit(context, "folder", place_word(place_of(scope, row, &now)));
  visit(context, "time", time_word(lateness_of(scope, row, &now)));
}
