#include "faults/world.h"

#include <gtest/gtest.h>
#include <stdio.h>

extern "C" {
#include "core/state.h"
}

namespace {

constexpr int32_t kSelf = 10;
constexpr int kTimers = 4; /* that may be due before the next write is */
constexpr int64_t kNowMs = 1800000000000;

World &It(void *self) { return *static_cast<World *>(self); }

const char *OrNone(const char *text) { return text ? text : "-"; }

void Identify(void *self, int32_t pid, const hpr_identity *, hpr_identity *ret_identity) {
  *ret_identity = {};
  ret_identity->pid = pid;
  ret_identity->state = HPR_RECORD_NOBODY;
  if (It(self).alive.count(pid) == 0) return;
  ret_identity->state = HPR_RECORD_KNOWN;
  ret_identity->kin = true;
  SetBoot(ret_identity, "b");
  SetBirth(ret_identity, std::to_string(pid));
}

hpr_verdict Verify(void *self, const hpr_identity *identity) {
  if (identity->state == HPR_RECORD_NONE) return HPR_VERDICT_UNKNOWN;
  if (It(self).groups.count(identity->pid) != 0) return HPR_VERDICT_GROUP;
  if (It(self).alive.count(identity->pid) == 0) return HPR_VERDICT_GONE;
  return BirthOf(*identity) == std::to_string(identity->pid) ? HPR_VERDICT_SAME
                                                             : HPR_VERDICT_STRANGER;
}

} // namespace

hpr_process_ops World::Processes() {
  hpr_process_ops ops = {};
  ops.self = this;
  ops.begin = ops.end = [](void *) {};
  ops.is_around_us = [](void *, const hpr_identity *) { return false; };
  ops.identify = Identify;
  ops.identify_recorded = [](void *self, int32_t pid, int64_t, hpr_identity *ret_identity) {
    Identify(self, pid, nullptr, ret_identity);
  };
  ops.verify = ops.verify_ended = Verify;
  ops.has_ended = [](void *self, const hpr_identity *identity) {
    return Verify(self, identity) != HPR_VERDICT_SAME;
  };
  ops.renew = [](void *, hpr_identity *) {};
  ops.folder = [](void *, const hpr_identity *, char **) -> int { return HPR_ENOTSUP; };
  ops.withheld = [](void *) { return false; };
  ops.age_ms = [](void *, const hpr_identity *) -> int64_t { return 0; };
  ops.since_ms = [](void *, const hpr_identity *, int64_t boot_ms) -> int64_t {
    return kNowMs - boot_ms;
  };
  ops.signal = [](void *self, const hpr_identity *identity, hpr_signal, hpr_scope) -> int {
    const hpr_verdict verdict = Verify(self, identity);
    return verdict == HPR_VERDICT_SAME || verdict == HPR_VERDICT_GROUP ? 0 : HPR_ESRCH;
  };
  ops.leads = [](void *, const hpr_identity *) { return true; };
  ops.descendants = [](void *, const hpr_identity *, hpr_identity *, size_t,
                       size_t *ret_count) -> int {
    *ret_count = 0;
    return 0;
  };
  ops.members = [](void *, const hpr_identity *, hpr_identity *, size_t, size_t *) -> int {
    return HPR_EUNKNOWN;
  };
  ops.is_member = [](void *, const hpr_identity *, int32_t) { return false; };
  ops.signal_group = [](void *, const hpr_identity *, int32_t, hpr_signal) -> int {
    return HPR_ESRCH;
  };
  ops.lineage = [](void *, int32_t, hpr_ancestor *, size_t *) -> int { return HPR_EUNKNOWN; };
  ops.mark = [](void *, const hpr_identity *, const char *, const char *) -> hpr_mark {
    return HPR_MARK_UNKNOWN;
  };
  ops.marked = [](void *, int32_t, const char *const[], size_t count, const char *) {
    return count;
  };
  ops.list = [](void *, hpr_seen **, size_t *) -> int { return HPR_EUNKNOWN; };
  ops.same_user = [](void *, const hpr_identity *, const hpr_identity *) { return true; };
  ops.other_user = [](void *, const hpr_identity *) { return 0U; };
  ops.command = [](void *, const hpr_identity *, char **, size_t *) -> int { return HPR_ENOTSUP; };
  ops.watch = [](void *self, const hpr_identity *identity, uint64_t watch,
                 hpr_verdict *ret_verdict) -> int {
    if (Verify(self, identity) != HPR_VERDICT_SAME) return HPR_ESRCH;
    *ret_verdict = HPR_VERDICT_SAME;
    It(self).watches_[watch] = identity->pid;
    return 0;
  };
  ops.unwatch = [](void *self, uint64_t watch) { It(self).watches_.erase(watch); };
  ops.self_pid = [](void *) { return kSelf; };
  ops.now_ms = [](void *) { return kNowMs; };
  ops.clock_ms = [](void *) { return kNowMs; };
  ops.boot_ms = [](void *) { return kNowMs; };
  ops.nonce = [](void *) -> uint64_t { return 7; };
  return ops;
}

hpr_identity World::Who(int32_t pid) {
  hpr_identity who;
  Identify(this, pid, nullptr, &who);
  return who;
}

hpr_host World::Host() {
  hpr_host host = {};
  host.self = this;
  host.wake_in = [](void *self, int32_t delay_ms) { It(self).wakes_ = delay_ms >= 0; };
  host.look_each_second = [](void *) {};
  host.status_wanted = [](void *, hpr_ticket) {};
  host.folder_wanted = [](void *, hpr_ticket, const char *) {};
  host.exited = [](void *, const hpr_snapshot *) {};
  host.warned = [](void *self, int error, int32_t, const char *) {
    It(self).warnings.push_back(Code(error));
  };
  host.terminated = [](void *self, uint64_t request, const hpr_termination *) {
    It(self).answers[request]++;
  };
  host.closed = [](void *self) { It(self).registry = nullptr; };
  return host;
}

World::World(const std::string &text) : alive({kSelf}) {
  Write(path(), text);
  files.skip_pauses = true;
}

int World::Open() {
  const std::string file = path();
  hpr_options options = {};
  options.pid_file = file.c_str();
  options.process = Processes();
  options.files = files.ops();
  options.host = Host();
  options.grace_ms = HPR_GRACE_DEFAULT_MS;
  return hpr_registry_open(&options, &registry);
}

World::~World() { Close(); }

void World::Close() {
  hpr_registry_close(registry);
  EXPECT_EQ(nullptr, registry);
  EXPECT_TRUE(watches_.empty()) << "a watch was not taken back";
  EXPECT_FALSE(wakes_) << "the timer was not stopped";
  EXPECT_EQ(asked.size(), answers.size()) << "who is not told waits for ever";
  for (const auto &[request, times] : answers) EXPECT_EQ(1, times) << request;
}

void World::Die(int32_t pid) {
  alive.erase(pid);
  const std::map<uint64_t, int32_t> watches = watches_;
  for (const auto &[watch, watched] : watches) {
    if (watched != pid || watches_.erase(watch) == 0) continue;
    hpr_registry_watches_fired(registry, &watch, 1);
  }
  hpr_registry_flush(registry);
}

void World::Retry() {
  for (int i = 0; i < kTimers && is_retrying() && wakes_; i++) {
    wakes_ = false;
    hpr_registry_timer_fired(registry);
  }
}

bool World::is_retrying() const { return registry->ledger.file_error != 0; }

std::string World::State() const {
  std::string text;
  hpr_registry_each(
      registry,
      [](void *context, const hpr_snapshot *it) {
        char line[512];
        snprintf(line, sizeof line, "%d %s %s %s pi %d keeper %d %s%s\n", it->pid, it->cwd,
                 OrNone(it->session), OrNone(it->token), it->pi_pid, it->keeper_pid,
                 OrNone(it->socket_path), it->state == HPR_STATE_TERMINATING ? " ending" : "");
        *static_cast<std::string *>(context) += line;
      },
      &text);
  text += "live " + std::to_string(hpr_registry_size(registry)) + "\n";
  for (const char *session : {"s11", "sk", "s14"})
    text +=
        std::string(session) + " " + std::to_string(hpr_registry_pid_of(registry, session)) + "\n";
  return text;
}
