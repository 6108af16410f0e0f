/* base/buffer.h: text that grows, and remembers if it could not. */
#ifndef HPR_BASE_BUFFER_H
#define HPR_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* All zero is an empty buffer. */
typedef struct hpr_buffer {
  char *text; /* not ended by NUL */
  size_t length, capacity;
  bool failed; /* out of memory: text is incomplete, further calls do nothing */
} hpr_buffer;

void hpr_buffer_add(hpr_buffer *buffer, const char *text, size_t length);

/* Makes room for `size` more bytes behind the text; NULL if there is no memory. */
char *hpr_buffer_reserve(hpr_buffer *buffer, size_t size);

/* Empties it and keeps the memory for the next text. */
void hpr_buffer_clear(hpr_buffer *buffer);

void hpr_buffer_done(hpr_buffer *buffer);

#endif
