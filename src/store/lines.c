#include "store/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* The first line's separator is the array's bracket. */
#define HEAD "{\"entries\":"
#define SEPARATOR ",\n"

enum { FIRST_CAPACITY = 16 };

/* The place of an order: the line that has it, or before which it would stand. */
static size_t place_of(const hpr_lines *lines, uint64_t order) {
  size_t low = 0, high = lines->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (lines->lines[middle].order < order)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static bool has(const hpr_lines *lines, size_t place, uint64_t order) {
  return place < lines->count && lines->lines[place].order == order;
}

static size_t end_of(const hpr_lines *lines, size_t place) {
  return place + 1 < lines->count ? lines->lines[place + 1].at : lines->text.length;
}

/* The head comes with the first line, and stays. */
static int begin(hpr_lines *lines) {
  if (lines->text.length == 0) hpr_buffer_add(&lines->text, HEAD, strlen(HEAD));
  const bool failed = lines->text.failed;
  lines->text.failed = false;
  return failed ? HPR_ENOMEM : 0;
}

static void spoil(hpr_lines *lines, size_t place) {
  lines->changed = true;
  lines->lines[place].stale = true;
  if (place < lines->sound) lines->sound = place;
}

static int make_room(hpr_lines *lines) {
  if (lines->count < lines->capacity) return 0;
  const size_t capacity = lines->capacity ? lines->capacity * 2 : FIRST_CAPACITY;
  hpr_line *larger = realloc(lines->lines, capacity * sizeof *larger);
  if (!larger) return HPR_ENOMEM;
  lines->lines = larger;
  lines->capacity = capacity;
  return 0;
}

int hpr_lines_add(hpr_lines *lines, uint64_t order, void *entry) {
  const size_t place = place_of(lines, order);
  if (has(lines, place, order)) {
    lines->lines[place].entry = entry;
    spoil(lines, place);
    return 0;
  }
  if (make_room(lines) != 0 || begin(lines) != 0) return HPR_ENOMEM;
  lines->lines[lines->count++] =
      (hpr_line){.order = order, .entry = entry, .at = lines->text.length, .stale = true};
  lines->changed = true;
  return 0;
}

void hpr_lines_remove(hpr_lines *lines, uint64_t order, const void *entry) {
  const size_t place = place_of(lines, order);
  hpr_line *line = lines->lines + place;
  if (!has(lines, place, order) || line->entry != entry) return;
  lines->changed = true;
  char *text = lines->text.text;
  const size_t end = end_of(lines, place), length = end - line->at;
  memmove(text + line->at, text + end, lines->text.length - end);
  lines->text.length -= length;
  lines->count--;
  memmove(line, line + 1, (lines->count - place) * sizeof *line);
  for (size_t i = place; i < lines->count; i++) lines->lines[i].at -= length;
  if (place < lines->sound) lines->sound--;
}

void hpr_lines_spoil(hpr_lines *lines, uint64_t order) {
  const size_t place = place_of(lines, order);
  if (has(lines, place, order)) spoil(lines, place);
}

/* --- joining -------------------------------------------------------------------------------- */

/* All of it or nothing. */
static int append(hpr_lines *lines, const char *separator, const char *text, size_t length) {
  const size_t gap = strlen(separator);
  char *room = hpr_buffer_reserve(&lines->text, gap + length);
  if (!room) return HPR_ENOMEM;
  memcpy(room, separator, gap);
  memcpy(room + gap, text, length);
  lines->text.length += gap + length;
  return 0;
}

static int append_entry(hpr_lines *lines, const void *entry, hpr_line_write write) {
  const size_t before = lines->text.length;
  hpr_buffer_add(&lines->text, SEPARATOR, strlen(SEPARATOR));
  write(entry, &lines->text);
  if (!lines->text.failed) return 0;
  lines->text.length = before;
  return HPR_ENOMEM;
}

/* What cannot be put back has no text until it is made anew. */
static void lose(hpr_lines *lines, size_t place) {
  for (size_t i = place; i < lines->count; i++) {
    lines->lines[i].at = lines->text.length;
    lines->lines[i].stale = true;
  }
  lines->sound = place;
  lines->text.failed = false;
}

/* Puts the lines from `place` on behind the text, which ends before them; `rest` was their text. */
static int join(hpr_lines *lines, size_t place, hpr_span rest, hpr_line_write write) {
  const size_t before = lines->text.length;
  for (; place < lines->count; place++) {
    hpr_line *line = lines->lines + place;
    const size_t at = line->at - before;
    const bool last = place + 1 == lines->count;
    const size_t end = last ? rest.length : lines->lines[place + 1].at - before;
    line->at = lines->text.length;
    int result = line->stale ? append_entry(lines, line->entry, write)
                             : append(lines, "", rest.text + at, end - at);
    if (result != 0) {
      lose(lines, place);
      return result;
    }
    line->stale = false;
  }
  lines->sound = lines->count;
  return 0;
}

int hpr_lines_refresh(hpr_lines *lines, hpr_line_write write) {
  if (lines->sound == lines->count) return 0;
  const size_t start = lines->lines[lines->sound].at;
  const size_t length = lines->text.length - start;
  char *rest = malloc(length + 1);
  if (!rest) return HPR_ENOMEM;
  memcpy(rest, lines->text.text + start, length);
  lines->text.length = start;
  int result = join(lines, lines->sound, (hpr_span){.text = rest, .length = length}, write);
  free(rest);
  return result;
}

int hpr_lines_document(hpr_lines *lines, const hpr_document *others, hpr_span *ret_text) {
  hpr_buffer *text = &lines->text;
  if (begin(lines) != 0) return HPR_ENOMEM;
  const size_t length = text->length;
  if (lines->count > 0) text->text[strlen(HEAD)] = '[';
  hpr_buffer_add(text, lines->count > 0 ? "\n]" : "[]", 2);
  hpr_document_add_unknown(text, others);
  *ret_text = (hpr_span){.text = text->text, .length = text->length};
  const bool failed = text->failed;
  text->length = length;
  text->failed = false;
  return failed ? HPR_ENOMEM : 0;
}

void hpr_lines_add_to(const hpr_lines *lines, hpr_buffer *buffer) {
  const size_t gap = strlen(SEPARATOR);
  for (size_t i = 0; i < lines->count; i++) {
    const size_t at = lines->lines[i].at + gap;
    hpr_document_add(buffer, lines->text.text + at, end_of(lines, i) - at);
  }
}

void hpr_lines_done(hpr_lines *lines) {
  hpr_buffer_done(&lines->text);
  free(lines->lines);
  *lines = (hpr_lines){0};
}
