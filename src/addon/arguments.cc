#include "addon/arguments.h"

#include <cmath>

#include "addon/core.h"

namespace hpr {

namespace {

bool HasLoneSurrogate(const std::u16string &text) {
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

/* The last time that a Date can hold. */
constexpr double kLastTimeMs = 8.64e15;

/* What UTF-8 conversion puts in the place of half a surrogate pair. */
constexpr const char *kReplacement = "\xEF\xBF\xBD";

} // namespace

bool Arguments::IsAbsent(size_t index) const {
  return info_[index].IsUndefined() || info_[index].IsNull();
}

void Arguments::Fail(const Napi::Error &error) {
  if (ok_) error.ThrowAsJavaScriptException();
  ok_ = false;
}

std::string Arguments::Text(size_t index, const char *name) {
  if (!ok_) return {};
  const Napi::Value value = info_[index];
  if (!value.IsString()) {
    Fail(Napi::TypeError::New(env_, std::string(name) + " must be a string"));
    return {};
  }
  std::string text = value.As<Napi::String>().Utf8Value();
  if (text.find('\0') != std::string::npos) {
    Fail(Napi::TypeError::New(env_, std::string(name) + " must not contain NUL"));
    return {};
  }
  if (text.find(kReplacement) != std::string::npos &&
      HasLoneSurrogate(value.As<Napi::String>().Utf16Value())) {
    Fail(Napi::TypeError::New(env_, std::string(name) + " must be well-formed Unicode"));
    return {};
  }
  return text;
}

std::string Arguments::OptionalText(size_t index, const char *name) {
  return IsAbsent(index) ? std::string() : Text(index, name);
}

int32_t Arguments::Integer(size_t index, const char *name, int32_t least) {
  if (!ok_) return 0;
  const Napi::Value value = info_[index];
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
  if (std::isnan(number) || (std::isfinite(number) && number != std::floor(number))) {
    Fail(Napi::TypeError::New(env_, std::string(name) + " must be an integer"));
    return 0;
  }
  if (number < least || number > INT32_MAX) {
    Fail(Napi::RangeError::New(env_, std::string(name) + " must be from " + std::to_string(least) +
                                         " to 2147483647"));
    return 0;
  }
  return static_cast<int32_t>(number);
}

int64_t Arguments::OptionalTime(size_t index, const char *name) {
  if (!ok_ || IsAbsent(index)) return INT64_MIN;
  const Napi::Value value = info_[index];
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
  if (std::abs(number) <= kLastTimeMs) return static_cast<int64_t>(number);
  Fail(Napi::TypeError::New(env_, std::string(name) + " must be a time in milliseconds"));
  return INT64_MIN;
}

int32_t Arguments::Pid(size_t index, const char *name) { return Integer(index, name, HPR_PID_MIN); }

int32_t Arguments::OptionalPid(size_t index, const char *name) {
  return IsAbsent(index) ? 0 : Pid(index, name);
}

} // namespace hpr
