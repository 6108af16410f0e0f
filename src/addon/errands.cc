#include "addon/errands.h"

#include <condition_variable>
#include <forward_list>
#include <mutex>
#include <utility>

#include "addon/values.h"

extern "C" {
#include "platform/errand.h"
}

namespace hpr {

namespace {

/*
 * The way back, which threads that outlive the environment share with it. They have left our
 * descriptors, by which Node is woken, so a thread that has not carries what they bring.
 */
class Returns : public std::enable_shared_from_this<Returns> {
public:
  bool Open(napi_env env) {
    napi_value name = Text(env, "headless-pid-registry-errands");
    if (napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr,
                                        nullptr, Arrived, &queue_) != napi_ok)
      return false;
    napi_unref_threadsafe_function(env, queue_);
    auto carrier = std::make_unique<std::shared_ptr<Returns>>(shared_from_this());
    if (hpr_errand_start(Carry, carrier.get()) != 0) return false;
    (void)carrier.release(); /* the thread's now */
    return true;
  }

  void Close() {
    const std::lock_guard<std::mutex> guard(lock_);
    if (queue_) napi_release_threadsafe_function(queue_, napi_tsfn_abort);
    queue_ = nullptr;
    changed_.notify_one();
  }

  void Post(std::unique_ptr<Errand> errand) {
    const std::lock_guard<std::mutex> guard(lock_);
    if (!queue_) return;
    back_.push_front(std::move(errand));
    changed_.notify_one();
  }

private:
  static void Carry(void *context) {
    const std::unique_ptr<std::shared_ptr<Returns>> it(
        static_cast<std::shared_ptr<Returns> *>(context));
    (*it)->Carry();
  }

  void Carry() {
    std::unique_lock<std::mutex> guard(lock_);
    while (queue_) {
      for (; !back_.empty(); back_.pop_front()) Tell(std::move(back_.front()));
      changed_.wait(guard);
    }
    back_.clear();
  }

  void Tell(std::unique_ptr<Errand> errand) {
    if (napi_call_threadsafe_function(queue_, errand.get(), napi_tsfn_nonblocking) == napi_ok)
      (void)errand.release(); /* the queue's now */
  }

  static void Arrived(napi_env env, napi_value, void *, void *data) {
    const std::unique_ptr<Errand> errand(static_cast<Errand *>(data));
    if (env) errand->Deliver(env); /* else the queue is only being emptied */
  }

  std::mutex lock_;
  std::condition_variable changed_;
  std::forward_list<std::unique_ptr<Errand>> back_;
  napi_threadsafe_function queue_ = nullptr; /* NULL: the environment has ended */
};

using SharedReturns = std::shared_ptr<Returns>;

void EnvironmentEnds(void *returns) { (*static_cast<SharedReturns *>(returns))->Close(); }

/* Kept as the environment's instance data. NULL: no memory, or the environment ends. */
SharedReturns *ReturnsOf(napi_env env) {
  void *data = nullptr;
  if (napi_get_instance_data(env, &data) == napi_ok && data)
    return static_cast<SharedReturns *>(data);
  auto *made = new SharedReturns(std::make_shared<Returns>());
  const napi_finalize free = [](napi_env, void *it, void *) {
    delete static_cast<SharedReturns *>(it);
  };
  if (!(*made)->Open(env) || napi_set_instance_data(env, made, free, nullptr) != napi_ok) {
    (*made)->Close();
    delete made;
    return nullptr;
  }
  /* Behind the queue's own hook, so that it is called before it. */
  napi_add_env_cleanup_hook(env, EnvironmentEnds, made);
  return made;
}

struct Journey {
  SharedReturns returns;
  std::unique_ptr<Errand> errand;
};

void Travel(void *context) {
  const std::unique_ptr<Journey> it(static_cast<Journey *>(context));
  hpr_errand_leave_files(it->errand->descriptor());
  it->errand->Run();
  it->returns->Post(std::move(it->errand));
}

} // namespace

bool Start(napi_env env, std::unique_ptr<Errand> errand) {
  const SharedReturns *returns = ReturnsOf(env);
  if (!returns) return false;
  auto journey = std::make_unique<Journey>(Journey{*returns, std::move(errand)});
  if (hpr_errand_start(Travel, journey.get()) != 0) return false;
  (void)journey.release(); /* the thread's now */
  return true;
}

} // namespace hpr
