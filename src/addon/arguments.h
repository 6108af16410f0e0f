/* addon/arguments.h: JavaScript arguments into C values, or an error that names the argument. */
#ifndef HPR_ADDON_ARGUMENTS_H
#define HPR_ADDON_ARGUMENTS_H

#include <napi.h>

#include <cstdint>
#include <string>

namespace hpr {

/*
 * Reads one call's arguments in any order. The first one that does not fit throws a TypeError or
 * RangeError and makes ok() false; what is read afterwards is empty.
 */
class Arguments {
public:
  explicit Arguments(const Napi::CallbackInfo &info) : info_(info), env_(info.Env()) {}

  bool ok() const { return ok_; }

  /* UTF-8 without NUL; half a surrogate pair is refused, because it would come back changed. */
  std::string Text(size_t index, const char *name);
  /* "" for undefined and null. */
  std::string OptionalText(size_t index, const char *name);
  /* 2 to 2^31-1. */
  int32_t Pid(size_t index, const char *name);
  /* 0 for undefined and null. */
  int32_t OptionalPid(size_t index, const char *name);
  /* Milliseconds since 1970; INT64_MIN for undefined and null. */
  int64_t OptionalTime(size_t index, const char *name);
  /* An integer from `least` to 2^31-1. */
  int32_t Integer(size_t index, const char *name, int32_t least);

private:
  bool IsAbsent(size_t index) const;
  void Fail(const Napi::Error &error);

  const Napi::CallbackInfo &info_;
  Napi::Env env_;
  bool ok_ = true;
};

} // namespace hpr

#endif
