/* support/host.h: a registry on this system's own processes and files, and its host. */
#ifndef HPR_TEST_SUPPORT_HOST_H
#define HPR_TEST_SUPPORT_HOST_H

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "support/native.h"
#include "support/system.h"

extern "C" {
#include "core/registry.h"
}

class Host {
public:
  explicit Host(const std::string &pid_file);
  ~Host();
  Host(const Host &) = delete;
  Host &operator=(const Host &) = delete;

  /* Ours to kill under that session. */
  bool Register(pid_t pid, const std::string &session);
  bool Kill(const std::string &session);
  void Close();
  /* Does what the watching thread has announced so far. */
  void HearNotices();
  /* All that run, whatever they are for: time flies. */
  void FireTimers();
  size_t size() const { return hpr_registry_size(registry_); }
  hpr_registry *registry() { return registry_; }

  std::vector<int32_t> exits;
  std::vector<std::string> warnings; /* codes */

private:
  System system_;
  hpr_registry *registry_ = nullptr;
  bool wakes_ = false; /* its timer is set */
  size_t heard_ = 0;
};

#endif
