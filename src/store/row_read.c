#include "store/row.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/shared.h"
#include "platform/identity.h"
#include "store/json.h"
#include "store/signal_name.h"
#include "store/timestamp.h"

/* 2001: anything earlier is a zero, or seconds taken for milliseconds. */
#define EARLIEST_MS INT64_C(1000000000000)

/* 2^53: a double, which is what JSON's readers make of a number, tells all integers below apart. */
#define LARGEST_NUMBER 9007199254740992.0

enum { FEW_KEYS = 32 };

static int compare_keys(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted. */
static const char *const known_keys[] = {
    "agentIdentity", "agentPid",
    "cwd",           "ending",
    "foreignSince",  "former",
    "identity",      "keeperIdentity",
    "keeperPid",     "keeperSockPath",
    "owner",         "piIdentity",
    "piPid",         "pid",
    "registeredPid", "remainder",
    "sessionId",     "spawnToken",
    "spawnedAt",     "spawnedBootMs",
    "terminating",
};

/* Others may have used the names that callers of ours have for what they like. */
static bool is_fields(const cJSON *item) {
  return strcmp(item->string, "fields") == 0 && cJSON_IsObject(item);
}

static bool is_goal(const cJSON *item) {
  return strcmp(item->string, "goalId") == 0 && cJSON_IsString(item);
}

static bool is_known(const cJSON *item) {
  const char *key = item->string;
  return bsearch(&key, known_keys, sizeof known_keys / sizeof known_keys[0], sizeof known_keys[0],
                 compare_keys) ||
         is_goal(item);
}

/* The first letter tells most keys apart. */
static bool is_key(const cJSON *item, const char *key) {
  return item->string[0] == key[0] && strcmp(item->string, key) == 0;
}

/* In a long object, one by one would take too long. */
static int check_many_differ(const cJSON *object, size_t count) {
  const cJSON *item;
  const char **keys = malloc(count * sizeof *keys);
  if (!keys) return HPR_ENOMEM;
  size_t at = 0;
  cJSON_ArrayForEach(item, object) keys[at++] = item->string;
  qsort(keys, count, sizeof *keys, compare_keys);
  int result = 0;
  for (at = 1; at < count && result == 0; at++)
    if (strcmp(keys[at - 1], keys[at]) == 0) result = HPR_EINVAL;
  free(keys);
  return result;
}

static int check_few_differ(const cJSON *object) {
  for (const cJSON *item = object->child; item; item = item->next)
    for (const cJSON *other = object->child; other != item; other = other->next)
      if (is_key(other, item->string)) return HPR_EINVAL;
  return 0;
}

/* cJSON keeps both of two equal keys and finds the first: we refuse to choose. */
static int check_keys_differ(const cJSON *value) {
  const cJSON *item;
  size_t count = 0;
  cJSON_ArrayForEach(item, value) {
    int result = item->child ? check_keys_differ(item) : 0;
    if (result != 0) return result;
    count++;
  }
  if (!cJSON_IsObject(value)) return 0;
  return count <= FEW_KEYS ? check_few_differ(value) : check_many_differ(value, count);
}

static const cJSON *member(const cJSON *object, const char *key) {
  const cJSON *item = cJSON_IsObject(object) ? object->child : NULL;
  while (item && !is_key(item, key)) item = item->next;
  return item;
}

/* valuedouble, because valueint stops silently at 2^31-1. */
static bool read_pid_from(const cJSON *value, int32_t least, int32_t *ret_pid) {
  if (!cJSON_IsNumber(value) || value->valuedouble != floor(value->valuedouble) ||
      value->valuedouble < least || value->valuedouble > HPR_PID_MAX)
    return false;
  *ret_pid = (int32_t)value->valuedouble;
  return true;
}

static bool read_pid(const cJSON *value, int32_t *ret_pid) {
  return read_pid_from(value, HPR_PID_MIN, ret_pid);
}

static bool read_fixed(const cJSON *value, char *ret_text, size_t size) {
  if (!value) return true;
  const size_t length = cJSON_IsString(value) ? strlen(value->valuestring) : size;
  if (length >= size) return false;
  memcpy(ret_text, value->valuestring, length + 1);
  return true;
}

static bool read_flag(const cJSON *value, bool absent, bool *ret_flag) {
  if (value && !cJSON_IsBool(value)) return false;
  *ret_flag = value ? cJSON_IsTrue(value) : absent;
  return true;
}

static bool read_birth(const cJSON *value, hpr_birth *ret_birth) {
  char text[HPR_BIRTH_SIZE] = "";
  if (!read_fixed(value, text, sizeof text)) return false;
  *ret_birth = hpr_birth_read(text);
  return true;
}

/* An absent identity is that of the original module: nothing was recorded. */
static bool read_identity(const cJSON *value, hpr_identity *identity) {
  hpr_identity_text text = {0};
  bool nobody;
  if (!value) return true;
  if (!cJSON_IsObject(value) || !read_fixed(member(value, "boot"), text.boot, HPR_BOOT_SIZE) ||
      !read_fixed(member(value, "birth"), text.birth, HPR_BIRTH_SIZE) ||
      !read_fixed(member(value, "clock"), text.clock, HPR_CLOCK_SIZE))
    return false;
  hpr_identity_read(&text, identity);
  if (!read_flag(member(value, "nobody"), false, &nobody) ||
      !read_flag(member(value, "kin"), true, &identity->kin))
    return false;
  const bool known = identity->boot.form != HPR_BOOT_NONE && identity->birth.form != HPR_BIRTH_NONE;
  identity->state = nobody ? HPR_RECORD_NOBODY : known ? HPR_RECORD_KNOWN : HPR_RECORD_OPAQUE;
  if (!known) identity->kin = false;
  return true;
}

/* A pid and the identity recorded for it, both absent or both sound. */
static bool read_process(const cJSON *entry, const char *pid_key, const char *identity_key,
                         hpr_identity *ret_identity) {
  const cJSON *pid = member(entry, pid_key);
  if (!pid) return true;
  return read_pid(pid, &ret_identity->pid) &&
         read_identity(member(entry, identity_key), ret_identity);
}

/* As a keeper's entry names it, or as others do. */
static bool read_agent(const cJSON *entry, hpr_row *row) {
  hpr_identity other = {0};
  if (!read_process(entry, "piPid", "piIdentity", &row->rest->pi) ||
      !read_process(entry, "agentPid", "agentIdentity", &other))
    return false;
  if (row->rest->pi.pid == 0) row->rest->pi = other;
  return true;
}

/* Members are of their leader's boot. Those beyond the last that we keep prove nothing more. */
static int read_member_list(const cJSON *list, const hpr_identity *leader,
                            hpr_members **ret_members) {
  const cJSON *item;
  hpr_members members = {0};
  if (list && !cJSON_IsArray(list)) return HPR_EINVAL;
  cJSON_ArrayForEach(item, list) {
    hpr_identity *it = &members.list[members.count];
    if (members.count == HPR_MEMBERS_MAX) break;
    it->boot = leader->boot;
    if (!read_pid(member(item, "pid"), &it->pid) || !read_birth(member(item, "birth"), &it->birth))
      return HPR_EINVAL;
    it->state = it->boot.form != HPR_BOOT_NONE && it->birth.form != HPR_BIRTH_NONE
                    ? HPR_RECORD_KNOWN
                    : HPR_RECORD_OPAQUE;
    it->kin = leader->kin;
    members.count++;
  }
  if (members.count == 0) return 0;
  *ret_members = malloc(sizeof members);
  if (!*ret_members) return HPR_ENOMEM;
  **ret_members = members;
  return 0;
}

static int read_members_of(const cJSON *entry, const char *identity_key, const hpr_identity *leader,
                           hpr_members **ret_members) {
  return read_member_list(member(member(entry, identity_key), "members"), leader, ret_members);
}

static bool read_whole(const cJSON *value, double most, double *ret_number) {
  if (!cJSON_IsNumber(value) || value->valuedouble != floor(value->valuedouble) ||
      value->valuedouble < 0 || value->valuedouble > most)
    return false;
  *ret_number = value->valuedouble;
  return true;
}

static int read_asked(const cJSON *list, hpr_row *row) {
  const cJSON *item;
  if (!cJSON_IsArray(list)) return HPR_EINVAL;
  cJSON_ArrayForEach(item, list) {
    hpr_identity it = {0};
    if (!read_pid(member(item, "pid"), &it.pid) || !read_birth(member(item, "birth"), &it.birth))
      return HPR_EINVAL;
    if (hpr_row_add_asked(row, &it) != 0) return HPR_ENOMEM;
  }
  return 0;
}

/* Less than 0: a boot that began after it, in a time namespace of another beginning. */
static int64_t read_boot_ms(const cJSON *value) {
  if (!cJSON_IsNumber(value) || value->valuedouble != floor(value->valuedouble) ||
      fabs(value->valuedouble) > LARGEST_NUMBER)
    return 0;
  return (int64_t)value->valuedouble;
}

static int read_ending(const cJSON *value, hpr_row *row) {
  hpr_ending_record how = {.began_boot_ms = read_boot_ms(member(value, "beganBootMs"))};
  double grace_ms = -1, began_ms;
  const cJSON *grace = member(value, "graceMs"), *name = member(value, "signal");
  /* One that we cannot read tells nothing: that it is to end is said beside. */
  if (!cJSON_IsString(name) || !hpr_signal_read(name->valuestring, &how.signal) ||
      !(cJSON_IsFalse(grace) || read_whole(grace, INT32_MAX, &grace_ms)) ||
      !read_whole(member(value, "began"), LARGEST_NUMBER, &began_ms))
    return 0;
  how.grace_ms = (int32_t)grace_ms;
  how.began_ms = (int64_t)began_ms;
  bool terminating = row->terminating;
  int result = hpr_row_begin_ending(row, &how);
  if (result != 0) return result;
  row->terminating = terminating;
  result = read_asked(member(value, "sent"), row);
  if (result == 0 && read_flag(member(value, "tree"), false, &row->rest->ending->tree)) return 0;
  hpr_row_drop_ending(row);
  return result == HPR_ENOMEM ? result : 0;
}

static bool read_former(const cJSON *value, hpr_row *row) {
  return !value ||
         (cJSON_IsObject(value) && read_pid(member(value, "pid"), &row->rest->former.pid) &&
          read_identity(value, &row->rest->former));
}

/* A server may be process 1 of its container: it is asked whether it lives, and never signalled. */
static int read_owner(const cJSON *value, hpr_row *row) {
  if (!value) return 0;
  hpr_owner_name *it = row->owner = hpr_owner_name_new();
  if (!it) return HPR_ENOMEM;
  const bool sound = cJSON_IsObject(value) &&
                     read_pid_from(member(value, "pid"), 1, &it->identity.pid) &&
                     read_identity(value, &it->identity) &&
                     read_fixed(member(value, "id"), it->id, HPR_OWNER_ID_SIZE) &&
                     read_fixed(member(value, "file"), it->file, HPR_OWNER_ID_SIZE) &&
                     read_fixed(member(value, "init"), it->init, HPR_OWNER_ID_SIZE);
  return sound ? 0 : HPR_EINVAL;
}

static int read_string(const cJSON *value, char **field) {
  if (!value) return 0;
  return cJSON_IsString(value) ? hpr_row_set_text(field, value->valuestring) : HPR_EINVAL;
}

static int64_t read_time(const cJSON *value) {
  int64_t time_ms;
  if (!cJSON_IsString(value) || !hpr_timestamp_read(value->valuestring, &time_ms) ||
      time_ms < EARLIEST_MS)
    return HPR_SPAWNED_UNKNOWN;
  return time_ms;
}

static int64_t read_foreign_since(const cJSON *entry) {
  const int64_t time_ms = read_time(member(entry, "foreignSince"));
  return time_ms == HPR_SPAWNED_UNKNOWN ? 0 : time_ms;
}

static bool read_registered_pid(const cJSON *value, hpr_row *row) {
  return !value || read_pid(value, &row->rest->registered_pid);
}

static int read_members(const cJSON *entry, hpr_row *row) {
  const cJSON *cwd = member(entry, "cwd");
  if (!read_process(entry, "pid", "identity", &row->main) || row->main.pid == 0 ||
      !read_agent(entry, row) ||
      !read_process(entry, "keeperPid", "keeperIdentity", &row->rest->keeper) ||
      !read_former(member(entry, "former"), row) ||
      !read_registered_pid(member(entry, "registeredPid"), row) ||
      !read_flag(member(entry, "terminating"), false, &row->terminating) ||
      !read_flag(member(entry, "remainder"), false, &row->remainder) || !cJSON_IsString(cwd))
    return HPR_EINVAL;
  if (row->rest->keeper.pid == row->main.pid) row->rest->keeper = row->main;
  row->spawned_ms = read_time(member(entry, "spawnedAt"));
  row->spawned_boot_ms = read_boot_ms(member(entry, "spawnedBootMs"));
  row->rest->foreign_since_ms = read_foreign_since(entry);
  row->cwd = hpr_shared_new(cwd->valuestring);
  if (!row->cwd) return HPR_ENOMEM;
  int result = read_owner(member(entry, "owner"), row);
  if (result == 0) result = read_ending(member(entry, "ending"), row);
  const bool is_pi = member(entry, "piPid") != NULL;
  for (hpr_part part = 0; part < HPR_PART_COUNT && result == 0; part++)
    result = read_members_of(entry, hpr_row_identity_key(part, is_pi), hpr_row_identity(row, part),
                             &row->rest->members[part]);
  if (result == 0) result = read_string(member(entry, "spawnToken"), &row->token);
  if (result == 0) result = read_string(member(entry, "keeperSockPath"), &row->rest->socket_path);
  if (result == 0) result = read_string(member(entry, "sessionId"), &row->session);
  const cJSON *goal = member(entry, "goalId");
  return result == 0 && cJSON_IsString(goal) ? read_string(goal, &row->rest->goal) : result;
}

/* `"key":value`, to the letter. */
static int keep_member(hpr_row *row, hpr_span key, hpr_span value) {
  const size_t before = row->rest->unknown ? strlen(row->rest->unknown) : 0;
  const size_t size = before + 1 + key.length + 1 + value.length + 1;
  char *longer = realloc(row->rest->unknown, size), *at = longer + before;
  if (!longer) return HPR_ENOMEM;
  if (before > 0) *at++ = ',';
  memcpy(at, key.text, key.length);
  at += key.length;
  *at++ = ':';
  memcpy(at, value.text, value.length);
  at[value.length] = '\0';
  row->rest->unknown = longer;
  return 0;
}

static int keep_fields(hpr_row *row, hpr_span value) {
  row->rest->fields = malloc(value.length + 1);
  if (!row->rest->fields) return HPR_ENOMEM;
  memcpy(row->rest->fields, value.text, value.length);
  row->rest->fields[value.length] = '\0';
  return 0;
}

static int keep(hpr_row *row, const cJSON *item, hpr_span key, hpr_span value) {
  if (is_known(item)) return 0;
  return is_fields(item) ? keep_fields(row, value) : keep_member(row, key, value);
}

static bool has_known_alone(const cJSON *entry) {
  const cJSON *item;
  cJSON_ArrayForEach(item, entry) {
    if (!is_known(item)) return false;
  }
  return true;
}

/* From the text and not from the tree, in which 2^53 + 1 has lost its last digit already. */
static int read_unknown(hpr_span text, const cJSON *entry, hpr_row *row) {
  hpr_cursor cursor = {.at = text.text, .end = text.text + text.length};
  const cJSON *item = entry->child;
  bool first = true, failed;
  if (has_known_alone(entry)) return 0;
  if (!hpr_scan_open(&cursor, '{')) return HPR_EINVAL;
  for (; item && hpr_scan_more(&cursor, '}', &first, &failed); item = item->next) {
    hpr_span key, value;
    if (!hpr_scan_key(&cursor, &key) || !hpr_scan_value(&cursor, &value)) return HPR_EINVAL;
    int result = keep(row, item, key, value);
    if (result != 0) return result;
  }
  return 0;
}

typedef int (*reader)(const cJSON *object, hpr_row *row);

static int read_object(hpr_span text, reader read, hpr_row *ret_row) {
  if (text.text[0] != '{') return HPR_EINVAL;
  cJSON *object = cJSON_ParseWithLength(text.text, text.length);
  if (!object) return HPR_ENOMEM; /* the scan has found nothing that cJSON would refuse */
  hpr_row row = {0};
  int result = check_keys_differ(object);
  if (result == 0 && !hpr_row_add_more(&row)) result = HPR_ENOMEM;
  if (result == 0) result = read(object, &row);
  if (result == 0) result = read_unknown(text, object, &row);
  cJSON_Delete(object);
  hpr_row_trim(&row);
  if (result == 0)
    *ret_row = row;
  else
    hpr_row_done(&row);
  return result;
}

int hpr_row_read_scanned(hpr_span text, hpr_row *ret_row) {
  return read_object(text, read_members, ret_row);
}

int hpr_row_read(hpr_span text, hpr_row *ret_row) {
  hpr_cursor cursor = {.at = text.text, .end = text.text + text.length};
  hpr_span whole;
  const bool sound = hpr_scan_value(&cursor, &whole) && !cursor.unspeakable;
  return sound ? hpr_row_read_scanned(whole, ret_row) : HPR_EINVAL;
}

/* As the file's reader sees it, inside of an entry. */
static int read_fields(hpr_span entry, char **ret_fields) {
  hpr_row row;
  int result = hpr_row_read(entry, &row);
  if (result != 0) return result;
  if (row.rest && row.rest->fields && !row.rest->unknown) {
    *ret_fields = row.rest->fields;
    row.rest->fields = NULL;
  } else {
    result = HPR_EINVAL; /* no object, or more than one value */
  }
  hpr_row_done(&row);
  return result;
}

int hpr_row_set_fields(hpr_row *row, const char *fields) {
  hpr_buffer entry = {0};
  char *copy;
  hpr_buffer_add(&entry, "{", 1);
  hpr_json_number(&entry, "pid", HPR_PID_MIN);
  hpr_json_text(&entry, "cwd", "");
  hpr_json_value(&entry, "fields", fields);
  hpr_json_close(&entry, '}');
  const hpr_span text = {.text = entry.text, .length = entry.length};
  int result = entry.failed ? HPR_ENOMEM : read_fields(text, &copy);
  hpr_buffer_done(&entry);
  if (result == 0 && !hpr_row_add_more(row)) {
    free(copy);
    result = HPR_ENOMEM;
  }
  if (result != 0) return result;
  free(row->rest->fields);
  row->rest->fields = copy;
  return 0;
}

/* --- announced tokens ----------------------------------------------------------------------- */

static int read_announcement(const cJSON *it, hpr_row *row) {
  int result = read_owner(member(it, "owner"), row);
  row->spawned_ms = read_time(member(it, "spawnedAt"));
  row->spawned_boot_ms = read_boot_ms(member(it, "spawnedBootMs"));
  row->rest->foreign_since_ms = read_foreign_since(it);
  if (result == 0) result = read_string(member(it, "spawnToken"), &row->token);
  return result == 0 && !row->token ? HPR_EINVAL : result;
}

int hpr_row_read_announced(hpr_span text, hpr_row *ret_row) {
  return read_object(text, read_announcement, ret_row);
}
