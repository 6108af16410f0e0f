/* addon/results.h: C values into JavaScript values, and error codes into errors. */
#ifndef HPR_ADDON_RESULTS_H
#define HPR_ADDON_RESULTS_H

#include <napi.h>

#include <cstdint>

namespace hpr {

/* Throws an Error with `code` ("HPR_E…"); `detail`, if there is one, says what it is about. */
void ThrowError(Napi::Env env, int error, const char *detail = nullptr);

/* NULL sets nothing. */
void SetText(Napi::Object object, const char *key, const char *text);
/* 0 sets nothing. */
void SetPid(Napi::Object object, const char *key, int32_t pid);
/* Milliseconds since 1970; INT64_MIN, an unknown time, sets nothing. */
void SetTime(Napi::Object object, const char *key, int64_t time_ms);

} // namespace hpr

#endif
