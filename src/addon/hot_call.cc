#include "addon/hot_call.h"

#include <cstring>

#include "addon/core.h"

namespace hpr {

/* The texts are left as they are: clearing them would cost as much as the call. */
/* cppcheck-suppress uninitMemberVar */
HotCall::HotCall(napi_env env, napi_callback_info info) : env_(env) {
  size_t count = kArguments; /* those that are missing are undefined */
  napi_value receiver;
  if (napi_get_cb_info(env, info, &count, arguments_, &receiver, nullptr) == napi_ok)
    napi_unwrap(env, receiver, &self_);
}

const char *HotCall::Text(size_t index) {
  constexpr size_t kLongestCharacter = 4; /* one that does not fit is left out whole */
  constexpr int kFirstOfReplacement = 0xEF;
  char *text = texts_[index];
  size_t length;
  if (napi_get_value_string_utf8(env_, arguments_[index], text, kTextSize, &length) != napi_ok)
    return nullptr;
  const bool plain = length < kTextSize - kLongestCharacter && strlen(text) == length &&
                     !memchr(text, kFirstOfReplacement, length);
  return plain ? text : nullptr;
}

int32_t HotCall::OptionalPid(size_t index) const {
  double number;
  if (napi_get_value_double(env_, arguments_[index], &number) != napi_ok) {
    napi_valuetype type;
    return napi_typeof(env_, arguments_[index], &type) == napi_ok && type == napi_undefined ? 0
                                                                                            : -1;
  }
  if (!(number >= HPR_PID_MIN && number <= INT32_MAX)) return -1;
  const auto pid = static_cast<int32_t>(number);
  return pid == number ? pid : -1;
}

} // namespace hpr
