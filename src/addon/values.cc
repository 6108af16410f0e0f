#include "addon/values.h"

namespace hpr {

napi_value Text(napi_env env, const char *text, size_t length) {
  napi_value value = nullptr;
  napi_create_string_utf8(env, text, length, &value);
  return value;
}

napi_value Number(napi_env env, double number) {
  napi_value value = nullptr;
  napi_create_double(env, number, &value);
  return value;
}

napi_value Boolean(napi_env env, bool it) {
  napi_value value = nullptr;
  napi_get_boolean(env, it, &value);
  return value;
}

napi_value Object(napi_env env) {
  napi_value value = nullptr;
  napi_create_object(env, &value);
  return value;
}

napi_value List(napi_env env) {
  napi_value value = nullptr;
  napi_create_array(env, &value);
  return value;
}

void Append(napi_env env, napi_value list, napi_value value) {
  uint32_t length;
  if (napi_get_array_length(env, list, &length) == napi_ok)
    napi_set_element(env, list, length, value);
}

void Set(napi_env env, napi_value object, const char *key, napi_value value) {
  napi_set_named_property(env, object, key, value);
}

void SetText(napi_env env, napi_value object, const char *key, const char *text) {
  if (text) Set(env, object, key, Text(env, text));
}

void SetPid(napi_env env, napi_value object, const char *key, int32_t pid) {
  if (pid) Set(env, object, key, Number(env, pid));
}

void SetTime(napi_env env, napi_value object, const char *key, int64_t time_ms) {
  if (time_ms != INT64_MIN) Set(env, object, key, Number(env, static_cast<double>(time_ms)));
}

} // namespace hpr
