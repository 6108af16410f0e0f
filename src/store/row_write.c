#include "store/row.h"

#include <cjson/cJSON.h>

#include "base/error.h"
#include "store/signal_name.h"
#include "store/timestamp.h"

static bool write_identity(cJSON *object, const hpr_identity *identity) {
  if (identity->boot[0] && !cJSON_AddStringToObject(object, "boot", identity->boot)) return false;
  if (identity->birth[0] && !cJSON_AddStringToObject(object, "birth", identity->birth))
    return false;
  if (identity->state == HPR_RECORD_NOBODY) return cJSON_AddTrueToObject(object, "nobody");
  /* Trust is the rule and takes no room; what is not to be trusted says so. */
  return identity->kin || cJSON_AddFalseToObject(object, "kin");
}

static bool write_pid_and_birth(cJSON *list, int32_t pid, const char *birth) {
  cJSON *object = cJSON_CreateObject();
  if (!object || !cJSON_AddItemToArray(list, object)) {
    cJSON_Delete(object);
    return false;
  }
  return cJSON_AddNumberToObject(object, "pid", pid) &&
         (!birth[0] || cJSON_AddStringToObject(object, "birth", birth));
}

static bool write_member_list(cJSON *identity, const hpr_members *members) {
  if (!members) return true;
  cJSON *list = cJSON_AddArrayToObject(identity, "members");
  for (size_t i = 0; list && i < members->count; i++)
    if (!write_pid_and_birth(list, members->list[i].pid, members->list[i].birth)) return false;
  return list != NULL;
}

static bool write_process(cJSON *entry, const hpr_row *row, hpr_part part) {
  const hpr_identity *identity = hpr_row_identity(row, part);
  const bool twice = part == HPR_PART_KEEPER && row->keeper.pid == row->main.pid;
  if (identity->pid == 0 || identity->state == HPR_RECORD_NONE || twice) return true;
  cJSON *object = cJSON_AddObjectToObject(entry, hpr_row_identity_key(part, row->keeper.pid != 0));
  const bool has_pid =
      part != HPR_PART_FORMER || (object && cJSON_AddNumberToObject(object, "pid", identity->pid));
  return object && has_pid && write_identity(object, identity) &&
         write_member_list(object, row->members[part]);
}

static bool write_asked(cJSON *object, const hpr_ending_record *record) {
  cJSON *list = cJSON_AddArrayToObject(object, "sent");
  for (size_t i = 0; list && i < record->sent_count; i++)
    if (!write_pid_and_birth(list, record->sent[i].pid, record->sent[i].birth)) return false;
  return list != NULL;
}

static bool write_ending(cJSON *entry, const hpr_ending_record *record) {
  if (!record) return true;
  cJSON *object = cJSON_AddObjectToObject(entry, "ending");
  return object && cJSON_AddStringToObject(object, "signal", hpr_signal_name(record->signal)) &&
         (record->grace_ms < 0 ? cJSON_AddFalseToObject(object, "graceMs")
                               : cJSON_AddNumberToObject(object, "graceMs", record->grace_ms)) &&
         cJSON_AddNumberToObject(object, "began", (double)record->began_ms) &&
         cJSON_AddBoolToObject(object, "tree", record->tree) && write_asked(object, record);
}

static bool write_owner(cJSON *entry, const hpr_row *row) {
  if (row->owner.pid == 0) return true;
  cJSON *object = cJSON_AddObjectToObject(entry, "owner");
  if (!object || !cJSON_AddNumberToObject(object, "pid", row->owner.pid)) return false;
  if (row->owner.boot[0] && !cJSON_AddStringToObject(object, "boot", row->owner.boot)) return false;
  if (row->owner.birth[0] && !cJSON_AddStringToObject(object, "birth", row->owner.birth))
    return false;
  return cJSON_AddStringToObject(object, "id", row->owner_id) &&
         (!row->owner_file[0] || cJSON_AddStringToObject(object, "file", row->owner_file)) &&
         (!row->owner_init[0] || cJSON_AddStringToObject(object, "init", row->owner_init));
}

static bool write_pid(cJSON *entry, const char *key, const hpr_identity *identity) {
  return identity->pid == 0 || cJSON_AddNumberToObject(entry, key, identity->pid);
}

static bool write_string(cJSON *entry, const char *key, const char *text) {
  return !text || cJSON_AddStringToObject(entry, key, text);
}

static bool write_time(cJSON *entry, const char *key, int64_t time_ms) {
  char text[HPR_TIMESTAMP_SIZE];
  if (time_ms == HPR_SPAWNED_UNKNOWN) return true;
  hpr_timestamp_write(time_ms, text);
  return cJSON_AddStringToObject(entry, key, text) != NULL;
}

static bool write_boot_ms(cJSON *entry, int64_t boot_ms) {
  return boot_ms == 0 || cJSON_AddNumberToObject(entry, "spawnedBootMs", (double)boot_ms);
}

static bool write_unknown(cJSON *entry, const hpr_row *row) {
  const cJSON *item;
  cJSON_ArrayForEach(item, row->unknown) {
    if (!cJSON_AddRawToObject(entry, item->string, item->valuestring)) return false;
  }
  return true;
}

/* The original's fields first and in its order: people read this file too. */
static bool write_members(cJSON *entry, const hpr_row *row) {
  return write_pid(entry, "pid", &row->main) && write_string(entry, "cwd", row->cwd) &&
         (row->registered_pid == 0 ||
          cJSON_AddNumberToObject(entry, "registeredPid", row->registered_pid)) &&
         write_time(entry, "spawnedAt", row->spawned_ms) &&
         write_string(entry, "spawnToken", row->token) &&
         write_pid(entry, row->keeper.pid ? "piPid" : "agentPid", &row->pi) &&
         write_pid(entry, "keeperPid", &row->keeper) &&
         write_string(entry, "keeperSockPath", row->socket_path) &&
         write_string(entry, "sessionId", row->session) &&
         (!row->terminating || cJSON_AddTrueToObject(entry, "terminating")) &&
         write_ending(entry, row->ending) &&
         (!row->remainder || cJSON_AddTrueToObject(entry, "remainder")) &&
         write_boot_ms(entry, row->spawned_boot_ms) &&
         (row->foreign_since_ms == 0 || write_time(entry, "foreignSince", row->foreign_since_ms)) &&
         write_process(entry, row, HPR_PART_MAIN) && write_process(entry, row, HPR_PART_AGENT) &&
         write_process(entry, row, HPR_PART_KEEPER) && write_process(entry, row, HPR_PART_FORMER) &&
         write_owner(entry, row) && write_unknown(entry, row);
}

int hpr_row_write(const hpr_row *row, char **ret_text) {
  cJSON *entry = cJSON_CreateObject();
  char *text = entry && write_members(entry, row) ? cJSON_PrintUnformatted(entry) : NULL;
  cJSON_Delete(entry);
  if (!text) return HPR_ENOMEM;
  *ret_text = text;
  return 0;
}

/* --- announced tokens ----------------------------------------------------------------------- */

int hpr_row_write_announced(const hpr_row *row, char **ret_text) {
  cJSON *it = cJSON_CreateObject();
  const bool whole = it && write_string(it, "spawnToken", row->token) &&
                     write_time(it, "spawnedAt", row->spawned_ms) && write_owner(it, row);
  *ret_text = whole ? cJSON_PrintUnformatted(it) : NULL;
  cJSON_Delete(it);
  return *ret_text ? 0 : HPR_ENOMEM;
}
