#include "store/row.h"

#include "platform/identity.h"
#include "store/json.h"
#include "store/signal_name.h"
#include "store/timestamp.h"

/* What is not known takes no room. */
static void print_known(hpr_buffer *buffer, const char *key, const char *text) {
  if (text && text[0]) hpr_json_text(buffer, key, text);
}

static void print_who(hpr_buffer *buffer, const hpr_identity *identity) {
  hpr_identity_text text;
  hpr_identity_print(identity, &text);
  print_known(buffer, "boot", text.boot);
  print_known(buffer, "birth", text.birth);
  print_known(buffer, "clock", text.clock);
}

static void print_identity(hpr_buffer *buffer, const hpr_identity *identity) {
  print_who(buffer, identity);
  if (identity->state == HPR_RECORD_NOBODY)
    hpr_json_flag(buffer, "nobody", true);
  else if (!identity->kin) /* trust is the rule; what is not to be trusted says so */
    hpr_json_flag(buffer, "kin", false);
}

static void print_pid_and_birth(hpr_buffer *buffer, int32_t pid, const hpr_birth *birth) {
  char text[HPR_BIRTH_SIZE];
  hpr_birth_print(birth, text);
  hpr_json_open(buffer, NULL, '{');
  hpr_json_number(buffer, "pid", pid);
  print_known(buffer, "birth", text);
  hpr_json_close(buffer, '}');
}

static void print_member_list(hpr_buffer *buffer, const hpr_members *members) {
  if (!members) return;
  hpr_json_open(buffer, "members", '[');
  for (size_t i = 0; i < members->count; i++)
    print_pid_and_birth(buffer, members->list[i].pid, &members->list[i].birth);
  hpr_json_close(buffer, ']');
}

static void print_process(hpr_buffer *buffer, const hpr_row *row, hpr_part part) {
  const hpr_row_rest *rest = hpr_row_more(row);
  const hpr_identity *identity = hpr_row_identity(row, part);
  const bool twice = part == HPR_PART_KEEPER && rest->keeper.pid == row->main.pid;
  if (identity->pid == 0 || identity->state == HPR_RECORD_NONE || twice) return;
  hpr_json_open(buffer, hpr_row_identity_key(part, rest->keeper.pid != 0), '{');
  if (part == HPR_PART_FORMER) hpr_json_number(buffer, "pid", identity->pid);
  print_identity(buffer, identity);
  print_member_list(buffer, rest->members[part]);
  hpr_json_close(buffer, '}');
}

static void print_number(hpr_buffer *buffer, const char *key, int64_t number) {
  if (number != 0) hpr_json_number(buffer, key, number);
}

static void print_ending(hpr_buffer *buffer, const hpr_ending_record *record) {
  if (!record) return;
  hpr_json_open(buffer, "ending", '{');
  hpr_json_text(buffer, "signal", hpr_signal_name(record->signal));
  if (record->grace_ms < 0)
    hpr_json_flag(buffer, "graceMs", false);
  else
    hpr_json_number(buffer, "graceMs", record->grace_ms);
  hpr_json_number(buffer, "began", record->began_ms);
  print_number(buffer, "beganBootMs", record->began_boot_ms);
  hpr_json_flag(buffer, "tree", record->tree);
  hpr_json_open(buffer, "sent", '[');
  for (size_t i = 0; i < record->sent_count; i++)
    print_pid_and_birth(buffer, record->sent[i].pid, &record->sent[i].birth);
  hpr_json_close(buffer, ']');
  hpr_json_close(buffer, '}');
}

static void print_owner_name(hpr_buffer *buffer, const hpr_owner_name *owner) {
  hpr_json_open(buffer, "owner", '{');
  hpr_json_number(buffer, "pid", owner->identity.pid);
  print_who(buffer, &owner->identity);
  hpr_json_text(buffer, "id", owner->id);
  print_known(buffer, "file", owner->file);
  print_known(buffer, "init", owner->init);
  hpr_json_close(buffer, '}');
}

/* NULL: no memory. */
static char *make_text(const hpr_owner_name *owner) {
  hpr_buffer text = {0};
  print_owner_name(&text, owner);
  hpr_buffer_add(&text, "", 1);
  if (text.failed) hpr_buffer_done(&text);
  return text.text;
}

/* It is half of a row, and the same in all rows that share it. */
static void print_owner(hpr_buffer *buffer, const hpr_row *row) {
  hpr_owner_name *owner = row->owner;
  if (!owner || owner->identity.pid == 0) return;
  if (!owner->text && owner->uses > 1) owner->text = make_text(owner);
  if (owner->text)
    hpr_json_members(buffer, owner->text);
  else
    print_owner_name(buffer, owner);
}

static void print_true(hpr_buffer *buffer, const char *key, bool flag) {
  if (flag) hpr_json_flag(buffer, key, true);
}

static void print_time(hpr_buffer *buffer, const char *key, int64_t time_ms) {
  char text[HPR_TIMESTAMP_SIZE];
  if (time_ms == HPR_SPAWNED_UNKNOWN) return;
  hpr_timestamp_write(time_ms, text);
  hpr_json_text(buffer, key, text);
}

static void print_foreign_since(hpr_buffer *buffer, const hpr_row *row) {
  if (hpr_row_more(row)->foreign_since_ms != 0)
    print_time(buffer, "foreignSince", hpr_row_more(row)->foreign_since_ms);
}

/* The original's fields first and in its order: people read this file too. */
void hpr_row_write(const hpr_row *row, hpr_buffer *buffer) {
  const hpr_row_rest *rest = hpr_row_more(row);
  hpr_buffer_add(buffer, "{", 1);
  print_number(buffer, "pid", row->main.pid);
  if (row->cwd) hpr_json_text(buffer, "cwd", row->cwd);
  print_number(buffer, "registeredPid", rest->registered_pid);
  print_time(buffer, "spawnedAt", row->spawned_ms);
  print_known(buffer, "spawnToken", row->token);
  print_number(buffer, rest->keeper.pid ? "piPid" : "agentPid", rest->pi.pid);
  print_number(buffer, "keeperPid", rest->keeper.pid);
  print_known(buffer, "keeperSockPath", rest->socket_path);
  print_known(buffer, "sessionId", row->session);
  print_known(buffer, "goalId", rest->goal);
  if (rest->fields) hpr_json_value(buffer, "fields", rest->fields);
  print_true(buffer, "terminating", row->terminating);
  print_ending(buffer, rest->ending);
  print_true(buffer, "remainder", row->remainder);
  print_number(buffer, "spawnedBootMs", row->spawned_boot_ms);
  print_foreign_since(buffer, row);
  print_process(buffer, row, HPR_PART_MAIN);
  print_process(buffer, row, HPR_PART_AGENT);
  print_process(buffer, row, HPR_PART_KEEPER);
  print_process(buffer, row, HPR_PART_FORMER);
  print_owner(buffer, row);
  if (rest->unknown) hpr_json_members(buffer, rest->unknown);
  hpr_json_close(buffer, '}');
}

void hpr_row_write_announced(const hpr_row *row, hpr_buffer *buffer) {
  hpr_buffer_add(buffer, "{", 1);
  print_known(buffer, "spawnToken", row->token);
  print_time(buffer, "spawnedAt", row->spawned_ms);
  print_number(buffer, "spawnedBootMs", row->spawned_boot_ms);
  print_foreign_since(buffer, row);
  print_owner(buffer, row);
  if (hpr_row_more(row)->unknown) hpr_json_members(buffer, hpr_row_more(row)->unknown);
  hpr_json_close(buffer, '}');
}
