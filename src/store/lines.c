#include "store/lines.h"

#include <stdlib.h>

#include "base/error.h"

enum {
  FIRST_CAPACITY = 16,
  CHANGES_KEPT = 256, /* more were an exception: their memory is given back */
  CHANGES_PART = 4,   /* if more than so many of all lines have changed, all are made anew */
};

size_t hpr_lines_find(const hpr_lines *lines, uint64_t order) {
  size_t low = 0, high = lines->count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (lines->list[middle].order < order)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static hpr_line *find(const hpr_lines *lines, uint64_t order) {
  const size_t place = hpr_lines_find(lines, order);
  const bool has = place < lines->count && lines->list[place].order == order;
  return has ? lines->list + place : NULL;
}

size_t hpr_lines_first(hpr_lines *lines) {
  while (lines->first < lines->count && !lines->list[lines->first].entry) lines->first++;
  return lines->first;
}

/* --- changes -------------------------------------------------------------------------------- */

/* By half and not to the double: of many lines a third may be room. */
static size_t next_capacity(size_t capacity) {
  return capacity < FIRST_CAPACITY ? FIRST_CAPACITY : capacity + capacity / 2;
}

static bool make_room_for_change(hpr_lines *lines) {
  if (lines->change_count < lines->change_capacity) return true;
  if (lines->change_count > CHANGES_KEPT + lines->living / CHANGES_PART) return false;
  const size_t capacity = next_capacity(lines->change_capacity);
  hpr_change *larger = realloc(lines->changes, capacity * sizeof *larger);
  if (!larger) return false;
  lines->changes = larger;
  lines->change_capacity = capacity;
  return true;
}

static void note(hpr_lines *lines, hpr_line *line) {
  lines->changed = true;
  if (line->stale) return;
  line->stale = true;
  if (line->entry) lines->stale++;
  if (make_room_for_change(lines))
    lines->changes[lines->change_count++] = (hpr_change){.order = line->order};
  else
    lines->all_stale = true;
}

void hpr_lines_spoil(hpr_lines *lines, uint64_t order) {
  hpr_line *line = find(lines, order);
  if (!line || !line->entry) return;
  note(lines, line);
}

/* --- membership ----------------------------------------------------------------------------- */

static int make_room(hpr_lines *lines) {
  if (lines->count < lines->capacity) return 0;
  const size_t capacity = next_capacity(lines->capacity);
  hpr_line *larger = realloc(lines->list, capacity * sizeof *larger);
  if (!larger) return HPR_ENOMEM;
  lines->list = larger;
  lines->capacity = capacity;
  return 0;
}

static void give(hpr_lines *lines, hpr_line *line, void *entry) {
  const size_t place = (size_t)(line - lines->list);
  if (!line->entry) lines->living++;
  if (!line->entry && line->stale) lines->stale++;
  if (place < lines->first) lines->first = place;
  line->entry = entry;
  note(lines, line);
}

int hpr_lines_add(hpr_lines *lines, uint64_t order, void *entry) {
  hpr_line *line = find(lines, order);
  if (!line) {
    if (make_room(lines) != 0) return HPR_ENOMEM;
    line = lines->list + lines->count;
    /* Never before the line before it. */
    const uint32_t at = lines->count > 0 ? line[-1].at : 0;
    *line = (hpr_line){.order = order, .at = at};
    lines->count++;
  }
  give(lines, line, entry);
  return 0;
}

void hpr_lines_remove(hpr_lines *lines, uint64_t order, const void *entry) {
  hpr_line *line = find(lines, order);
  if (!line || !line->entry || line->entry != entry) return;
  if (line->stale) lines->stale--;
  line->entry = NULL;
  lines->living--;
  note(lines, line);
}

/* Also those at the end one by one: the next line takes their place. */
void hpr_lines_tidy(hpr_lines *lines) {
  if (lines->change_capacity > CHANGES_KEPT) {
    free(lines->changes);
    lines->changes = NULL;
    lines->change_capacity = 0;
  }
  while (lines->count > 0 && !lines->list[lines->count - 1].entry) lines->count--;
  if (lines->first > lines->count) lines->first = lines->count;
  if (lines->count <= 2 * lines->living + FIRST_CAPACITY) return;
  size_t kept = 0;
  for (size_t i = 0; i < lines->count; i++)
    if (lines->list[i].entry) lines->list[kept++] = lines->list[i];
  lines->count = kept;
  lines->first = 0;
}

void hpr_lines_done(hpr_lines *lines) {
  free(lines->list);
  free(lines->changes);
  *lines = (hpr_lines){0};
}
