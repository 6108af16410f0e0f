/* addon/registry_object.h: a registry as a JavaScript object. Converts and calls; no policy. */
#ifndef HPR_ADDON_REGISTRY_OBJECT_H
#define HPR_ADDON_REGISTRY_OBJECT_H

#include <node_api.h>

#include <memory>
#include <mutex>
#include <vector>

#include "addon/call.h"
#include "addon/core.h"

namespace hpr {

/*
 * new Registry(pidFile, graceMs, host, guest, tree, endOrphans, orphanMaxAgeMs?): `host` is Host of
 * lib/binding.ts.
 *
 * What the JavaScript object, the core and the watching thread share. It is freed with the
 * JavaScript object, which alone keeps the host alive: an open registry that nobody can reach any
 * more is garbage. The object's methods are made for it alone and keep it alive, so that each knows
 * its registry without asking the object, which takes longer than a lookup.
 * However it ends, there is one way: Close, and then Release as soon as no call is
 * under way. The thread is joined before its queue is let go.
 */
class RegistryObject {
public:
  static napi_value Define(napi_env env);

  /* A stay in the core: what closes the registry meanwhile takes effect at its end. */
  class Stay {
  public:
    explicit Stay(RegistryObject *self) : self_(self) { self_->stays_++; }
    ~Stay() {
      if (--self_->stays_ == 0 && self_->closing_) self_->Close();
    }
    Stay(const Stay &) = delete;
    Stay &operator=(const Stay &) = delete;

  private:
    RegistryObject *self_;
  };

  /* NULL: closed. */
  hpr_registry *core() const { return closing_ ? nullptr : core_; }
  napi_env env() const { return env_; }
  /* JavaScript's side of it; NULL: it is garbage, or the environment ends. */
  napi_value Wrapper() const;
  void Close();
  void KeepAlive(bool wanted);
  /* Tells JavaScript of an exit, which it can ask for meanwhile. */
  void TellExit(const hpr_snapshot &entry);
  /* Nobody wants to know of that one's exit; 0: of none. */
  void Ignore(hpr_ticket ticket) { ignored_ = ticket; }
  const hpr_snapshot *told_exit() const { return told_exit_; }
  /* Looks for a folder elsewhere. */
  void FindFolder(hpr_ticket ticket, const char *path);

private:
  explicit RegistryObject(napi_env env)
      : env_(env), self_(std::make_shared<RegistryObject *>(this)) {}
  ~RegistryObject();
  RegistryObject(const RegistryObject &) = delete;
  RegistryObject &operator=(const RegistryObject &) = delete;

  static napi_value Construct(napi_env env, napi_callback_info info);
  int Open(hpr_options *options);
  hpr_board *MakeBoard(napi_value object);
  void DefineMethods(napi_value object);
  hpr_host MakeHost(); /* registry_host.cc */
  static void WatchesFired(napi_env env, napi_value unused, void *context, void *also_unused);
  static void EnvironmentEnds(void *context);
  void Silence();
  void Release();

  napi_env env_;
  napi_ref wrapper_ = nullptr; /* weak; NULL: call no JavaScript */
  napi_ref board_ = nullptr;   /* memory that the core writes to, and JavaScript reads */
  napi_threadsafe_function notices_ = nullptr;
  std::mutex fired_lock_;
  std::vector<uint64_t> fired_; /* watches, from the watching thread */
  hpr_process_ops process_{};
  hpr_registry *core_ = nullptr;
  bool closing_ = false;
  unsigned stays_ = 0;
  const hpr_snapshot *told_exit_ = nullptr;
  hpr_ticket ignored_ = 0;
  /* For those who may come back when it is gone: then it points to NULL. */
  std::shared_ptr<RegistryObject *> self_;
  unsigned folders_asked_ = 0;
};

/* registry_guest.cc: the calls of one that was opened as a guest. */
napi_value Borrow(Call &call, hpr_registry *registry);
napi_value Explain(Call &call, hpr_registry *registry);
napi_value Tidy(Call &call, hpr_registry *registry);
napi_value Forget(Call &call, hpr_registry *registry);

} // namespace hpr

#endif
