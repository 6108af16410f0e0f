/*
 * sim/endings.h: how an end that was asked for has to come: each process is asked once, written
 * down before, with its descendants; nobody is killed before the grace is over, everybody then.
 */
#ifndef HPR_TEST_SIM_ENDINGS_H
#define HPR_TEST_SIM_ENDINGS_H

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sim/truth.h"

namespace sim {

class Endings {
public:
  Endings(Kernel *kernel, Truth *truth) : kernel_(kernel), truth_(truth) {}

  /* --- told by the story --- */

  /* Before a call that ends what a row stands for. */
  void Asked(const Server &server, const hpr_row &row, hpr_signal signal, int32_t grace_ms);
  /* Before what may go on with a dead server's end, or end the orphans that are too old. */
  void Continued(const hpr_row &row, const std::vector<Server *> &servers);
  void AgedOut(const hpr_row &row, const std::vector<Server *> &servers);
  /* The caller wants it to live from now on; the others may have been asked for its end. */
  void Registered(const Server &server, int32_t pid, Serial serial,
                  const std::vector<Server *> &others);
  /* A keeper has a new agent, for one that has gone. */
  void StartedAnew(Serial agent) { anew_[agent] = kernel_->ClockMs(); }
  /* A server is gone: what is recorded counts as sent. */
  void Crashed();
  /* A server is gone that could not write all. */
  void Lost(const std::vector<Server *> &others);
  void Rebooted();

  /* --- promises --- */

  /* Somebody has asked that server for its end, or for that of another with it. */
  bool Wants(const Server &server, Serial serial) { return !EndingRows(server, serial).empty(); }
  /* `told`: the system never fails to tell who is who. */
  void CheckSignal(const Server &sender, const Delivery &delivery, bool told);
  void CheckNobodyIsLeftOut(const std::vector<Server *> &servers);
  /* Those whose grace should be over by now, and who should be killed after the next timers. */
  std::set<Serial> Overdue(const Server &server) const;
  void CheckKilled(const Server &server, const std::set<Serial> &overdue);
  /* When all is quiet and the server had its time. */
  void CheckEnd(const Server &server);

private:
  struct Ending {
    std::set<Serial> parts;
    int64_t may_kill_ms = 0; /* not before that */
    int32_t grace_ms = 0;
    std::optional<int64_t> first_ms; /* when the first signal reached somebody */
  };

  Ending *Find(const hpr_row &row);
  static bool IsReached(const hpr_row &row, const Ending &ending);
  std::vector<const hpr_row *> EndingRows(const Server &server, Serial serial);
  bool Covers(const std::set<Serial> &parts, Serial serial) const;
  std::set<Serial> Receivers(const Delivery &delivery) const;
  std::set<Serial> Descendants(Serial root) const;
  bool IsRecorded(const hpr_row &row, Serial serial) const;
  bool LacksRecord(const std::vector<Server *> &others, Serial serial);
  bool IsAsked(const std::vector<Server *> &servers, Serial serial) const;
  bool IsForbidden(const Server &server, Serial serial) const;
  void CheckFirst(const Server &sender, const Delivery &delivery, bool told);
  void CheckNoNewAgentStandsBy(const Server &server);
  void CheckKeeperWaits(const Server &sender, const Delivery &delivery);
  void CheckGrace(const Server &sender, const Delivery &delivery);
  void NoteDescendants(const Server &sender, const Delivery &delivery);
  void Break(Serial serial, const std::string &what);

  Kernel *kernel_;
  Truth *truth_;
  std::map<int64_t, Ending> endings_;         /* by the registration's time */
  std::vector<std::set<Serial>> asks_;        /* whom each new one is about */
  std::set<std::pair<int64_t, Serial>> aged_; /* rows that may be ended for their age */
  std::map<Serial, size_t> firsts_;           /* first signals that each has got */
  std::set<Serial> reached_;                  /* by any first signal */
  std::map<Serial, std::set<Serial>> with_;   /* asked along with whom */
  std::map<Serial, int64_t> anew_; /* keepers' new agents: when they came, by the clock of delays */
};

} // namespace sim

#endif
