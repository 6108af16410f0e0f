/* sim/watcher.h: the simulated system, and the watching threads of all servers, without threads. */
#ifndef HPR_TEST_SIM_WATCHER_H
#define HPR_TEST_SIM_WATCHER_H

#include <map>
#include <set>

#include "sim/kernel.h"

extern "C" {
#include "platform/system.h"
}

struct hpr_watcher {
  struct Item {
    int fd; /* -1: to be probed */
    bool group;
    hpr_identity identity;
  };

  /* Takes the watch out. False: there is none of that number. */
  bool Remove(uint64_t watch);
  /* And gives its notice. */
  void Fire(uint64_t watch);

  const sim::Kernel *host;
  sim::Serial owner;
  uint64_t number; /* a process may have several */
  hpr_exit_notice notice;
  void *notice_context;
  hpr_watch_probe probe;
  const void *probe_context;
  std::map<uint64_t, Item> items;
};

namespace sim {

/* Answers as the_kernel does, in the name of the_kernel->self. */
extern const hpr_system the_system;

/* By owner and number, and not by address, so that a seed always tells the same story. */
struct OlderFirst {
  bool operator()(const hpr_watcher *a, const hpr_watcher *b) const;
};

extern std::set<hpr_watcher *, OlderFirst> the_watchers;

/* A process has just died: whoever holds a descriptor of it is told. */
void ExitSeen(Serial serial);

/*
 * Ten times a second, for what no descriptor could be had for, by the watcher whose notices have
 * that context. Call it as its process.
 */
void ProbeAll(const void *context);

} // namespace sim

#endif
