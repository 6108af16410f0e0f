#include <gtest/gtest.h>

extern "C" {
#include "base/shared.h"
}

namespace {

TEST(Shared, IsACopyThatLivesUntilItsLastUse) {
  char text[] = "/work";
  char *one = hpr_shared_new(text);
  ASSERT_NE(nullptr, one);
  text[1] = 'x';
  EXPECT_STREQ("/work", one);
  EXPECT_EQ(one, hpr_shared_use(one));
  EXPECT_EQ(2U, hpr_shared_uses(one));
  hpr_shared_drop(one);
  EXPECT_EQ(1U, hpr_shared_uses(one));
  EXPECT_STREQ("/work", one);
  hpr_shared_drop(one);
  hpr_shared_drop(nullptr);
}

} // namespace
