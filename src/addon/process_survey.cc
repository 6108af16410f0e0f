#include "addon/process_survey.h"

#include "addon/results.h"

extern "C" {
#include "platform/survey.h"
}

namespace hpr {

namespace {

Napi::Object ToObject(Napi::Env env, const hpr_survey_item &item) {
  Napi::Object object = Napi::Object::New(env);
  SetPid(object, "pid", item.pid);
  SetPid(object, "parentPid", item.parent);
  object.Set("group", item.group);
  object.Set("ours", item.ours);
  SetTime(object, "startedAt", item.started_ms);
  object.Set("cpuMs", static_cast<double>(item.cpu_ms));
  object.Set("residentBytes", static_cast<double>(item.resident_bytes));
  SetText(object, "command", item.command);
  SetText(object, "cwd", item.folder);
  return object;
}

} // namespace

Napi::Value ListProcesses(const Napi::CallbackInfo &info) {
  Napi::Array list = Napi::Array::New(info.Env());
  const int result = hpr_survey(
      [](void *context, const hpr_survey_item *item) {
        auto *items = static_cast<Napi::Array *>(context);
        items->Set(items->Length(), ToObject(items->Env(), *item));
      },
      &list);
  if (result == 0) return list;
  ThrowError(info.Env(), result);
  return info.Env().Undefined();
}

} // namespace hpr
