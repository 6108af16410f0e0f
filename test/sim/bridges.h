/* sim/bridges.h: which agent a session truly is, and where its reports must lead. */
#ifndef HPR_TEST_SIM_BRIDGES_H
#define HPR_TEST_SIM_BRIDGES_H

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/truth.h"

namespace sim {

/* An agent with a bridge, which reports to servers as one session for ever. */
struct Agent {
  Serial root; /* the registered process: the agent itself, a wrapper or a keeper */
  Serial pi;   /* the agent now; a keeper may start another one */
  std::string session, token, folder;
  bool is_keeper;
};

/* What a bridge says, and what must be true when it has been heard. */
struct Report {
  bool calm = false;          /* nothing else happens, and the system tells all that it is asked */
  bool provable = false;      /* the system tells it, whatever happens */
  int32_t number = 0;         /* that it takes for its own pid; 0: it does not say */
  Serial named = 0;           /* who has that number */
  bool has_entry = false;     /* that is its own, and its nearest */
  std::optional<bool> linked; /* the answer; unset: either */
  Serial main = 0;            /* the registered process of the entry that it holds then */
  hpr_link by = HPR_LINK_NONE;
  Serial taught = 0;  /* is that entry's proved agent then */
  Serial refused = 0; /* is not */
};

class Bridges {
public:
  Bridges(Kernel *kernel, Truth *truth) : kernel_(kernel), truth_(truth) {}

  void Add(const Agent &agent) { agents_.push_back(agent); }
  void Rebooted();
  /* Their references stay valid until the next boot. */
  std::deque<Agent> &agents() { return agents_; }
  /* Whose process it is: of the agent whose registered process made it last, or is it. */
  const Agent *Of(Serial serial) const;
  /* True if the server has a running entry of that agent. */
  bool Knows(const Server &server, const Agent &agent) const;
  /* The only child of a keeper if it looks like the agent that nobody knows; else nobody.
   * `attaching`: the registered process is a keeper from now on. */
  Serial Findable(const Server &server, const hpr_row &row, bool attaching) const;

  /* --- told by the story ------------------------------------------------------------------- */

  /* The end of a row is wanted. */
  void Asked(const hpr_row &row);
  /* Before a report, if it is told without an accident. */
  Report ByToken(const Server &server, const Agent &agent, int32_t number) const;
  Report ByPid(const Server &server, const Agent &agent, int32_t number) const;
  /* After it. */
  void Told(const Server &server, const Agent &agent, const Report &report, bool linked);

  /* --- promises ---------------------------------------------------------------------------- */

  /* No session has another's agent, and no entry another's processes. */
  void CheckHolds(const Server &server);
  /* What a call that ends the session is about. */
  void CheckMeant(const Server &server, const Agent &agent);
  void CheckSignal(const Delivery &delivery);

private:
  /* What the rows say of a number. */
  struct Numbered {
    const Hold *live = nullptr; /* the entry of who has it */
    int genuine = 0;            /* rows of who has it */
    bool unsure = false;
  };

  Numbered At(const std::vector<Hold> &holds, int32_t number, Serial named) const;
  bool Made(Serial maker, Serial serial) const;
  Serial ParentOf(Serial serial) const;
  bool IsAbove(const Server &server, Serial serial) const;
  bool HasPart(const hpr_row &row, Serial serial) const;
  const Hold *Nearest(const Server &server, const std::vector<Hold> &holds, Serial serial) const;
  bool Descends(Serial serial, Serial ancestor) const;
  Serial AgentAfter(const Server &server, const std::vector<Hold> &holds, const Hold &hold,
                    const Report &report) const;
  void CheckParts(const Hold &hold);
  void CheckTold(const Server &server, const Agent &agent, const Report &report, bool linked);
  bool IsMisled(const Server &server, const Agent &agent) const;

  Kernel *kernel_;
  Truth *truth_;
  std::deque<Agent> agents_;
  std::set<Serial> told_;   /* agents that their bridges have named */
  std::set<Serial> wanted_; /* their end, and that of all that they made */
  /* Servers that believed a wrong number of a session that told nothing else. */
  std::set<std::pair<Serial, std::string>> misled_;
};

} // namespace sim

#endif
