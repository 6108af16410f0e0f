/* sim/hosts.h: one pid file in a folder that two hosts share, each with a kernel of its own. */
#ifndef HPR_TEST_SIM_HOSTS_H
#define HPR_TEST_SIM_HOSTS_H

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "sim/random.h"
#include "sim/truth.h"

namespace sim {

/*
 * The hosts have booted at the same moment, give out the same numbers, start times and names, and
 * their servers use the same tokens and sessions: nothing but the boot id tells them apart.
 */
class Hosts {
public:
  explicit Hosts(uint64_t seed);
  ~Hosts();
  Hosts(const Hosts &) = delete;
  Hosts &operator=(const Hosts &) = delete;

  /* As Story::Run. */
  std::string Run(size_t steps);
  size_t steps() const { return steps_; }
  const std::deque<std::string> &notes() const { return notes_; }
  bool keep_all_notes = false;

private:
  struct Host {
    Host(uint64_t number, Disk *disk) : number(number), kernel(number), truth(&kernel, disk) {}
    std::vector<Server *> Open(const Server *but = nullptr) const;

    const uint64_t number;
    Kernel kernel;
    Truth truth;
    std::vector<std::unique_ptr<Server>> servers;
    std::set<std::pair<int32_t, int64_t>> registered; /* pids, and when by its wall clock */
  };

  /* A row as the file has it: on which boot, under which number, registered when. */
  using Key = std::tuple<std::string, int32_t, int64_t>;
  struct Seen {
    std::string owner;       /* the registry's id */
    bool is_foreign = false; /* the row says so */
    int64_t since_ms = 0;    /* then since when, by no host's clock */
    int32_t pid = 0;
    std::set<Serial> parts; /* on its host */
  };

  struct Act {
    const char *name;
    void (Hosts::*run)(Host &host);
    unsigned weight;
  };

  void Step(const std::vector<Act> &acts, Host &host);
  void Accident(Host &host);
  void Check();
  void End();

  /* --- what callers do --- */
  void StartServer(Host &host);
  void Spawn(Host &host);
  void Link(Host &host);
  void Kill(Host &host);
  void KillAll(Host &host);
  void CleanUp(Host &host);
  void Forget(Host &host);
  void CloseServer(Host &host);

  /* --- what happens --- */
  void CrashServer(Host &host);
  void ProcessEnds(Host &host);
  void ProcessDies(Host &host);
  void Reap(Host &host);
  void ServerHears(Host &host);
  void StrangerComes(Host &host);
  void Reboot(Host &host);
  void TimePasses(Host &host);
  void DaysPass(Host &host);
  void OtherActs(Host &host);

  /* --- sim/hosts_check.cc: promises --- */
  void Replaced();
  void CheckGivenUp(const Key &key, const Seen &row);
  void CheckServers(Host &host);
  std::map<Key, Seen> ReadFile();
  bool IsOpen(const Seen &row) const;
  bool IsProved(const Seen &row) const;
  void CheckForgotten(const Host &host, const std::map<Key, Seen> &before);
  void GiveUpAllOf(Host &gone, Host &host);
  void Break(const std::string &what);
  std::string Broken() const;

  Server *AnyServer(Host &host);
  Host &OtherThan(const Host &host) { return host.number == 0 ? *hosts_[1] : *hosts_[0]; }
  Host *HostOf(const std::string &boot) const;
  void Pass(int64_t ms);
  void Died(Host &host, Serial serial);
  void Note(const std::string &line);

  Random random_;
  Disk disk_;
  std::vector<std::unique_ptr<Host>> hosts_;
  Kernel nobody_; /* whose truth reads the file */
  Truth reader_;
  std::map<Key, Seen> seen_; /* the file's rows */
  std::deque<std::string> notes_;
  std::string broken_;
  size_t steps_ = 0, given_up_ = 0;
  bool careful_ = false, in_accident_ = false;
  bool forgetting_ = false; /* somebody has asked for it */
};

} // namespace sim

#endif
