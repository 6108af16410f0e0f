#include "addon/pidfile_reader.h"

#include "addon/call.h"
#include "addon/values.h"

extern "C" {
#include "store/pidfile.h"
}

namespace hpr {

namespace {

/* As HeadlessState of index.d.ts. */
const char *StateOf(const hpr_row &row) {
  return row.terminating ? "terminating" : row.remainder ? "remainder" : "live";
}

napi_value ToEntry(napi_env env, const hpr_row &row) {
  napi_value entry = Object(env);
  SetPid(env, entry, "pid", row.main.pid);
  SetText(env, entry, "cwd", row.cwd);
  SetTime(env, entry, "spawnedAt", row.spawned_ms);
  SetText(env, entry, "spawnToken", row.token);
  SetPid(env, entry, hpr_row_more(&row)->keeper.pid ? "piPid" : "agentPid",
         hpr_row_more(&row)->pi.pid);
  SetPid(env, entry, "keeperPid", hpr_row_more(&row)->keeper.pid);
  SetText(env, entry, "keeperSockPath", hpr_row_more(&row)->socket_path);
  SetText(env, entry, "sessionId", row.session);
  SetText(env, entry, "goalId", hpr_row_more(&row)->goal);
  SetText(env, entry, "fields", hpr_row_more(&row)->fields);
  SetText(env, entry, "state", StateOf(row));
  SetPid(env, entry, "ownerPid", hpr_row_owner(&row)->identity.pid);
  return entry;
}

napi_value ToContents(napi_env env, const hpr_document &document) {
  napi_value contents = Object(env), entries = List(env), refused = List(env);
  for (const hpr_stored *it = document.stored; it; it = it->next) {
    if (it->error == 0)
      Append(env, entries, ToEntry(env, it->row));
    else
      Append(env, refused, Text(env, it->text.text, it->text.length));
  }
  Set(env, contents, "entries", entries);
  Set(env, contents, "refused", refused);
  Set(env, contents, "damaged", Boolean(env, document.damaged));
  return contents;
}

} // namespace

napi_value ReadPidFile(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const char *path = call.Text(0, "path");
  if (!call.ok()) return nullptr;
  hpr_document document;
  const int result = hpr_pidfile_read(path, hpr_file_native(), &document);
  if (result != 0) return call.Fail(result, path);
  napi_value contents = ToContents(env, document);
  hpr_document_done(&document);
  return contents;
}

} // namespace hpr
