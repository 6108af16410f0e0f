/*
 * sim/truth.h: what really is, beside what the registries believe; and what must never happen.
 * Processes are known here by serial, so that a number used again deceives nobody.
 */
#ifndef HPR_TEST_SIM_TRUTH_H
#define HPR_TEST_SIM_TRUTH_H

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sim/disk.h"
#include "sim/server.h"

namespace sim {

class Truth {
public:
  Truth(Kernel *kernel, Disk *disk) : kernel_(kernel), disk_(disk) {}

  /* --- told by the story ------------------------------------------------------------------- */

  /* Before a call that ends what a row stands for; returns whom. */
  std::set<Serial> Asked(const hpr_row &row);
  /* After it, if the caller lived to see it return. */
  void Promised(const Server &server, const std::vector<Server *> &servers,
                const std::set<Serial> &asked);
  /* Before a call that may end orphans: too old, or begun by a dead server. */
  void AskedByFile(const std::vector<Server *> &servers);
  bool IsTooOld(const hpr_row &row) const;
  /* When one server has just judged the file. */
  void CheckAges(const Server &server);
  /* After a registration that the caller was told of; `holder` had the number before it. */
  void Registered(const Server &server, int32_t pid, Serial holder,
                  const std::vector<Server *> &others);
  /* After a link that named a pi; `before` was the one so far. */
  void Linked(const Server &server, const std::string &token, Serial before);
  /* After any call that named the agent of a row; `before` was the one so far. */
  void Taught(const hpr_row &row, Serial before);
  /* Somebody has named another relative as the agent. */
  void Replaced(Serial agent) { must_know_.erase(agent); }
  /* The server was killed in such a call. */
  void CrashedWhileTold(Serial before);
  /* The server was killed while that pid was registered. */
  void CrashedWhileRegistered(int32_t pid);
  /* The only row that knew of it was given up by another host, or a person had it forgotten. */
  void GivenUp(Serial serial) { must_know_.erase(serial); }
  /* The caller wants a row forgotten, or its place taken. */
  void Forget(const hpr_row &row);
  /* What a server that is gone had not been able to write, of which it had warned. */
  void Lost(const std::vector<Server *> &others);
  void Rebooted();

  /* --- promises ---------------------------------------------------------------------------- */

  /* What was broken first; empty: nothing. */
  const std::string &broken() const { return broken_; }
  void Break(const std::string &what);

  void CheckSignal(const Delivery &delivery);
  /* The system can tell that it has ended. */
  bool IsDead(const hpr_row &row, const hpr_identity &identity) const;
  /* Alive, provably ours, to be told by all, and no server has it. */
  bool IsOrphan(const hpr_row &row, const std::vector<Server *> &servers) const;
  void CheckNothingIsForgotten(const std::vector<Server *> &servers);
  /* When all is quiet and one server has judged the file. */
  void CheckEnd(const Server &server, bool may_end_all);

  /* Who an identity is, whoever has its number now. */
  Serial SerialOf(const hpr_row &row, const hpr_identity &identity) const;
  /* The processes that a row stands for, and those of them that a registry takes for ours. */
  std::set<Serial> PartsOf(const hpr_row &row) const;
  std::set<Serial> KinOf(const hpr_row &row) const;
  /* The system told who all of its processes are. Of others nobody can prove that they are gone. */
  static bool IsTold(const hpr_row &row);
  /* True if a row that is not ending stands for it, in the file or at a server. */
  bool IsClaimed(const std::vector<Server *> &servers, Serial serial);
  /* Rows of the file, read as a server would. Valid until the next call. */
  const std::vector<hpr_row> &FileRows();
  /* Whom a caller means by a row: who has its number now, if the system told nothing. */
  Serial MeantBy(const hpr_row &row) const;
  std::set<Serial> MarkedFor(const hpr_row &row) const;
  /* Whenever the end of a row is wanted. */
  std::function<void(const hpr_row &)> on_asked;
  ~Truth() { DropFileRows(); }
  Serial AskedSerial(const hpr_row &row, const hpr_asked &asked) const;

private:
  bool Names(const hpr_row &row, Serial serial) const;
  bool GoesAlong(const Delivery &delivery) const;
  bool IsSubject(Serial serial);
  bool IsKnown(const std::vector<Server *> &servers, Serial serial);
  bool IsEnding(Serial serial);
  bool IsAboveOne(const std::vector<Server *> &servers, Serial serial) const;
  void DropFileRows();

  Kernel *kernel_;
  Disk *disk_;
  std::set<Serial> asked_;     /* somebody wanted their end */
  std::set<Serial> promised_;  /* and was told that it would come */
  std::set<Serial> must_know_; /* registered, ours, and never given up */
  /* Whose identity nobody told when they were registered: by registry and pid. */
  std::map<std::pair<std::string, int32_t>, Serial> untold_;
  std::vector<hpr_row> file_rows_;
  std::string file_text_, broken_;
};

} // namespace sim

#endif
