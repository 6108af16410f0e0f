#include "base/text.h"

#include <string.h>

bool hpr_same_text(const char *a, const char *b) { return a && b && strcmp(a, b) == 0; }

int hpr_hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

void hpr_join_words(char *words, size_t size) {
  while (size > 0 && words[size - 1] == '\0') size--;
  for (size_t i = 0; i < size; i++)
    if (words[i] == '\0') words[i] = ' ';
}

static char *put(char *text, const char *last_first, int count, int least) {
  for (; least > count; least--) *text++ = '0';
  while (count > 0) *text++ = last_first[--count];
  return text;
}

char *hpr_print_decimal(char *text, uint64_t number, int least) {
  char digits[20]; /* of 64 bits */
  int count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while ((number /= 10) > 0);
  return put(text, digits, count, least);
}

char *hpr_print_hex(char *text, uint64_t number, int least) {
  char digits[16];
  int count = 0;
  do digits[count++] = "0123456789abcdef"[number & 15];
  while ((number >>= 4) > 0);
  return put(text, digits, count, least);
}
