/* support/processes.h: real processes that a test starts itself, and ends with itself. */
#ifndef HPR_TEST_SUPPORT_PROCESSES_H
#define HPR_TEST_SUPPORT_PROCESSES_H

#include <signal.h>
#include <sys/types.h>

#include <functional>
#include <vector>

/* Says a number to the test, in the child: that it is ready, or the pid of a child of its own. */
using Report = std::function<void(pid_t)>;

/* For bodies: does nothing until a signal ends the process, or a minute has passed. */
[[noreturn]] void Idle();

/* For bodies: forks a process that runs `body` and returns its pid. */
pid_t ForkIn(const std::function<void()> &body);

/* A child of the test, SIGKILLed and reaped with the object. */
class Child {
public:
  /* Waits until `body`, which runs in the child, has reported `reports` times. */
  Child(size_t reports, const std::function<void(const Report &)> &body);
  ~Child();
  Child(const Child &) = delete;
  Child &operator=(const Child &) = delete;

  /* Good for naming it even when it was reaped. */
  pid_t pid() const { return pid_; }
  pid_t reported(size_t index = 0) const { return reported_.at(index); }

  void Kill(int signum = SIGKILL) const;
  /* Waits until it is a zombie and leaves it one. */
  bool Ends() const;
  /* Waits until it has ended, and reaps it. Returns its wait status, -1 if it does not end. */
  int Reap();
  /* Neither a zombie nor reaped. */
  bool IsAlive() const;

private:
  pid_t pid_ = -1;
  bool reaped_ = false;
  std::vector<pid_t> reported_;
};

/* In the test's own group, or leading a group, or a session, of its own. */
struct IdleChild : Child {
  IdleChild();
};
struct GroupLeader : Child {
  GroupLeader();
};
struct SessionLeader : Child {
  SessionLeader();
};

/* Leads a group that has one member more, its child reported(0), which outlives it. */
struct GroupOfTwo : Child {
  GroupOfTwo();
};

/*
 * A process that one of our children reported, by a descriptor that stays with it; SIGKILLed with
 * the object. Somebody else reaps it.
 */
class Grandchild {
public:
  explicit Grandchild(pid_t pid);
  ~Grandchild();
  Grandchild(const Grandchild &) = delete;
  Grandchild &operator=(const Grandchild &) = delete;

  pid_t pid() const { return pid_; }
  void Kill(int signum = SIGKILL) const;
  /* Waits until it is dead, reaped or not. */
  bool Ends() const;
  bool IsAlive() const;

private:
  pid_t pid_;
  int fd_;
};

/* The state letter of /proc/<pid>/stat, 0 if there is no such process. */
char StateOf(pid_t pid);
/* The parent by /proc/<pid>/stat, -1 if there is no such process. */
pid_t ParentOf(pid_t pid);
bool IsStopped(pid_t pid);

/* A pid that nobody holds: that of a child which was reaped just now. */
pid_t FreePid();

#endif
