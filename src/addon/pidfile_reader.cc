#include "addon/pidfile_reader.h"

#include "addon/arguments.h"
#include "addon/results.h"

extern "C" {
#include "store/pidfile.h"
}

namespace hpr {

namespace {

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
  const int result = hpr_pidfile_read(path.c_str(), hpr_file_native(), &document);
  if (result != 0) {
    ThrowError(env, result, path.c_str());
    return env.Undefined();
  }
  const Napi::Object contents = ToContents(env, document);
  hpr_document_done(&document);
  return contents;
}

} // namespace hpr
