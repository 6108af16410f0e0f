#include "addon/process_survey.h"

#include <cstring>
#include <string>

#include "addon/call.h"
#include "addon/values.h"

extern "C" {
#include "platform/survey.h"
}

namespace hpr {

namespace {

/* Some are megabytes long. */
constexpr size_t kCommandLength = 1023;

napi_value ToObject(napi_env env, const hpr_survey_item &item) {
  const std::string command(item.command, strnlen(item.command, kCommandLength));
  napi_value object = Object(env);
  SetPid(env, object, "pid", item.pid);
  SetPid(env, object, "parentPid", item.parent);
  Set(env, object, "group", Number(env, item.group));
  Set(env, object, "ours", Boolean(env, item.ours));
  SetTime(env, object, "startedAt", item.started_ms);
  Set(env, object, "cpuMs", Number(env, static_cast<double>(item.cpu_ms)));
  Set(env, object, "residentBytes", Number(env, static_cast<double>(item.resident_bytes)));
  SetText(env, object, "command", command.c_str());
  SetText(env, object, "cwd", item.folder);
  return object;
}

} // namespace

napi_value ListProcesses(napi_env env, napi_callback_info info) {
  Call call(env, info);
  struct {
    napi_env env;
    napi_value items;
  } list = {env, List(env)};
  const int result = hpr_survey(
      [](void *context, const hpr_survey_item *item) {
        const auto *it = static_cast<decltype(list) *>(context);
        Append(it->env, it->items, ToObject(it->env, *item));
      },
      &list);
  return result == 0 ? list.items : call.Fail(result);
}

} // namespace hpr
