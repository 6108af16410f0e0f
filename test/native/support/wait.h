/* support/wait.h: waiting for a condition, with a bound. */
#ifndef HPR_TEST_SUPPORT_WAIT_H
#define HPR_TEST_SUPPORT_WAIT_H

#include <chrono>
#include <thread>

/* Far more than anything here takes, also under a sanitizer on a busy machine. */
constexpr std::chrono::seconds kPatience{20};

/* Asks every millisecond; false if the condition did not come true in time. */
template <typename Condition>
bool Eventually(Condition condition, std::chrono::milliseconds patience = kPatience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

#endif
