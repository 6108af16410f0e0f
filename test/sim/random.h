/* sim/random.h: numbers that are the same for the same seed, on every machine. */
#ifndef HPR_TEST_SIM_RANDOM_H
#define HPR_TEST_SIM_RANDOM_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sim {

class Random {
public:
  explicit Random(uint64_t seed) : state_(seed) {}

  /* splitmix64 */
  uint64_t Next() {
    uint64_t z = state_ += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  /* From 0 to below `bound`, which is 1 or more. */
  size_t Below(size_t bound) { return static_cast<size_t>(Next() % bound); }

  bool OneIn(size_t n) { return Below(n) == 0; }

  template <typename T> const T &Pick(const std::vector<T> &from) {
    return from[Below(from.size())];
  }

  /* Each as often as its `weight` says. */
  template <typename T> const T &PickByWeight(const std::vector<T> &from) {
    size_t total = 0, chosen = 0;
    for (const T &it : from) total += it.weight;
    size_t left = Below(total);
    while (left >= from[chosen].weight) left -= from[chosen++].weight;
    return from[chosen];
  }

private:
  uint64_t state_;
};

} // namespace sim

#endif
