#include "base/buffer.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 4096 };

char *hpr_buffer_reserve(hpr_buffer *buffer, size_t size) {
  if (buffer->failed) return NULL;
  size_t wanted = buffer->length + size;
  if (wanted > buffer->capacity) {
    size_t capacity = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;
    while (capacity < wanted) capacity *= 2;
    char *text = realloc(buffer->text, capacity);
    if (!text) {
      buffer->failed = true;
      return NULL;
    }
    buffer->text = text;
    buffer->capacity = capacity;
  }
  return buffer->text + buffer->length;
}

void hpr_buffer_add(hpr_buffer *buffer, const char *text, size_t length) {
  char *room = hpr_buffer_reserve(buffer, length);
  if (!room) return;
  memcpy(room, text, length);
  buffer->length += length;
}

void hpr_buffer_clear(hpr_buffer *buffer) {
  buffer->length = 0;
  buffer->failed = false;
}

void hpr_buffer_done(hpr_buffer *buffer) {
  free(buffer->text);
  *buffer = (hpr_buffer){0};
}
