#include "addon/keeper_sockets.h"

#include <cstring>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

#include "addon/call.h"
#include "addon/errands.h"
#include "addon/values.h"

extern "C" {
#include "base/error.h"
#include "platform/file.h"
#include "platform/listener.h"
}

namespace hpr {

namespace {

napi_value ToObject(napi_env env, const hpr_identity &who) {
  napi_value object = Object(env), identity = nullptr;
  void *data = nullptr;
  if (napi_create_arraybuffer(env, sizeof who, &data, &identity) == napi_ok)
    std::memcpy(data, &who, sizeof who);
  SetPid(env, object, "pid", who.pid);
  Set(env, object, "identity", identity);
  return object;
}

/* Tells a function of JavaScript what was found. */
class Question : public Errand {
public:
  Question(std::string path, napi_ref told) : path_(std::move(path)), told_(told) {}

protected:
  const char *path() const { return path_.c_str(); }

  bool Tell(napi_env env, std::initializer_list<napi_value> answer) {
    napi_value told = nullptr, nothing = nullptr;
    napi_get_undefined(env, &nothing);
    napi_get_reference_value(env, told_, &told);
    napi_delete_reference(env, told_);
    return napi_call_function(env, nothing, told, answer.size(), answer.begin(), nullptr) ==
           napi_ok;
  }

private:
  std::string path_;
  napi_ref told_;
};

class Look : public Question {
public:
  Look(std::string path, napi_ref told, int64_t recorded_ms, bool keep)
      : Question(std::move(path), told), recorded_ms_(recorded_ms), keep_(keep) {
    result_ = hpr_connection_prepare(&connection_);
  }

  int descriptor() const override { return static_cast<int>(connection_); }

  ~Look() override { hpr_connection_close(connection_); }

  void Run() override {
    if (result_ == 0) result_ = hpr_listener_look(path(), recorded_ms_, &connection_, &who_);
  }

  void Deliver(napi_env env) override {
    napi_value connection = nullptr, listener = nullptr;
    napi_get_undefined(env, &connection);
    listener = connection;
    const bool gives = keep_ && result_ == 0;
    if (gives) connection = Number(env, static_cast<double>(connection_));
    if (who_.pid != 0) listener = ToObject(env, who_);
    napi_value code = Text(env, result_ == 0 ? "" : hpr_error_name(result_));
    if (Tell(env, {code, connection, listener}) && gives)
      connection_ = HPR_NO_CONNECTION; /* the caller's now */
  }

private:
  int64_t recorded_ms_;
  bool keep_;
  int result_;
  hpr_connection connection_ = HPR_NO_CONNECTION;
  hpr_identity who_{};
};

class Shared : public Question {
public:
  using Question::Question;
  void Run() override { shared_ = hpr_file_native()->is_shared(hpr_file_native()->self, path()); }
  void Deliver(napi_env env) override { Tell(env, {Boolean(env, shared_)}); }

private:
  bool shared_ = true;
};

} // namespace

napi_value ConnectToKeeper(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const char *path = call.Text(0, "sockPath");
  const int64_t recorded_ms = call.OptionalTime(1, "recordedAt");
  napi_ref told = nullptr;
  if (!call.ok() || napi_create_reference(env, call.Value(3), 1, &told) != napi_ok) return nullptr;
  return Boolean(env, Start(env, std::make_unique<Look>(path, told, recorded_ms, call.IsTrue(2))));
}

napi_value IsSharedFolder(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const char *path = call.Text(0, "folder");
  napi_ref told = nullptr;
  if (!call.ok() || napi_create_reference(env, call.Value(1), 1, &told) != napi_ok) return nullptr;
  return Boolean(env, Start(env, std::make_unique<Shared>(path, told)));
}

napi_value UnreadBytes(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t connection = call.Integer(0, "connection", 0);
  const int64_t bytes = call.ok() ? hpr_connection_unread(connection) : -1;
  return bytes < 0 ? nullptr : Number(env, static_cast<double>(bytes));
}

} // namespace hpr
