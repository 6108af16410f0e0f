/* store/scan.h: finds where JSON values begin and end, and refuses what is not strict JSON. */
#ifndef HPR_STORE_SCAN_H
#define HPR_STORE_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* Deeper nesting is refused: we write two levels, and recursion must stay far from the stack. */
enum { HPR_SCAN_DEPTH = 32 };

/* cJSON before 1.7.18 copies a number into so many bytes, and takes the rest for garbage. */
enum { HPR_SCAN_NUMBER_LENGTH = 63 };

/* Some text in a buffer that somebody else owns. */
typedef struct hpr_span {
  const char *text;
  size_t length;
} hpr_span;

/* A place in a text. Copy it to be able to go back. */
typedef struct hpr_cursor {
  const char *at, *end;
  bool unspeakable; /* set by what a C string cannot hold, \u0000 or half a surrogate pair, and by
                       longer numbers than HPR_SCAN_NUMBER_LENGTH */
} hpr_cursor;

/*
 * RFC 8259 to the letter, with valid UTF-8. Duplicate keys are not looked for here.
 * Takes one value and the white space around it; false leaves the cursor anywhere.
 */
bool hpr_scan_value(hpr_cursor *cursor, hpr_span *ret_value);

/*
 * Takes the opening bracket of an object or array, then its items one by one, then the end.
 *
 *   if (!hpr_scan_open(&c, '{')) …not an object
 *   for (bool first = true; hpr_scan_more(&c, '}', &first, &failed);) …take an item
 */
bool hpr_scan_open(hpr_cursor *cursor, char bracket);
bool hpr_scan_more(hpr_cursor *cursor, char bracket, bool *first, bool *ret_failed);

/* Takes `"key" :`; the span has the quotes on. */
bool hpr_scan_key(hpr_cursor *cursor, hpr_span *ret_key);

/* True if nothing but white space is left. */
bool hpr_scan_at_end(hpr_cursor cursor);

#endif
