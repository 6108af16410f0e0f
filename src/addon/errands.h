/* addon/errands.h: work that may wait for ever, on threads of its own, for one environment. */
#ifndef HPR_ADDON_ERRANDS_H
#define HPR_ADDON_ERRANDS_H

#include <node_api.h>

#include <memory>

namespace hpr {

/*
 * What is to be done elsewhere and told here. Whatever becomes of it, it is destroyed once: after
 * Deliver, or unheard, on any thread, when the environment has ended meanwhile.
 */
class Errand {
public:
  Errand() = default;
  virtual ~Errand() = default;
  Errand(const Errand &) = delete;
  Errand &operator=(const Errand &) = delete;

  /* On a thread of its own, without our descriptors; must not touch the environment. */
  virtual void Run() = 0;
  /* The one descriptor of ours that Run uses all the same; -1: none. */
  virtual int descriptor() const { return -1; }
  /* On the environment's thread. */
  virtual void Deliver(napi_env env) = 0;
};

/* False: no thread or no memory, and nothing was done. Does not keep the event loop alive. */
bool Start(napi_env env, std::unique_ptr<Errand> errand);

} // namespace hpr

#endif
