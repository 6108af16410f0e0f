#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "sim/random.h"

extern "C" {
#include "core/entry.h"
}

namespace {

/* Entries that are in one index, under keys that many of them have. */
class Index {
public:
  explicit Index(size_t count, std::vector<std::string> keys = {"key"}) : keys_(std::move(keys)) {
    for (size_t i = 0; i < count; i++) {
      entries_.push_back(std::make_unique<hpr_entry>());
      entries_.back()->order = i + 1;
      entries_.back()->row.cwd = keys_[i % keys_.size()].data();
      EXPECT_EQ(0, hpr_index_enter(&index_, entries_.back().get()));
    }
  }

  ~Index() {
    for (const auto &entry : entries_) {
      hpr_index_remove(&index_, HPR_BY_CWD, entry.get());
      hpr_index_leave(&index_, entry.get());
    }
    hpr_index_done(&index_);
  }
  Index(const Index &) = delete;
  Index &operator=(const Index &) = delete;

  const std::string &KeyOf(size_t number) const { return keys_[number % keys_.size()]; }

  void Add(size_t number) {
    ASSERT_EQ(0, hpr_index_add(&index_, HPR_BY_CWD, entries_[number].get()));
  }

  void Remove(size_t number) { hpr_index_remove(&index_, HPR_BY_CWD, entries_[number].get()); }

  /* Numbers of all entries of a key, oldest first. */
  std::vector<size_t> Find(const std::string &key) const {
    std::vector<size_t> found;
    const hpr_entry *it = hpr_index_find_text(&index_, HPR_BY_CWD, key.c_str());
    for (; it; it = hpr_index_newer(&index_, HPR_BY_CWD, it)) found.push_back(it->order - 1);
    return found;
  }

  bool IsEmpty() const { return index_.by[HPR_BY_CWD].keys == 0; }

  std::vector<size_t> All() const {
    std::vector<size_t> all(entries_.size());
    std::iota(all.begin(), all.end(), size_t{0});
    return all;
  }

private:
  std::vector<std::string> keys_;
  std::vector<std::unique_ptr<hpr_entry>> entries_;
  hpr_index index_ = {};
};

using Numbers = std::vector<size_t>;

void Shuffle(Numbers *numbers, uint64_t seed) {
  sim::Random random(seed);
  for (size_t i = numbers->size(); i > 1; i--)
    std::swap((*numbers)[i - 1], (*numbers)[random.Below(i)]);
}

/* --- unset ---------------------------------------------------------------------------------- */

TEST(Index, OfZeroesFindsNothing) {
  Index index(1);
  EXPECT_EQ(Numbers{}, index.Find("key"));
  index.Remove(0);
  EXPECT_TRUE(index.IsEmpty());
}

/* --- success -------------------------------------------------------------------------------- */

TEST(Index, FindsTheOldestFirstHoweverTheyCame) {
  Index index(5);
  Numbers order = index.All();
  do {
    for (const size_t number : order) index.Add(number);
    EXPECT_EQ(index.All(), index.Find("key"));
    for (const size_t number : order) index.Remove(number);
    EXPECT_TRUE(index.IsEmpty());
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Index, ForgetsInEveryOrder) {
  Index index(5);
  Numbers order = index.All();
  do {
    Numbers left = index.All();
    for (const size_t number : left) index.Add(number);
    for (const size_t number : order) {
      index.Remove(number);
      left.erase(std::find(left.begin(), left.end(), number));
      ASSERT_EQ(left, index.Find("key"));
    }
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST(Index, TellsKeysApartThatBeginAlike) {
  Index index(4, {"key", "key1", "ke", "kez"});
  for (const size_t number : index.All()) index.Add(number);
  for (const size_t number : index.All())
    EXPECT_EQ(Numbers{number}, index.Find(index.KeyOf(number)));
  EXPECT_EQ(Numbers{}, index.Find(""));
}

TEST(Index, TakesBackWhatWasRemoved) {
  Index index(3);
  for (const size_t number : index.All()) index.Add(number);
  index.Remove(0);
  index.Remove(0);
  EXPECT_EQ((Numbers{1, 2}), index.Find("key"));
  index.Add(0);
  EXPECT_EQ((Numbers{0, 1, 2}), index.Find("key"));
}

/* --- race ----------------------------------------------------------------------------------- */

TEST(Index, HoldsThousandsOfOneKey) {
  Index index(5000);
  for (const size_t number : index.All()) index.Add(number);
  EXPECT_EQ(index.All(), index.Find("key"));
  for (size_t number = 0; number < 5000; number++) {
    ASSERT_EQ(number, index.Find("key").front()) << "the next one stands for the key";
    index.Remove(number);
    if (number == 100) break;
  }
  for (size_t number = 4999; number > 101; number--) index.Remove(number);
  EXPECT_EQ(Numbers{101}, index.Find("key"));
}

TEST(Index, HoldsThousandsOfSomeKeysInAnyOrder) {
  Index index(3000, {"a", "b", "", "d", "a longer key than the others are"});
  Numbers order = index.All();
  Shuffle(&order, 1);
  for (const size_t number : order) index.Add(number);
  Shuffle(&order, 2);
  for (size_t i = 0; i < order.size(); i++) {
    index.Remove(order[i]);
    if (i % 500 != 0) continue;
    for (size_t key = 0; key < 5; key++) {
      Numbers left(order.begin() + static_cast<std::ptrdiff_t>(i) + 1, order.end());
      left.erase(std::remove_if(left.begin(), left.end(), [&](size_t it) { return it % 5 != key; }),
                 left.end());
      std::sort(left.begin(), left.end());
      ASSERT_EQ(left, index.Find(index.KeyOf(key)));
    }
  }
  EXPECT_TRUE(index.IsEmpty());
}

} // namespace
