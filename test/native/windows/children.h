/* windows/children.h: real processes that a test starts itself, and that end with it. */
#ifndef HPR_TEST_WINDOWS_CHILDREN_H
#define HPR_TEST_WINDOWS_CHILDREN_H

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/*
 * Runs this program again in one of the roles of roles.cc. Each of its processes says a line with a
 * number to the test. All of them are ended with the object, descendants included.
 */
class Child {
public:
  /* Waits until so many lines have come. */
  explicit Child(const std::vector<std::string> &role, size_t lines = 1);
  ~Child();
  Child(const Child &) = delete;
  Child &operator=(const Child &) = delete;

  int32_t pid() const { return pid_; }
  int32_t said(size_t index = 0) const { return said_.at(index); }

  void Kill() const;
  bool IsAlive() const;
  /* Waits for its end. */
  bool Ends() const;
  int ExitCode() const;
  /* Kills it and its descendants, and lets its number go. */
  void Forget();
  /* Lets the number of one that has ended go, and its descendants live. */
  void LetGo();

private:
  int32_t pid_ = 0;
  void *process_ = nullptr, *job_ = nullptr;
  std::vector<int32_t> said_;
};

/* A process that somebody else made, kept open. */
class Other {
public:
  explicit Other(int32_t pid);
  ~Other();
  Other(const Other &) = delete;
  Other &operator=(const Other &) = delete;

  bool IsAlive() const;
  bool Ends() const;

private:
  void *process_;
};

/* A number that nobody holds: that of a child which has ended just now. */
int32_t FreePid();

/* A new child with a number that was let go; NULL: the system did not give it out again in time. */
std::unique_ptr<Child> ChildWithPid(int32_t pid);
extern const char kNoReuse[]; /* why a test is skipped then */

/* Starts this program in a role, with our own output; returns its pid. For roles themselves. */
int32_t Spawn(const std::vector<std::string> &role);

/* What main() does if it is called with a role. */
int PlayRole(const std::vector<std::string> &role);

/* Wine keeps less than Windows in some things that nothing here depends on. */
bool IsWine();

/* How many handles this process has open. */
size_t OpenHandles();

#endif
