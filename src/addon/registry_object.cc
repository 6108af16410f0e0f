#include "addon/registry_object.h"

#include "addon/arguments.h"
#include "addon/results.h"
#include "addon/signal_name.h"
#include "addon/snapshot.h"

namespace hpr {

/* --- life ----------------------------------------------------------------------------------- */

Napi::Function RegistryObject::Define(Napi::Env env) {
  using Self = RegistryObject;
  return DefineClass(env, "Registry",
                     {
                         InstanceMethod<&Self::Register>("register"),
                         InstanceMethod<&Self::ChildExited>("childExited"),
                         InstanceMethod<&Self::TimerFired>("timerFired"),
                         InstanceMethod<&Self::Remove>("remove"),
                         Hot("linkByToken", HotLinkByToken),
                         Hot("linkByPid", HotLinkByPid),
                         Hot("linkSession", HotLinkSession),
                         Hot("getPid", HotGetPid),
                         InstanceMethod<&Self::KillBySessionId>("killBySessionId"),
                         InstanceMethod<&Self::KillByToken>("killByToken"),
                         InstanceMethod<&Self::Terminate>("terminate"),
                         InstanceMethod<&Self::KillAll>("killAll"),
                         InstanceMethod<&Self::CleanupOrphans>("cleanupOrphans"),
                         InstanceMethod<&Self::AttachKeeper>("attachKeeper"),
                         InstanceMethod<&Self::AdoptKeeper>("adoptKeeper"),
                         InstanceMethod<&Self::SocketOf>("socketOf"),
                         Hot("size", HotSize),
                         InstanceMethod<&Self::Entries>("entries"),
                         InstanceMethod<&Self::Lookups>("lookups"),
                         InstanceMethod<&Self::Borrow>("borrow"),
                         InstanceMethod<&Self::Tidy>("tidy"),
                         InstanceMethod<&Self::CloseMethod>("close"),
                     });
}

RegistryObject::RegistryObject(const Napi::CallbackInfo &info)
    : Napi::ObjectWrap<RegistryObject>(info) {
  Arguments arguments(info);
  const std::string pid_file = arguments.Text(0, "pidFilePath");
  const int32_t grace_ms = arguments.Integer(1, "killGraceMs", HPR_GRACE_NEVER);
  if (!arguments.ok()) return;
  host_ = Napi::Persistent(info[2].As<Napi::Object>());
  lookups_ = Napi::Persistent(Napi::ArrayBuffer::New(info.Env(), sizeof(uint32_t)));
  if (Open(info.Env(), pid_file, grace_ms, info[3].ToBoolean()))
    napi_add_env_cleanup_hook(info.Env(), CloseSilently, this);
}

RegistryObject::~RegistryObject() {
  napi_remove_env_cleanup_hook(Env(), CloseSilently, this);
  CloseSilently(this);
}

/* A worker that is terminated, or garbage: the thread must stop, and no JavaScript may run. */
void RegistryObject::CloseSilently(void *context) {
  auto *self = static_cast<RegistryObject *>(context);
  self->silent_ = true;
  self->Close();
}

bool RegistryObject::Open(Napi::Env env, const std::string &pid_file, int32_t grace_ms,
                          bool guest) {
  notices_ = Notices::New(env, "headless-pid-registry", 0, 1, this);
  notices_.Unref(env);
  /* On the watching thread. */
  const hpr_exit_notice notice = [](void *context, uint64_t watch) {
    auto *copy = new (std::nothrow) uint64_t(watch);
    auto *self = static_cast<RegistryObject *>(context);
    if (copy && self->notices_.NonBlockingCall(copy) != napi_ok) delete copy;
  };
  int result = hpr_process_native_open(notice, this, &process_);
  if (result == 0) {
    hpr_options options{};
    options.pid_file = pid_file.c_str();
    options.process = process_;
    options.files = hpr_file_native();
    options.host = MakeHost();
    options.grace_ms = grace_ms;
    options.guest = guest;
    options.lookups = static_cast<uint32_t *>(lookups_.Value().Data());
    result = hpr_registry_open(&options, &registry_);
    if (result != 0) hpr_process_native_close(&process_);
  }
  if (result == 0) return true;
  notices_.Abort();
  ThrowError(env, result);
  return false;
}

void RegistryObject::Close() {
  if (!registry_) return;
  hpr_registry *registry = registry_;
  registry_ = nullptr;
  hpr_registry_close(registry);
}

/* host_ holds what holds us: letting it go is what makes us garbage. */
void RegistryObject::Release() {
  hpr_process_native_close(&process_);
  notices_.Abort();
  host_.Reset();
}

bool RegistryObject::IsOpen(Napi::Env env) const {
  if (!registry_) ThrowError(env, HPR_ECLOSED);
  return registry_ != nullptr;
}

void RegistryObject::CloseMethod(const Napi::CallbackInfo &) { Close(); }

void RegistryObject::CallWatchFired(Napi::Env env, Napi::Function, RegistryObject *self,
                                    uint64_t *take_watch) {
  /* Without an environment the queue is only being emptied, and `self` may be gone. */
  if (env != nullptr && self->registry_) hpr_registry_watch_fired(self->registry_, *take_watch);
  delete take_watch;
}

/* --- methods -------------------------------------------------------------------------------- */

/* register(pid, cwd, spawnToken?, keeperPid?, keeperSockPath?, parentTells): a ticket */
Napi::Value RegistryObject::Register(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Arguments arguments(info);
  hpr_registration registration{};
  registration.pid = arguments.Pid(0, "pid");
  const std::string cwd = arguments.Text(1, "cwd");
  const std::string token = arguments.OptionalText(2, "spawnToken");
  registration.keeper_pid = arguments.OptionalPid(3, "keeperOpts.keeperPid");
  const std::string path = arguments.OptionalText(4, "keeperOpts.keeperSockPath");
  if (!arguments.ok() || !IsOpen(env)) return env.Undefined();
  registration.cwd = cwd.c_str();
  registration.token = token.c_str();
  registration.socket_path = path.c_str();
  registration.parent_tells = info[5].ToBoolean();
  hpr_ticket ticket;
  const int result = hpr_registry_register(registry_, &registration, &ticket);
  if (result == 0) return Napi::BigInt::New(env, ticket);
  ThrowError(env, result);
  return env.Undefined();
}

/* childExited(ticket, code, signal): silent after close, when exits still come */
void RegistryObject::ChildExited(const Napi::CallbackInfo &info) {
  bool lossless;
  if (!registry_) return;
  const hpr_ticket ticket = info[0].As<Napi::BigInt>().Uint64Value(&lossless);
  const int code =
      info[1].IsNumber() ? info[1].As<Napi::Number>().Int32Value() : HPR_EXIT_CODE_NONE;
  const std::string signal =
      info[2].IsString() ? info[2].As<Napi::String>().Utf8Value() : std::string();
  hpr_registry_child_exited(registry_, ticket, code, signal.empty() ? nullptr : signal.c_str());
}

void RegistryObject::TimerFired(const Napi::CallbackInfo &info) {
  bool lossless;
  if (registry_)
    hpr_registry_timer_fired(registry_, info[0].As<Napi::BigInt>().Uint64Value(&lossless));
}

void RegistryObject::Remove(const Napi::CallbackInfo &info) {
  Arguments arguments(info);
  const int32_t pid = arguments.Pid(0, "pid");
  if (arguments.ok() && IsOpen(info.Env())) hpr_registry_remove(registry_, pid);
}

Napi::Value RegistryObject::LinkByToken(const Napi::CallbackInfo &info) {
  Arguments arguments(info);
  const std::string token = arguments.Text(0, "spawnToken");
  const std::string session = arguments.Text(1, "sessionId");
  const int32_t pi_pid = arguments.OptionalPid(2, "pid");
  if (!arguments.ok() || !IsOpen(info.Env())) return info.Env().Undefined();
  return Napi::Boolean::New(
      info.Env(), hpr_registry_link_by_token(registry_, token.c_str(), session.c_str(), pi_pid));
}

Napi::Value RegistryObject::LinkByPid(const Napi::CallbackInfo &info) {
  Arguments arguments(info);
  const std::string session = arguments.Text(0, "sessionId");
  const int32_t pid = arguments.Pid(1, "pid");
  if (!arguments.ok() || !IsOpen(info.Env())) return info.Env().Undefined();
  return Napi::Boolean::New(info.Env(), hpr_registry_link_by_pid(registry_, session.c_str(), pid));
}

Napi::Value RegistryObject::LinkSession(const Napi::CallbackInfo &info) {
  Arguments arguments(info);
  const std::string session = arguments.Text(0, "sessionId");
  const std::string cwd = arguments.Text(1, "cwd");
  if (!arguments.ok() || !IsOpen(info.Env())) return info.Env().Undefined();
  return Napi::Boolean::New(info.Env(),
                            hpr_registry_link_by_cwd(registry_, session.c_str(), cwd.c_str()));
}

Napi::Value RegistryObject::GetPid(const Napi::CallbackInfo &info) {
  Arguments arguments(info);
  const std::string session = arguments.Text(0, "sessionId");
  if (!arguments.ok() || !IsOpen(info.Env())) return info.Env().Undefined();
  const int32_t pid = hpr_registry_pid_of(registry_, session.c_str());
  return pid ? Napi::Number::New(info.Env(), pid) : info.Env().Undefined();
}

Napi::Value RegistryObject::KillBySessionId(const Napi::CallbackInfo &info) {
  Arguments arguments(info);
  const std::string session = arguments.Text(0, "sessionId");
  if (!arguments.ok() || !IsOpen(info.Env())) return info.Env().Undefined();
  hpr_target target{};
  target.session = session.c_str();
  return Napi::Boolean::New(info.Env(), hpr_registry_kill(registry_, &target));
}

Napi::Value RegistryObject::KillByToken(const Napi::CallbackInfo &info) {
  Arguments arguments(info);
  const std::string token = arguments.Text(0, "spawnToken");
  if (!arguments.ok() || !IsOpen(info.Env())) return info.Env().Undefined();
  hpr_target target{};
  target.token = token.c_str();
  return Napi::Boolean::New(info.Env(), hpr_registry_kill(registry_, &target));
}

/* terminate(request, signal, graceMs, sessionId?, spawnToken?, pid?) */
void RegistryObject::Terminate(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Arguments arguments(info);
  hpr_signal signal = HPR_SIGNAL_TERM;
  hpr_target target{};
  const int32_t request = arguments.Integer(0, "request", 0);
  const std::string signal_name = arguments.Text(1, "signal");
  const int32_t grace_ms = arguments.Integer(2, "graceMs", HPR_GRACE_NEVER);
  const std::string session = arguments.OptionalText(3, "sessionId");
  const std::string token = arguments.OptionalText(4, "spawnToken");
  target.pid = arguments.OptionalPid(5, "pid");
  if (!arguments.ok() || !IsOpen(env)) return;
  if (!ToSignal(signal_name, &signal)) {
    Napi::RangeError::New(env, "signal must be SIGTERM, SIGINT, SIGHUP, SIGQUIT or SIGKILL")
        .ThrowAsJavaScriptException();
    return;
  }
  if (info[3].IsString()) target.session = session.c_str();
  if (info[4].IsString()) target.token = token.c_str();
  const int result =
      hpr_registry_terminate(registry_, &target, signal, grace_ms, static_cast<uint64_t>(request));
  if (result != 0) ThrowError(env, result);
}

void RegistryObject::KillAll(const Napi::CallbackInfo &info) {
  if (IsOpen(info.Env())) hpr_registry_kill_all(registry_);
}

void RegistryObject::CleanupOrphans(const Napi::CallbackInfo &info) {
  if (IsOpen(info.Env())) hpr_registry_cleanup_orphans(registry_);
}

void RegistryObject::AttachKeeper(const Napi::CallbackInfo &info) {
  Arguments arguments(info);
  const int32_t pid = arguments.Pid(0, "keeperPid");
  const std::string path = arguments.Text(1, "sockPath");
  if (arguments.ok() && IsOpen(info.Env()))
    hpr_registry_attach_keeper(registry_, pid, path.c_str());
}

/* adoptKeeper(keeperPid, sockPath, cwd, recordedAt?, spawnedAt?, piPid?) */
void RegistryObject::AdoptKeeper(const Napi::CallbackInfo &info) {
  Arguments arguments(info);
  hpr_adoption adoption{};
  adoption.keeper_pid = arguments.Pid(0, "keeperPid");
  const std::string path = arguments.Text(1, "sockPath");
  const std::string cwd = arguments.Text(2, "cwd");
  adoption.recorded_ms = arguments.OptionalTime(3, "recordedAt");
  adoption.spawned_ms = arguments.OptionalTime(4, "startedAt");
  adoption.pi_pid = arguments.OptionalPid(5, "piPid");
  if (!arguments.ok() || !IsOpen(info.Env())) return;
  adoption.socket_path = path.c_str();
  adoption.cwd = cwd.c_str();
  const int result = hpr_registry_adopt_keeper(registry_, &adoption);
  if (result != 0) ThrowError(info.Env(), result);
}

/* socketOf(sessionId): undefined if there is no keeper to write to */
Napi::Value RegistryObject::SocketOf(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  Arguments arguments(info);
  const std::string session = arguments.Text(0, "sessionId");
  if (!arguments.ok() || !IsOpen(env)) return env.Undefined();
  const char *path = hpr_registry_socket_of(registry_, session.c_str());
  return path ? Napi::String::New(env, path) : env.Undefined();
}

Napi::Value RegistryObject::Size(const Napi::CallbackInfo &info) {
  if (!IsOpen(info.Env())) return info.Env().Undefined();
  return Napi::Number::New(info.Env(), static_cast<double>(hpr_registry_size(registry_)));
}

/* lookups(): an ArrayBuffer with the number of hpr_options.lookups */
Napi::Value RegistryObject::Lookups(const Napi::CallbackInfo &) { return lookups_.Value(); }

Napi::Value RegistryObject::Entries(const Napi::CallbackInfo &info) {
  Napi::Env env = info.Env();
  if (!IsOpen(env)) return env.Undefined();
  Napi::Array entries = Napi::Array::New(env);
  hpr_registry_each(
      registry_,
      [](void *context, const hpr_snapshot *entry) {
        auto *list = static_cast<Napi::Array *>(context);
        list->Set(list->Length(), ToObject(list->Env(), *entry));
      },
      &entries);
  return entries;
}

} // namespace hpr
