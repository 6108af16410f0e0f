#include "sim/kernel.h"

#include <signal.h>

#include "sim/random.h"

extern "C" {
#include "base/error.h"
}

namespace sim {

Features SomeFeatures(Random *random) {
  switch (random->Below(8)) {
  case 0: return {false, false, false};
  case 1: return {true, false, false};
  case 2: return {true, true, false};
  default: return {true, true, true};
  }
}

Kernel *the_kernel = nullptr;

namespace {
constexpr size_t kNotes = 80;
constexpr uint64_t kHostBoots = 1000000, kHostNonces = UINT64_C(1) << 40;
} // namespace

Kernel::Kernel(uint64_t host)
    : boots_(host * kHostBoots + 1), nonces_(host * kHostNonces), nonces_at_boot_(nonces_),
      booted_ms_(now_ms) {
  Start();
}

void Kernel::Start() {
  init_ = Spawn(0, kInit);
  shell_ = Spawn(init_, kShell);
  LeadSession(shell_);
}

/* --- life and death ------------------------------------------------------------------------- */

Serial Kernel::Spawn(Serial parent, int32_t number) {
  for (int tries = 0; number == 0 && tries <= kLastPid - kFirstPid; tries++) {
    if (IsFree(next_pid_)) number = next_pid_;
    next_pid_ = next_pid_ == kLastPid ? kFirstPid : next_pid_ + 1;
  }
  if (number == 0 || !IsFree(number)) return 0;
  if (parent != 0 && !IsAlive(parent)) return 0;
  if (!features.names) now_ms += kTickMs; /* there, the start time alone must tell them apart */
  Process process;
  process.serial = next_serial_++;
  process.pid = number;
  process.parent = parent;
  process.start_ticks = Ticks();
  if (const Process *from = Find(parent)) {
    process.group = from->group;
    process.session = from->session;
    process.ours = from->ours;
    process.other_user = from->other_user;
    process.environment = from->environment;
    process.command = from->command;
    process.folder = from->folder;
  } else {
    process.group = process.session = process.serial;
  }
  births_[process.serial] = {number, process.start_ticks, parent, 0, pass_, 0};
  processes_[process.serial] = process;
  return process.serial;
}

void Kernel::LeadGroup(Serial serial) { Find(serial)->group = serial; }

void Kernel::LeadSession(Serial serial) { Find(serial)->group = Find(serial)->session = serial; }

void Kernel::Die(Serial serial, int signum) {
  Process *process = Find(serial);
  if (!process || process->state == State::kZombie) return;
  process->state = State::kZombie;
  process->status = births_[serial].status = signum;
  births_[serial].went_in = pass_;
  for (auto &[unused, other] : processes_)
    if (other.parent == serial) other.parent = init_;
  Note("dies: " + std::to_string(process->pid) + " #" + std::to_string(serial) +
       (signum ? " of signal " + std::to_string(signum) : ""));
  if (on_exit) on_exit(serial);
}

void Kernel::Reap(Serial serial) { processes_.erase(serial); }

void Kernel::Stop(Serial serial) {
  Process *process = Find(serial);
  if (process->state == State::kRunning) process->state = State::kStopped;
}

void Kernel::Continue(Serial serial) {
  Process *process = Find(serial);
  if (process->state != State::kStopped) return;
  process->state = State::kRunning;
  if (process->term_pending && !process->ignores_term) process->doom = SIGTERM;
  process->term_pending = false;
}

void Kernel::Reboot() {
  for (const Serial serial : All()) Die(serial, SIGKILL);
  processes_.clear();
  births_.clear();
  boots_++;
  nonces_at_boot_ = nonces_;
  booted_ms_ = now_ms;
  Start();
  Note("reboot");
}

/* --- looking -------------------------------------------------------------------------------- */

Process *Kernel::Find(Serial serial) {
  const auto it = processes_.find(serial);
  return it == processes_.end() ? nullptr : &it->second;
}

Process *Kernel::Holder(int32_t number) {
  for (auto &[unused, process] : processes_)
    if (process.pid == number) return &process;
  return nullptr;
}

bool Kernel::IsAlive(Serial serial) {
  const Process *process = Find(serial);
  return process && process->state != State::kZombie;
}

bool Kernel::GroupLives(Serial leader) {
  for (const auto &[unused, process] : processes_)
    if (process.group == leader && process.state != State::kZombie) return true;
  return false;
}

bool Kernel::IsAttached(Serial serial) {
  for (const auto &[unused, process] : processes_)
    if (process.serial == serial || process.group == serial || process.session == serial)
      return true;
  return false;
}

std::vector<Serial> Kernel::All() const {
  std::vector<Serial> all;
  for (const auto &[serial, unused] : processes_) all.push_back(serial);
  return all;
}

bool Kernel::IsFree(int32_t number) {
  for (const auto &[unused, process] : processes_)
    if (process.pid == number || NumberOf(process.group) == number ||
        NumberOf(process.session) == number)
      return false;
  return true;
}

std::vector<int32_t> Kernel::FreeNumbers() {
  std::vector<int32_t> numbers;
  for (int32_t number = kFirstPid; number <= kLastPid; number++)
    if (IsFree(number)) numbers.push_back(number);
  return numbers;
}

Serial Kernel::BornAs(int32_t number, uint64_t start_ticks) const {
  for (const auto &[serial, birth] : births_)
    if (birth.number == number && birth.start_ticks == start_ticks) return serial;
  return 0;
}

bool Kernel::HasDouble(Serial serial) const {
  const auto it = births_.find(serial);
  return it != births_.end() && BornAs(it->second.number, it->second.start_ticks) != serial;
}

Serial Kernel::MadeBy(Serial serial) const {
  const auto it = births_.find(serial);
  return it == births_.end() ? 0 : it->second.parent;
}

bool Kernel::WasMissed(Serial serial) const {
  for (auto it = births_.find(serial); it != births_.end(); it = births_.find(it->second.parent)) {
    const auto parent = births_.find(it->second.parent);
    if (it->second.came_in && parent != births_.end() &&
        parent->second.went_in == it->second.came_in)
      return true;
  }
  return false;
}

int Kernel::StatusOf(Serial serial) const {
  const auto it = births_.find(serial);
  return it == births_.end() ? 0 : it->second.status;
}

uint64_t Kernel::Ticks() const {
  return static_cast<uint64_t>((now_ms - booted_ms_) / kTickMs) + 100;
}

int32_t Kernel::NumberOf(Serial serial) const {
  const auto it = births_.find(serial);
  return it == births_.end() ? 0 : it->second.number;
}

Serial Kernel::GroupOfNumber(int32_t number) {
  for (const auto &[unused, process] : processes_)
    if (NumberOf(process.group) == number) return process.group;
  return 0;
}

std::string Kernel::BootNumber(uint64_t number) {
  const std::string digits = std::to_string(number);
  return "b0070000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
}

uint64_t Kernel::HostOf(const std::string &boot) {
  const size_t digits = BootNumber(0).size() - 12;
  return boot.size() > digits ? std::stoull(boot.substr(digits, 12)) / kHostBoots : 0;
}

bool Kernel::IsOfThisBoot(const std::string &text) const {
  constexpr uint64_t kNonce = 0xFFFFFFFFFFFFF;
  if (text.empty() || text[0] != '~') return text.substr(0, text.find('+')) == Boot();
  return (std::stoull(text.substr(1), nullptr, 16) & kNonce) > nonces_at_boot_;
}

/* --- system calls --------------------------------------------------------------------------- */

bool Kernel::SelfIsDead() { return !IsAlive(self); }

void Kernel::SystemCall() {
  if (on_system_call) on_system_call();
}

int Kernel::OpenPidfd(Serial serial) {
  const int fd = next_fd_++;
  descriptors_[fd] = {self, serial};
  return fd;
}

void Kernel::ClosePidfd(int fd) { descriptors_.erase(fd); }

Serial Kernel::PidfdOf(int fd) const {
  const auto it = descriptors_.find(fd);
  return it == descriptors_.end() ? 0 : it->second.target;
}

size_t Kernel::OpenPidfds(Serial owner) const {
  size_t count = 0;
  for (const auto &[unused, descriptor] : descriptors_) count += descriptor.owner == owner;
  return count;
}

void Kernel::ForgetPidfds(Serial owner) {
  for (auto it = descriptors_.begin(); it != descriptors_.end();)
    it = it->second.owner == owner ? descriptors_.erase(it) : std::next(it);
}

void Kernel::Receive(Process *process, int signum) {
  if (process->state == State::kZombie) return;
  if (signum == SIGCONT) return Continue(process->serial);
  if (signum == SIGSTOP) return Stop(process->serial);
  if (signum == SIGKILL)
    process->doom = SIGKILL;
  else if (process->state == State::kStopped)
    process->term_pending = true;
  else if (!process->ignores_term && process->doom == 0)
    process->doom = signum;
}

int Kernel::Signal(Serial target, int signum, bool group) {
  std::vector<Process *> members;
  bool foreign = false;
  for (auto &[unused, process] : processes_) {
    if (group ? process.group != target : process.serial != target) continue;
    if (process.other_user)
      foreign = true;
    else
      members.push_back(&process);
  }
  if (members.empty()) return foreign ? HPR_EACCES : HPR_ESRCH;
  if (signum == 0) return 0;
  Note("signal " + std::to_string(signum) + " to " + (group ? "group " : "") +
       std::to_string(NumberOf(target)) + " #" + std::to_string(target));
  if (on_signal) on_signal({self, target, NumberOf(target), signum, group});
  for (Process *process : members) Receive(process, signum);
  return 0;
}

void Kernel::Note(const std::string &line) {
  for (const char c : line) digest_ = (digest_ ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  if (on_note) on_note(line);
  notes_.push_back(std::to_string(now_ms % 100000000) + "  " + line);
  if (!keep_all_notes && notes_.size() > kNotes) notes_.pop_front();
}

} // namespace sim
