#include "addon/results.h"

#include <string>

#include "addon/core.h"

namespace hpr {

void ThrowError(Napi::Env env, int error, const char *detail) {
  std::string message = hpr_error_text(error);
  if (detail) message.append(": ").append(detail);
  Napi::Error it = Napi::Error::New(env, message);
  it.Set("code", Napi::String::New(env, hpr_error_name(error)));
  it.ThrowAsJavaScriptException();
}

void SetText(Napi::Object object, const char *key, const char *text) {
  if (text) object.Set(key, text);
}

void SetPid(Napi::Object object, const char *key, int32_t pid) {
  if (pid) object.Set(key, pid);
}

void SetTime(Napi::Object object, const char *key, int64_t time_ms) {
  if (time_ms != INT64_MIN) object.Set(key, static_cast<double>(time_ms));
}

} // namespace hpr
