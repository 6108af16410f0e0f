#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

#include "support/native.h"

namespace {

class Lines : public testing::Test {
protected:
  ~Lines() override { hpr_lines_done(&lines_); }

  void Put(uint64_t order, const std::string &text) {
    auto entry = std::make_unique<std::string>(text);
    ASSERT_EQ(0, hpr_lines_add(&lines_, order, entry.get()));
    entries_[order].swap(entry);
  }

  void Remove(uint64_t order) {
    hpr_lines_remove(&lines_, order, entries_[order].get());
    entries_.erase(order);
  }

  /* As a write does it. */
  void Forget() {
    for (size_t i = 0; i < lines_.count; i++) lines_.list[i].stale = 0;
    lines_.change_count = 0;
    lines_.changed = false;
    hpr_lines_tidy(&lines_);
  }

  hpr_lines lines_ = {};
  std::map<uint64_t, std::unique_ptr<std::string>> entries_;
};

TEST_F(Lines, OfZeroesAreNone) {
  EXPECT_EQ(0u, hpr_lines_first(&lines_));
  EXPECT_EQ(0u, hpr_lines_find(&lines_, 1));
  hpr_lines_tidy(&lines_);
}

TEST_F(Lines, ThatWereNeverThereAreNotRemoved) {
  Put(1, "{}");
  Forget();
  hpr_lines_remove(&lines_, 2, nullptr);
  hpr_lines_spoil(&lines_, 2);
  EXPECT_FALSE(lines_.changed);
  EXPECT_EQ(1u, lines_.living);
}

TEST_F(Lines, AreStaleOnceHoweverOftenTheyChange) {
  Put(1, "{}");
  Put(2, "{}");
  Forget();
  for (int i = 0; i < 100; i++) hpr_lines_spoil(&lines_, 2);
  EXPECT_TRUE(lines_.changed);
  ASSERT_EQ(1u, lines_.change_count);
  EXPECT_EQ(2u, lines_.changes[0].order);
}

TEST_F(Lines, AreCountedWhileTheyAreStaleUnlessTheyAreRemoved) {
  Put(1, "{}");
  Put(2, "{}");
  EXPECT_EQ(2u, lines_.stale);
  Remove(2);
  EXPECT_EQ(1u, lines_.stale);
  Put(2, "{}");
  EXPECT_EQ(2u, lines_.stale);
  lines_.stale = 0;
  Forget();
  Remove(2);
  EXPECT_TRUE(lines_.changed);
  EXPECT_EQ(0u, lines_.stale);
  hpr_lines_spoil(&lines_, 2);
  EXPECT_EQ(0u, lines_.stale);
}

TEST_F(Lines, AreHandedOverInTheirPlace) {
  Put(1, "old");
  Put(2, "{}");
  std::string other = "new";
  ASSERT_EQ(0, hpr_lines_add(&lines_, 1, &other));
  hpr_lines_remove(&lines_, 1, entries_[1].get()); /* the one that had it: not its line any more */
  EXPECT_EQ(2u, lines_.living);
  EXPECT_EQ(&other, lines_.list[0].entry);
}

/* However many came and went: a server lives for years. */
TEST_F(Lines, TakeNoMoreRoomThanThoseThatAreThere) {
  for (uint64_t order = 1; order <= 100; order++) Put(order, "{}");
  for (uint64_t order = 101; order < 5000; order++) {
    Put(order, "{}");
    Remove(order - 100);
    Forget();
    ASSERT_LE(lines_.count, 2 * lines_.living + 16);
    ASSERT_EQ(order - 99, lines_.list[hpr_lines_first(&lines_)].order);
  }
  EXPECT_EQ(100u, lines_.living);
}

} // namespace
