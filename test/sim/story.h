/* sim/story.h: one run: servers, their processes, and all accidents that a seed brings. */
#ifndef HPR_TEST_SIM_STORY_H
#define HPR_TEST_SIM_STORY_H

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sim/bridges.h"
#include "sim/endings.h"
#include "sim/exits.h"
#include "sim/random.h"
#include "sim/truth.h"

namespace sim {

constexpr size_t kServers = 3; /* open at a time */

class Story {
public:
  explicit Story(uint64_t seed);
  ~Story();
  Story(const Story &) = delete;
  Story &operator=(const Story &) = delete;

  /* Ends at the first broken promise and returns it; empty: all were kept. */
  std::string Run(size_t steps);

  /* Actions, accidents and system calls so far. */
  size_t steps() const { return steps_; }
  Kernel &kernel() { return kernel_; }
  /* The same for the same seed. */
  uint64_t digest() const { return kernel_.digest(); }

private:
  struct Act {
    const char *name;
    void (Story::*run)();
    unsigned weight;
  };

  /* A call whose work is not done yet. */
  using Agents = std::map<std::pair<uint64_t, uint64_t>, Serial>; /* of rows, by their births */
  struct Calling {
    Server *server;
    const std::function<void()> &learn; /* what is true from then on */
    Calling *outer;
    bool learnt = false;
  };

  void Step(const std::vector<Act> &acts);
  void Accident();
  void End();
  void Check();

  /* --- what callers do --- */
  void StartServer();
  void SpawnAndRegister();
  void SpawnKeeper();
  void RegisterAgain();
  void RegisterAnyNumber();
  void LinkByToken();
  Agents AgentsOf(const Server &server);
  void NoteTaught(const Server &server, Agents before);
  void ReportPi();
  void LinkByPid();
  void LinkByCwd();
  void KillSession();
  void KillToken();
  void TerminatePid();
  void KillAll();
  void Remove();
  void CleanupOrphans();
  void AttachKeeper();
  void CloseServer();
  void BridgeActs();

  /* --- what agents and their bridges do: sim/reports.cc --- */
  void SpawnAgent();
  void SpawnSubagent();
  void KeeperStartsAgain();
  void KeeperReplacesAgent();
  void BridgesReconnect();
  void AgentHasTool();
  void AgentRetitles();
  void ReportToken();
  void ReportTokenAndPid();
  void ReportTokenAndWrongPid();
  void ReportPid();
  void ReportWrongPid();
  void ReportFolder();
  void KillBridged();
  void TerminateBridged();
  void DiscoverKeeper();
  void CrashListening();

  /* --- what happens --- */
  void CrashServer();
  void ProcessEnds();
  void ProcessDies();
  void InitReaps();
  void ServerReaps();
  void ServerHearsExit();
  void ServerHearsNotice();
  void ServerHearsOldNotice();
  void ServerHearsOldExit();
  void ServerProbes();
  void TimePasses();
  void ClockIsSet();
  void WeekPasses();
  void Sleep(int64_t ms);
  void StrangerComes();
  void NumberIsUsedAgain();
  void ChildHasChild();
  void StrangerHasChild();
  void ProcessStops();
  void ProcessContinues();
  void ProcessLeadsGroup();
  void ProcLost();
  void ProcBack();
  void DescriptorsLost();
  void DescriptorsBack();
  void DiskFull();
  void DiskHasRoom();
  void Reboot();
  void NeighbourActs();

  /* --- owners.cc --- */
  void StartSecondRegistry();
  void CloseRegistry();
  void LockFileVanishes();
  void HolderComes();
  void HolderLeaves();
  void CheckOwners();
  void CheckOneHeir();

  /* --- readers.cc --- */
  void ReaderComes();
  void ReaderLeaves();
  void CheckFile();

  void CheckProved();
  void LetOrphansBeAdopted();

  Server *AnyServer();
  std::vector<Server *> Open() const;
  std::vector<Server *> OpenBut(const Server *left_out) const;
  Serial AnyProcess(bool ours);
  int32_t AnyNumber();
  std::string AnyToken();
  std::string AnySession();
  const hpr_row *AnyRow(const Server &server);
  void Forget(const hpr_row &row);
  void Register(Server *server, int32_t pid, const std::string &token, int32_t keeper);
  /* `call` registers that number; the truth of it is known then. */
  void Register(Server *server, int32_t pid, const std::function<bool()> &call);
  /* Ends what a target names, by the call that `end` makes. */
  void Raise(Server *server, Serial root, const std::string &session);
  int32_t SomeNumber();
  int32_t NumberSetFree(const Agent &but);
  bool IsServer(Serial serial) const;
  bool IsRoomForAgent();
  bool IsCalm(const Server &server) const;
  Agent *AnyAgent();
  Server *ServerFor(const Agent &agent);
  int32_t WrongNumber(const Agent &agent);
  void Tell(const Agent &agent, bool by_token, int32_t number);
  void Discover(Server *server, const hpr_row *row, bool attaching,
                const std::function<void()> &call);
  void EndBridged(int32_t grace_ms, const std::function<void(Server *, const hpr_target &)> &end);
  void End(Server *server, const hpr_target &target, hpr_signal signal, int32_t grace_ms,
           const std::function<void()> &end);
  void Ask(Server *server, const hpr_row &row, hpr_signal signal, int32_t grace_ms);
  void AskByFile();
  void Signalled(const Delivery &it);
  void Call(Server *server, const std::function<bool()> &call, const std::function<void()> &learn);
  void Learn(Server *server);
  void ListenTo(Server *server);
  void Hear(Server *server);
  void HearStatusWanted(Server *server);
  void LeaveClosed();
  void Lose(Server *server);
  void LetThemEnd();
  void LetItEnd(Server *server);
  void CheckNothingLeft();

  Random random_;
  Kernel kernel_;
  Disk disk_;
  Truth truth_;
  Bridges bridges_;
  Exits exits_;
  Endings endings_;
  std::vector<std::unique_ptr<Server>> servers_;
  hpr_file holder_ = 0; /* somebody else's, with the pid file's lock; 0: nobody's */
  hpr_file reader_ = 0; /* the file, open to somebody who reads it; 0: to nobody */
  std::string read_;    /* what it was then */
  size_t steps_ = 0;
  unsigned next_token_ = 1, next_agent_ = 1;
  bool careful_ = false; /* accidents happen between the calls only */
  bool in_accident_ = false;
  Calling *calling_ = nullptr;
  std::set<Serial> leaving_; /* servers that end when their registry is closed */
  std::set<const Server *> left_;
  Server *listening_ = nullptr; /* whose report somebody answers with a call */
  bool listens_ = true;         /* somebody does now and then */
  bool slow_init_ = false;      /* it never reaps anybody in the end */
  bool gentle_ = false; /* some are asked to end without SIGKILL, or left to the next server */
  bool told_ = false;   /* the system never fails to tell who is who */
  bool fills_ = false;  /* the disk is full now and then */
};

} // namespace sim

#endif
