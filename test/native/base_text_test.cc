#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>

extern "C" {
#include "base/text.h"
}

namespace {

std::string Decimal(uint64_t number, int least) {
  char text[32];
  return std::string(text, hpr_print_decimal(text, number, least));
}

std::string Hex(uint64_t number, int least) {
  char text[32];
  return std::string(text, hpr_print_hex(text, number, least));
}

TEST(Text, IsTheSameToTheLetter) {
  EXPECT_TRUE(hpr_same_text("a", "a"));
  EXPECT_FALSE(hpr_same_text("a", "A"));
  EXPECT_FALSE(hpr_same_text(nullptr, nullptr));
}

TEST(Text, HasTheDigitsOfANumber) {
  EXPECT_EQ("0", Decimal(0, 1));
  EXPECT_EQ("007", Decimal(7, 3));
  EXPECT_EQ("1234", Decimal(1234, 2));
  EXPECT_EQ("18446744073709551615", Decimal(UINT64_MAX, 1));
  EXPECT_EQ("0", Hex(0, 1));
  EXPECT_EQ("00ab", Hex(0xab, 4));
  EXPECT_EQ("ffffffffffffffff", Hex(UINT64_MAX, 16));
}

} // namespace
