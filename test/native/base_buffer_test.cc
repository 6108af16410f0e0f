#include <gtest/gtest.h>

#include <string>

#include "support/native.h"

namespace {

TEST(Buffer, OfZeroesIsEmptyAndNeedsNoRelease) {
  hpr_buffer buffer = {};
  hpr_buffer_clear(&buffer);
  EXPECT_EQ(0u, buffer.length);
  hpr_buffer_done(&buffer);
  EXPECT_EQ(nullptr, buffer.text);
}

TEST(Buffer, KeepsWhatIsAddedAcrossItsGrowth) {
  hpr_buffer buffer = {};
  std::string expected;
  for (int i = 0; i < 20000; i++) {
    const std::string piece = std::to_string(i) + ",";
    hpr_buffer_add(&buffer, piece.data(), piece.size());
    expected += piece;
  }
  EXPECT_FALSE(buffer.failed);
  EXPECT_EQ(expected, std::string(buffer.text, buffer.length));
  hpr_buffer_done(&buffer);
}

TEST(Buffer, KeepsItsMemoryWhenCleared) {
  hpr_buffer buffer = {};
  hpr_buffer_add(&buffer, "text", 4);
  const char *memory = buffer.text;
  hpr_buffer_clear(&buffer);
  hpr_buffer_add(&buffer, "new", 3);
  EXPECT_EQ(memory, buffer.text);
  EXPECT_EQ("new", std::string(buffer.text, buffer.length));
  hpr_buffer_done(&buffer);
}

TEST(Buffer, DoesNothingMoreOnceItFailed) {
  hpr_buffer buffer = {};
  hpr_buffer_add(&buffer, "text", 4);
  buffer.failed = true;
  hpr_buffer_add(&buffer, "more", 4);
  EXPECT_EQ(4u, buffer.length);
  EXPECT_EQ(nullptr, hpr_buffer_reserve(&buffer, 1));
  hpr_buffer_clear(&buffer);
  EXPECT_FALSE(buffer.failed);
  hpr_buffer_done(&buffer);
}

} // namespace
