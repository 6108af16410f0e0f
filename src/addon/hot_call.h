/* addon/hot_call.h: one call by plain Node-API, for the calls that every message makes. */
#ifndef HPR_ADDON_HOT_CALL_H
#define HPR_ADDON_HOT_CALL_H

#include <node_api.h>

#include <cstddef>
#include <cstdint>

namespace hpr {

/*
 * Napi::CallbackInfo and std::string cost more than what these calls do. This reads only the plain
 * cases: everything else is for Arguments to look at, and to refuse.
 */
class HotCall {
public:
  HotCall(napi_env env, napi_callback_info info);

  /* What `this` wraps; NULL if it wraps nothing. */
  void *self() const { return self_; }
  /* A short text without NUL or doubtful characters, valid as long as the call; NULL: not plain. */
  const char *Text(size_t index);
  /* A pid, or 0 for undefined; -1: not plain. */
  int32_t OptionalPid(size_t index) const;

private:
  static constexpr size_t kArguments = 3, kTexts = 2, kTextSize = 256;

  napi_env env_;
  napi_value arguments_[kArguments];
  void *self_ = nullptr;
  char texts_[kTexts][kTextSize];
};

} // namespace hpr

#endif
