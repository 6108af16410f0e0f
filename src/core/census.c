#include "core/census.h"

#include <stdlib.h>

enum { RECENT_MS = 50 }; /* so old it does for a first look: the last finds who has come since */

static const size_t NOBODY = SIZE_MAX;

/* Owners that are no entries: of what others keep, and of ourselves and our ancestors; what those
 * of them have started who have an entry is nobody else's. */
static hpr_entry other_servers, above_us, entry_above_us;

static bool is_above_us(const hpr_entry *owner) {
  return owner == &above_us || owner == &entry_above_us;
}

typedef struct taking {
  hpr_census *census;
  const hpr_census_scope *scope;
} taking;

/* --- finding -------------------------------------------------------------------------------- */

size_t hpr_census_find(const hpr_census *census, int32_t pid) {
  return hpr_seen_find(census->list, census->count, pid);
}

static size_t parent_of(const hpr_census *census, size_t i) {
  return hpr_census_find(census, census->list[i].parent);
}

/* --- who is known by identity --------------------------------------------------------------- */

static bool is_itself(const taking *it, const hpr_identity *identity) {
  const hpr_process_ops *process = it->scope->process;
  return identity->state == HPR_RECORD_KNOWN &&
         process->verify(process->self, identity) == HPR_VERDICT_SAME;
}

/* An ancestor of ours stays one. */
static void give(const taking *it, const hpr_identity *identity, hpr_entry *owner) {
  const size_t i = hpr_census_find(it->census, identity->pid);
  hpr_entry *before = i != NOBODY ? it->census->owners[i] : NULL;
  if (i == NOBODY || (before && before != &above_us)) return;
  it->census->owners[i] = before ? &entry_above_us : owner;
}

static void give_if_itself(const taking *it, const hpr_identity *identity, hpr_entry *owner) {
  if (is_itself(it, identity)) give(it, identity, owner);
}

/* Unless it has gone, which nobody has been told yet, and its pid is another's. */
static void give_if_there(const taking *it, const hpr_identity *identity, hpr_entry *owner) {
  const hpr_process_ops *process = it->scope->process;
  if (process->verify(process->self, identity) != HPR_VERDICT_STRANGER) give(it, identity, owner);
}

static void give_us(const taking *it) {
  const hpr_process_ops *process = it->scope->process;
  size_t i = hpr_census_find(it->census, process->self_pid(process->self));
  for (int up = 0; up < HPR_LINEAGE_MAX && i != NOBODY; up++, i = parent_of(it->census, i))
    it->census->owners[i] = &above_us;
}

/* A pid that somebody reported and that is no relative makes nobody a member. */
static void give_parts(const taking *it, hpr_entry *entry) {
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    const hpr_identity *identity = hpr_entry_part(entry, part);
    if (!identity || (part != HPR_PART_MAIN && !hpr_entry_answers_for(entry, part))) continue;
    if (entry->parts[part].presence == HPR_PRESENCE_THERE) give_if_there(it, identity, entry);
  }
}

static void give_others(const taking *it, hpr_entry *entry, bool asked) {
  for (size_t i = 0; entry->ending && i < entry->ending->other_count; i++) {
    const hpr_other *other = &entry->ending->others[i];
    if (other->there && !other->bystander && (other->asked.sent != HPR_SENT_NOTHING) == asked)
      give_if_there(it, &other->identity, entry);
  }
}

/* What it starts itself are agents. */
static void give_server(const taking *it, const hpr_identity *identity) {
  const size_t i = hpr_census_find(it->census, identity->pid);
  if (i != NOBODY && !it->census->owners[i]) give_if_itself(it, identity, &other_servers);
}

static void give_row(void *context, const hpr_row *row) {
  const taking *it = context;
  give_if_itself(it, &row->main, &other_servers);
  give_if_itself(it, &hpr_row_more(row)->keeper, &other_servers);
  give_server(it, &hpr_row_owner(row)->identity);
  if (hpr_row_more(row)->pi.kin) give_if_itself(it, &hpr_row_more(row)->pi, &other_servers);
}

static void give_known(const taking *it) {
  give_us(it);
  for (hpr_entry *entry = it->scope->table->entries; entry; entry = entry->next) {
    give_parts(it, entry);
    give_others(it, entry, true);
  }
  it->census->reading =
      hpr_pidfile_each_other(it->scope->pidfile, it->scope->owner_id, give_row, (void *)it);
}

/* --- who belongs to them -------------------------------------------------------------------- */

static hpr_entry *of_ancestor(const hpr_census *census, size_t i) {
  for (int up = 0; up < HPR_LINEAGE_MAX && i != NOBODY; up++, i = parent_of(census, i))
    if (census->owners[i]) return is_above_us(census->owners[i]) ? NULL : census->owners[i];
  return NULL;
}

static hpr_entry *of_leader(const hpr_census *census, int32_t number) {
  const size_t i = number ? hpr_census_find(census, number) : NOBODY;
  const bool leads =
      i != NOBODY && (census->list[i].group == number || census->list[i].session == number);
  return leads && !is_above_us(census->owners[i]) ? census->owners[i] : NULL;
}

static hpr_entry *of_group(const hpr_census *census, size_t i) {
  for (int up = 0; up < HPR_LINEAGE_MAX && i != NOBODY; up++, i = parent_of(census, i)) {
    if (is_above_us(census->owners[i])) return NULL;
    hpr_entry *owner = of_leader(census, census->list[i].group);
    if (!owner) owner = of_leader(census, census->list[i].session);
    if (owner) return owner;
  }
  return NULL;
}

static bool spread_by(hpr_census *census, hpr_entry *(*find)(const hpr_census *, size_t)) {
  bool changed = false;
  for (size_t i = 0; i < census->count; i++) {
    if (census->owners[i] || !hpr_is_pid(census->list[i].pid)) continue;
    census->owners[i] = find(census, i);
    changed = changed || census->owners[i];
  }
  return changed;
}

/* Who was found before, unless a server that has come since is its nearest ancestor. */
static void give_unasked(const taking *it) {
  for (hpr_entry *entry = it->scope->table->entries; entry; entry = entry->next)
    give_others(it, entry, false);
}

/* It is a tool of an agent whose tool we are. */
static bool is_our_sibling(const hpr_census *census, size_t i) {
  for (int up = 0; up < HPR_LINEAGE_MAX && i != NOBODY; up++, i = parent_of(census, i))
    if (census->owners[i] && census->owners[i] != &above_us)
      return census->owners[i] == &entry_above_us;
  return false;
}

/* Of a dead leader only the pid of its group is left. */
static void give_group(hpr_census *census, int32_t group, hpr_entry *owner) {
  for (size_t i = 0; i < census->count; i++)
    if (census->list[i].group == group && !census->owners[i] && !is_our_sibling(census, i))
      census->owners[i] = owner;
}

static void give_groups_left(const taking *it) {
  for (hpr_entry *entry = it->scope->table->entries; entry; entry = entry->next)
    for (hpr_part part = 0; part < HPR_PART_COUNT; part++)
      if (entry->parts[part].presence == HPR_PRESENCE_GROUP &&
          (part == HPR_PART_MAIN || hpr_entry_answers_for(entry, part)))
        give_group(it->census, hpr_entry_part(entry, part)->pid, entry);
}

/* Those that are led by who was found by descent have descendants in their turn. */
static void spread(hpr_census *census) {
  spread_by(census, of_ancestor);
  while (spread_by(census, of_group)) spread_by(census, of_ancestor);
}

/* --- who carries a token -------------------------------------------------------------------- */

typedef struct tokens {
  const char **texts;
  hpr_entry **entries;
  size_t count;
} tokens;

static bool ends_with_tree(const hpr_entry *entry) { return entry->ending && entry->ending->tree; }

/* A token that we carry ourselves all our children have, whosever they are. */
static bool is_usable(const taking *it, hpr_entry *entry) {
  const hpr_process_ops *process = it->scope->process;
  const char *file = hpr_pidfile_path(it->scope->pidfile), *token = entry->row.token;
  if (!token) return false;
  if (!entry->token_asked) {
    entry->token_asked = true;
    entry->token_is_ours =
        process->marked(process->self, process->self_pid(process->self), &token, 1, file) == 0;
  }
  return !entry->token_is_ours;
}

/* Those of all entries: what another one's session has started is not this one's. */
static int collect(const taking *it, tokens *ret_tokens) {
  size_t count = 0;
  bool wanted = false;
  *ret_tokens = (tokens){0};
  for (hpr_entry *entry = it->scope->table->entries; entry; entry = entry->next) {
    wanted = wanted || ends_with_tree(entry);
    count += entry->row.token != NULL;
  }
  if (!wanted || count == 0) return 0;
  ret_tokens->texts = malloc(count * sizeof *ret_tokens->texts);
  ret_tokens->entries = malloc(count * sizeof *ret_tokens->entries);
  if (!ret_tokens->texts || !ret_tokens->entries) return HPR_ENOMEM;
  for (int ending = 0; ending < 2; ending++)
    for (hpr_entry *entry = it->scope->table->entries; entry; entry = entry->next) {
      if (ends_with_tree(entry) != (ending != 0) || !is_usable(it, entry)) continue;
      ret_tokens->entries[ret_tokens->count] = entry;
      ret_tokens->texts[ret_tokens->count++] = entry->row.token;
    }
  return 0;
}

/* The first of several counts, and those that go on living come first. */
static bool give_marked(const taking *it, const tokens *all) {
  const hpr_process_ops *process = it->scope->process;
  const char *file = hpr_pidfile_path(it->scope->pidfile);
  hpr_census *census = it->census;
  bool changed = false;
  for (size_t i = 0; i < census->count; i++) {
    if (census->owners[i] || !hpr_is_pid(census->list[i].pid)) continue;
    const size_t which =
        process->marked(process->self, census->list[i].pid, all->texts, all->count, file);
    if (which == all->count) continue;
    census->owners[i] = all->entries[which];
    changed = true;
  }
  return changed;
}

static int give_by_token(const taking *it) {
  tokens all;
  const int result = collect(it, &all);
  if (result == 0 && all.count > 0 && give_marked(it, &all)) spread_by(it->census, of_ancestor);
  free(all.texts);
  free(all.entries);
  return result;
}

/* --- the whole ------------------------------------------------------------------------------ */

void hpr_census_done(hpr_census *census) {
  free(census->list);
  free(census->owners);
  *census = (hpr_census){0};
}

bool hpr_census_is_recent(const hpr_census *census, const hpr_census_scope *scope) {
  const int64_t now_ms = scope->process->clock_ms(scope->process->self);
  return census->changes == scope->table->changes && now_ms - census->taken_ms < RECENT_MS &&
         hpr_census_knows_servers(census, scope);
}

bool hpr_census_knows_servers(const hpr_census *census, const hpr_census_scope *scope) {
  return census->list && hpr_pidfile_is_as_of(scope->pidfile, census->reading);
}

int hpr_census_take(hpr_census *census, const hpr_census_scope *scope) {
  const taking it = {.census = census, .scope = scope};
  hpr_census_done(census);
  census->taken_ms = scope->process->clock_ms(scope->process->self);
  census->changes = scope->table->changes;
  int result = scope->process->list(scope->process->self, &census->list, &census->count);
  if (result != 0) return result;
  census->owners = calloc(census->count + 1, sizeof *census->owners);
  result = census->owners ? 0 : HPR_ENOMEM;
  if (result == 0) {
    give_known(&it);
    spread_by(census, of_ancestor);
    give_unasked(&it);
    spread_by(census, of_ancestor);
    result = give_by_token(&it); /* a group has in it whom its leader's tools have started, too */
  }
  if (result == 0) {
    give_groups_left(&it);
    spread(census);
  }
  if (result != 0) hpr_census_done(census);
  return result;
}
