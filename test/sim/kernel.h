/*
 * sim/kernel.h: a machine whose processes, clock and accidents are ours to decide. It answers the
 * questions that src/platform/linux asks of Linux, so that the code under test is all of the
 * registry but the system calls themselves.
 */
#ifndef HPR_TEST_SIM_KERNEL_H
#define HPR_TEST_SIM_KERNEL_H

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace sim {

/* What a pid is not: never used twice. 0 is nobody. */
using Serial = uint64_t;

/* What a kernel offers. Nothing here depends on a version, as nothing in the code does. */
struct Features {
  bool pidfds = true;        /* 5.3 */
  bool group_signals = true; /* 6.9: PIDFD_SIGNAL_PROCESS_GROUP */
  bool names = true;         /* 6.14: file handles on pidfs */
};

class Random;

/* Kernels as there are, the newest most often. */
Features SomeFeatures(Random *random);

enum class State { kRunning, kStopped, kZombie };

struct Process {
  Serial serial = 0;
  int32_t pid = 0;
  Serial parent = 0, group = 0, session = 0; /* as in struct pid: numbers follow from these */
  uint64_t start_ticks = 0;
  State state = State::kRunning;
  std::string folder = "/";
  bool ours = false; /* a server's child, or its child's, … */
  bool other_user = false;
  bool ignores_term = false;
  bool starts_program = false; /* and shows no words until it has */
  bool term_pending = false;   /* came while it was stopped */
  int doom = 0;                /* the signal that it is about to die of */
  int status = 0;              /* the signal it died of, 0: it exited */
  /* What fork() copies: "NAME=value", and the command line as it shows. */
  std::vector<std::string> environment, command;
  bool was_read = false; /* somebody has asked for one of these */
};

/* A signal that reached somebody; signum is never 0. */
struct Delivery {
  Serial sender = 0;
  Serial target = 0; /* the process, or the group's first leader */
  int32_t number = 0;
  int signum = 0;
  bool group = false;
};

constexpr int32_t kInit = 1, kShell = 2;
constexpr int32_t kFirstPid = 100, kLastPid = 139; /* so few that they are used again and again */
constexpr int64_t kTickMs = 10;

class Kernel {
public:
  /* Of several hosts each has another number, and with it boot ids and random numbers of its own.
   */
  explicit Kernel(uint64_t host = 0);

  /* --- what the story decides ------------------------------------------------------------- */

  Features features;
  bool proc_mounted = true;
  bool descriptors_left = true; /* false: EMFILE for everybody */
  int64_t short_ms = 0;         /* when it was so last */
  bool watches_left = true;     /* false: ENOMEM for who asks for one */
  int64_t now_ms = INT64_C(1700000000000);
  int64_t wrong_by_ms = 0; /* what the wall clock shows beside that */
  int64_t slept_ms = 0;    /* in suspend: the clock of delays stood still */

  /* Starts a process. `number` 0: the next that is free. Nobody if none is, or without a parent. */
  Serial Spawn(Serial parent, int32_t number = 0);
  void LeadGroup(Serial serial);   /* setpgid(0, 0) */
  void LeadSession(Serial serial); /* setsid() */
  void Die(Serial serial, int signum);
  void Reap(Serial serial);
  void Stop(Serial serial);
  void Continue(Serial serial);
  /* All but init and a new shell are gone, and the boot id is another. */
  void Reboot();

  Process *Find(Serial serial);
  Process *Holder(int32_t number); /* a zombie holds its number too */
  bool IsAlive(Serial serial);
  bool GroupLives(Serial leader);
  std::vector<Serial> All() const;
  Serial init() const { return init_; }
  Serial shell() const { return shell_; }
  Serial newest() const { return next_serial_ - 1; }
  std::vector<int32_t> FreeNumbers();
  /* Who was born with that number at that time. */
  Serial BornAs(int32_t number, uint64_t start_ticks) const;
  /* Somebody before it was: by a time alone they are not told apart. */
  bool HasDouble(Serial serial) const;
  /* Who made it, whoever is its parent now. */
  Serial MadeBy(Serial serial) const;
  /* While somebody looked at all processes it came, and who made it went, so that he saw neither.
   */
  bool WasMissed(Serial serial) const;
  /* The signal that it died of, 0: it exited. */
  int StatusOf(Serial serial) const;
  uint64_t Ticks() const;
  int64_t BootedMs() const { return booted_ms_; }
  int64_t ClockMs() const { return now_ms - slept_ms; }
  int64_t BootMs() const { return static_cast<int64_t>(Ticks()) * kTickMs; }
  uint64_t Nonce() { return ++nonces_; }
  /* Whether a boot's text is of this boot: a nonce, where /proc told no id, is younger than it. */
  bool IsOfThisBoot(const std::string &text) const;
  std::string Boot() const { return BootNumber(boots_); }
  /* Which host's boot that is. */
  static uint64_t HostOf(const std::string &boot);
  static std::string BootNumber(uint64_t number);

  std::function<void(const Delivery &)> on_signal;
  std::function<void(Serial)> on_exit;
  std::function<void(const std::string &)> on_note;
  /* Between any two system calls: the moment for accidents. */
  std::function<void()> on_system_call;

  /* --- what the primitives ask ------------------------------------------------------------ */

  /* In whose name system calls are made. */
  Serial self = 0;
  /* A process killed in the middle of a call: what it still does has no effect. */
  bool SelfIsDead();
  void SystemCall();
  void BeginPass() { pass_ = ++passes_; } /* over all processes */
  void EndPass() { pass_ = 0; }
  uint64_t PassesMade() const { return passes_ - (pass_ != 0); }

  int OpenPidfd(Serial serial);
  void ClosePidfd(int fd);
  Serial PidfdOf(int fd) const;
  /* True while a process, or a member of its group or session, has that number. */
  bool IsAttached(Serial serial);
  size_t OpenPidfds(Serial owner) const;
  void ForgetPidfds(Serial owner);

  /* 0, HPR_ESRCH or HPR_EACCES. */
  int Signal(Serial target, int signum, bool group);
  Serial GroupOfNumber(int32_t number);
  int32_t NumberOf(Serial serial) const;

  /* --- the record ------------------------------------------------------------------------- */

  void Note(const std::string &line);
  const std::deque<std::string> &notes() const { return notes_; }
  uint64_t digest() const { return digest_; } /* of all of it: the same story, the same number */
  bool keep_all_notes = false;

private:
  void Start();
  bool IsFree(int32_t number);
  void Receive(Process *process, int signum);

  uint64_t pass_ = 0, passes_ = 0;
  uint64_t boots_, nonces_, nonces_at_boot_;
  int64_t booted_ms_;
  Serial next_serial_ = 1, init_ = 0, shell_ = 0;
  int32_t next_pid_ = kFirstPid;
  std::map<Serial, Process> processes_;
  struct Birth {
    int32_t number;
    uint64_t start_ticks;
    Serial parent;
    int status;
    uint64_t came_in, went_in; /* which pass over all processes; 0: none */
  };
  std::map<Serial, Birth> births_; /* of this boot */
  struct Descriptor {
    Serial owner, target;
  };
  std::map<int, Descriptor> descriptors_;
  int next_fd_ = 1000;
  std::deque<std::string> notes_;
  uint64_t digest_ = 0xCBF29CE484222325u;
};

/* The one whose primitives are linked in; the simulator runs one at a time. */
extern Kernel *the_kernel;

/* Makes system calls in the name of a process while it stands. */
class Acting {
public:
  explicit Acting(Serial serial, Kernel *kernel = the_kernel)
      : kernel_(kernel), kernel_before_(the_kernel), before_(kernel->self) {
    the_kernel = kernel;
    kernel->self = serial;
  }
  ~Acting() {
    kernel_->self = before_;
    the_kernel = kernel_before_;
  }
  Acting(const Acting &) = delete;
  Acting &operator=(const Acting &) = delete;

private:
  Kernel *kernel_, *kernel_before_;
  Serial before_;
};

} // namespace sim

#endif
