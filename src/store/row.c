#include "store/row.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

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
  case HPR_PART_AGENT: return &row->pi;
  case HPR_PART_MAIN: return &row->main;
  case HPR_PART_KEEPER: return &row->keeper;
  default: return &row->former;
  }
}

int hpr_row_set_text(char **field, const char *text) {
  char *copy = NULL;
  if (text && text[0] && !(copy = strdup(text))) return HPR_ENOMEM;
  free(*field);
  *field = copy;
  return 0;
}

int32_t hpr_row_registered_pid(const hpr_row *row) {
  return row->registered_pid ? row->registered_pid : row->main.pid;
}

static void move_members(hpr_row *row, hpr_part from, hpr_part to) {
  free(row->members[to]);
  row->members[to] = row->members[from];
  row->members[from] = NULL;
}

void hpr_row_leave_agent(hpr_row *row, const hpr_identity *former) {
  if (former) {
    row->former = *former;
    move_members(row, HPR_PART_AGENT, HPR_PART_FORMER);
  }
  free(row->members[HPR_PART_AGENT]);
  row->members[HPR_PART_AGENT] = NULL;
}

void hpr_row_promote(hpr_row *row, bool keep_group) {
  if (row->keeper.pid == row->main.pid) {
    row->keeper = (hpr_identity){0};
    free(row->socket_path);
    row->socket_path = NULL;
  }
  if (keep_group) {
    row->former = row->main;
    move_members(row, HPR_PART_MAIN, HPR_PART_FORMER);
  }
  row->registered_pid = hpr_row_registered_pid(row);
  row->main = row->pi;
  row->pi = (hpr_identity){0};
  if (row->keeper.pid == row->main.pid) row->keeper = row->main;
  move_members(row, HPR_PART_AGENT, HPR_PART_MAIN);
}

int hpr_row_set_members(hpr_row *row, hpr_part part, const hpr_members *members) {
  hpr_members *copy = NULL;
  if (members->count > 0 && !(copy = malloc(sizeof *copy))) return HPR_ENOMEM;
  if (copy) *copy = *members;
  free(row->members[part]);
  row->members[part] = copy;
  return 0;
}

int hpr_row_begin_ending(hpr_row *row, hpr_signal signal, int32_t grace_ms, int64_t began_ms,
                         bool tree) {
  hpr_ending_record *record = calloc(1, sizeof *record);
  if (!record) return HPR_ENOMEM;
  *record = (hpr_ending_record){
      .signal = signal, .grace_ms = grace_ms, .began_ms = began_ms, .tree = tree};
  record->sent = calloc(HPR_PART_COUNT, sizeof *record->sent); /* saying so must not fail later */
  if (!record->sent) {
    free(record);
    return HPR_ENOMEM;
  }
  hpr_row_drop_ending(row);
  row->ending = record;
  row->terminating = true;
  return 0;
}

void hpr_row_drop_ending(hpr_row *row) {
  if (row->ending) free(row->ending->sent);
  free(row->ending);
  row->ending = NULL;
}

static hpr_asked *find_asked(const hpr_row *row, const hpr_identity *identity) {
  for (size_t i = 0; row->ending && i < row->ending->sent_count; i++) {
    hpr_asked *it = &row->ending->sent[i];
    if (it->pid == identity->pid && hpr_birth_equal(&it->birth, &identity->birth)) return it;
  }
  return NULL;
}

bool hpr_row_was_asked(const hpr_row *row, const hpr_identity *identity) {
  return find_asked(row, identity) != NULL;
}

int hpr_row_add_asked(hpr_row *row, const hpr_identity *identity) {
  hpr_ending_record *record = row->ending;
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
  if (it) *it = row->ending->sent[--row->ending->sent_count];
}

void hpr_row_done(hpr_row *row) {
  free(row->cwd);
  free(row->token);
  free(row->socket_path);
  free(row->session);
  free(row->goal);
  free(row->fields);
  hpr_row_drop_ending(row);
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) free(row->members[part]);
  free(row->unknown);
  *row = (hpr_row){0};
}
