#include "platform/windows/ticks.h"

enum { NS_PER_TICK = 100 };

/* From 1601-01-01 to 1970-01-01, "Converting a time_t value to a FILETIME". */
static const int64_t ticks_at_1970 = INT64_C(116444736000000000);

uint64_t hpr_ticks(uint32_t low, uint32_t high) { return (uint64_t)high << 32 | low; }

static int64_t since_1970(uint64_t ticks) { return (int64_t)ticks - ticks_at_1970; }

int64_t hpr_ticks_to_ns(uint64_t ticks) { return since_1970(ticks) * NS_PER_TICK; }

int64_t hpr_ticks_to_ms(uint64_t ticks) { return since_1970(ticks) / HPR_TICKS_PER_MS; }
