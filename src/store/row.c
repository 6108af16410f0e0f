#include "store/row.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/shared.h"

/* --- its parts ------------------------------------------------------------------------------ */

const hpr_row_rest *hpr_row_more(const hpr_row *row) {
  static const hpr_row_rest nothing;
  return row->rest ? row->rest : &nothing;
}

hpr_row_rest *hpr_row_add_more(hpr_row *row) {
  if (!row->rest) row->rest = calloc(1, sizeof *row->rest);
  return row->rest;
}

const hpr_owner_name *hpr_row_owner(const hpr_row *row) {
  static const hpr_owner_name nobody;
  return row->owner ? row->owner : &nobody;
}

hpr_owner_name *hpr_owner_name_new(void) {
  hpr_owner_name *name = calloc(1, sizeof *name);
  if (name) name->uses = 1;
  return name;
}

void hpr_owner_name_drop(hpr_owner_name *name) {
  if (!name || --name->uses > 0) return;
  free(name->text);
  free(name);
}

void hpr_owner_name_prove(hpr_owner_name *name, const char *file, const char *init) {
  snprintf(name->file, sizeof name->file, "%s", file);
  snprintf(name->init, sizeof name->init, "%s", init);
  free(name->text);
  name->text = NULL;
}

void hpr_row_set_owner(hpr_row *row, hpr_owner_name *owner) {
  owner->uses++;
  hpr_owner_name_drop(row->owner);
  row->owner = owner;
}

const char *hpr_row_identity_key(hpr_part part, bool is_pi) {
  switch (part) {
  case HPR_PART_AGENT: return is_pi ? "piIdentity" : "agentIdentity";
  case HPR_PART_MAIN: return "identity";
  case HPR_PART_KEEPER: return "keeperIdentity";
  default: return "former";
  }
}

const hpr_identity *hpr_row_identity(const hpr_row *row, hpr_part part) {
  switch (part) {
  case HPR_PART_AGENT: return &hpr_row_more(row)->pi;
  case HPR_PART_MAIN: return &row->main;
  case HPR_PART_KEEPER: return &hpr_row_more(row)->keeper;
  default: return &hpr_row_more(row)->former;
  }
}

int hpr_row_set_text(char **field, const char *text) {
  char *copy = NULL;
  if (text && text[0] && !(copy = strdup(text))) return HPR_ENOMEM;
  free(*field);
  *field = copy;
  return 0;
}

static int set_rare_text(hpr_row *row, size_t offset, const char *text) {
  const bool has = text && text[0];
  if (!has && !row->rest) return 0;
  if (!hpr_row_add_more(row)) return HPR_ENOMEM;
  return hpr_row_set_text((char **)((char *)row->rest + offset), text);
}

int hpr_row_set_socket_path(hpr_row *row, const char *path) {
  return set_rare_text(row, offsetof(hpr_row_rest, socket_path), path);
}

int hpr_row_set_goal(hpr_row *row, const char *goal) {
  return set_rare_text(row, offsetof(hpr_row_rest, goal), goal);
}

int32_t hpr_row_registered_pid(const hpr_row *row) {
  const int32_t pid = hpr_row_more(row)->registered_pid;
  return pid ? pid : row->main.pid;
}

hpr_origin hpr_row_origin_of(const hpr_row *row) {
  return (hpr_origin){row->main, row->spawned_ms, hpr_row_registered_pid(row)};
}

/* A pid is not given twice in a millisecond. */
bool hpr_origin_equal(const hpr_origin *one, const hpr_origin *other) {
  return one->pid == other->pid && one->spawned_ms == other->spawned_ms &&
         (one->spawned_ms != HPR_SPAWNED_UNKNOWN || hpr_identity_equal(&one->main, &other->main));
}

static void move_members(hpr_row_rest *rest, hpr_part from, hpr_part to) {
  free(rest->members[to]);
  rest->members[to] = rest->members[from];
  rest->members[from] = NULL;
}

void hpr_row_leave_agent(hpr_row *row, const hpr_identity *former) {
  hpr_row_rest *rest = row->rest;
  if (!rest) return; /* it had none */
  if (former) {
    rest->former = *former;
    move_members(rest, HPR_PART_AGENT, HPR_PART_FORMER);
  }
  free(rest->members[HPR_PART_AGENT]);
  rest->members[HPR_PART_AGENT] = NULL;
}

int hpr_row_split_agent(hpr_row *row, const char *session, hpr_row *ret_remainder) {
  hpr_row it = {.main = row->rest->pi, .remainder = true};
  it.spawned_ms = row->spawned_ms;
  it.spawned_boot_ms = row->spawned_boot_ms;
  if (hpr_row_set_text(&it.token, row->token) != 0 || hpr_row_set_text(&it.session, session) != 0 ||
      !hpr_row_add_more(&it)) {
    hpr_row_done(&it);
    return HPR_ENOMEM;
  }
  it.cwd = hpr_shared_use(row->cwd);
  it.rest->members[HPR_PART_MAIN] = row->rest->members[HPR_PART_AGENT];
  row->rest->members[HPR_PART_AGENT] = NULL;
  hpr_row_set_owner(&it, row->owner);
  *ret_remainder = it;
  return 0;
}

void hpr_row_drop_former(hpr_row *row) {
  row->rest->former = (hpr_identity){0};
  free(row->rest->members[HPR_PART_FORMER]);
  row->rest->members[HPR_PART_FORMER] = NULL;
}

void hpr_row_promote(hpr_row *row, bool keep_group) {
  hpr_row_rest *rest = row->rest; /* it has an agent */
  if (rest->keeper.pid == row->main.pid) {
    rest->keeper = (hpr_identity){0};
    free(rest->socket_path);
    rest->socket_path = NULL;
  }
  if (keep_group) {
    rest->former = row->main;
    move_members(rest, HPR_PART_MAIN, HPR_PART_FORMER);
  }
  rest->registered_pid = hpr_row_registered_pid(row);
  row->main = rest->pi;
  rest->pi = (hpr_identity){0};
  if (rest->keeper.pid == row->main.pid) rest->keeper = row->main;
  move_members(rest, HPR_PART_AGENT, HPR_PART_MAIN);
}

int hpr_row_set_members(hpr_row *row, hpr_part part, const hpr_members *members) {
  hpr_members *copy = NULL;
  if (members->count == 0 && !row->rest) return 0;
  if (!hpr_row_add_more(row)) return HPR_ENOMEM;
  if (members->count > 0 && !(copy = malloc(sizeof *copy))) return HPR_ENOMEM;
  if (copy) *copy = *members;
  free(row->rest->members[part]);
  row->rest->members[part] = copy;
  return 0;
}

int hpr_row_begin_ending(hpr_row *row, const hpr_ending_record *how) {
  hpr_ending_record *record = hpr_row_add_more(row) ? malloc(sizeof *record) : NULL;
  if (!record) return HPR_ENOMEM;
  *record = *how;
  record->sent_count = 0;
  record->sent = calloc(HPR_PART_COUNT, sizeof *record->sent); /* saying so must not fail later */
  if (!record->sent) {
    free(record);
    return HPR_ENOMEM;
  }
  hpr_row_drop_ending(row);
  row->rest->ending = record;
  row->terminating = true;
  return 0;
}

static void free_ending(hpr_ending_record *ending) {
  if (ending) free(ending->sent);
  free(ending);
}

void hpr_row_drop_ending(hpr_row *row) {
  if (!row->rest) return;
  free_ending(row->rest->ending);
  row->rest->ending = NULL;
}

static hpr_asked *find_asked(const hpr_row *row, const hpr_identity *identity) {
  const hpr_ending_record *ending = hpr_row_more(row)->ending;
  for (size_t i = 0; ending && i < ending->sent_count; i++) {
    hpr_asked *it = &ending->sent[i];
    if (it->pid == identity->pid && hpr_birth_equal(&it->birth, &identity->birth)) return it;
  }
  return NULL;
}

bool hpr_row_was_asked(const hpr_row *row, const hpr_identity *identity) {
  return find_asked(row, identity) != NULL;
}

int hpr_row_add_asked(hpr_row *row, const hpr_identity *identity) {
  hpr_ending_record *record = hpr_row_more(row)->ending;
  if (!record || find_asked(row, identity)) return 0;
  if (record->sent_count >= HPR_PART_COUNT) {
    hpr_asked *longer = realloc(record->sent, (record->sent_count + 1) * sizeof *longer);
    if (!longer) return HPR_ENOMEM;
    record->sent = longer;
  }
  hpr_asked *it = &record->sent[record->sent_count++];
  it->pid = identity->pid;
  it->birth = identity->birth;
  return 0;
}

void hpr_row_drop_asked(hpr_row *row, const hpr_identity *identity) {
  hpr_asked *it = find_asked(row, identity);
  hpr_ending_record *ending = hpr_row_more(row)->ending;
  if (it) *it = ending->sent[--ending->sent_count];
}

static void free_rest(hpr_row_rest *rest) {
  if (!rest) return;
  free(rest->socket_path);
  free(rest->goal);
  free(rest->fields);
  free(rest->unknown);
  free_ending(rest->ending);
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) free(rest->members[part]);
  free(rest);
}

static bool has_process(const hpr_row_rest *rest) {
  return rest->pi.pid || rest->keeper.pid || rest->former.pid || rest->registered_pid;
}

static bool has_text(const hpr_row_rest *rest) {
  return rest->socket_path || rest->goal || rest->fields || rest->unknown;
}

void hpr_row_trim(hpr_row *row) {
  const hpr_row_rest *rest = row->rest;
  if (!rest || has_process(rest) || has_text(rest) || rest->ending || rest->foreign_since_ms != 0)
    return;
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++)
    if (rest->members[part]) return;
  free_rest(row->rest);
  row->rest = NULL;
}

void hpr_row_done(hpr_row *row) {
  hpr_shared_drop(row->cwd);
  free(row->token);
  free(row->session);
  free_rest(row->rest);
  hpr_owner_name_drop(row->owner);
  *row = (hpr_row){0};
}
