#include "addon/registry_object.h"

#include <cstring>
#include <utility>

#include "addon/snapshot.h"
#include "addon/values.h"

namespace hpr {

/* --- life ----------------------------------------------------------------------------------- */

napi_value RegistryObject::Construct(napi_env env, napi_callback_info info) {
  Call call(env, info);
  napi_value failure = nullptr;
  bool wants_ends = false;
  napi_get_named_property(env, call.Value(2), "failure", &failure);
  Set(env, call.receiver(), "failure", failure);
  Set(env, call.receiver(), "host", call.Value(2));
  hpr_options options{};
  napi_has_named_property(env, call.Value(2), "ended", &wants_ends);
  options.pid_file = call.Text(0, "pidFilePath");
  options.grace_ms = call.Integer(1, "killGraceMs", HPR_GRACE_NEVER);
  options.guest = call.IsTrue(3);
  options.tree = call.IsTrue(4);
  options.end_orphans = call.IsTrue(5);
  const int64_t max_age_ms = call.OptionalTime(6, "orphanMaxAgeMs");
  options.orphan_max_age_ms = max_age_ms == INT64_MIN ? 0 : max_age_ms;
  if (!call.ok()) return nullptr;
  auto *self = new RegistryObject(env);
  const napi_finalize free = [](napi_env, void *it, void *) {
    delete static_cast<RegistryObject *>(it);
  };
  if (napi_wrap(env, call.receiver(), self, free, nullptr, nullptr) != napi_ok) {
    delete self;
    return nullptr;
  }
  napi_create_reference(env, call.receiver(), 0, &self->wrapper_);
  options.board = self->MakeBoard(call.receiver());
  self->DefineMethods(call.receiver());
  options.host = self->MakeHost();
  if (!wants_ends) options.host.ended = nullptr;
  const int result = self->Open(&options);
  return result == 0 ? call.receiver() : call.Fail(result);
}

/* The core may write to it until it is closed, which may be after the object has become garbage. */
hpr_board *RegistryObject::MakeBoard(napi_value object) {
  void *board = nullptr;
  napi_value buffer = nullptr;
  if (napi_create_arraybuffer(env_, sizeof(hpr_board), &board, &buffer) != napi_ok) return nullptr;
  napi_create_reference(env_, buffer, 1, &board_);
  Set(env_, object, "board", buffer);
  return static_cast<hpr_board *>(board);
}

int RegistryObject::Open(hpr_options *options) {
  /* On the watching thread. What comes before the loop has run is one call of the core. */
  const hpr_exit_notice notice = [](void *context, uint64_t watch) {
    auto *self = static_cast<RegistryObject *>(context);
    const std::lock_guard<std::mutex> lock(self->fired_lock_);
    self->fired_.push_back(watch);
    if (self->fired_.size() == 1)
      napi_call_threadsafe_function(self->notices_, nullptr, napi_tsfn_nonblocking);
  };
  napi_value name = Text(env_, "headless-pid-registry");
  if (napi_create_threadsafe_function(env_, nullptr, nullptr, name, 0, 1, nullptr, nullptr, this,
                                      WatchesFired, &notices_) != napi_ok)
    return HPR_ENOMEM;
  napi_unref_threadsafe_function(env_, notices_);
  /* Behind the queue's own hook, so that it is called before it. */
  napi_add_env_cleanup_hook(env_, EnvironmentEnds, this);
  int result = hpr_process_native_open(notice, this, &process_);
  options->process = process_;
  options->files = hpr_file_native();
  if (result == 0) result = hpr_registry_open(options, &core_);
  if (result != 0) Release();
  return result;
}

RegistryObject::~RegistryObject() {
  *self_ = nullptr;
  Silence();
  Close();
}

/* A worker that is terminated, or the program's natural end: the thread must stop. */
void RegistryObject::EnvironmentEnds(void *context) {
  auto *self = static_cast<RegistryObject *>(context);
  self->Silence();
  self->Close();
}

void RegistryObject::Silence() {
  if (wrapper_) napi_delete_reference(env_, std::exchange(wrapper_, nullptr));
}

void RegistryObject::KeepAlive(bool wanted) {
  if (!notices_) return;
  if (wanted)
    napi_ref_threadsafe_function(env_, notices_);
  else
    napi_unref_threadsafe_function(env_, notices_);
}

void RegistryObject::Close() {
  closing_ = true;
  if (stays_ == 0)
    hpr_registry_close(std::exchange(core_, nullptr));
  else
    hpr_registry_flush(core_); /* the program may end in the callback that closes it */
}

/* The core is gone. The thread uses the queue until it is joined. */
void RegistryObject::Release() {
  hpr_process_native_close(&process_);
  napi_remove_env_cleanup_hook(env_, EnvironmentEnds, this);
  napi_release_threadsafe_function(notices_, napi_tsfn_abort);
  napi_delete_reference(env_, std::exchange(board_, nullptr));
}

napi_value RegistryObject::Wrapper() const {
  napi_value value = nullptr;
  napi_get_reference_value(env_, wrapper_, &value);
  return value;
}

void RegistryObject::WatchesFired(napi_env env, napi_value, void *context, void *) {
  if (!env) return; /* the queue is only being emptied, and the registry may be gone */
  auto *self = static_cast<RegistryObject *>(context);
  const Stay stay(self);
  std::vector<uint64_t> fired;
  {
    const std::lock_guard<std::mutex> lock(self->fired_lock_);
    fired.swap(self->fired_);
  }
  if (self->core()) hpr_registry_watches_fired(self->core(), fired.data(), fired.size());
}

/* --- methods -------------------------------------------------------------------------------- */

namespace {

enum class IfClosed { kThrow, kIgnore };

RegistryObject *Of(const Call &call) { return static_cast<RegistryObject *>(call.data()); }

/* The way of every method into the core. */
template <napi_value (*method)(Call &, hpr_registry *), IfClosed if_closed = IfClosed::kThrow>
napi_value Enter(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const RegistryObject::Stay stay(Of(call));
  hpr_registry *registry = Of(call)->core();
  if (registry) return method(call, registry);
  return if_closed == IfClosed::kThrow ? call.Fail(HPR_ECLOSED) : nullptr;
}

napi_value CloseIt(napi_env env, napi_callback_info info) {
  Of(Call(env, info))->Close();
  return nullptr;
}

/* keepAlive(wanted): whether the event loop lives as long as the registry */
napi_value KeepAlive(napi_env env, napi_callback_info info) {
  const Call call(env, info);
  Of(call)->KeepAlive(call.IsTrue(0));
  return nullptr;
}

/* toldExit(): while the host's exited() runs, the exit that it is told of */
napi_value ToldExit(napi_env env, napi_callback_info info) {
  const hpr_snapshot *entry = Of(Call(env, info))->told_exit();
  return entry ? ToExit(env, *entry) : nullptr;
}

/*
 * register(pid, cwd, spawnToken?, keeperPid?, keeperSockPath?, statusExpected, goalId?, fields?): a
 * ticket
 */
napi_value Register(Call &call, hpr_registry *registry) {
  hpr_registration registration{};
  registration.pid = call.Pid(0, "pid");
  registration.cwd = call.Text(1, "cwd");
  registration.token = call.OptionalText(2, "spawnToken");
  registration.keeper_pid = call.OptionalPid(3, "keeperOpts.keeperPid");
  registration.socket_path = call.OptionalText(4, "keeperOpts.keeperSockPath");
  registration.status_expected = call.IsTrue(5);
  registration.goal = call.OptionalText(6, "goalId");
  registration.fields = call.OptionalText(7, "fields");
  if (!call.ok()) return nullptr;
  hpr_ticket ticket;
  const int result = hpr_registry_register(registry, &registration, &ticket);
  if (result == HPR_EINVAL)
    return call.Fail("ERR_OUT_OF_RANGE", "fields must not be nested so deeply, nor contain NUL or "
                                         "half a surrogate pair");
  if (result == HPR_ETOOBIG)
    return call.Fail("ERR_OUT_OF_RANGE", "the entry does not fit into the pid file");
  if (result != 0) return call.Fail(result);
  return Number(call.env(), static_cast<double>(ticket));
}

/* announce(spawnToken) */
napi_value Announce(Call &call, hpr_registry *registry) {
  const char *token = call.Text(0, "spawnToken");
  if (call.ok() && !token[0]) call.Fail("ERR_INVALID_ARG_TYPE", "spawnToken must not be empty");
  const int result = call.ok() ? hpr_registry_announce(registry, token) : 0;
  if (result == HPR_ETOOBIG)
    return call.Fail("ERR_OUT_OF_RANGE", "the token does not fit into the pid file");
  return result == 0 ? nullptr : call.Fail(result);
}

hpr_ticket Ticket(const Call &call, size_t index) {
  double number = 0;
  napi_get_value_double(call.env(), call.Value(index), &number);
  return static_cast<hpr_ticket>(number);
}

/* childExited(ticket, code, signal, mayWait, ignored) */
napi_value ChildExited(Call &call, hpr_registry *registry) {
  int32_t code = HPR_EXIT_CODE_NONE;
  napi_get_value_int32(call.env(), call.Value(1), &code);
  const hpr_ticket ticket = Ticket(call, 0);
  Of(call)->Ignore(call.IsTrue(4) ? ticket : 0);
  hpr_registry_child_exited(registry, ticket, code, call.AnyText(2), call.IsTrue(3));
  Of(call)->Ignore(0);
  return nullptr;
}

/* registeredPid(ticket) */
napi_value RegisteredPid(Call &call, hpr_registry *registry) {
  const int32_t pid = hpr_registry_registered_pid(registry, Ticket(call, 0));
  return pid ? Number(call.env(), pid) : nullptr;
}

napi_value TimerFired(Call &, hpr_registry *registry) {
  hpr_registry_timer_fired(registry);
  return nullptr;
}

napi_value LookAtOwners(Call &, hpr_registry *registry) {
  hpr_registry_look_at_owners(registry);
  return nullptr;
}

napi_value Flush(Call &, hpr_registry *registry) {
  hpr_registry_flush(registry);
  return nullptr;
}

napi_value WriteLast(Call &, hpr_registry *registry) {
  hpr_registry_write_last(registry);
  return nullptr;
}

/*
 * As in the original module, values that cannot be anybody's name or pid name nobody: the answer is
 * false or undefined, and nothing is done.
 */

napi_value Remove(Call &call, hpr_registry *registry) {
  if (const int32_t pid = call.AnyPid(0)) hpr_registry_remove(registry, pid);
  return nullptr;
}

/* "" or what the link rests on */
napi_value LinkedBy(const Call &call, hpr_link link) {
  return Text(call.env(), link == HPR_LINK_NONE ? "" : LinkName(link));
}

napi_value LinkByToken(Call &call, hpr_registry *registry) {
  const char *token = call.Name(0), *session = call.Name(1);
  const bool named = token && session;
  return LinkedBy(call, named ? hpr_registry_link_by_token(registry, token, session, call.AnyPid(2))
                              : HPR_LINK_NONE);
}

napi_value LinkByPid(Call &call, hpr_registry *registry) {
  const char *session = call.Name(0);
  return LinkedBy(call, session ? hpr_registry_link_by_pid(registry, session, call.AnyPid(1))
                                : HPR_LINK_NONE);
}

napi_value LinkSession(Call &call, hpr_registry *registry) {
  const char *session = call.Name(0), *cwd = call.Name(1);
  const bool named = session && cwd;
  return LinkedBy(call, named ? hpr_registry_link_by_cwd(registry, session, cwd) : HPR_LINK_NONE);
}

napi_value GetPid(Call &call, hpr_registry *registry) {
  const char *session = call.Name(0);
  const int32_t pid = session ? hpr_registry_pid_of(registry, session) : 0;
  napi_value value = nullptr;
  if (pid) napi_create_int32(call.env(), pid, &value);
  return value;
}

napi_value GetGoalId(Call &call, hpr_registry *registry) {
  const char *session = call.Name(0);
  const char *goal = session ? hpr_registry_goal_of(registry, session) : nullptr;
  return goal ? Text(call.env(), goal) : nullptr;
}

napi_value KillBySessionId(Call &call, hpr_registry *registry) {
  hpr_target target{};
  target.session = call.Name(0);
  return Boolean(call.env(), target.session && hpr_registry_kill(registry, &target));
}

napi_value KillByToken(Call &call, hpr_registry *registry) {
  hpr_target target{};
  target.token = call.Name(0);
  return Boolean(call.env(), target.token && hpr_registry_kill(registry, &target));
}

/* terminate(request, signal, graceMs, sessionId?, spawnToken?, pid?, tree) */
napi_value Terminate(Call &call, hpr_registry *registry) {
  hpr_signal signal = HPR_SIGNAL_TERM;
  hpr_target target{};
  const int32_t request = call.Integer(0, "request", 0);
  const char *signal_name = call.Text(1, "signal");
  const int32_t grace_ms = call.Integer(2, "graceMs", HPR_GRACE_NEVER);
  target.session = call.OptionalText(3, "sessionId");
  target.token = call.OptionalText(4, "spawnToken");
  target.pid = call.OptionalPid(5, "pid");
  if (call.ok() && !hpr_signal_read(signal_name, &signal))
    call.Fail("ERR_OUT_OF_RANGE", "signal must be SIGTERM, SIGINT, SIGHUP, SIGQUIT or SIGKILL");
  if (!call.ok()) return nullptr;
  const int result = hpr_registry_terminate(registry, &target, signal, grace_ms, call.IsTrue(6),
                                            static_cast<uint64_t>(request));
  return result == 0 ? nullptr : call.Fail(result);
}

/* shutdown(firstRequest, graceMs, tree): how many answers come, under that request and the next
 * ones */
napi_value Shutdown(Call &call, hpr_registry *registry) {
  const int32_t request = call.Integer(0, "firstRequest", 0);
  const int32_t grace_ms = call.Integer(1, "graceMs", HPR_GRACE_NEVER);
  size_t count = 0;
  if (!call.ok()) return nullptr;
  hpr_registry_shutdown(registry, grace_ms, call.IsTrue(2), static_cast<uint64_t>(request), &count);
  return Number(call.env(), static_cast<double>(count));
}

napi_value KillAll(Call &, hpr_registry *registry) {
  hpr_registry_kill_all(registry);
  return nullptr;
}

napi_value CleanupOrphans(Call &, hpr_registry *registry) {
  hpr_registry_cleanup_orphans(registry);
  return nullptr;
}

/* What connectToKeeper() told; NULL for undefined. */
const hpr_identity *Listener(const Call &call, size_t index) {
  void *data = nullptr;
  size_t size = 0;
  const bool told =
      napi_get_arraybuffer_info(call.env(), call.Value(index), &data, &size) == napi_ok;
  return told && size == sizeof(hpr_identity) ? static_cast<const hpr_identity *>(data) : nullptr;
}

/* wantsListener(keeperPid, adopts) */
napi_value WantsListener(Call &call, hpr_registry *registry) {
  const int32_t pid = call.Pid(0, "keeperPid");
  if (!call.ok()) return nullptr;
  return Boolean(call.env(), hpr_registry_wants_listener(registry, pid, call.IsTrue(1)));
}

/* attachKeeper(keeperPid, sockPath, piPid?, listener?): false if it is not proved */
napi_value AttachKeeper(Call &call, hpr_registry *registry) {
  const int32_t pid = call.Pid(0, "keeperPid");
  const char *path = call.Text(1, "sockPath");
  const int32_t pi_pid = call.AnyPid(2);
  if (!call.ok()) return nullptr;
  return Boolean(call.env(),
                 hpr_registry_attach_keeper(registry, pid, path, Listener(call, 3), pi_pid));
}

/* adoptKeeper(keeperPid, sockPath, cwd, recordedAt?, startedAt?, piPid?, listener?) */
napi_value AdoptKeeper(Call &call, hpr_registry *registry) {
  hpr_adoption adoption{};
  adoption.keeper_pid = call.Pid(0, "keeperPid");
  adoption.socket_path = call.Text(1, "sockPath");
  adoption.cwd = call.Text(2, "cwd");
  adoption.recorded_ms = call.OptionalTime(3, "recordedAt");
  adoption.spawned_ms = call.OptionalTime(4, "startedAt");
  adoption.pi_pid = call.OptionalPid(5, "piPid");
  adoption.listener = Listener(call, 6);
  if (!call.ok()) return nullptr;
  const int result = hpr_registry_adopt_keeper(registry, &adoption);
  return result == 0 ? nullptr : call.Fail(result);
}

/* socketOf(sessionId): undefined if there is no keeper to write to */
napi_value SocketOf(Call &call, hpr_registry *registry) {
  const char *session = call.Name(0);
  const char *path = session ? hpr_registry_socket_of(registry, session) : nullptr;
  return path ? Text(call.env(), path) : nullptr;
}

napi_value ReportEnds(Call &, hpr_registry *registry) {
  hpr_registry_report_ends(registry);
  return nullptr;
}

napi_value Stats(Call &call, hpr_registry *registry) {
  return ToObject(call.env(), hpr_registry_stats(registry));
}

napi_value Size(Call &call, hpr_registry *registry) {
  return Number(call.env(), static_cast<double>(hpr_registry_size(registry)));
}

napi_value CountMarked(Call &call, hpr_registry *registry) {
  const char *token = call.Text(0, "spawnToken");
  if (!call.ok()) return nullptr;
  return Number(call.env(), static_cast<double>(hpr_registry_count_marked(registry, token)));
}

napi_value Entries(Call &call, hpr_registry *registry) {
  struct {
    napi_env env;
    napi_value items;
  } list = {call.env(), List(call.env())};
  hpr_registry_each(
      registry,
      [](void *context, const hpr_snapshot *entry) {
        const auto *it = static_cast<decltype(list) *>(context);
        Append(it->env, it->items, ToObject(it->env, *entry));
      },
      &list);
  return list.items;
}

struct Method {
  const char *name;
  napi_callback call;
};

constexpr Method kMethods[] = {
    {"announce", Enter<Announce>},
    {"register", Enter<Register>},
    {"childExited", Enter<ChildExited, IfClosed::kIgnore>},
    {"registeredPid", Enter<RegisteredPid>},
    {"toldExit", ToldExit},
    {"timerFired", Enter<TimerFired, IfClosed::kIgnore>},
    {"lookAtOwners", Enter<LookAtOwners, IfClosed::kIgnore>},
    {"flush", Enter<Flush, IfClosed::kIgnore>},
    {"writeLast", Enter<WriteLast, IfClosed::kIgnore>},
    {"remove", Enter<Remove>},
    {"linkByToken", Enter<LinkByToken>},
    {"linkByPid", Enter<LinkByPid>},
    {"linkSession", Enter<LinkSession>},
    {"getPid", Enter<GetPid>},
    {"getGoalId", Enter<GetGoalId>},
    {"killBySessionId", Enter<KillBySessionId>},
    {"killByToken", Enter<KillByToken>},
    {"terminate", Enter<Terminate>},
    {"killAll", Enter<KillAll>},
    {"shutdown", Enter<Shutdown>},
    {"keepAlive", hpr::KeepAlive},
    {"cleanupOrphans", Enter<CleanupOrphans>},
    {"wantsListener", Enter<WantsListener>},
    {"attachKeeper", Enter<AttachKeeper>},
    {"adoptKeeper", Enter<AdoptKeeper>},
    {"socketOf", Enter<SocketOf>},
    {"reportEnds", Enter<ReportEnds, IfClosed::kIgnore>},
    {"stats", Enter<Stats>},
    {"size", Enter<Size>},
    {"countMarked", Enter<CountMarked, IfClosed::kIgnore>},
    {"entries", Enter<Entries>},
    {"borrow", Enter<Borrow>},
    {"explain", Enter<Explain>},
    {"tidy", Enter<Tidy>},
    {"forget", Enter<Forget>},
    {"close", CloseIt},
};

} // namespace

void RegistryObject::DefineMethods(napi_value object) {
  for (const Method &method : kMethods) {
    napi_value function = nullptr;
    napi_create_function(env_, method.name, NAPI_AUTO_LENGTH, method.call, this, &function);
    Set(env_, function, "registry", object);
    Set(env_, object, method.name, function);
  }
}

napi_value RegistryObject::Define(napi_env env) {
  napi_value constructor = nullptr;
  napi_define_class(env, "Registry", NAPI_AUTO_LENGTH, Construct, nullptr, 0, nullptr,
                    &constructor);
  return constructor;
}

} // namespace hpr
