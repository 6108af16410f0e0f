#include "addon/snapshot.h"

#include "addon/results.h"

namespace hpr {

Napi::Object ToObject(Napi::Env env, const hpr_snapshot &entry) {
  Napi::Object object = Napi::Object::New(env);
  SetPid(object, "pid", entry.pid);
  SetText(object, "cwd", entry.cwd);
  SetTime(object, "spawnedAt", entry.spawned_ms);
  SetText(object, "sessionId", entry.session);
  SetText(object, "spawnToken", entry.token);
  SetPid(object, "piPid", entry.pi_pid);
  SetPid(object, "keeperPid", entry.keeper_pid);
  SetText(object, "keeperSockPath", entry.socket_path);
  object.Set("state", entry.ending ? "terminating" : "live");
  object.Set("kin", entry.kin);
  return object;
}

/* The entry and how it ended. */
Napi::Object ToExit(Napi::Env env, const hpr_snapshot &entry) {
  Napi::Object object = ToObject(env, entry);
  if (entry.exit_code != HPR_EXIT_CODE_NONE) object.Set("code", entry.exit_code);
  SetText(object, "signal", entry.exit_signal);
  return object;
}

} // namespace hpr
