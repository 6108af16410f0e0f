#include "core/census.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

enum { RECENT_MS = 50 }; /* so old it does for a first look: the last finds who has come since */

static const size_t NOBODY = SIZE_MAX;

/* Owners that are no entries: of what others keep, and of ourselves and our ancestors; what those
 * of them have started who have an entry is nobody else's. */
static hpr_entry other_servers, above_us, entry_above_us;

static bool is_above_us(const hpr_entry *owner) {
  return owner == &above_us || owner == &entry_above_us;
}

/* Tokens that tell whose a process is, in the order in which they count. */
typedef struct tokens {
  char **texts;
  hpr_entry **owners;
  size_t count, room;
} tokens;

typedef struct taking {
  hpr_census *census;
  const hpr_census_scope *scope;
  tokens tokens;
  int result;
} taking;

static bool ends_with_tree(const hpr_entry *entry) { return entry->ending && entry->ending->tree; }

/* --- finding -------------------------------------------------------------------------------- */

size_t hpr_census_find(const hpr_census *census, int32_t pid) {
  return hpr_seen_find(census->list, census->count, pid);
}

bool hpr_census_is_other_servers(const hpr_census *census, int32_t pid) {
  const size_t i = hpr_census_find(census, pid);
  return i != NOBODY && census->owners[i] == &other_servers;
}

static size_t parent_of(const hpr_census *census, size_t i) {
  return hpr_census_find(census, census->list[i].parent);
}

/* --- tokens --------------------------------------------------------------------------------- */

/* Those of all entries: what another one's session has started is not this one's. Of several that
 * somebody carries the first counts, and those of sessions that go on living come first. */
static void add_token(taking *it, const char *text, hpr_entry *owner) {
  tokens *all = &it->tokens;
  if (!text || it->result != 0) return;
  if (all->count == all->room) {
    const size_t room = all->room ? 2 * all->room : 64;
    char **texts = realloc(all->texts, room * sizeof *texts);
    if (texts) all->texts = texts;
    hpr_entry **owners = realloc(all->owners, room * sizeof *owners);
    if (owners) all->owners = owners;
    if (texts && owners) all->room = room;
  }
  char *copy = all->count < all->room ? strdup(text) : NULL;
  if (!copy) {
    it->result = HPR_ENOMEM;
    return;
  }
  all->owners[all->count] = owner;
  all->texts[all->count++] = copy;
}

static size_t first_carried(const taking *it, int32_t pid) {
  const hpr_process_ops *process = it->scope->process;
  return process->marked(process->self, pid, (const char *const *)it->tokens.texts,
                         it->tokens.count, hpr_pidfile_path(it->scope->pidfile));
}

/* A token that we carry ourselves all our children have, whosever they are. */
static void drop_our_own(taking *it) {
  const hpr_process_ops *process = it->scope->process;
  const int32_t self = process->self_pid(process->self);
  tokens *all = &it->tokens;
  size_t i;
  while ((i = first_carried(it, self)) < all->count) {
    free(all->texts[i]);
    all->count--;
    memmove(&all->texts[i], &all->texts[i + 1], (all->count - i) * sizeof *all->texts);
    memmove(&all->owners[i], &all->owners[i + 1], (all->count - i) * sizeof *all->owners);
  }
}

static void free_tokens(tokens *all) {
  for (size_t i = 0; i < all->count; i++) free(all->texts[i]);
  free(all->texts);
  free(all->owners);
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
  it->census->has_other_servers = it->census->has_other_servers || owner == &other_servers;
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

/* Whom an end has found before, whoever has it for a parent now; but for what descends from another
 * entry, which may have been registered since. */
static void give_others(const taking *it) {
  for (hpr_entry *entry = it->scope->table->entries; entry; entry = entry->next)
    for (size_t i = 0; entry->ending && i < entry->ending->other_count; i++)
      if (entry->ending->others[i].there && !entry->ending->others[i].bystander)
        give_if_there(it, &entry->ending->others[i].identity, entry);
}

/* What it starts itself are agents. */
static void give_server(const taking *it, const hpr_identity *identity) {
  const size_t i = hpr_census_find(it->census, identity->pid);
  if (i != NOBODY && !it->census->owners[i]) give_if_itself(it, identity, &other_servers);
}

/*
 * The very session that is to end, as the file has it: of a server that has ended, or that lives
 * while a guest ends its entry.
 */
static bool is_ending(const taking *it, const char *token) {
  for (const hpr_entry *entry = it->scope->table->entries; entry; entry = entry->next)
    if (ends_with_tree(entry) && hpr_same_text(entry->row.token, token)) return true;
  return false;
}

static void give_row(void *context, const hpr_row *row) {
  taking *it = context;
  give_if_itself(it, &row->main, &other_servers);
  give_if_itself(it, &hpr_row_more(row)->keeper, &other_servers);
  give_server(it, &hpr_row_owner(row)->identity);
  if (hpr_row_more(row)->pi.kin) give_if_itself(it, &hpr_row_more(row)->pi, &other_servers);
  if (!is_ending(it, row->token)) add_token(it, row->token, &other_servers);
}

static void give_known(taking *it) {
  give_us(it);
  for (hpr_entry *entry = it->scope->table->entries; entry; entry = entry->next)
    give_parts(it, entry);
  it->census->reading =
      hpr_pidfile_each_other(it->scope->pidfile, it->scope->owner_id, give_row, it);
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

/*
 * Nobody can tell whose it was, nor whom it has started since. Whoever has lost its parent has the
 * first process for one, or somebody else whose session it is not in.
 */
static bool may_be_left(const hpr_census *census, size_t i) {
  const size_t parent = parent_of(census, i);
  return parent == NOBODY || !hpr_is_pid(census->list[parent].pid) ||
         census->list[parent].session != census->list[i].session;
}

static bool give_marked(const taking *it) {
  hpr_census *census = it->census;
  bool changed = false;
  for (size_t i = 0; i < census->count; i++) {
    if (census->owners[i] || !hpr_is_pid(census->list[i].pid)) continue;
    const size_t which = first_carried(it, census->list[i].pid);
    if (which == SIZE_MAX && may_be_left(census, i)) census->blurred = true;
    if (which >= it->tokens.count) continue;
    census->owners[i] = it->tokens.owners[which];
    changed = true;
  }
  return changed;
}

static void give_by_token(taking *it) {
  for (hpr_entry *entry = it->scope->table->entries; entry; entry = entry->next)
    if (!ends_with_tree(entry)) add_token(it, entry->row.token, entry);
  for (hpr_entry *entry = it->scope->table->entries; entry; entry = entry->next)
    if (ends_with_tree(entry)) add_token(it, entry->row.token, entry);
  drop_our_own(it);
  if (it->result == 0 && give_marked(it)) spread_by(it->census, of_ancestor);
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

/* A group has in it whom its leader's tools have started, too: tokens come first. */
static void give_all(taking *it) {
  give_known(it);
  spread_by(it->census, of_ancestor);
  give_others(it);
  spread_by(it->census, of_ancestor);
  give_by_token(it);
  give_groups_left(it);
  spread(it->census);
}

int hpr_census_take(hpr_census *census, const hpr_census_scope *scope) {
  taking it = {.census = census, .scope = scope};
  hpr_census_done(census);
  census->taken_ms = scope->process->clock_ms(scope->process->self);
  census->changes = scope->table->changes;
  it.result = scope->process->list(scope->process->self, &census->list, &census->count);
  if (it.result != 0) return it.result;
  census->owners = calloc(census->count + 1, sizeof *census->owners);
  if (census->owners)
    give_all(&it);
  else
    it.result = HPR_ENOMEM;
  free_tokens(&it.tokens);
  if (it.result != 0) hpr_census_done(census);
  return it.result;
}
