#include "sim/server.h"

#include <algorithm>
#include <cstring>

#include "sim/watcher.h"

extern "C" {
#include "core/state.h"
}

namespace sim {

namespace {
constexpr int kRestless = 1000; /* far more than there are processes */
} // namespace

/* The functions of hpr_host and hpr_process_ops that are the server's own; `self` is the server. */
struct HostCalls {
  static Server *Of(void *self) { return static_cast<Server *>(self); }

  static void WakeIn(void *self, int32_t delay_ms) {
    if (delay_ms < 0)
      Of(self)->timer_.reset();
    else
      Of(self)->timer_ = Of(self)->kernel_->ClockMs() + delay_ms;
  }

  static void LookEachSecond(void *self) { Of(self)->look_ = Of(self)->kernel_->ClockMs() + 1000; }

  static void StatusWanted(void *self, hpr_ticket ticket) {
    Of(self)->statuses_wanted_.push_back(ticket);
    Listen(self, Of(self)->on_status_wanted);
  }

  /* What a listener does is a call of its own, and never within that of another. */
  static void Listen(void *self, const std::function<void()> &listener) {
    Server *it = Of(self);
    if (!it->registry_) it->Misreport("a report after the end");
    if (it->reporting_) it->Misreport("a report within another");
    it->reporting_ = true;
    if (listener) listener();
    it->reporting_ = false;
    it->unwritten_ = it->HasUnwrittenChanges();
  }

  static void FolderWanted(void *self, hpr_ticket ticket, const char *path) {
    Of(self)->folders_wanted.emplace_back(ticket, path);
  }

  static void Report(void *self, const std::string &report) {
    Of(self)->reports.push_back(report);
    Listen(self, [&] {
      if (Of(self)->on_report) Of(self)->on_report(report);
    });
  }

  static std::string TextOf(const char *text) { return text ? text : ""; }

  static void Exited(void *self, const hpr_snapshot *entry) {
    const std::string report = "exited " + std::to_string(entry->pid);
    Of(self)->exits.push_back({entry->pid, entry->exit_code, TextOf(entry->exit_signal),
                               TextOf(entry->session), entry->spawned_ms});
    Listen(self, Of(self)->on_exit_event);
    Report(self, report);
  }

  static void Warned(void *self, int error, int32_t pid, const char *path) {
    Of(self)->warnings.push_back({error, pid, TextOf(path)});
    Report(self, std::string("warned ") + hpr_error_name(error));
  }

  static void Terminated(void *self, uint64_t request, const hpr_termination *termination) {
    const hpr_snapshot *entry = termination->entry;
    Of(self)->ended.push_back({request, termination->outcome, entry ? entry->pid : 0,
                               entry ? entry->spawned_ms : 0,
                               TextOf(entry ? entry->exit_signal : nullptr)});
    Report(self, "terminated " + std::to_string(request));
  }

  static void Ended(void *self, const hpr_end *end) {
    Of(self)->ends.emplace_back(end->reason, end->outcome);
  }

  static void Closed(void *self) {
    if (!Of(self)->registry_) return Of(self)->Misreport("closed twice");
    Of(self)->closed_unwritten = Of(self)->unwritten_;
    Of(self)->reports.push_back("closed");
    hpr_process_native_close(&Of(self)->process_);
    Of(self)->registry_ = nullptr;
    Of(self)->timer_.reset();
    Of(self)->look_.reset();
    Of(self)->notices_.clear();
  }

  static void Notice(void *self, uint64_t watch) { Of(self)->notices_.push_back(watch); }
};

Server::Server(Kernel *kernel, Disk *disk, Options options)
    : kernel_(kernel), disk_(disk), grace_ms_(options.grace_ms) {
  all_.push_back(this);
  serial_ = options.as ? options.as : kernel_->Spawn(kernel_->shell(), options.number);
  if (serial_ == 0) return;
  if (options.leads_group) kernel_->LeadGroup(serial_);
  kernel_->Find(serial_)->ours = true; /* and so are its descendants */
  knows_boot_ = kernel_->proc_mounted;
  const Acting acting(serial_, kernel_);
  if (hpr_process_open(&the_system, HostCalls::Notice, this, &process_) != 0) return;
  hpr_options it{};
  it.pid_file = kPidFile;
  it.process = process_;
  it.files = disk_->ops();
  it.host.self = this;
  it.host.wake_in = HostCalls::WakeIn;
  it.host.look_each_second = HostCalls::LookEachSecond;
  it.host.status_wanted = HostCalls::StatusWanted;
  it.host.folder_wanted = HostCalls::FolderWanted;
  it.host.exited = HostCalls::Exited;
  it.host.warned = HostCalls::Warned;
  it.host.terminated = HostCalls::Terminated;
  it.host.ended = HostCalls::Ended;
  it.host.closed = HostCalls::Closed;
  it.grace_ms = options.grace_ms;
  it.guest = options.guest;
  it.tree = options.tree;
  it.board = board_.get();
  it.end_orphans = options.end_orphans;
  it.orphan_max_age_ms = options.orphan_max_age_ms;
  if (hpr_registry_open(&it, &registry_) == 0) id_ = registry_->ledger.owner->id;
}

std::vector<Server *> Server::all_;

Server::~Server() {
  Close();
  all_.erase(std::find(all_.begin(), all_.end(), this));
}

void Server::LetGo() {
  on_exit_event = nullptr;
  on_report = nullptr;
  const Acting acting(serial_, kernel_);
  calls_++; /* whatever happens meanwhile, it is buried once */
  hpr_registry_close(registry_);
  calls_--;
  kernel_->ForgetPidfds(serial_);
}

void Server::Do(const std::function<void(hpr_registry *)> &code) {
  if (!registry_) return;
  {
    const Acting acting(serial_, kernel_);
    calls_++;
    newest_known_ = kernel_->newest();
    code(registry_);
    calls_--;
    unwritten_ = HasUnwrittenChanges();
  }
  if (registry_ && calls_ == 0 && !kernel_->IsAlive(serial_)) LetGo();
}

void Server::Crash() {
  const Acting acting(kernel_->self, kernel_);
  kernel_->Die(serial_, 9);
  disk_->CloseAllOf(serial_);
  if (registry_ && calls_ == 0) LetGo();
}

void Server::Close() {
  Do([](hpr_registry *registry) { hpr_registry_close(registry); });
}

void Server::TellFolders() {
  for (const auto &[ticket, path] : std::exchange(folders_wanted, {})) {
    const hpr_folder_id id = disk_->IdOf(path);
    Do([&, number = ticket](hpr_registry *registry) {
      hpr_registry_folder_told(registry, number, &id);
    });
  }
}

/* --- as its process ------------------------------------------------------------------------- */

Serial Server::Spawn(bool detached, int32_t number) {
  const auto all = all_;
  for (Server *it : all) { /* libuv tells of whom it has reaped before other code runs */
    if (it->kernel_ != kernel_ || it->serial_ != serial_) continue;
    if (it != this && it->is_calling() && !it->exit_events_.empty()) return 0;
    while (it->DeliverExit()) {}
  }
  if (!kernel_->IsAlive(serial_)) return 0; /* it died of what it heard */
  const Serial child = kernel_->Spawn(serial_, number);
  if (child && detached) kernel_->LeadSession(child);
  return child;
}

bool Server::Register(int32_t pid, const std::string &cwd, const std::string &token,
                      int32_t keeper_pid, bool is_child) {
  bool registered = false;
  Do([&](hpr_registry *registry) {
    const Process *holder = kernel_->Holder(pid);
    const Serial child = holder && holder->parent == serial_ ? holder->serial : 0;
    hpr_registration it{};
    it.pid = pid;
    it.cwd = cwd.c_str();
    it.token = token.c_str();
    it.keeper_pid = keeper_pid;
    it.socket_path = keeper_pid ? "/sessions/keeper.sock" : nullptr;
    it.status_expected = is_child && child;
    hpr_ticket ticket;
    registered = hpr_registry_register(registry, &it, &ticket) == 0;
    if (registered && child) tickets_.emplace(child, ticket);
  });
  return registered;
}

bool Server::Link(const std::string &token, const std::string &session, int32_t pi_pid) {
  bool linked = false;
  Do([&](hpr_registry *registry) {
    linked = hpr_registry_link_by_token(registry, token.c_str(), session.c_str(), pi_pid);
  });
  return linked;
}

bool Server::LinkByPid(const std::string &session, int32_t pid) {
  bool linked = false;
  Do([&](hpr_registry *registry) {
    linked = hpr_registry_link_by_pid(registry, session.c_str(), pid);
  });
  return linked;
}

bool Server::LinkByCwd(const std::string &session, const std::string &cwd) {
  bool linked = false;
  Do([&](hpr_registry *registry) {
    linked = hpr_registry_link_by_cwd(registry, session.c_str(), cwd.c_str());
  });
  return linked;
}

bool Server::Kill(const std::string &session) {
  bool delivered = false;
  hpr_target target{};
  target.session = session.c_str();
  Do([&](hpr_registry *registry) { delivered = hpr_registry_kill(registry, &target); });
  return delivered;
}

bool Server::KillByToken(const std::string &token) {
  bool delivered = false;
  hpr_target target{};
  target.token = token.c_str();
  Do([&](hpr_registry *registry) { delivered = hpr_registry_kill(registry, &target); });
  return delivered;
}

uint64_t Server::Terminate(const hpr_target &target, hpr_signal signal, int32_t grace_ms,
                           bool tree) {
  const uint64_t request = next_request_++;
  Do([&](hpr_registry *registry) {
    hpr_registry_terminate(registry, &target, signal, grace_ms, tree, request);
  });
  return request;
}

void Server::KillAll() { Do(hpr_registry_kill_all); }

void Server::Remove(int32_t pid) {
  Do([&](hpr_registry *registry) { hpr_registry_remove(registry, pid); });
}

void Server::CleanupOrphans() { Do(hpr_registry_cleanup_orphans); }

/* --- as its event loop ---------------------------------------------------------------------- */

/* Whoever has registered it, in this process, hears of it. */
bool Server::ReapOne() {
  for (const Serial serial : kernel_->All()) {
    const Process *process = kernel_->Find(serial);
    if (process->parent != serial_ || process->state != State::kZombie) continue;
    for (Server *it : all_) {
      if (it->kernel_ != kernel_ || it->serial_ != serial_) continue;
      const auto [first, last] = it->tickets_.equal_range(serial);
      for (auto at = first; at != last; ++at)
        it->exit_events_.push_back({at->second, process->status});
      it->tickets_.erase(first, last);
    }
    kernel_->Reap(serial);
    return true;
  }
  return false;
}

bool Server::DeliverExit() {
  if (exit_events_.empty() || !registry_) return false;
  told_.push_back(exit_events_.front());
  exit_events_.pop_front();
  RepeatExit(told_.size() - 1);
  return true;
}

void Server::RepeatExit(size_t which) {
  if (told_.empty()) return;
  const ExitEvent event = told_[which % told_.size()];
  Do([&](hpr_registry *registry) {
    hpr_registry_child_exited(registry, event.ticket, event.status ? HPR_EXIT_CODE_NONE : 0,
                              event.status ? "SIGKILL" : nullptr, false);
  });
}

bool Server::DeliverNotice() {
  if (notices_.empty() || !registry_) return false;
  const uint64_t watch = notices_.front();
  notices_.pop_front();
  heard_.push_back(watch);
  Do([&](hpr_registry *registry) { hpr_registry_watches_fired(registry, &watch, 1); });
  return true;
}

void Server::RepeatNotice(size_t which) {
  if (heard_.empty()) return;
  const uint64_t watch = heard_[which % heard_.size()];
  Do([&](hpr_registry *registry) { hpr_registry_watches_fired(registry, &watch, 1); });
}

void Server::Probe() {
  Do([&](hpr_registry *) { ProbeAll(this); });
}

void Server::FireTimers() {
  while (registry_ && timer_ && *timer_ <= kernel_->ClockMs()) {
    timer_.reset();
    Do(hpr_registry_timer_fired);
  }
  if (!registry_ || !look_ || *look_ > kernel_->ClockMs()) return;
  LookAtOwners();
}

void Server::LookAtOwners() {
  look_ = kernel_->ClockMs() + 1000;
  Do(hpr_registry_look_at_owners);
}

/* Whoever waits for a status in vain is told that there is none. */
bool Server::AnswerStatus() {
  if (statuses_wanted_.empty() || !registry_) return false;
  const hpr_ticket ticket = statuses_wanted_.front();
  statuses_wanted_.pop_front();
  Do([&](hpr_registry *registry) {
    hpr_registry_child_exited(registry, ticket, HPR_EXIT_CODE_NONE, nullptr, false);
  });
  return true;
}

bool Server::Proceed() {
  Probe();
  FireTimers();
  for (int i = 0; i < kRestless; i++)
    if (!ReapOne() && !DeliverExit() && !DeliverNotice() && !AnswerStatus()) return true;
  return false;
}

/* --- looking inside ------------------------------------------------------------------------- */

std::vector<const hpr_row *> Server::Rows() const {
  std::vector<const hpr_row *> rows;
  if (!registry_) return rows;
  for (const hpr_entry *entry = registry_->table.entries; entry; entry = entry->next)
    rows.push_back(&entry->row);
  return rows;
}

std::vector<Hold> Server::Holds() const {
  std::vector<Hold> holds;
  if (!registry_) return holds;
  for (const hpr_entry *entry = registry_->table.entries; entry; entry = entry->next)
    if (entry->life == HPR_LIFE_RUNNING)
      holds.push_back({&entry->row, entry->session ? entry->session : "",
                       hpr_link(entry->linked_by), hpr_entry_is_live(entry)});
  return holds;
}

int32_t Server::PidOf(const std::string &session) const {
  return hpr_registry_pid_of(registry_, session.c_str());
}

bool Server::AnswersHold() {
  for (const auto &[session, pid] : answers_)
    if (board_->lookups == answered_at_ && PidOf(session) != pid) return false;
  answers_.clear();
  answered_at_ = board_->lookups;
  for (const hpr_entry *entry = registry_->table.entries; entry; entry = entry->next)
    if (entry->session) answers_[entry->session] = PidOf(entry->session);
  return true;
}

static bool MayHave(const hpr_filter &filter, const char *name) {
  return !name || hpr_filter_may_have(&filter, name, strlen(name));
}

bool Server::BoardIsTrue() const {
  for (const hpr_entry *it = registry_->table.entries; it; it = it->next)
    if (hpr_entry_is_live(it) &&
        (!MayHave(board_->tokens, it->row.token) || !MayHave(board_->sessions, it->session)))
      return false;
  return board_->size == size();
}

const hpr_ending *Server::EndingOf(const hpr_row &row) const {
  for (const hpr_entry *entry = registry_ ? registry_->table.entries : nullptr; entry;
       entry = entry->next)
    if (&entry->row == &row) return entry->ending;
  return nullptr;
}

static bool Means(const hpr_target &target, const hpr_entry *entry) {
  const char *session = entry->session ? entry->session : entry->row.session;
  if (target.session) return session && std::string(target.session) == session;
  if (target.token) return entry->row.token && std::string(target.token) == entry->row.token;
  return entry->row.main.pid == target.pid || hpr_row_registered_pid(&entry->row) == target.pid;
}

const hpr_row *Server::RowOf(const hpr_target &target, bool ending) const {
  if (!registry_) return nullptr;
  for (const hpr_entry *entry = registry_->table.entries; entry; entry = entry->next) {
    if (!hpr_entry_is_live(entry) && !ending) continue;
    const bool meant =
        target.session ? entry->session && std::string(target.session) == entry->session
        : target.token ? entry->row.token && std::string(target.token) == entry->row.token
                       : entry->row.main.pid == target.pid;
    if (meant) return &entry->row;
  }
  return nullptr;
}

std::vector<const hpr_row *> Server::RowsMeant(const hpr_target &target) const {
  if (const hpr_row *row = RowOf(target, false)) return {row};
  std::vector<const hpr_row *> rows;
  if (!registry_) return rows;
  for (const hpr_entry *entry = registry_->table.entries; entry; entry = entry->next)
    if (Means(target, entry)) rows.push_back(&entry->row);
  return rows;
}

bool Server::ends_trees() const { return registry_ && registry_->tree; }

bool Server::adopts() const {
  return registry_ && registry_->ledger.adopting &&
         registry_->owners.self.state == HPR_RECORD_KNOWN;
}

void Server::Misreport(const char *how) {
  if (misreported.empty()) misreported = how;
}

bool Server::IsAtRest() const {
  if (!registry_) return true;
  const bool closes = registry_->guest; /* and leaves the file to the next server */
  const bool waits = registry_->ledger.write_due_ms != HPR_TIME_NEVER; /* to write what changed */
  return !registry_->table.due && (closes || waits || !registry_->table.lines.changed);
}

bool Server::HasExitsToWrite() const {
  return registry_ && registry_->ledger.file_error == 0 && registry_->table.lines.changed;
}

bool Server::HasUnwrittenAdoptions() const { return registry_ && registry_->ledger.unrecorded > 0; }

bool Server::HasUnwrittenChanges() const {
  return registry_ && (registry_->ledger.file_error != 0 || registry_->table.lines.changed);
}

} // namespace sim
