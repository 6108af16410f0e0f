#include "store/scan.h"

#include <string.h>

#include "base/text.h"

static void skip_space(hpr_cursor *c) {
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r'))
    c->at++;
}

static bool take(hpr_cursor *c, char wanted) {
  if (c->at == c->end || *c->at != wanted) return false;
  c->at++;
  return true;
}

static bool take_word(hpr_cursor *c, const char *word) {
  size_t length = strlen(word);
  if ((size_t)(c->end - c->at) < length || memcmp(c->at, word, length) != 0) return false;
  c->at += length;
  return true;
}

static bool take_digits(hpr_cursor *c) {
  const char *start = c->at;
  while (c->at < c->end && *c->at >= '0' && *c->at <= '9') c->at++;
  return c->at > start;
}

static bool take_number(hpr_cursor *c) {
  const char *start = c->at;
  take(c, '-');
  if (!take(c, '0') && !take_digits(c)) return false;
  if (take(c, '.') && !take_digits(c)) return false;
  if (take(c, 'e') || take(c, 'E')) {
    if (!take(c, '+')) take(c, '-');
    if (!take_digits(c)) return false;
  }
  if (c->at - start > HPR_SCAN_NUMBER_LENGTH) c->unspeakable = true;
  /* "0123" would end here after its first digit */
  return c->at == c->end || *c->at < '0' || *c->at > '9';
}

/* The length of the UTF-8 sequence at `at`, 0 if it is none (RFC 3629, table in section 4). */
static size_t utf8_length(const unsigned char *at, size_t left) {
  static const struct {
    unsigned char lead_first, lead_last, next_first, next_last;
    size_t length;
  } rows[] = {
      {0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
      {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
      {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4},
  };
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (at[0] < rows[i].lead_first || at[0] > rows[i].lead_last) continue;
    if (left < rows[i].length || at[1] < rows[i].next_first || at[1] > rows[i].next_last) return 0;
    for (size_t k = 2; k < rows[i].length; k++)
      if (at[k] < 0x80 || at[k] > 0xBF) return 0;
    return rows[i].length;
  }
  return 0;
}

/* Takes the XXXX of \uXXXX; -1 if it is not there. */
static int take_unit(hpr_cursor *c) {
  int unit = 0;
  for (int i = 0; i < 4; i++) {
    int digit = c->at < c->end ? hpr_hex_digit(*c->at++) : -1;
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

static bool is_low_half(int unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

static bool take_escape(hpr_cursor *c) {
  if (c->at == c->end) return false;
  char letter = *c->at++;
  if (letter != 'u') return letter != '\0' && strchr("\"\\/bfnrt", letter) != NULL;
  int unit = take_unit(c);
  if (unit < 0) return false;
  if (unit == 0 || is_low_half(unit)) c->unspeakable = true;
  if (unit < 0xD800 || unit > 0xDBFF) return true;
  hpr_cursor next = *c;
  if (take(&next, '\\') && take(&next, 'u') && is_low_half(take_unit(&next)))
    c->at = next.at;
  else
    c->unspeakable = true;
  return true;
}

static bool take_string(hpr_cursor *c) {
  if (!take(c, '"')) return false;
  while (c->at < c->end) {
    unsigned char byte = (unsigned char)*c->at;
    if (byte == '"') {
      c->at++;
      return true;
    }
    if (byte < 0x20) return false;
    if (byte == '\\') {
      c->at++;
      if (!take_escape(c)) return false;
      continue;
    }
    if (byte < 0x80) {
      c->at++;
      continue;
    }
    size_t length = utf8_length((const unsigned char *)c->at, (size_t)(c->end - c->at));
    if (length == 0) return false;
    c->at += length;
  }
  return false;
}

static bool take_value(hpr_cursor *c, int depth);

static bool take_container(hpr_cursor *c, char open, char close, int depth) {
  if (depth == 0 || !hpr_scan_open(c, open)) return false;
  bool first = true, failed = false;
  while (hpr_scan_more(c, close, &first, &failed)) {
    hpr_span key;
    if (open == '{' && !hpr_scan_key(c, &key)) return false;
    if (!take_value(c, depth - 1)) return false;
  }
  return !failed;
}

static bool take_value(hpr_cursor *c, int depth) {
  skip_space(c);
  if (c->at == c->end) return false;
  switch (*c->at) {
  case '{': return take_container(c, '{', '}', depth);
  case '[': return take_container(c, '[', ']', depth);
  case '"': return take_string(c);
  case 't': return take_word(c, "true");
  case 'f': return take_word(c, "false");
  case 'n': return take_word(c, "null");
  default: return take_number(c);
  }
}

bool hpr_scan_value(hpr_cursor *cursor, hpr_span *ret_value) {
  skip_space(cursor);
  const char *start = cursor->at;
  if (!take_value(cursor, HPR_SCAN_DEPTH)) return false;
  *ret_value = (hpr_span){start, (size_t)(cursor->at - start)};
  skip_space(cursor);
  return true;
}

bool hpr_scan_open(hpr_cursor *cursor, char bracket) {
  skip_space(cursor);
  return take(cursor, bracket);
}

bool hpr_scan_more(hpr_cursor *cursor, char bracket, bool *first, bool *ret_failed) {
  skip_space(cursor);
  *ret_failed = false;
  if (take(cursor, bracket)) return false;
  if (!*first && !take(cursor, ',')) {
    *ret_failed = true;
    return false;
  }
  *first = false;
  return true;
}

bool hpr_scan_key(hpr_cursor *cursor, hpr_span *ret_key) {
  skip_space(cursor);
  const char *start = cursor->at;
  if (!take_string(cursor)) return false;
  *ret_key = (hpr_span){start, (size_t)(cursor->at - start)};
  skip_space(cursor);
  return take(cursor, ':');
}

bool hpr_scan_at_end(hpr_cursor cursor) {
  skip_space(&cursor);
  return cursor.at == cursor.end;
}
