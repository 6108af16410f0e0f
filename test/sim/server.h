/* sim/server.h: one server process with its registry, its timers and its event loop. */
#ifndef HPR_TEST_SIM_SERVER_H
#define HPR_TEST_SIM_SERVER_H

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/disk.h"
#include "sim/kernel.h"

extern "C" {
#include "core/ending.h"
#include "core/registry.h"
#include "store/row.h"
}

namespace sim {

constexpr char kPidFile[] = "/home/.pi/dashboard/headless-pids.json";

/* What a registry told its host. */
struct Exit {
  int32_t pid;
  int code;
  std::string signal, session; /* empty: none */
  int64_t spawned_ms = 0;
};

struct Warning {
  int error;
  int32_t pid;
  std::string path;
};

struct Ended {
  uint64_t request;
  hpr_outcome outcome;
  int32_t pid;        /* 0: no entry answered to that name */
  int64_t spawned_ms; /* by which registrations are told apart */
  std::string signal; /* that ended it; empty: none */
};

/* An entry that runs, and who has it. */
struct Hold {
  const hpr_row *row;
  std::string session; /* empty: nobody */
  hpr_link by;
  bool live; /* the lookups find it; else it is ending */
};

class Server {
public:
  struct Options {
    int32_t grace_ms = HPR_GRACE_DEFAULT_MS;
    bool leads_group = false;
    int32_t number = 0; /* its pid; 0: the next that is free */
    bool guest = false; /* for hpr_registry_borrow */
    bool tree = false;  /* kills take along all that a session has started */
    bool end_orphans = false;
    int64_t orphan_max_age_ms = 0;
    Serial as = 0; /* a process that becomes a server; 0: a new one */
  };

  Server(Kernel *kernel, Disk *disk, Options options);
  ~Server();
  Server(const Server &) = delete;
  Server &operator=(const Server &) = delete;

  Serial serial() const { return serial_; }
  int32_t grace_ms() const { return grace_ms_; }
  bool ends_trees() const; /* with its registry's option */
  int32_t pid() const { return kernel_->NumberOf(serial_); }
  const std::string &id() const { return id_; } /* of its rows */
  bool is_open() const { return registry_ != nullptr; }
  bool is_calling() const { return calls_ > 0; }
  /* It was started where the system says which boot this is. */
  bool knows_boot() const { return knows_boot_; }
  /* Of the processes that were there when the call that is made now began. */
  Serial newest_known() const { return newest_known_; }

  /* --- as its process ---------------------------------------------------------------------- */

  /* Runs a piece of the server's code. */
  void Do(const std::function<void(hpr_registry *)> &code);

  /* Starts a child, as spawn() does with `detached`. Nobody if no number is free. */
  Serial Spawn(bool detached = true, int32_t number = 0);
  /* Registers whoever holds that number. False if the registry would not. */
  bool Register(int32_t pid, const std::string &cwd = "/", const std::string &token = "",
                int32_t keeper_pid = 0, bool is_child = true);
  bool Link(const std::string &token, const std::string &session, int32_t pi_pid = 0);
  bool LinkByPid(const std::string &session, int32_t pid);
  bool LinkByCwd(const std::string &session, const std::string &cwd);
  bool Kill(const std::string &session);
  bool KillByToken(const std::string &token);
  /* Returns the request's number. */
  uint64_t Terminate(const hpr_target &target, hpr_signal signal = HPR_SIGNAL_TERM,
                     int32_t grace_ms = HPR_GRACE_DEFAULT_MS, bool tree = false);
  void KillAll();
  void Remove(int32_t pid);
  void CleanupOrphans();
  void Close();
  /* SIGKILL, out of the blue; also from within one of its own system calls. */
  void Crash();

  /* --- as its event loop ------------------------------------------------------------------- */

  /* Reaps one dead child; its `exit` event is yet to come. False if there is none. */
  bool ReapOne();
  bool DeliverExit();
  /* An emitter that says `exit` again, whoever has the pid now. */
  void RepeatExit(size_t which);
  bool DeliverNotice();
  /* One that was under way when its watch was taken back, or set anew. */
  void RepeatNotice(size_t which);
  void Probe();
  /* Fires the timers that are due, the earliest first. */
  void FireTimers();
  /* As it does once a second. */
  void LookAtOwners();
  bool AnswerStatus();
  /* Tells which folders those are, whose file systems had to be asked. */
  void TellFolders();
  std::vector<std::pair<hpr_ticket, std::string>> folders_wanted;
  /* Ends that were reported, as reason and outcome. */
  std::vector<std::pair<hpr_reason, hpr_outcome>> ends;
  hpr_stats Stats() const { return hpr_registry_stats(registry_); }
  /* By the clock of delays, as all timers of a loop. */
  std::optional<int64_t> NextTimer() const { return timer_; }
  /* All of it until nothing is left to do now. False: it never comes to rest. */
  bool Proceed();

  /* --- looking inside ---------------------------------------------------------------------- */

  /* Valid until the next call. */
  std::vector<const hpr_row *> Rows() const;
  std::vector<Hold> Holds() const;
  size_t size() const { return hpr_registry_size(registry_); }
  int32_t PidOf(const std::string &session) const;
  /* False if an answer of PidOf is another than last time, and the core had not counted it. */
  bool AnswersHold();
  /* False if what the core shows would have its host answer otherwise than the core. */
  bool BoardIsTrue() const;
  /* The row that a name leads to, ending ones included if `ending`. */
  const hpr_row *RowOf(const hpr_target &target, bool ending) const;
  /* NULL: nobody wants its end. */
  const hpr_ending *EndingOf(const hpr_row &row) const;
  /* Those that a call which ends the target is about. */
  std::vector<const hpr_row *> RowsMeant(const hpr_target &target) const;
  bool HasUnwrittenChanges() const;
  bool HasUnwrittenAdoptions() const;
  bool HasExitsToWrite() const; /* which wait for the next write */
  /* It has asked for orphans, and was told on which boot it is. */
  bool adopts() const;
  /* Nothing is left of the work that a report is about. */
  bool IsAtRest() const;

  std::vector<Exit> exits;
  std::vector<Warning> warnings;
  std::vector<Ended> ended;
  std::vector<std::string> reports;    /* all three kinds in their order, and "closed" */
  std::function<void()> on_exit_event; /* what a listener does */
  std::function<void(const std::string &)> on_report;
  std::function<void()> on_status_wanted; /* else AnswerStatus is called later */
  std::string misreported;                /* the first report that must not be, or empty */
  bool closed_unwritten = false;          /* what the file did not take is lost */

private:
  friend struct HostCalls;
  struct ExitEvent {
    hpr_ticket ticket;
    int status;
  };

  void LetGo();
  void Misreport(const char *how);

  static std::vector<Server *> all_; /* in the order in which they came */

  Kernel *kernel_;
  Disk *disk_;
  Serial serial_ = 0;
  int32_t grace_ms_;
  std::string id_;
  hpr_process_ops process_ = {};
  hpr_registry *registry_ = nullptr;
  int calls_ = 0;
  bool knows_boot_ = false;
  Serial newest_known_ = 0;
  bool reporting_ = false, unwritten_ = false;
  std::unique_ptr<hpr_board> board_ = std::make_unique<hpr_board>();
  uint32_t answered_at_ = 0;
  std::map<std::string, int32_t> answers_; /* of PidOf, by session */
  uint64_t next_request_ = 1;
  std::optional<int64_t> timer_; /* due at, by the clock of delays */
  std::optional<int64_t> look_;  /* the same, once a second */
  std::deque<hpr_ticket> statuses_wanted_;
  std::deque<uint64_t> notices_;
  std::vector<uint64_t> heard_; /* notices so far */
  std::multimap<Serial, hpr_ticket> tickets_;
  std::deque<ExitEvent> exit_events_;
  std::vector<ExitEvent> told_; /* exits so far */
};

} // namespace sim

#endif
