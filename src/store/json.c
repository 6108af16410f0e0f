#include "store/json.h"

#include <string.h>

#include "base/text.h"

/* Of 64 bits: 19 digits and a sign. */
enum { DIGITS = 20 };

static void add(hpr_buffer *buffer, const char *text) {
  hpr_buffer_add(buffer, text, strlen(text));
}

static void add_byte(hpr_buffer *buffer, char byte) { hpr_buffer_add(buffer, &byte, 1); }

static void separate(hpr_buffer *buffer) {
  const char last = buffer->length > 0 ? buffer->text[buffer->length - 1] : '[';
  if (last != '{' && last != '[') add_byte(buffer, ',');
}

static void begin(hpr_buffer *buffer, const char *key) {
  separate(buffer);
  const size_t length = key ? strlen(key) : 0;
  char *room = key ? hpr_buffer_reserve(buffer, length + strlen("\"\":")) : NULL;
  if (!room) return;
  room[0] = '"';
  memcpy(room + 1, key, length);
  memcpy(room + 1 + length, "\":", strlen("\":"));
  buffer->length += length + strlen("\"\":");
}

/* 0: it stands for itself. 'u': it has no letter. RFC 8259, section 7. */
static char escape_of(unsigned char byte) {
  switch (byte) {
  case '"':
  case '\\': return (char)byte;
  case '\b': return 'b';
  case '\f': return 'f';
  case '\n': return 'n';
  case '\r': return 'r';
  case '\t': return 't';
  default: return byte < 0x20 ? 'u' : 0;
  }
}

static void add_escape(hpr_buffer *buffer, unsigned char byte, char letter) {
  static const char digits[] = "0123456789abcdef";
  const char text[] = {'\\', letter, '0', '0', digits[byte >> 4], digits[byte & 15]};
  hpr_buffer_add(buffer, text, letter == 'u' ? sizeof text : 2);
}

static void add_string(hpr_buffer *buffer, const char *text) {
  add_byte(buffer, '"');
  const char *plain = text; /* from here on nothing has to be escaped */
  for (; *text; text++) {
    const char letter = escape_of((unsigned char)*text);
    if (!letter) continue;
    hpr_buffer_add(buffer, plain, (size_t)(text - plain));
    add_escape(buffer, (unsigned char)*text, letter);
    plain = text + 1;
  }
  hpr_buffer_add(buffer, plain, (size_t)(text - plain));
  add_byte(buffer, '"');
}

void hpr_json_open(hpr_buffer *buffer, const char *key, char bracket) {
  begin(buffer, key);
  add_byte(buffer, bracket);
}

void hpr_json_text(hpr_buffer *buffer, const char *key, const char *text) {
  begin(buffer, key);
  add_string(buffer, text);
}

void hpr_json_number(hpr_buffer *buffer, const char *key, int64_t number) {
  char text[DIGITS] = "-";
  const char *end = number < 0 ? hpr_print_decimal(text + 1, 0 - (uint64_t)number, 1)
                               : hpr_print_decimal(text, (uint64_t)number, 1);
  begin(buffer, key);
  hpr_buffer_add(buffer, text, (size_t)(end - text));
}

void hpr_json_flag(hpr_buffer *buffer, const char *key, bool flag) {
  begin(buffer, key);
  add(buffer, flag ? "true" : "false");
}

void hpr_json_value(hpr_buffer *buffer, const char *key, const char *value) {
  begin(buffer, key);
  add(buffer, value);
}

void hpr_json_members(hpr_buffer *buffer, const char *members) {
  separate(buffer);
  add(buffer, members);
}

void hpr_json_close(hpr_buffer *buffer, char bracket) { add_byte(buffer, bracket); }
