/* addon/registry_host.cc: RegistryObject as what the core asks its embedder for. */
#include "addon/registry_object.h"
#include "addon/signal_name.h"
#include "addon/snapshot.h"

namespace hpr {

namespace {

const char *OutcomeName(hpr_outcome outcome) {
  switch (outcome) {
  case HPR_OUTCOME_EXITED: return "exited";
  case HPR_OUTCOME_KILLED: return "killed";
  case HPR_OUTCOME_ALREADY_GONE: return "already-gone";
  case HPR_OUTCOME_NOT_OURS: return "not-ours";
  case HPR_OUTCOME_UNKNOWN: return "unknown";
  }
  return "unknown";
}

} // namespace

void RegistryObject::CallHost(const char *name, std::initializer_list<napi_value> arguments) {
  Napi::Env env = Env();
  Napi::Object host = host_.Value();
  host.Get(name).As<Napi::Function>().Call(host, arguments);
  if (env.IsExceptionPending()) env.GetAndClearPendingException();
}

hpr_host RegistryObject::MakeHost() {
  hpr_host host{};
  host.self = this;
  host.start_timer = [](void *context, uint64_t timer, int32_t delay_ms) {
    auto *self = static_cast<RegistryObject *>(context);
    if (self->silent_) return;
    Napi::HandleScope scope(self->Env());
    self->CallHost("startTimer", {Napi::BigInt::New(self->Env(), timer),
                                  Napi::Number::New(self->Env(), delay_ms)});
  };
  host.stop_timer = [](void *context, uint64_t timer) {
    auto *self = static_cast<RegistryObject *>(context);
    if (self->silent_) return;
    Napi::HandleScope scope(self->Env());
    self->CallHost("stopTimer", {Napi::BigInt::New(self->Env(), timer)});
  };
  host.exited = [](void *context, const hpr_snapshot *entry) {
    auto *self = static_cast<RegistryObject *>(context);
    if (self->silent_) return;
    Napi::HandleScope scope(self->Env());
    self->CallHost("exited", {ToExit(self->Env(), *entry)});
  };
  host.warned = [](void *context, int error, int32_t pid, const char *path) {
    auto *self = static_cast<RegistryObject *>(context);
    if (self->silent_) return;
    Napi::Env env = self->Env();
    Napi::HandleScope scope(env);
    self->CallHost("warned",
                   {Napi::String::New(env, hpr_error_name(error)),
                    Napi::String::New(env, hpr_error_text(error)), Napi::Number::New(env, pid),
                    Napi::String::New(env, path ? path : "")});
  };
  host.terminated = [](void *context, uint64_t request, const hpr_termination *termination) {
    auto *self = static_cast<RegistryObject *>(context);
    if (self->silent_) return;
    Napi::Env env = self->Env();
    Napi::HandleScope scope(env);
    const Napi::Object entry =
        termination->entry ? ToExit(env, *termination->entry) : Napi::Object::New(env);
    self->CallHost("terminated",
                   {Napi::Number::New(env, static_cast<double>(request)),
                    Napi::String::New(env, OutcomeName(termination->outcome)), entry});
  };
  host.signalled = [](void *context, int32_t pid, hpr_signal signal, int error) {
    auto *self = static_cast<RegistryObject *>(context);
    if (self->silent_) return;
    Napi::Env env = self->Env();
    Napi::HandleScope scope(env);
    self->CallHost("signalled",
                   {Napi::Number::New(env, pid), Napi::String::New(env, SignalName(signal)),
                    Napi::String::New(env, error ? hpr_error_name(error) : "")});
  };
  host.closed = [](void *context) { static_cast<RegistryObject *>(context)->Release(); };
  return host;
}

} // namespace hpr
