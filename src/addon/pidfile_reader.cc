#include "addon/pidfile_reader.h"

#include "addon/arguments.h"
#include "addon/results.h"

extern "C" {
#include "store/pidfile.h"
#include "store/replace.h"
}

namespace hpr {

namespace {

int ReadDocument(const std::string &path, hpr_document *ret_document) {
  char *text;
  hpr_file_info info;
  const int result =
      hpr_read_whole(hpr_file_native(), path.c_str(), HPR_PIDFILE_MAX_BYTES, &text, &info, nullptr);
  if (result == 0)
    return hpr_document_read(text, static_cast<size_t>(info.size_bytes), ret_document);
  if (result != HPR_ENOENT) return result;
  *ret_document = {};
  return 0;
}

Napi::Object ToEntry(Napi::Env env, const hpr_row &row) {
  Napi::Object entry = Napi::Object::New(env);
  SetPid(entry, "pid", row.main.pid);
  SetText(entry, "cwd", row.cwd);
  SetTime(entry, "spawnedAt", row.spawned_ms);
  SetText(entry, "spawnToken", row.token);
  SetPid(entry, "piPid", row.pi.pid);
  SetPid(entry, "keeperPid", row.keeper.pid);
  SetText(entry, "keeperSockPath", row.socket_path);
  SetText(entry, "sessionId", row.session);
  entry.Set("terminating", row.terminating);
  SetPid(entry, "ownerPid", row.owner.pid);
  return entry;
}

Napi::Object ToContents(Napi::Env env, const hpr_document &document) {
  Napi::Array entries = Napi::Array::New(env), refused = Napi::Array::New(env);
  for (const hpr_stored *it = document.stored; it; it = it->next) {
    if (it->error == 0)
      entries.Set(entries.Length(), ToEntry(env, it->row));
    else
      refused.Set(refused.Length(), Napi::String::New(env, it->text.text, it->text.length));
  }
  Napi::Object contents = Napi::Object::New(env);
  contents.Set("entries", entries);
  contents.Set("refused", refused);
  contents.Set("damaged", document.damaged);
  return contents;
}

} // namespace

Napi::Value ReadPidFile(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Arguments arguments(info);
  const std::string path = arguments.Text(0, "path");
  if (!arguments.ok()) return env.Undefined();
  hpr_document document;
  const int result = ReadDocument(path, &document);
  if (result != 0) {
    ThrowError(env, result, path.c_str());
    return env.Undefined();
  }
  const Napi::Object contents = ToContents(env, document);
  hpr_document_done(&document);
  return contents;
}

} // namespace hpr
