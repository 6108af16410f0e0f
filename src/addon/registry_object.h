/* addon/registry_object.h: a registry as a JavaScript object. Converts and calls; no policy. */
#ifndef HPR_ADDON_REGISTRY_OBJECT_H
#define HPR_ADDON_REGISTRY_OBJECT_H

#include <napi.h>

#include "addon/core.h"

namespace hpr {

/*
 * new Registry(pidFile, graceMs, host, guest): `host` is a JavaScript object with the functions
 * startTimer(id, ms), stopTimer(id), exited(entry), warned(code, text, pid, path),
 * signalled(pid, signal, code) and terminated(request, outcome, entry). They must not throw.
 */
class RegistryObject : public Napi::ObjectWrap<RegistryObject> {
public:
  static Napi::Function Define(Napi::Env env);

  explicit RegistryObject(const Napi::CallbackInfo &info);
  ~RegistryObject() override;

private:
  static void CallWatchFired(Napi::Env env, Napi::Function unused, RegistryObject *self,
                             uint64_t *take_watch);
  using Notices = Napi::TypedThreadSafeFunction<RegistryObject, uint64_t, CallWatchFired>;

  Napi::Value Register(const Napi::CallbackInfo &info);
  void ChildExited(const Napi::CallbackInfo &info);
  void TimerFired(const Napi::CallbackInfo &info);
  void Remove(const Napi::CallbackInfo &info);
  Napi::Value LinkByToken(const Napi::CallbackInfo &info);
  Napi::Value LinkByPid(const Napi::CallbackInfo &info);
  Napi::Value LinkSession(const Napi::CallbackInfo &info);
  Napi::Value GetPid(const Napi::CallbackInfo &info);
  Napi::Value KillBySessionId(const Napi::CallbackInfo &info);
  Napi::Value KillByToken(const Napi::CallbackInfo &info);
  void Terminate(const Napi::CallbackInfo &info);
  void KillAll(const Napi::CallbackInfo &info);
  void CleanupOrphans(const Napi::CallbackInfo &info);
  void AttachKeeper(const Napi::CallbackInfo &info);
  void AdoptKeeper(const Napi::CallbackInfo &info);
  Napi::Value SocketOf(const Napi::CallbackInfo &info);
  Napi::Value Size(const Napi::CallbackInfo &info);
  Napi::Value Entries(const Napi::CallbackInfo &info);
  Napi::Value Lookups(const Napi::CallbackInfo &info);
  /* registry_guest.cc */
  Napi::Value Borrow(const Napi::CallbackInfo &info);
  Napi::Value Tidy(const Napi::CallbackInfo &info);
  void CloseMethod(const Napi::CallbackInfo &info);

  /* registry_hot_calls.cc: the plain cases; the others go to the methods above. */
  using Property = Napi::ClassPropertyDescriptor<RegistryObject>;
  static Property Hot(const char *name, napi_callback call);
  static napi_value HotLinkByToken(napi_env env, napi_callback_info info);
  static napi_value HotLinkByPid(napi_env env, napi_callback_info info);
  static napi_value HotLinkSession(napi_env env, napi_callback_info info);
  static napi_value HotGetPid(napi_env env, napi_callback_info info);
  static napi_value HotSize(napi_env env, napi_callback_info info);
  template <Napi::Value (RegistryObject::*general)(const Napi::CallbackInfo &)>
  static napi_value CallGeneral(napi_env env, napi_callback_info info, void *self);
  /* NULL if it is closed, or no registry. */
  static hpr_registry *OpenOne(void *self) {
    return self ? static_cast<RegistryObject *>(self)->registry_ : nullptr;
  }

  /* registry_host.cc */
  hpr_host MakeHost();
  void CallHost(const char *name, std::initializer_list<napi_value> arguments);

  bool Open(Napi::Env env, const std::string &pid_file, int32_t grace_ms, bool guest);
  void Close();
  static void CloseSilently(void *context);
  void Release();
  /* Throws HPR_ECLOSED if it is closed. */
  bool IsOpen(Napi::Env env) const;

  hpr_registry *registry_ = nullptr; /* NULL: closed */
  hpr_process_ops process_{};
  bool silent_ = false; /* the environment goes down: call no JavaScript */
  Napi::ObjectReference host_;
  Napi::Reference<Napi::ArrayBuffer> lookups_; /* one number, which the core counts up */
  Notices notices_;
};

} // namespace hpr

#endif
