/* addon/call.h: one call from JavaScript: its arguments into C values, its failures into errors. */
#ifndef HPR_ADDON_CALL_H
#define HPR_ADDON_CALL_H

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <string>

namespace hpr {

/*
 * Reads the arguments in any order. The first that does not fit makes ok() false and, when the call
 * is over, throws a TypeError or RangeError that names it; what is read afterwards is empty. Texts
 * are UTF-8 without NUL and valid as long as the call.
 *
 * Errors are made by the receiver's function `failure(code, message)`, so that they are of the
 * realm that calls: the binary is loaded once for all realms of an environment.
 */
class Call {
public:
  Call(napi_env env, napi_callback_info info);
  ~Call() {
    if (code_) Throw();
  }
  Call(const Call &) = delete;
  Call &operator=(const Call &) = delete;

  napi_env env() const { return env_; }
  napi_value receiver() const { return receiver_; }
  /* What the function was made with. */
  void *data() const { return data_; }
  bool ok() const { return !code_; }

  /* Half a surrogate pair is refused, because it would come back changed. */
  const char *Text(size_t index, const char *name);
  /* NULL for undefined and null. */
  const char *OptionalText(size_t index, const char *name);
  /* 2 to 2^31-1. */
  int32_t Pid(size_t index, const char *name);
  /* 0 for undefined and null. */
  int32_t OptionalPid(size_t index, const char *name);
  /* An integer from `least` to 2^31-1. */
  int32_t Integer(size_t index, const char *name, int32_t least);
  /* Milliseconds since 1970; INT64_MIN for undefined and null. */
  int64_t OptionalTime(size_t index, const char *name);

  /* Those that refuse nothing. */
  napi_value Value(size_t index) const { return arguments_[index]; }
  bool IsTrue(size_t index) const;
  /* NULL: no string. */
  const char *AnyText(size_t index);
  /* NULL for what cannot be anybody's name: no string, or one that Text() would refuse. */
  const char *Name(size_t index);
  /* 0 for what cannot be anybody's pid. */
  int32_t AnyPid(size_t index) const;

  /* To be thrown; the first one counts. Returns NULL. `detail` says what it is about. */
  napi_value Fail(const char *code, std::string message);
  napi_value Fail(int error, const char *detail = nullptr);

private:
  static constexpr size_t kArguments = 8, kBufferSize = 512;

  void Throw();
  bool IsAbsent(size_t index) const;
  /* NULL: no string. What does not fit into the buffer is on the heap. */
  const char *Read(size_t index, size_t *ret_length);

  napi_env env_;
  napi_value receiver_ = nullptr;
  void *data_ = nullptr;
  napi_value arguments_[kArguments];
  const char *code_ = nullptr; /* of the error to be thrown */
  std::string message_;
  size_t used_ = 0;
  std::forward_list<std::string> long_texts_;
  char buffer_[kBufferSize];
};

} // namespace hpr

#endif
