#include <gtest/gtest.h>
#include <time.h>

#include <cstdio>
#include <string>

#include "support/native.h"

namespace {

constexpr int64_t kDayMs = 86400000;

std::string Written(int64_t time_ms) {
  char text[HPR_TIMESTAMP_SIZE];
  hpr_timestamp_write(time_ms, text);
  return text;
}

const struct {
  const char *text;
  int64_t time_ms;
} facts[] = {
    /* Times as JavaScript's Date.parse gives them. */
    {"1970-01-01T00:00:00.000Z", 0},
    {"1969-12-31T23:59:59.999Z", -1},
    {"1969-12-31T00:00:00.000Z", -86400000},
    {"1970-01-01T00:00:00.001Z", 1},
    {"2000-02-29T12:34:56.789Z", 951827696789},
    {"2001-09-09T01:46:40.000Z", 1000000000000},
    {"2024-02-29T23:59:59.999Z", 1709251199999},
    {"2024-03-01T00:00:00.000Z", 1709251200000},
    {"2100-02-28T23:59:59.999Z", 4107542399999},
    {"2100-03-01T00:00:00.000Z", 4107542400000},
    {"2026-12-31T23:59:59.000Z", 1798761599000},
    {"1900-03-01T00:00:00.000Z", -2203891200000},
    {"0000-01-01T00:00:00.000Z", -62167219200000},
    {"0000-02-29T00:00:00.000Z", -62162121600000},
    {"9999-12-31T23:59:59.999Z", 253402300799999},
};

TEST(Timestamp, RefusesEmptyText) {
  int64_t time_ms = 7;
  EXPECT_FALSE(hpr_timestamp_read("", &time_ms));
  EXPECT_EQ(7, time_ms) << "outputs are written only on success";
}

TEST(Timestamp, WritesKnownTimes) {
  for (const auto &fact : facts) EXPECT_EQ(fact.text, Written(fact.time_ms));
}

TEST(Timestamp, ReadsKnownTimes) {
  for (const auto &fact : facts) {
    int64_t time_ms = 7;
    EXPECT_TRUE(hpr_timestamp_read(fact.text, &time_ms)) << fact.text;
    EXPECT_EQ(fact.time_ms, time_ms) << fact.text;
  }
}

TEST(Timestamp, ReadsTimesWithoutMilliseconds) {
  int64_t time_ms = 7;
  ASSERT_TRUE(hpr_timestamp_read("2000-02-29T12:34:56Z", &time_ms));
  EXPECT_EQ(951827696000, time_ms);
}

TEST(Timestamp, MovesTimesOutOfRangeToTheNearest) {
  EXPECT_EQ("0000-01-01T00:00:00.000Z", Written(HPR_TIMESTAMP_MIN_MS - 1));
  EXPECT_EQ("0000-01-01T00:00:00.000Z", Written(INT64_MIN));
  EXPECT_EQ("9999-12-31T23:59:59.999Z", Written(HPR_TIMESTAMP_MAX_MS + 1));
  EXPECT_EQ("9999-12-31T23:59:59.999Z", Written(INT64_MAX));
}

TEST(Timestamp, RefusesDaysThatDoNotExist) {
  for (const char *text :
       {"2023-02-29T00:00:00.000Z", "2024-02-30T00:00:00.000Z", "1900-02-29T00:00:00.000Z",
        "2100-02-29T00:00:00.000Z", "2024-04-31T00:00:00.000Z", "2024-06-31T00:00:00.000Z",
        "2024-09-31T00:00:00.000Z", "2024-11-31T00:00:00.000Z", "2024-01-32T00:00:00.000Z",
        "2024-01-00T00:00:00.000Z", "2024-00-01T00:00:00.000Z", "2024-13-01T00:00:00.000Z",
        "2024-99-99T00:00:00.000Z", "2024-02-31T00:00:00.000Z", "2024-02-62T00:00:00.000Z"}) {
    int64_t time_ms = 7;
    EXPECT_FALSE(hpr_timestamp_read(text, &time_ms)) << text;
    EXPECT_EQ(7, time_ms) << text;
  }
}

TEST(Timestamp, RefusesHoursThatDoNotExist) {
  for (const char *text : {"2024-01-01T24:00:00.000Z", "2024-01-01T00:60:00.000Z",
                           "2024-01-01T23:59:60.000Z", "2024-01-01T99:00:00.000Z"}) {
    int64_t time_ms;
    EXPECT_FALSE(hpr_timestamp_read(text, &time_ms)) << text;
  }
}

TEST(Timestamp, RefusesOtherForms) {
  for (const char *text : {"2024-01-01",
                           "2024-01-01T00:00Z",
                           "2024-01-01T00:00:00",
                           "2024-01-01T00:00:00.000",
                           "2024-01-01T00:00:00.0Z",
                           "2024-01-01T00:00:00.00Z",
                           "2024-01-01T00:00:00.0000Z",
                           "2024-01-01T00:00:00.000+00:00",
                           "2024-01-01T00:00:00+01:00",
                           "2024-01-01 00:00:00.000Z",
                           "2024-01-01t00:00:00.000z",
                           " 2024-01-01T00:00:00.000Z",
                           "2024-01-01T00:00:00.000Z ",
                           "2024-1-1T00:00:00.000Z",
                           "24-01-01T00:00:00.000Z",
                           "-001-01-01T00:00:00.000Z",
                           "+002024-01-01T00:00:00.000Z",
                           "-000001-01-01T00:00:00.000Z",
                           "10000-01-01T00:00:00.000Z",
                           "2024-01-01T00:00:00,000Z",
                           "2024/01/01T00:00:00.000Z",
                           "1700000000000",
                           "garbage",
                           "Z",
                           "2024-01-01T00:00:00.000ZZ",
                           "2024-01-01T00:00:00.-01Z",
                           "2024-01-01T00:00:0\xD9\xA1Z"}) {
    int64_t time_ms;
    EXPECT_FALSE(hpr_timestamp_read(text, &time_ms)) << text;
  }
}

std::string ByTheSystem(int64_t time_ms) {
  int64_t seconds = time_ms / 1000, rest = time_ms % 1000;
  if (rest < 0) {
    rest += 1000;
    seconds--;
  }
  const time_t time = seconds;
  struct tm tm = {};
  gmtime_r(&time, &tm);
  char text[80];
  snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
           tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, static_cast<int>(rest));
  return text;
}

void ExpectAgreement(int64_t time_ms) {
  const std::string text = Written(time_ms);
  int64_t back = 0;
  ASSERT_EQ(ByTheSystem(time_ms), text) << time_ms;
  ASSERT_TRUE(hpr_timestamp_read(text.c_str(), &back)) << text;
  ASSERT_EQ(time_ms, back) << text;
}

TEST(Timestamp, AgreesWithTheSystemInAllYears) {
  /* 11 days and a bit, so that days, hours and milliseconds all wander. */
  constexpr int64_t kStepMs = 11 * kDayMs + 12345679;
  for (int64_t at = HPR_TIMESTAMP_MIN_MS; at <= HPR_TIMESTAMP_MAX_MS; at += kStepMs)
    ASSERT_NO_FATAL_FAILURE(ExpectAgreement(at));
}

TEST(Timestamp, AgreesWithTheSystemAroundEveryMidnightOfTwoCenturies) {
  struct tm tm = {};
  tm.tm_year = 1896 - 1900;
  tm.tm_mday = 1;
  const int64_t first_ms = static_cast<int64_t>(timegm(&tm)) * 1000;
  for (int64_t day = 0; day < int64_t{210} * 366; day++)
    for (int64_t offset_ms : {-1, 0})
      ASSERT_NO_FATAL_FAILURE(ExpectAgreement(first_ms + day * kDayMs + offset_ms));
}

} // namespace
