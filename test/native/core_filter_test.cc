#include <gtest/gtest.h>

#include <memory>
#include <string>

extern "C" {
#include "core/filter.h"
}

namespace {

class Filter : public testing::Test {
protected:
  void Add(const std::string &name) { hpr_filter_add(filter_.get(), name.data(), name.size()); }
  void Remove(const std::string &name) {
    hpr_filter_remove(filter_.get(), name.data(), name.size());
  }
  bool MayHave(const std::string &name) const {
    return hpr_filter_may_have(filter_.get(), name.data(), name.size());
  }
  size_t CountOthers(size_t of) const {
    size_t count = 0;
    for (size_t i = 0; i < of; i++) count += MayHave("other-" + std::to_string(i));
    return count;
  }

private:
  std::unique_ptr<hpr_filter> filter_ = std::make_unique<hpr_filter>();
};

TEST_F(Filter, HasNothingAtFirst) {
  EXPECT_FALSE(MayHave("token"));
  EXPECT_FALSE(MayHave(""));
}

TEST_F(Filter, HasANameUntilItIsRemovedAsOften) {
  for (const char *name : {"", "t", "1234567", "12345678", "123456789", "\xC3\xA9"}) {
    Add(name);
    Add(name);
    Remove(name);
    EXPECT_TRUE(MayHave(name)) << name;
    Remove(name);
    EXPECT_FALSE(MayHave(name)) << name;
  }
}

TEST_F(Filter, TellsTenThousandNamesFromOthers) {
  for (size_t i = 0; i < 10000; i++) Add("token-" + std::to_string(i));
  for (size_t i = 0; i < 10000; i++) EXPECT_TRUE(MayHave("token-" + std::to_string(i)));
  EXPECT_LT(CountOthers(10000), 500U);
}

TEST_F(Filter, NeverDeniesANameOfWhichItHasLostCount) {
  for (int i = 0; i < 300; i++) Add("name");
  for (int i = 0; i < 299; i++) Remove("name");
  EXPECT_TRUE(MayHave("name"));
}

} // namespace
