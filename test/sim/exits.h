/* sim/exits.h: the exit of every registered process that was seen alive is told, and told once. */
#ifndef HPR_TEST_SIM_EXITS_H
#define HPR_TEST_SIM_EXITS_H

#include <cstdint>
#include <map>
#include <set>
#include <vector>

#include "sim/truth.h"

namespace sim {

class Exits {
public:
  Exits(Kernel *kernel, Truth *truth) : kernel_(kernel), truth_(truth) {}

  /* A registration that the caller was told of; `holder` had the number then. */
  void Registered(const Server &server, int32_t pid, Serial holder);
  /* The caller wants its entry forgotten, or registers the same process again. */
  void Forget(const hpr_row &row);
  /* A server is gone. What it had not told yet is lost, if the file does not know of it. */
  void Lost(const std::vector<Server *> &others);

  /* --- promises --- */
  void Told(const Server &server, const Exit &exit);
  void CheckNoneIsMissing(const std::vector<Server *> &servers);
  /* When all is quiet. */
  void CheckEnd(const Server &server);

private:
  struct Registration {
    Serial serial = 0;      /* the registered process */
    std::set<Serial> parts; /* of its entry, when it was last seen */
    std::string told_by;    /* the server's id; empty: not told */
    bool unwritten = false; /* the file did not take it: others may tell it again */
    bool doubled = false;   /* a server took it over, the file did not say so, and so did another */
    bool forgotten = false; /* nobody has to tell */
  };
  /* Rows of the file and of servers. */
  void See(const std::vector<Server *> &servers, const std::function<void(const hpr_row &)> &seen);

  Kernel *kernel_;
  Truth *truth_;
  std::map<int64_t, Registration> registrations_; /* by their time, which no two share */
  std::set<int32_t> just_told_;                   /* pids, since the last check */
  std::set<Serial> told_; /* whose exits were told; it may have been registered twice */
};

} // namespace sim

#endif
