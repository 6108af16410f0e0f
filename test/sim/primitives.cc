/* sim/primitives.cc: the questions of src/platform/system.h, answered by the_kernel. */
#include <algorithm>
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "sim/kernel.h"
#include "sim/watcher.h"

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

/* --- by number ------------------------------------------------------------------------------ */

int32_t SelfPid() { return the_kernel->NumberOf(the_kernel->self); }

int32_t OwnGroup() {
  const Process *self = the_kernel->Find(the_kernel->self);
  return self ? the_kernel->NumberOf(self->group) : -1;
}

int32_t OwnSession() {
  const Process *self = the_kernel->Find(the_kernel->self);
  return self ? the_kernel->NumberOf(self->session) : -1;
}

int32_t GroupOf(int32_t pid) {
  if (Cannot()) return -1;
  const Process *process = the_kernel->Holder(pid);
  return process ? the_kernel->NumberOf(process->group) : -1;
}

int SignalNumber(int32_t pid, int signum, bool group) {
  if (Cannot()) return HPR_ESRCH;
  if (pid <= 0 || (pid == 1 && group)) { /* kill(-1), kill(0), kill(-0): everybody, ourselves */
    the_kernel->Signal(the_kernel->init(), signum, true);
    return 0;
  }
  const Process *holder = the_kernel->Holder(pid);
  const Serial target = group ? the_kernel->GroupOfNumber(pid) : holder ? holder->serial : 0;
  return target ? the_kernel->Signal(target, signum, group) : HPR_ESRCH;
}

hpr_child_state Child(int32_t pid) {
  if (Cannot()) return HPR_CHILD_NONE;
  const Process *process = the_kernel->Holder(pid);
  if (!process || process->parent != the_kernel->self) return HPR_CHILD_NONE;
  return process->state == State::kZombie ? HPR_CHILD_ENDED : HPR_CHILD_RUNNING;
}

/* --- by handle ------------------------------------------------------------------------------ */

int Open(int32_t pid, hpr_handle *ret_fd) {
  if (Cannot()) return HPR_EMFILE;
  if (!the_kernel->features.pidfds) return HPR_ENOTSUP;
  if (!the_kernel->descriptors_left) return HPR_EMFILE;
  const Process *process = the_kernel->Holder(pid);
  if (!process) return HPR_ESRCH;
  *ret_fd = the_kernel->OpenPidfd(process->serial);
  return 0;
}

void CloseHandle(hpr_handle fd) { the_kernel->ClosePidfd(static_cast<int>(fd)); }

int NameOf(hpr_handle fd, hpr_birth *birth) {
  if (Cannot() || !the_kernel->features.names) return HPR_ENOTSUP;
  birth->name_kind = 0xfe;
  birth->name = the_kernel->PidfdOf(static_cast<int>(fd));
  return 0;
}

int Reopen(const hpr_birth *named, hpr_handle *ret_fd) {
  if (Cannot()) return HPR_EMFILE;
  if (!the_kernel->features.names) return HPR_ENOTSUP;
  if (!the_kernel->descriptors_left) return HPR_EMFILE;
  const Serial serial = named->name;
  if (!the_kernel->IsAttached(serial)) return HPR_ESRCH;
  *ret_fd = the_kernel->OpenPidfd(serial);
  return 0;
}

int PidOf(hpr_handle fd, int32_t *ret_pid, bool *ret_ours) {
  if (Cannot()) return HPR_ENOTSUP;
  const Process *process = the_kernel->Find(the_kernel->PidfdOf(static_cast<int>(fd)));
  if (!process) return HPR_ESRCH;
  *ret_pid = process->pid;
  *ret_ours = !process->other_user;
  return 0;
}

bool Runs(hpr_handle fd) {
  return !Cannot() && the_kernel->IsAlive(the_kernel->PidfdOf(static_cast<int>(fd)));
}

int SignalHandle(hpr_handle fd, int signum, bool group) {
  if (Cannot()) return HPR_ESRCH;
  if (group && !the_kernel->features.group_signals) return HPR_ENOTSUP;
  return the_kernel->Signal(the_kernel->PidfdOf(static_cast<int>(fd)), signum, group);
}

/* --- facts ---------------------------------------------------------------------------------- */

hpr_facts FactsOf(const Process &process) {
  hpr_facts facts{};
  facts.dead = process.state == State::kZombie;
  facts.parent = the_kernel->NumberOf(process.parent);
  facts.group = the_kernel->NumberOf(process.group);
  facts.session = the_kernel->NumberOf(process.session);
  facts.start = process.start_ticks;
  return facts;
}

int Look(int32_t pid, hpr_facts *ret_facts) {
  if (Cannot() || !the_kernel->descriptors_left) return HPR_EMFILE;
  if (!the_kernel->proc_mounted) return HPR_ESRCH;
  const Process *process = the_kernel->Holder(pid);
  if (!process) return HPR_ESRCH;
  *ret_facts = FactsOf(*process);
  return 0;
}

/* A zombie has no words left. */
int Words(int32_t pid, hpr_words what, char **ret_words, size_t *ret_size) {
  if (Cannot() || !the_kernel->descriptors_left) return HPR_EMFILE;
  Process *process = the_kernel->proc_mounted ? the_kernel->Holder(pid) : nullptr;
  if (!process) return HPR_ESRCH;
  process->was_read = true;
  const bool command = what == HPR_WORDS_COMMAND;
  if (process->other_user && !command) return HPR_EACCES;
  if (process->starts_program) return HPR_EUNKNOWN;
  std::string text;
  if (process->state != State::kZombie)
    for (const std::string &word : command ? process->command : process->environment)
      text.append(word.c_str(), word.size() + 1);
  *ret_words = static_cast<char *>(malloc(text.size() + 1));
  memcpy(*ret_words, text.c_str(), text.size() + 1);
  *ret_size = text.size();
  return 0;
}

/* One process at a time: others come and go meanwhile. */
int Visit(int32_t group, hpr_visit visit, void *context) {
  if (Cannot() || !the_kernel->descriptors_left) return HPR_EMFILE;
  if (!the_kernel->proc_mounted) return HPR_EUNKNOWN;
  the_kernel->BeginPass();
  for (const Serial serial : the_kernel->All()) {
    if (Cannot()) return HPR_EMFILE;
    const Process *process = the_kernel->Find(serial);
    if (!process || (group != 0 && the_kernel->NumberOf(process->group) != group)) continue;
    const hpr_facts facts = FactsOf(*process);
    if (!visit(context, process->pid, &facts)) break;
  }
  the_kernel->EndPass();
  return 0;
}

int Groups(hpr_visit visit, void *context) { return Visit(0, visit, context); }

void Host(hpr_system_host *ret_host) {
  *ret_host = hpr_system_host{};
  ret_host->has_namespaces = true;
  ret_host->booted_ms = the_kernel->BootedMs() + the_kernel->wrong_by_ms;
  if (!the_kernel->proc_mounted) return;
  ret_host->pid_namespace = 7;
  snprintf(ret_host->boot_id, sizeof ret_host->boot_id, "%s", the_kernel->Boot().c_str());
}

int Folder(int32_t pid, char **ret_path) {
  if (Cannot() || !the_kernel->proc_mounted) return HPR_EUNKNOWN;
  const Process *process = the_kernel->Holder(pid);
  if (!process || process->other_user || process->state == State::kZombie) return HPR_EUNKNOWN;
  *ret_path = strdup(process->folder.c_str());
  return *ret_path ? 0 : HPR_ENOMEM;
}

/* --- signals and clocks --------------------------------------------------------------------- */

int SignumOf(hpr_signal signal) {
  switch (signal) {
  case HPR_SIGNAL_TERM: return SIGTERM;
  case HPR_SIGNAL_KILL: return SIGKILL;
  case HPR_SIGNAL_INT: return SIGINT;
  case HPR_SIGNAL_HUP: return SIGHUP;
  case HPR_SIGNAL_QUIT: return SIGQUIT;
  case HPR_SIGNAL_STOP: return SIGSTOP;
  }
  return 0;
}

int64_t NowMs() { return the_kernel->now_ms + the_kernel->wrong_by_ms; }

int64_t ClockMs() { return the_kernel->ClockMs(); }

int64_t StartedMs(uint64_t start_ticks) {
  return NowMs() - static_cast<int64_t>(the_kernel->Ticks() - start_ticks) * sim::kTickMs;
}

int64_t BootMs() { return the_kernel->BootMs(); }

uint64_t Nonce() { return 0xABC0000000000000u + the_kernel->Nonce(); }

/* --- watching ------------------------------------------------------------------------------- */

int OpenWatcher(hpr_exit_notice notice, void *notice_context, hpr_watch_probe probe,
                const void *probe_context, hpr_watcher **ret_watcher) {
  static uint64_t number = 0;
  *ret_watcher = new hpr_watcher{the_kernel, the_kernel->self, ++number, notice, notice_context,
                                 probe,      probe_context,    {}};
  sim::the_watchers.insert(*ret_watcher);
  return 0;
}

void CloseWatcher(hpr_watcher *watcher) {
  if (!watcher) return;
  for (const auto &[unused, item] : watcher->items)
    if (item.fd >= 0) the_kernel->ClosePidfd(item.fd);
  sim::the_watchers.erase(watcher);
  delete watcher;
}

int AddWatch(hpr_watcher *watcher, hpr_handle take_handle, const hpr_identity *identity,
             hpr_verdict verdict, uint64_t watch) {
  const int fd = static_cast<int>(take_handle);
  if (!the_kernel->watches_left) {
    if (fd >= 0) the_kernel->ClosePidfd(fd);
    return HPR_ENOMEM;
  }
  watcher->items[watch] = {fd, verdict == HPR_VERDICT_GROUP, *identity};
  if (fd >= 0 && !the_kernel->IsAlive(the_kernel->PidfdOf(fd))) watcher->Fire(watch);
  return 0;
}

bool RemoveWatch(hpr_watcher *watcher, uint64_t watch) { return watcher->Remove(watch); }

hpr_system MakeSystem() {
  hpr_system it{};
  it.host = Host;
  it.self_pid = SelfPid;
  it.own_group = OwnGroup;
  it.own_session = OwnSession;
  it.look = Look;
  it.folder = Folder;
  it.group_of = GroupOf;
  it.child = Child;
  it.visit = Visit;
  it.groups = Groups;
  it.same_user = [](int32_t, int32_t) { return true; };
  it.words = Words;
  it.signal = SignalNumber;
  it.open = Open;
  it.reopen = Reopen;
  it.close = CloseHandle;
  it.handle_name = NameOf;
  it.handle_pid = PidOf;
  it.handle_runs = Runs;
  it.handle_signal = SignalHandle;
  it.signum_of = SignumOf;
  it.wake_signum = SIGCONT;
  it.started_ms = StartedMs;
  it.now_ms = NowMs;
  it.clock_ms = ClockMs;
  it.boot_ms = BootMs;
  it.nonce = Nonce;
  it.watcher_open = OpenWatcher;
  it.watcher_close = CloseWatcher;
  it.watcher_add = AddWatch;
  it.watcher_remove = RemoveWatch;
  return it;
}

} // namespace

/* --- sim/watcher.h -------------------------------------------------------------------------- */

namespace sim {

const hpr_system the_system = MakeSystem();

std::set<hpr_watcher *, OlderFirst> the_watchers;

bool OlderFirst::operator()(const hpr_watcher *a, const hpr_watcher *b) const {
  return a->owner != b->owner ? a->owner < b->owner : a->number < b->number;
}

void ExitSeen(Serial serial) {
  for (hpr_watcher *watcher : the_watchers) {
    std::vector<uint64_t> fired;
    for (const auto &[watch, item] : watcher->items)
      if (watcher->host == the_kernel && item.fd >= 0 && the_kernel->PidfdOf(item.fd) == serial)
        fired.push_back(watch);
    for (const uint64_t watch : fired) watcher->Fire(watch);
  }
}

void ProbeAll(const void *context) {
  const auto found = std::find_if(the_watchers.begin(), the_watchers.end(),
                                  [&](auto *it) { return it->notice_context == context; });
  if (found == the_watchers.end()) return;
  hpr_watcher *watcher = *found;
  std::vector<uint64_t> probed;
  for (const auto &[watch, item] : watcher->items)
    if (item.fd < 0) probed.push_back(watch);
  for (const uint64_t watch : probed) { /* whatever happens meanwhile */
    const auto it = watcher->items.find(watch);
    if (it == watcher->items.end()) continue;
    const hpr_watcher::Item item = it->second;
    if (!watcher->probe(watcher->probe_context, &item.identity, item.group)) watcher->Fire(watch);
  }
}

} // namespace sim

bool hpr_watcher::Remove(uint64_t watch) {
  const auto it = items.find(watch);
  if (it == items.end()) return false;
  if (it->second.fd >= 0) the_kernel->ClosePidfd(it->second.fd);
  items.erase(it);
  return true;
}

void hpr_watcher::Fire(uint64_t watch) {
  Remove(watch);
  notice(notice_context, watch);
}
