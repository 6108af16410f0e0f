/* support/machine.h: a simulated machine on which a test tells what becomes of processes. */
#ifndef HPR_TEST_SUPPORT_MACHINE_H
#define HPR_TEST_SUPPORT_MACHINE_H

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/disk.h"
#include "sim/kernel.h"
#include "sim/server.h"
#include "sim/truth.h"
#include "support/padding.h"
#include "support/native.h"

using Pids = std::vector<int32_t>;
using Texts = std::vector<std::string>;
using sim::Serial;

constexpr int64_t kDayMs = INT64_C(24) * 60 * 60 * 1000;

hpr_target BySession(const char *session);
hpr_target ByToken(const char *token);
hpr_target ByPid(int32_t pid);

/* "EXITED" for HPR_OUTCOME_EXITED. */
std::string Outcome(hpr_outcome outcome);

/*
 * Nothing happens by itself: a process that a signal has doomed dies in Proceed(), time passes in
 * Pass(), and servers hear of either then. A signal to anybody but the servers' own fails the test.
 */
class Machine : public testing::Test {
protected:
  Machine();
  ~Machine() override;

  /* --- who is there ------------------------------------------------------------------------- */

  using Server = sim::Server;
  struct Pair {
    Serial keeper, pi;
  };

  /* A server that has not looked for orphans yet. */
  Server &Start(const Server::Options &options = {});
  /* One that has. */
  Server &StartAndClean();
  /* The child leads a session; it is registered under that token and folder. */
  Serial Child(Server &server, const std::string &token = "", const std::string &cwd = "/");
  /* A registered child in that session, by way of a token of the same name. */
  Serial Linked(Server &server, const std::string &session, const std::string &cwd = "/");
  /* A keeper with a pi, registered and linked, with the session as its token. */
  Pair Keeper(Server &server, const std::string &session);
  /* The user's own process, outside all servers. `number` 0: the next that is free. */
  Serial Stranger(int32_t number = 0);
  int32_t Pid(Serial serial) const { return kernel.NumberOf(serial); }

  /* --- what happens ------------------------------------------------------------------------- */

  /* It dies, and its parent, unless it is a server, reaps it. */
  void End(Serial serial, int signum = 0);
  /* A process is gone without a trace, and a stranger has its number. */
  Serial UseAgain(Serial serial);
  /* The doomed die, the dead are reaped, and the servers hear of it. */
  void Proceed();
  /* Time passes; the servers' timers fire, and nobody dies. */
  void Pass(int64_t ms);
  /* Somebody else has the pid file's lock. */
  void HoldLock();
  void ReleaseLock();
  /* Plants a file with these entries. */
  void WriteFile(const Texts &entries);

  /* --- what is seen ------------------------------------------------------------------------- */

  /* What reached a process, alone or in its group, in order: "TERM CONT". */
  std::string SignalsTo(Serial serial) const;
  /* "TERM 101 CONT 101": all of it, whom it was sent to, in the order in which it left. */
  std::string Signals() const;
  void ForgetSignals();
  std::string File() const { return WithoutPadding(disk.Read(sim::kPidFile).value_or("")); }
  Pids FilePids();
  /* What the file says of a pid; NULL: nothing. Valid until the next call. */
  const hpr_row *InFile(int32_t pid);
  /* Registered pids in order, ending ones included. */
  Pids PidsOf(const Server &server) const;
  std::string Warnings(const Server &server) const; /* "HPR_EIO HPR_EBUSY" */
  Pids Exits(const Server &server) const;
  std::string OutcomeOf(const Server &server, uint64_t request) const; /* "": none yet */

  sim::Kernel kernel;
  sim::Disk disk;

private:
  void Signalled(const sim::Delivery &it);
  bool IsServer(Serial serial) const;

  sim::Truth truth_{&kernel, &disk};
  std::vector<std::unique_ptr<Server>> servers_;
  std::map<Serial, std::string> received_;
  std::string sent_;
  hpr_file lock_ = 0;
};

#endif
