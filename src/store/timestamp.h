/* store/timestamp.h: ISO 8601 times as JavaScript's toISOString writes them. */
#ifndef HPR_STORE_TIMESTAMP_H
#define HPR_STORE_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

enum { HPR_TIMESTAMP_SIZE = sizeof "2026-01-31T23:59:59.999Z" };

/* The times that the text form can hold: the years 0 to 9999. */
#define HPR_TIMESTAMP_MIN_MS INT64_C(-62167219200000)
#define HPR_TIMESTAMP_MAX_MS INT64_C(253402300799999)

/* Writes a time in ms since 1970; one out of range is moved to the nearest that can be written. */
void hpr_timestamp_write(int64_t time_ms, char ret_text[HPR_TIMESTAMP_SIZE]);

/* Reads "YYYY-MM-DDTHH:MM:SS[.mmm]Z"; false for anything else. */
bool hpr_timestamp_read(const char *text, int64_t *ret_time_ms);

#endif
