#include "store/timestamp.h"

#include <string.h>

#include "base/text.h"

/* By hand, because gmtime_r and timegm are missing on Windows and timegm from C11 as well. */
#define DAY_MS INT64_C(86400000)

enum {
  DAYS_IN_400_YEARS = 146097,
  DAYS_TO_1970 = 719468, /* from 1 March of the year 0, where leap days come last in a year */
};

static int64_t days_since_1970(int64_t year, int64_t month, int64_t day) {
  if (month <= 2) year--; /* January and February belong to the year before */
  int64_t from_march = (month + 9) % 12;
  int64_t cycle = (year >= 0 ? year : year - 399) / 400;
  int64_t of_cycle = year - cycle * 400;
  int64_t of_year = (153 * from_march + 2) / 5 + day - 1;
  return cycle * DAYS_IN_400_YEARS + of_cycle * 365 + of_cycle / 4 - of_cycle / 100 + of_year -
         DAYS_TO_1970;
}

static void date_of(int64_t days, int *ret_year, int *ret_month, int *ret_day) {
  days += DAYS_TO_1970;
  int64_t cycle = (days >= 0 ? days : days - DAYS_IN_400_YEARS + 1) / DAYS_IN_400_YEARS;
  int64_t of_cycle = days - cycle * DAYS_IN_400_YEARS;
  int64_t year = (of_cycle - of_cycle / 1460 + of_cycle / 36524 - of_cycle / 146096) / 365;
  int64_t of_year = of_cycle - (365 * year + year / 4 - year / 100);
  int64_t from_march = (5 * of_year + 2) / 153;
  *ret_day = (int)(of_year - (153 * from_march + 2) / 5 + 1);
  *ret_month = (int)(from_march < 10 ? from_march + 3 : from_march - 9);
  *ret_year = (int)(year + cycle * 400 + (*ret_month <= 2));
}

void hpr_timestamp_write(int64_t time_ms, char ret_text[HPR_TIMESTAMP_SIZE]) {
  if (time_ms < HPR_TIMESTAMP_MIN_MS) time_ms = HPR_TIMESTAMP_MIN_MS;
  if (time_ms > HPR_TIMESTAMP_MAX_MS) time_ms = HPR_TIMESTAMP_MAX_MS;
  int64_t days = (time_ms >= 0 ? time_ms : time_ms - DAY_MS + 1) / DAY_MS;
  unsigned rest = (unsigned)(time_ms - days * DAY_MS);
  int year, month, day;
  date_of(days, &year, &month, &day);
  const struct {
    char before;
    unsigned number;
    int digits;
  } parts[] = {{'-', (unsigned)month, 2},   {'-', (unsigned)day, 2},    {'T', rest / 3600000, 2},
               {':', rest / 60000 % 60, 2}, {':', rest / 1000 % 60, 2}, {'.', rest % 1000, 3}};
  char *at = hpr_print_decimal(ret_text, (uint64_t)year, 4);
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    *at++ = parts[i].before;
    at = hpr_print_decimal(at, parts[i].number, parts[i].digits);
  }
  memcpy(at, "Z", 2);
}

/* The digits of text where the pattern has a 0; false if the rest does not match it. */
static bool matches(const char *text, const char *pattern) {
  for (; *pattern; text++, pattern++) {
    bool digit = *text >= '0' && *text <= '9';
    if (*pattern == '0' ? !digit : *text != *pattern) return false;
  }
  return *text == '\0';
}

static int number(const char *digits, int count) {
  int value = 0;
  while (count-- > 0) value = value * 10 + (*digits++ - '0');
  return value;
}

bool hpr_timestamp_read(const char *text, int64_t *ret_time_ms) {
  bool with_ms = matches(text, "0000-00-00T00:00:00.000Z");
  if (!with_ms && !matches(text, "0000-00-00T00:00:00Z")) return false;
  int year = number(text, 4), month = number(text + 5, 2), day = number(text + 8, 2);
  int hour = number(text + 11, 2), minute = number(text + 14, 2), second = number(text + 17, 2);
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return false;
  int64_t days = days_since_1970(year, month, day);
  int year_back, month_back, day_back;
  date_of(days, &year_back, &month_back, &day_back);
  if (day_back != day) return false; /* the 31st of a month with 30 days */
  *ret_time_ms = days * DAY_MS + hour * INT64_C(3600000) + minute * INT64_C(60000) +
                 second * INT64_C(1000) + (with_ms ? number(text + 20, 3) : 0);
  return true;
}
