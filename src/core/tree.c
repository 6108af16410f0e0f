#include "core/tree.h"

#include "core/kinship.h"
#include "core/others.h"

enum {
  LOOK_AGAIN_MS = 1000, /* after a look that could not tell everything */
  MISSED_MAX = 4,       /* looks at once, while candidates go before they are proved */
  UNSURE_MAX = 60,      /* such looks; who cannot be told then will never be */
  SOON_MS = 10,      /* after a look that somebody may have escaped; then twice that, and so on */
  SOON_MAX = 6,      /* such looks */
  FREEZES = 16,      /* looks in one turn: who forks on in spite of that is found by the next */
  MEMBERS_MAX = 256, /* of a dead leader's group, by one look; those beyond by the next */
  DEPTH_MAX = 512    /* proofs that rest on one another; those beyond are found by the next look */
};

static const size_t NOBODY = SIZE_MAX;

typedef struct looking {
  hpr_registry *registry;
  hpr_census *census;
  hpr_entry *entry;
  int depth;
  bool unsure; /* of somebody it could not be told */
  bool missed; /* somebody could not be proved, who has gone since, or whose pid has */
  bool gone;   /* and has left nobody else in its place */
} looking;

/* --- proof ---------------------------------------------------------------------------------- */

/* Whoever is a part, or was proved before. */
static const hpr_identity *known(const looking *it, int32_t pid) {
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    const hpr_identity *identity = hpr_entry_part(it->entry, part);
    if (identity && identity->pid == pid && it->entry->parts[part].presence == HPR_PRESENCE_THERE &&
        hpr_entry_answers_for(it->entry, part))
      return identity;
  }
  const hpr_other *other = hpr_others_named(it->entry->ending, pid);
  return other ? &other->identity : NULL;
}

static bool is_of_our_user(const looking *it, const hpr_identity *identity,
                           const hpr_identity *like) {
  const hpr_process_ops *process = &it->registry->process;
  return process->same_user(process->self, identity, like) ||
         process->same_user(process->self, identity, &it->registry->owners.self) ||
         (it->entry->user != 0 && process->other_user(process->self, identity) == it->entry->user);
}

static bool is_below_other_server(const looking *it, int32_t pid) {
  const hpr_process_ops *process = &it->registry->process;
  hpr_ancestor line[HPR_LINEAGE_MAX];
  size_t count;
  if (process->lineage(process->self, pid, line, &count) != 0) return false;
  for (size_t i = 0; i < count && !known(it, line[i].pid); i++)
    if (hpr_census_is_other_servers(it->census, line[i].pid)) return true;
  return false;
}

/* The pid may have passed to another session's process since the census was taken. */
static bool is_anothers(const looking *it, int32_t pid) {
  const hpr_entry *nearest = hpr_kinship_find(&it->registry->process, &it->registry->table, pid);
  return (nearest && nearest != it->entry) ||
         (it->census->has_other_servers && is_below_other_server(it, pid));
}

static bool prove(looking *it, size_t i, hpr_identity *ret_identity);

/* It descends from that one, or is in a group or session that that one leads. */
static bool prove_by(looking *it, size_t i, size_t by, hpr_identity *ret_identity) {
  const hpr_process_ops *process = &it->registry->process;
  hpr_identity relative;
  if (by == NOBODY || by == i || it->census->owners[by] != it->entry) return false;
  if (!prove(it, by, &relative)) return false;
  process->identify(process->self, it->census->list[i].pid, &relative, ret_identity);
  it->unsure = it->unsure || ret_identity->state == HPR_RECORD_OPAQUE;
  return ret_identity->kin && is_of_our_user(it, ret_identity, &relative);
}

static bool prove_by_mark(looking *it, size_t i, hpr_identity *ret_identity) {
  const hpr_process_ops *process = &it->registry->process;
  process->identify(process->self, it->census->list[i].pid, NULL, ret_identity);
  it->unsure = it->unsure || ret_identity->state == HPR_RECORD_OPAQUE;
  ret_identity->kin =
      ret_identity->state == HPR_RECORD_KNOWN &&
      hpr_token_is_carried(process, it->entry->row.token,
                           hpr_pidfile_path(it->registry->ledger.pidfile), ret_identity) &&
      is_of_our_user(it, ret_identity, &it->entry->row.main);
  return ret_identity->kin;
}

/* What the census took for a member by pids alone. Whoever cannot be proved is nobody's. */
static bool prove(looking *it, size_t i, hpr_identity *ret_identity) {
  hpr_census *census = it->census;
  const hpr_seen *seen = &census->list[i];
  const hpr_identity *before = known(it, seen->pid);
  if (before) {
    *ret_identity = *before;
    return true;
  }
  if (it->depth == DEPTH_MAX) return false;
  it->depth++;
  census->owners[i] = NULL; /* no circle comes back here */
  const bool proved =
      prove_by(it, i, hpr_census_find(census, seen->parent), ret_identity) ||
      prove_by(it, i, seen->group ? hpr_census_find(census, seen->group) : NOBODY, ret_identity) ||
      prove_by(it, i, seen->session ? hpr_census_find(census, seen->session) : NOBODY,
               ret_identity) ||
      prove_by_mark(it, i, ret_identity);
  it->depth--;
  if (!proved || is_anothers(it, seen->pid)) return false;
  census->owners[i] = it->entry;
  return hpr_others_add(it->entry, ret_identity);
}

/* A dead leader proves nobody, but its group does. */
static void add_groups(looking *it) {
  const hpr_process_ops *process = &it->registry->process;
  hpr_identity list[MEMBERS_MAX];
  size_t count;
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    if (it->entry->parts[part].presence != HPR_PRESENCE_GROUP ||
        !hpr_entry_answers_for(it->entry, part))
      continue;
    if (process->members(process->self, hpr_entry_part(it->entry, part), list, MEMBERS_MAX,
                         &count) != 0) {
      it->unsure = true;
      continue;
    }
    for (size_t i = 0; i < count; i++) {
      const size_t at = hpr_census_find(it->census, list[i].pid);
      if (at != NOBODY && it->census->owners[at] == it->entry && !is_anothers(it, list[i].pid))
        hpr_others_add(it->entry, &list[i]);
    }
  }
}

/* --- looking -------------------------------------------------------------------------------- */

static hpr_census_scope scope_of(const hpr_registry *registry) {
  return (hpr_census_scope){
      .process = &registry->process,
      .table = &registry->table,
      .pidfile = registry->ledger.pidfile,
      .owner_id = registry->ledger.owner->id,
  };
}

/* The first look may be at what another session's has seen just now. */
static bool take_census(hpr_registry *registry, bool first) {
  const hpr_census_scope scope = scope_of(registry);
  hpr_census *census = &registry->census;
  const bool fresh = census->list && !census->stale;
  return fresh || (first && hpr_census_is_recent(census, &scope)) ||
         hpr_census_take(census, &scope) == 0;
}

/* Whoever is found is looked for again when it has gone. */
static void plan_next_look(const looking *it, bool found) {
  hpr_ending *ending = it->entry->ending;
  const bool unsure = it->unsure && ending->unsure_looks < UNSURE_MAX;
  const bool escaped = it->gone && !found && ending->missed_looks < SOON_MAX;
  const int64_t now_ms = it->registry->now_ms;
  ending->look_due_ms = unsure    ? now_ms + LOOK_AGAIN_MS
                        : escaped ? now_ms + (SOON_MS << ending->missed_looks)
                                  : 0;
  ending->unsure_looks = it->unsure ? ending->unsure_looks + unsure : 0;
  ending->untold = it->unsure && !unsure;
  ending->missed_looks = it->gone && !found ? ending->missed_looks + escaped : 0;
}

/* All whom the census takes for members. Who is gone since, or has another's pid, had time to fork.
 */
static void prove_all(looking *it) {
  hpr_identity identity;
  for (size_t i = 0; i < it->census->count; i++) {
    if (it->census->owners[i] != it->entry || prove(it, i, &identity)) continue;
    it->gone = it->gone || identity.state == HPR_RECORD_NOBODY;
    it->missed = it->missed || it->gone || !identity.kin;
  }
}

size_t hpr_tree_look(hpr_registry *registry, hpr_entry *entry) {
  looking it = {.registry = registry, .census = &registry->census, .entry = entry};
  const size_t before = entry->ending->found;
  for (int i = 0; i < MISSED_MAX && entry->ending->found == before; i++) {
    it.missed = it.gone = false;
    it.unsure = !take_census(registry, !entry->ending->looked) || it.unsure;
    if (!it.census->list) break;
    entry->ending->looked = true;
    add_groups(&it);
    prove_all(&it);
    if (!it.missed) break;
    registry->census.stale = true;
  }
  it.gone = it.gone || it.census->blurred;
  plan_next_look(&it, entry->ending->found > before);
  return entry->ending->found - before;
}

/* --- before the signals --------------------------------------------------------------------- */

static bool is_unasked(const hpr_other *other) {
  return other->there && !other->bystander && other->asked.sent == HPR_SENT_NOTHING;
}

static bool has_unasked(const hpr_entry *entry) {
  for (size_t i = 0; i < entry->ending->other_count; i++)
    if (is_unasked(&entry->ending->others[i])) return true;
  return false;
}

static bool is_anothers_now(const hpr_census *census, const hpr_entry *entry,
                            const hpr_other *other) {
  const size_t i = hpr_census_find(census, other->identity.pid);
  return i != NOBODY && census->owners[i] && census->owners[i] != entry;
}

/* Written down as asked, and it is not going to be. */
static void spare(hpr_entry *entry, hpr_other *other) {
  other->bystander = true;
  if (!entry->ending->recorded) return;
  hpr_row_drop_asked(&entry->row, &other->identity);
  hpr_entry_touch(entry);
}

static void spare_servers(hpr_registry *registry, hpr_entry *entry, bool told) {
  for (size_t i = 0; i < entry->ending->other_count; i++) {
    hpr_other *it = &entry->ending->others[i];
    if (!is_unasked(it)) continue;
    if (!told) it->asked.retry_ms = registry->now_ms + LOOK_AGAIN_MS;
    if (told && is_anothers_now(&registry->census, entry, it)) spare(entry, it);
  }
}

void hpr_tree_spare_servers(hpr_registry *registry) {
  const hpr_census_scope scope = scope_of(registry);
  bool told = false;
  for (hpr_entry *entry = registry->table.due; entry; entry = entry->next_due) {
    if (entry->given_up || !entry->ending || !entry->ending->tree || !has_unasked(entry)) continue;
    told = told || hpr_census_knows_servers(&registry->census, &scope) ||
           hpr_census_take(&registry->census, &scope) == 0;
    spare_servers(registry, entry, told);
  }
}

bool hpr_tree_is_around_us(const hpr_registry *registry, const hpr_entry *entry) {
  const hpr_process_ops *process = &registry->process;
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    const hpr_identity *identity = hpr_entry_part(entry, part);
    if (identity && process->is_around_us(process->self, identity)) return true;
  }
  return false;
}

/* --- freezing ------------------------------------------------------------------------------- */

/* Who kills nobody in this turn may be waiting for its next look. */
static bool is_killing(const hpr_registry *registry, const hpr_entry *entry) {
  const hpr_ending *ending = entry->ending;
  bool wanted = false;
  hpr_signal kill;
  if (entry->given_up || !ending || !ending->tree || ending->state != HPR_ENDING_KILL) return false;
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++)
    wanted = wanted || ending->wishes[part].wanted;
  for (size_t i = 0; i < ending->other_count && !wanted; i++)
    wanted = hpr_ending_wants_other(ending, &ending->others[i], registry->now_ms, &kill);
  return wanted;
}

/* Only who is killed in this turn: nobody else would ever wake. */
static void stop(const hpr_registry *registry, hpr_entry *entry) {
  const hpr_process_ops *process = &registry->process;
  hpr_signal kill;
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++)
    if (entry->ending->wishes[part].wanted)
      process->signal(process->self, hpr_entry_part(entry, part), HPR_SIGNAL_STOP,
                      HPR_SCOPE_PROCESS);
  for (size_t i = 0; i < entry->ending->other_count; i++) {
    const hpr_other *it = &entry->ending->others[i];
    if (hpr_ending_wants_other(entry->ending, it, registry->now_ms, &kill))
      process->signal(process->self, &it->identity, HPR_SIGNAL_STOP, HPR_SCOPE_PROCESS);
  }
}

void hpr_tree_freeze(hpr_registry *registry) {
  hpr_entry *entry;
  for (int i = 0; i < FREEZES; i++) {
    bool any = false;
    size_t found = 0;
    for (entry = registry->table.due; entry; entry = entry->next_due) {
      if (!is_killing(registry, entry)) continue;
      stop(registry, entry);
      any = true;
    }
    if (!any) return;
    registry->census.stale = true;
    for (entry = registry->table.due; entry; entry = entry->next_due)
      if (is_killing(registry, entry)) found += hpr_tree_look(registry, entry);
    if (found == 0) return;
  }
}
