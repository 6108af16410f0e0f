/*
 * sim/trees.h: one run about all that sessions start: tools of every kind, servers inside of them,
 * strangers that look like them; and ends that take all of a session along, and nobody else.
 */
#ifndef HPR_TEST_SIM_TREES_H
#define HPR_TEST_SIM_TREES_H

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "sim/random.h"
#include "sim/truth.h"

namespace sim {

/* What was registered, and what is to become of it. */
struct Session {
  Serial root;                /* the registered process */
  std::string token;          /* empty: none */
  int64_t spawned_ms = 0;     /* when it was registered */
  bool leads = false;         /* a group, or a session */
  bool asked = false;         /* its end is wanted */
  bool alone = false;         /* by somebody who left out what it has started */
  bool tree = false;          /* with all that it has started */
  std::set<Serial> askers;    /* servers that were asked for that */
  bool blind = false;         /* for one that carries its token, and so cannot go by it */
  std::set<Serial> spared;    /* those who are above servers that ended it, or lead their group */
  bool recorded = false;      /* and one that lives, or its file, knows it */
  std::set<Serial> members;   /* whom the first look had to find */
  std::map<Serial, int> asks; /* first signals that each has got by itself */
};

/* Whose each process is, by who made it; and what must never happen to it. */
class TreeTruth {
public:
  TreeTruth(Kernel *kernel, Disk *disk) : kernel_(kernel), truth_(kernel, disk) {}

  Session *Add(Serial root, const std::string &token);
  std::deque<Session> &sessions() { return sessions_; }
  Session *RootedAt(Serial serial);
  /* Whose it is, as long as that has an entry; NULL: no session's, or a server's inside of one. */
  Session *Of(const std::vector<Server *> &servers, Serial serial);
  /* It was made in that session, and not by another, or by a server inside of it. */
  bool IsMadeIn(const std::vector<Server *> &servers, const Session &session, Serial serial);
  bool IsAbove(const Process &process, Serial serial) const;
  bool HasEntry(const std::vector<Server *> &servers, Serial root, bool untold = true);
  bool Carries(Serial serial, const std::string &token) const;
  /* That server is ending it, and all that it has started. */
  bool EndsTree(const std::vector<Server *> &servers, Serial sender, const Session &session);
  bool IsRecordedAsAsked(Serial serial);
  /* Who can be proved to be a member now. */
  std::set<Serial> Provable(const std::vector<Server *> &servers, const Session &session,
                            const Server &asker);

  /* --- told by the story --- */
  void Asked(const std::vector<Server *> &servers, Session *session, const Server &asker, bool tree,
             bool calm);
  /* No call is made now. */
  void CheckNobodyIsStopped();
  void ServerIsGone() { stopped_.clear(); } /* before it could kill those whom it had stopped */

  /* --- promises --- */
  const std::string &broken() const { return broken_.empty() ? truth_.broken() : broken_; }
  void Break(const std::string &what);
  bool told = true; /* the system never fails to tell who is who */
  void CheckSignal(const std::vector<Server *> &servers, const Delivery &delivery);
  void CheckGone(const std::vector<Server *> &servers, Session *session, const Server &asker);

private:
  bool MayBeAnothers(const Session &session, Serial serial) const;
  void EndsFor(Session *session, const Server &asker);
  bool IsOwner(const std::vector<Server *> &servers, Serial serial);
  bool GoesAlong(Serial serial);
  bool WasAsked(Serial serial);
  bool IsNewborn(Serial serial);
  bool IsOfGroupLeft(const Session *session, Serial serial);
  void CheckTarget(const std::vector<Server *> &servers, const Delivery &it, Serial target);
  void CheckKill(Session *session, const Delivery &it);
  std::string Describe(Serial serial) const;

  Kernel *kernel_;
  Truth truth_;
  std::deque<Session> sessions_; /* their references stay valid */
  std::set<Serial> stopped_;     /* by a server that is about to kill them */
  std::string broken_;
};

class TreeStory {
public:
  explicit TreeStory(uint64_t seed);
  ~TreeStory();
  TreeStory(const TreeStory &) = delete;
  TreeStory &operator=(const TreeStory &) = delete;

  /* Ends at the first broken promise and returns it; empty: all were kept. */
  std::string Run(size_t steps);
  size_t steps() const { return steps_; }
  Kernel &kernel() { return kernel_; }

private:
  struct Act {
    const char *name;
    void (TreeStory::*run)();
    unsigned weight;
  };

  void Step(const std::vector<Act> &acts);
  void Accident();
  void SystemCall();
  void End();
  void CheckEnded();

  /* --- who there is --- */
  std::vector<Server *> Open() const;
  Server *AnyServer();
  bool IsServer(Serial serial) const;
  Serial AnyTool(bool with_roots);
  Session *AnySession();
  const hpr_row *RowOf(const Server &server, const Session &session, bool kin = true);
  bool Has(const Server &server, const Session &session, bool kin = true);
  bool EndsTree(const Server &server, const Session &session);

  /* --- servers and what they are asked --- */
  Server *Start(Serial as);
  void StartServer();
  void ToolBecomesServer();
  void CrashServer();
  void Raise(Server *server, Serial root);
  void SpawnAgent();
  void SpawnSubagent();
  void TerminateTree();
  void TerminateAlone();
  void KillToken();
  void ShutDown();
  void Ask(Server *server, Session *session, bool tree, const std::function<void()> &call);
  void Signalled(const Delivery &it);
  void Hear(Server *server);
  void ServerHears();
  void TimePasses();

  /* --- what tools do: sim/tools.cc --- */
  Serial AnyMaker();
  void ToolStarts();
  Serial Fork(Serial parent);
  void Daemonize(Serial parent, bool own_session, bool clean);
  void ToolForks();
  void ToolEnds();
  void ToolTurnsDeaf();
  void AgentEnds();
  void DoomedDies();
  void InitReaps();
  void NumberPassesOn();
  void StrangerComes();
  void StrangerLeaves();
  void DescriptorsLost();
  void DescriptorsBack();
  std::vector<std::string> Disguise();

  Random random_;
  Kernel kernel_;
  Disk disk_;
  TreeTruth truth_;
  std::vector<std::unique_ptr<Server>> servers_;
  std::set<Serial> forkers_; /* who start something when they are asked to end */
  size_t steps_ = 0;
  unsigned next_token_ = 1;
  bool quiet_ = false; /* no accident happens now */
  bool careful_ = false, told_ = false;
  bool in_accident_ = false;
};

} // namespace sim

#endif
