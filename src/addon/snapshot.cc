#include "addon/snapshot.h"

#include "addon/values.h"

namespace hpr {

static const char *StateName(hpr_state state) {
  switch (state) {
  case HPR_STATE_LIVE: return "live";
  case HPR_STATE_TERMINATING: return "terminating";
  case HPR_STATE_REMAINDER: return "remainder";
  }
  return "live";
}

const char *LinkName(hpr_link link) {
  switch (link) {
  case HPR_LINK_NONE: return nullptr;
  case HPR_LINK_FOLDER: return "folder";
  case HPR_LINK_ANCESTOR: return "ancestor";
  case HPR_LINK_PID: return "pid";
  case HPR_LINK_TOKEN: return "token";
  }
  return nullptr;
}

napi_value ToObject(napi_env env, const hpr_snapshot &entry) {
  napi_value object = Object(env);
  SetPid(env, object, "pid", entry.pid);
  SetText(env, object, "cwd", entry.cwd);
  SetTime(env, object, "spawnedAt", entry.spawned_ms);
  SetText(env, object, "sessionId", entry.session);
  SetText(env, object, "linkedBy", LinkName(entry.linked_by));
  SetText(env, object, "spawnToken", entry.token);
  SetText(env, object, "goalId", entry.goal);
  SetText(env, object, "fields", entry.fields);
  SetText(env, object, "command", entry.command);
  SetPid(env, object, "piPid", entry.pi_pid);
  SetPid(env, object, "agentPid", entry.agent_pid);
  SetPid(env, object, "keeperPid", entry.keeper_pid);
  SetText(env, object, "keeperSockPath", entry.socket_path);
  SetText(env, object, "lastSessionId", entry.last_session);
  SetText(env, object, "state", StateName(entry.state));
  Set(env, object, "kin", Boolean(env, entry.kin));
  return object;
}

static void SetCount(napi_env env, napi_value object, const char *key, uint64_t count) {
  Set(env, object, key, Number(env, static_cast<double>(count)));
}

napi_value ToObject(napi_env env, const hpr_stats &stats) {
  napi_value object = Object(env), entries = Object(env), signals = Object(env);
  SetCount(env, entries, "live", stats.live);
  SetCount(env, entries, "terminating", stats.terminating);
  SetCount(env, entries, "remainder", stats.remainders);
  SetCount(env, signals, "delivered", stats.delivered);
  SetCount(env, signals, "gone", stats.gone);
  SetCount(env, signals, "refused", stats.refused);
  SetCount(env, signals, "failed", stats.failed);
  Set(env, object, "entries", entries);
  Set(env, object, "signals", signals);
  SetCount(env, object, "adoptions", stats.adoptions);
  SetCount(env, object, "refusals", stats.refusals);
  SetCount(env, object, "writes", stats.writes);
  SetCount(env, object, "writeFailures", stats.write_failures);
  SetCount(env, object, "exits", stats.exits);
  return object;
}

/* The entry and how it ended. */
napi_value ToExit(napi_env env, const hpr_snapshot &entry) {
  napi_value object = ToObject(env, entry);
  if (entry.exit_code != HPR_EXIT_CODE_NONE) Set(env, object, "code", Number(env, entry.exit_code));
  SetText(env, object, "signal", entry.exit_signal);
  if (entry.leftovers > 0)
    Set(env, object, "leftovers", Number(env, static_cast<double>(entry.leftovers)));
  return object;
}

} // namespace hpr
