#include <gtest/gtest.h>

#include <set>
#include <string>

#include "support/native.h"

namespace {

/* --- unset ---------------------------------------------------------------------------------- */

TEST(Error, OfAnUnknownNumberIsUnknown) {
  for (const int number : {1, 4711, HPR_EWITHHELD - 1, -4711})
    EXPECT_STREQ("HPR_EUNKNOWN", hpr_error_name(number)) << number;
}

/* --- success -------------------------------------------------------------------------------- */

TEST(Error, HasANameAndATextOfItsOwn) {
  std::set<std::string> names, texts;
  for (int number = HPR_EPOLLED; number <= HPR_OK; number++) {
    const std::string name = hpr_error_name(number), text = hpr_error_text(number);
    EXPECT_EQ(number == HPR_OK ? "HPR_OK" : "HPR_E", name.substr(0, number == HPR_OK ? 6 : 5));
    EXPECT_FALSE(text.empty()) << name;
    EXPECT_NE('.', text.back()) << name;
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_TRUE(texts.insert(text).second) << text;
  }
}

/* Scripts may compare them. */
TEST(Error, KeepsItsNumber) {
  EXPECT_STREQ("HPR_EINVAL", hpr_error_name(-1));
  EXPECT_STREQ("HPR_ESRCH", hpr_error_name(-3));
  EXPECT_STREQ("HPR_EBUSY", hpr_error_name(-16));
  EXPECT_STREQ("HPR_EINTR", hpr_error_name(-23));
  EXPECT_STREQ("HPR_EPOLLED", hpr_error_name(-24));
}

} // namespace
