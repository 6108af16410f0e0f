/* faults/world.h: a registry on a real file and on processes that are only told of. */
#ifndef HPR_TEST_FAULTS_WORLD_H
#define HPR_TEST_FAULTS_WORLD_H

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/faulty_files.h"
#include "support/client.h"
#include "support/folder.h"
#include "support/native.h"

extern "C" {
#include "core/registry.h"
}

class World {
public:
  /* Its pid file holds `text` at first; the registry is not open yet. */
  explicit World(const std::string &text);
  ~World();
  World(const World &) = delete;
  World &operator=(const World &) = delete;

  int Open();
  void Close();

  /* Who it says that a pid is. */
  hpr_identity Who(int32_t pid);
  /* The process is gone, and whoever watches it is told. */
  void Die(int32_t pid);
  /* Lets the timer that tries to write again fire, if there is one. */
  void Retry();
  bool is_retrying() const;

  /* All that the registry says of its entries, and of the sessions' pids. */
  std::string State() const;
  std::string File() const { return Unpadded(path()).value_or("(none)"); }
  std::string path() const { return folder_ / "pids.json"; }
  std::vector<std::string> Leftovers() const { return NamesWith(folder_.path(), ".tmp"); }

  FaultyFiles files;
  std::vector<std::string> warnings; /* codes */
  std::set<int32_t> alive;
  std::set<int32_t> groups;              /* whose leader has ended */
  std::map<int32_t, hpr_ticket> tickets; /* for the story's use */
  std::set<uint64_t> asked;              /* requests that the registry took */
  std::map<uint64_t, int> answers;       /* how often it answered each */
  hpr_registry *registry = nullptr;

private:
  hpr_process_ops Processes();
  hpr_host Host();

  Folder folder_;
  bool wakes_ = false; /* its timer is set */
  std::map<uint64_t, int32_t> watches_;
};

#endif
