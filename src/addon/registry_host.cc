/* addon/registry_host.cc: RegistryObject as what the core asks its embedder for. */
#include <functional>
#include <initializer_list>
#include <string>
#include <utility>

#include "addon/errands.h"
#include "addon/registry_object.h"
#include "addon/snapshot.h"
#include "addon/values.h"

namespace hpr {

namespace {

const char *OutcomeName(hpr_outcome outcome) {
  switch (outcome) {
  case HPR_OUTCOME_EXITED: return "exited";
  case HPR_OUTCOME_KILLED: return "killed";
  case HPR_OUTCOME_ALREADY_GONE: return "already-gone";
  case HPR_OUTCOME_NOT_OURS: return "not-ours";
  case HPR_OUTCOME_NOT_FOUND: return "not-found";
  case HPR_OUTCOME_UNKNOWN: return "unknown";
  }
  return "unknown";
}

/* The host for one call; false if there is nobody to call any more. */
class Host {
public:
  explicit Host(void *context) : env_(static_cast<RegistryObject *>(context)->env()) {
    napi_open_handle_scope(env_, &scope_);
    napi_value wrapper = static_cast<RegistryObject *>(context)->Wrapper();
    napi_get_named_property(env_, wrapper, "host", &host_);
  }
  ~Host() { napi_close_handle_scope(env_, scope_); }
  Host(const Host &) = delete;
  Host &operator=(const Host &) = delete;

  explicit operator bool() const { return host_ != nullptr; }
  napi_env env() const { return env_; }

  /* It may be terminated at any moment; what it throws all the same is nobody's. */
  void Call(const char *name, std::initializer_list<napi_value> arguments) {
    napi_value function, unused;
    if (napi_get_named_property(env_, host_, name, &function) == napi_ok)
      napi_call_function(env_, host_, function, arguments.size(), arguments.begin(), nullptr);
    napi_get_and_clear_last_exception(env_, &unused);
  }

private:
  napi_env env_;
  napi_handle_scope scope_ = nullptr;
  napi_value host_ = nullptr;
};

/* Tickets count registrations: a double tells all of them apart. */
napi_value Ticket(napi_env env, hpr_ticket ticket) {
  return Number(env, static_cast<double>(ticket));
}

void WakeIn(void *self, int32_t delay_ms) {
  if (Host host{self}) host.Call("wakeIn", {Number(host.env(), delay_ms)});
}

void LookEachSecond(void *self) {
  if (Host host{self}) host.Call("lookEachSecond", {});
}

void StatusWanted(void *self, hpr_ticket ticket) {
  if (Host host{self}) host.Call("statusWanted", {Ticket(host.env(), ticket)});
}

void FolderWanted(void *self, hpr_ticket ticket, const char *path) {
  static_cast<RegistryObject *>(self)->FindFolder(ticket, path);
}

void Exited(void *self, const hpr_snapshot *entry) {
  static_cast<RegistryObject *>(self)->TellExit(*entry);
}

void Warned(void *self, int error, int32_t pid, const char *path) {
  Host host{self};
  napi_env env = host.env();
  if (host)
    host.Call("warned", {Text(env, hpr_error_name(error)), Text(env, hpr_error_text(error)),
                         Number(env, pid), Text(env, path ? path : "")});
}

void Terminated(void *self, uint64_t request, const hpr_termination *it) {
  Host host{self};
  napi_env env = host.env();
  if (!host) return;
  napi_value entry = it->entry ? ToExit(env, *it->entry) : Object(env);
  if (it->processes) Set(env, entry, "processes", Number(env, static_cast<double>(it->processes)));
  host.Call("terminated", {Number(env, static_cast<double>(request)),
                           Text(env, OutcomeName(it->outcome)), entry});
}

void Signalled(void *self, int32_t pid, hpr_signal signal, int error) {
  Host host{self};
  napi_env env = host.env();
  if (host)
    host.Call("signalled", {Number(env, pid), Text(env, hpr_signal_name(signal)),
                            Text(env, error ? hpr_error_name(error) : "")});
}

const char *ReasonName(hpr_reason reason) {
  switch (reason) {
  case HPR_REASON_KILL: return "kill";
  case HPR_REASON_TERMINATE: return "terminate";
  case HPR_REASON_KILL_ALL: return "kill-all";
  case HPR_REASON_SHUTDOWN: return "shutdown";
  case HPR_REASON_ORPHAN: return "orphan";
  case HPR_REASON_AGE: return "age";
  case HPR_REASON_RESUMED: return "resumed";
  case HPR_REASON_TREE: return "tree";
  }
  return "terminate";
}

void Ended(void *self, const hpr_end *it) {
  Host host{self};
  napi_env env = host.env();
  if (!host) return;
  napi_value entry = ToExit(env, *it->entry);
  host.Call("ended", {entry, Text(env, ReasonName(it->reason)), Text(env, OutcomeName(it->outcome)),
                      Text(env, hpr_signal_name(it->signal)),
                      Number(env, static_cast<double>(it->processes))});
}

/* A look at a folder, which never comes back from a dead mount. */
class FolderLook : public Errand {
public:
  using Told = std::function<void(int result, const hpr_folder_id &id)>;
  FolderLook(const char *path, Told told) : path_(path), told_(std::move(told)) {}

  void Run() override {
    const hpr_file_ops *files = hpr_file_native();
    result_ = files->folder(files->self, path_.c_str(), HPR_PATIENCE_ENDLESS, &id_);
  }
  void Deliver(napi_env) override { told_(result_, id_); }

private:
  std::string path_;
  Told told_;
  int result_ = HPR_EUNKNOWN;
  hpr_folder_id id_{};
};

/* So many threads of one registry may be stuck, on as many dead mounts. */
constexpr unsigned kFoldersAtOnce = 32;

} // namespace

/* Who ended while no server ran has no ticket. Nobody may want more than that there was one. */
void RegistryObject::TellExit(const hpr_snapshot &entry) {
  if (ignored_ != 0 && entry.ticket == ignored_) return;
  Host host{this};
  if (!host) return;
  told_exit_ = &entry;
  host.Call("exited", {Ticket(host.env(), entry.ticket)});
  told_exit_ = nullptr;
}

void RegistryObject::FindFolder(hpr_ticket ticket, const char *path) {
  if (folders_asked_ == kFoldersAtOnce) return;
  const auto told = [self = self_, ticket](int result, const hpr_folder_id &id) {
    RegistryObject *it = *self;
    if (!it) return;
    it->folders_asked_--;
    if (it->core() && result == 0) hpr_registry_folder_told(it->core(), ticket, &id);
  };
  if (Start(env_, std::make_unique<FolderLook>(path, told))) folders_asked_++;
}

hpr_host RegistryObject::MakeHost() {
  hpr_host host{};
  host.self = this;
  host.wake_in = WakeIn;
  host.look_each_second = LookEachSecond;
  host.status_wanted = StatusWanted;
  host.folder_wanted = FolderWanted;
  host.exited = Exited;
  host.warned = Warned;
  host.terminated = Terminated;
  host.signalled = Signalled;
  host.ended = Ended;
  host.closed = [](void *context) { static_cast<RegistryObject *>(context)->Release(); };
  return host;
}

} // namespace hpr
