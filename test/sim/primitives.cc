/* sim/primitives.cc: the questions of src/platform/linux and posix, answered by the_kernel. */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "sim/kernel.h"
#include "sim/watcher.h"

extern "C" {
#include "base/error.h"
#include "platform/linux/pidfd.h"
#include "platform/linux/procfs.h"
#include "platform/linux/watch.h"
#include "platform/posix/pids.h"
}

using sim::Process;
using sim::Serial;
using sim::State;
using sim::the_kernel;

namespace {

/* A dead process makes no system calls; its code runs on because C cannot be stopped halfway. */
bool Cannot() {
  the_kernel->SystemCall();
  return the_kernel->SelfIsDead();
}

} // namespace

extern "C" {

/* --- platform/posix/pids.h ------------------------------------------------------------------ */

int32_t hpr_pids_self(void) { return the_kernel->NumberOf(the_kernel->self); }

int32_t hpr_pids_own_group(void) {
  const Process *self = the_kernel->Find(the_kernel->self);
  return self ? the_kernel->NumberOf(self->group) : -1;
}

int32_t hpr_pids_own_session(void) {
  const Process *self = the_kernel->Find(the_kernel->self);
  return self ? the_kernel->NumberOf(self->session) : -1;
}

int32_t hpr_pids_group_of(int32_t pid) {
  if (Cannot()) return -1;
  const Process *process = the_kernel->Holder(pid);
  return process ? the_kernel->NumberOf(process->group) : -1;
}

int hpr_pids_signal(int32_t pid, int signum, bool group) {
  if (Cannot()) return HPR_ESRCH;
  if (pid <= 0 || (pid == 1 && group)) { /* kill(-1), kill(0), kill(-0): everybody, ourselves */
    the_kernel->Signal(the_kernel->init(), signum, true);
    return 0;
  }
  const Process *holder = the_kernel->Holder(pid);
  const Serial target = group ? the_kernel->GroupOfNumber(pid) : holder ? holder->serial : 0;
  return target ? the_kernel->Signal(target, signum, group) : HPR_ESRCH;
}

hpr_child_state hpr_pids_child(int32_t pid) {
  if (Cannot()) return HPR_CHILD_NONE;
  const Process *process = the_kernel->Holder(pid);
  if (!process || process->parent != the_kernel->self) return HPR_CHILD_NONE;
  return process->state == State::kZombie ? HPR_CHILD_ENDED : HPR_CHILD_RUNNING;
}

/* --- platform/linux/pidfd.h ----------------------------------------------------------------- */

int hpr_pidfd_open(int32_t pid, int *ret_fd) {
  if (Cannot()) return HPR_EMFILE;
  if (!the_kernel->features.pidfds) return HPR_ENOTSUP;
  if (!the_kernel->descriptors_left) return HPR_EMFILE;
  const Process *process = the_kernel->Holder(pid);
  if (!process) return HPR_ESRCH;
  *ret_fd = the_kernel->OpenPidfd(process->serial);
  return 0;
}

void hpr_pidfd_close(int fd) { the_kernel->ClosePidfd(fd); }

int hpr_pidfd_name(int fd, char *ret_name, size_t size) {
  if (Cannot() || !the_kernel->features.names) return HPR_ENOTSUP;
  const auto serial = static_cast<unsigned long long>(the_kernel->PidfdOf(fd));
  return snprintf(ret_name, size, "fe-%016llx", serial) < static_cast<int>(size) ? 0 : HPR_ENOTSUP;
}

int hpr_pidfd_reopen(const char *name, int *ret_fd) {
  if (Cannot()) return HPR_EMFILE;
  if (!the_kernel->features.names) return HPR_ENOTSUP;
  if (!the_kernel->descriptors_left) return HPR_EMFILE;
  const Serial serial = strtoull(name + 3, nullptr, 16);
  if (!the_kernel->IsAttached(serial)) return HPR_ESRCH;
  *ret_fd = the_kernel->OpenPidfd(serial);
  return 0;
}

int hpr_pidfd_pid(int fd, int32_t *ret_pid) {
  if (Cannot()) return HPR_ENOTSUP;
  const Process *process = the_kernel->Find(the_kernel->PidfdOf(fd));
  if (!process) return HPR_ESRCH;
  *ret_pid = process->pid;
  return 0;
}

bool hpr_pidfd_runs(int fd) { return !Cannot() && the_kernel->IsAlive(the_kernel->PidfdOf(fd)); }

int hpr_pidfd_signal(int fd, int signum, bool group) {
  if (Cannot()) return HPR_ESRCH;
  if (group && !the_kernel->features.group_signals) return HPR_ENOTSUP;
  return the_kernel->Signal(the_kernel->PidfdOf(fd), signum, group);
}

/* --- platform/linux/procfs.h ---------------------------------------------------------------- */

int hpr_procfs_stat(int32_t pid, hpr_proc_stat *ret_stat) {
  if (Cannot() || !the_kernel->descriptors_left) return HPR_EMFILE;
  if (!the_kernel->proc_mounted) return HPR_ESRCH;
  const Process *process = the_kernel->Holder(pid);
  if (!process) return HPR_ESRCH;
  *ret_stat = hpr_proc_stat{};
  ret_stat->dead = process->state == State::kZombie;
  ret_stat->parent = the_kernel->NumberOf(process->parent);
  ret_stat->group = the_kernel->NumberOf(process->group);
  ret_stat->session = the_kernel->NumberOf(process->session);
  ret_stat->start_ticks = process->start_ticks;
  return 0;
}

bool hpr_procfs_is_process(int32_t pid) {
  hpr_proc_stat stat;
  return hpr_procfs_stat(pid, &stat) == 0;
}

int hpr_procfs_group_member(int32_t group, int32_t *ret_pid) {
  if (Cannot() || !the_kernel->descriptors_left) return HPR_EMFILE;
  if (!the_kernel->proc_mounted) return HPR_EUNKNOWN;
  for (const Serial serial : the_kernel->All()) {
    const Process *process = the_kernel->Find(serial);
    if (process->state == State::kZombie || the_kernel->NumberOf(process->group) != group) continue;
    *ret_pid = process->pid;
    return 0;
  }
  return HPR_ESRCH;
}

void hpr_procfs_boot(char *ret_text, size_t size) {
  snprintf(ret_text, size, "%s", the_kernel->proc_mounted ? the_kernel->Boot().c_str() : "");
}

uint64_t hpr_procfs_pid_namespace(void) { return the_kernel->proc_mounted ? 7 : 0; }

int64_t hpr_procfs_started_ms(uint64_t start_ticks) {
  return the_kernel->now_ms -
         static_cast<int64_t>(the_kernel->Ticks() - start_ticks) * sim::kTickMs;
}

/* --- platform/linux/watch.h ----------------------------------------------------------------- */

int hpr_watcher_open(hpr_exit_notice notice, void *notice_context, hpr_watch_probe probe,
                     const void *probe_context, hpr_watcher **ret_watcher) {
  *ret_watcher =
      new hpr_watcher{the_kernel->self, notice, notice_context, probe, probe_context, {}};
  sim::the_watchers.insert(*ret_watcher);
  return 0;
}

void hpr_watcher_close(hpr_watcher *watcher) {
  if (!watcher) return;
  for (const auto &[unused, item] : watcher->items)
    if (item.fd >= 0) the_kernel->ClosePidfd(item.fd);
  sim::the_watchers.erase(watcher);
  delete watcher;
}

int hpr_watcher_add(hpr_watcher *watcher, int take_pidfd, const hpr_identity *identity,
                    uint64_t watch) {
  if (!the_kernel->watches_left) {
    if (take_pidfd >= 0) the_kernel->ClosePidfd(take_pidfd);
    return HPR_ENOMEM;
  }
  watcher->items[watch] = {take_pidfd, *identity};
  if (take_pidfd >= 0 && !the_kernel->IsAlive(the_kernel->PidfdOf(take_pidfd)))
    watcher->Fire(watch);
  return 0;
}

void hpr_watcher_remove(hpr_watcher *watcher, uint64_t watch) {
  const auto it = watcher->items.find(watch);
  if (it == watcher->items.end()) return;
  if (it->second.fd >= 0) the_kernel->ClosePidfd(it->second.fd);
  watcher->items.erase(it);
}

} // extern "C"

/* --- sim/watcher.h -------------------------------------------------------------------------- */

namespace sim {

std::set<hpr_watcher *, OlderFirst> the_watchers;

bool OlderFirst::operator()(const hpr_watcher *a, const hpr_watcher *b) const {
  return a->owner < b->owner;
}

void ExitSeen(Serial serial) {
  for (hpr_watcher *watcher : the_watchers) {
    std::vector<uint64_t> fired;
    for (const auto &[watch, item] : watcher->items)
      if (item.fd >= 0 && the_kernel->PidfdOf(item.fd) == serial) fired.push_back(watch);
    for (const uint64_t watch : fired) watcher->Fire(watch);
  }
}

void ProbeAll(Serial owner) {
  for (hpr_watcher *watcher : the_watchers) {
    if (watcher->owner != owner) continue;
    std::vector<uint64_t> fired;
    for (const auto &[watch, item] : watcher->items)
      if (item.fd < 0 && !watcher->probe(watcher->probe_context, &item.identity))
        fired.push_back(watch);
    for (const uint64_t watch : fired) watcher->Fire(watch);
  }
}

} // namespace sim

void hpr_watcher::Fire(uint64_t watch) {
  hpr_watcher_remove(this, watch);
  notice(notice_context, watch);
}
