#include "addon/call.h"

#include <cmath>
#include <cstring>
#include <utility>

#include "addon/core.h"
#include "addon/values.h"

namespace hpr {

namespace {

constexpr const char *kWrongType = "ERR_INVALID_ARG_TYPE";
constexpr const char *kOutOfRange = "ERR_OUT_OF_RANGE";

/* The last time that a Date can hold. */
constexpr double kLastTimeMs = 8.64e15;

/* UTF-8 has U+FFFD, which begins so, in the place of half a surrogate pair. */
constexpr int kFirstOfReplacement = 0xEF;

bool HasLoneSurrogate(napi_env env, napi_value value) {
  size_t length = 0;
  napi_get_value_string_utf16(env, value, nullptr, 0, &length);
  std::u16string text(length, 0);
  napi_get_value_string_utf16(env, value, text.data(), length + 1, &length);
  for (size_t i = 0; i < text.size(); i++) {
    const bool high = text[i] >= 0xD800 && text[i] <= 0xDBFF;
    const bool low = text[i] >= 0xDC00 && text[i] <= 0xDFFF;
    const bool paired =
        high && i + 1 < text.size() && text[i + 1] >= 0xDC00 && text[i + 1] <= 0xDFFF;
    if (low || (high && !paired)) return true;
    if (paired) i++;
  }
  return false;
}

} // namespace

/* The buffer is left as it is: clearing it would cost as much as a lookup. */
/* cppcheck-suppress uninitMemberVar */
Call::Call(napi_env env, napi_callback_info info) : env_(env) {
  size_t count = kArguments; /* those that are missing are undefined */
  napi_get_cb_info(env, info, &count, arguments_, &receiver_, &data_);
}

/* --- arguments ------------------------------------------------------------------------------ */

bool Call::IsAbsent(size_t index) const {
  napi_valuetype type;
  return napi_typeof(env_, arguments_[index], &type) == napi_ok &&
         (type == napi_undefined || type == napi_null);
}

const char *Call::Read(size_t index, size_t *ret_length) {
  constexpr size_t kLongestCharacter = 4; /* one that does not fit is left out whole */
  const size_t room = sizeof buffer_ - used_;
  char *text = buffer_ + used_;
  napi_value value = arguments_[index];
  if (napi_get_value_string_utf8(env_, value, text, room, ret_length) != napi_ok) return nullptr;
  if (*ret_length + kLongestCharacter < room) {
    used_ += *ret_length + 1;
    return text;
  }
  napi_get_value_string_utf8(env_, value, nullptr, 0, ret_length);
  std::string &whole = long_texts_.emplace_front(*ret_length, '\0');
  napi_get_value_string_utf8(env_, value, whole.data(), *ret_length + 1, ret_length);
  return whole.c_str();
}

const char *Call::Text(size_t index, const char *name) {
  size_t length;
  const char *text = ok() ? Read(index, &length) : nullptr;
  if (!text) {
    Fail(kWrongType, std::string(name) + " must be a string");
    return "";
  }
  if (strlen(text) != length)
    Fail(kWrongType, std::string(name) + " must not contain NUL");
  else if (memchr(text, kFirstOfReplacement, length) && HasLoneSurrogate(env_, arguments_[index]))
    Fail(kWrongType, std::string(name) + " must be well-formed Unicode");
  return text;
}

const char *Call::OptionalText(size_t index, const char *name) {
  return IsAbsent(index) ? nullptr : Text(index, name);
}

const char *Call::AnyText(size_t index) {
  size_t length;
  return Read(index, &length);
}

const char *Call::Name(size_t index) {
  size_t length;
  const char *text = Read(index, &length);
  const bool sound =
      text && strlen(text) == length &&
      !(memchr(text, kFirstOfReplacement, length) && HasLoneSurrogate(env_, arguments_[index]));
  return sound ? text : nullptr;
}

int32_t Call::AnyPid(size_t index) const {
  double number = 0;
  napi_get_value_double(env_, arguments_[index], &number);
  const bool fits = number >= HPR_PID_MIN && number <= HPR_PID_MAX;
  return fits && number == std::floor(number) ? static_cast<int32_t>(number) : 0;
}

bool Call::IsTrue(size_t index) const {
  bool value;
  return napi_get_value_bool(env_, arguments_[index], &value) == napi_ok && value;
}

int32_t Call::Integer(size_t index, const char *name, int32_t least) {
  double number = NAN;
  napi_get_value_double(env_, arguments_[index], &number);
  const bool fits = number >= least && number <= INT32_MAX;
  const int32_t integer = fits ? static_cast<int32_t>(number) : 0;
  if (fits && integer == number) return integer;
  if (std::isinf(number) || number == std::floor(number))
    Fail(kOutOfRange,
         std::string(name) + " must be from " + std::to_string(least) + " to 2147483647");
  else
    Fail(kWrongType, std::string(name) + " must be an integer");
  return 0;
}

int32_t Call::Pid(size_t index, const char *name) { return Integer(index, name, HPR_PID_MIN); }

int32_t Call::OptionalPid(size_t index, const char *name) {
  double number; /* told at once, while napi_typeof tries one type after the other */
  const bool told =
      napi_get_value_double(env_, arguments_[index], &number) == napi_ok || !IsAbsent(index);
  return told ? Pid(index, name) : 0;
}

int64_t Call::OptionalTime(size_t index, const char *name) {
  if (IsAbsent(index)) return INT64_MIN;
  double number = NAN;
  napi_get_value_double(env_, arguments_[index], &number);
  if (std::abs(number) <= kLastTimeMs) return static_cast<int64_t>(number);
  Fail(kWrongType, std::string(name) + " must be a time in milliseconds");
  return INT64_MIN;
}

/* --- failures ------------------------------------------------------------------------------- */

napi_value Call::Fail(const char *code, std::string message) {
  if (!ok()) return nullptr;
  code_ = code;
  message_ = std::move(message);
  return nullptr;
}

napi_value Call::Fail(int error, const char *detail) {
  const std::string text = hpr_error_text(error);
  return Fail(hpr_error_name(error), detail ? text + ": " + detail : text);
}

void Call::Throw() {
  napi_value make, error;
  const napi_value arguments[] = {hpr::Text(env_, code_), hpr::Text(env_, message_.c_str())};
  if (napi_get_named_property(env_, receiver_, "failure", &make) == napi_ok &&
      napi_call_function(env_, receiver_, make, 2, arguments, &error) == napi_ok)
    napi_throw(env_, error);
  else
    napi_throw_error(env_, code_, message_.c_str());
}

} // namespace hpr
