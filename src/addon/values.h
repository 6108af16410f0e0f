/*
 * addon/values.h: C values into JavaScript values. Nothing here fails loudly: an environment that
 * ends refuses everything, at any moment, and what it refuses is left out.
 */
#ifndef HPR_ADDON_VALUES_H
#define HPR_ADDON_VALUES_H

#include <node_api.h>

#include <cstdint>

namespace hpr {

napi_value Text(napi_env env, const char *text, size_t length = NAPI_AUTO_LENGTH);
napi_value Number(napi_env env, double number);
napi_value Boolean(napi_env env, bool value);
napi_value Object(napi_env env);
napi_value List(napi_env env);

void Append(napi_env env, napi_value list, napi_value value);
void Set(napi_env env, napi_value object, const char *key, napi_value value);
/* NULL sets nothing. */
void SetText(napi_env env, napi_value object, const char *key, const char *text);
/* 0 sets nothing. */
void SetPid(napi_env env, napi_value object, const char *key, int32_t pid);
/* Milliseconds since 1970; INT64_MIN, an unknown time, sets nothing. */
void SetTime(napi_env env, napi_value object, const char *key, int64_t time_ms);

} // namespace hpr

#endif
