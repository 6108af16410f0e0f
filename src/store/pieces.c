#include "store/pieces.h"

#include <stdlib.h>

enum { FIRST_CAPACITY = 8 };

static bool make_room(hpr_pieces *pieces) {
  if (pieces->count < pieces->capacity) return true;
  const size_t capacity = pieces->capacity ? pieces->capacity * 2 : FIRST_CAPACITY;
  hpr_piece *larger = realloc(pieces->list, capacity * sizeof *larger);
  if (!larger) return false;
  pieces->list = larger;
  pieces->capacity = capacity;
  return true;
}

void hpr_pieces_add(hpr_pieces *pieces, uint32_t at, uint32_t end) {
  hpr_piece *last = pieces->count > 0 ? pieces->list + pieces->count - 1 : NULL;
  if (at >= end || pieces->whole) return;
  if (last && at >= last->at && at <= last->end) {
    if (end > last->end) last->end = end;
    return;
  }
  if (make_room(pieces))
    pieces->list[pieces->count++] = (hpr_piece){.at = at, .end = end};
  else
    pieces->whole = true;
}

void hpr_pieces_add_all(hpr_pieces *pieces, const hpr_pieces *others) {
  if (others->whole) pieces->whole = true;
  for (size_t i = 0; i < others->count; i++)
    hpr_pieces_add(pieces, others->list[i].at, others->list[i].end);
}

static int compare(const void *a, const void *b) {
  const uint32_t left = ((const hpr_piece *)a)->at, right = ((const hpr_piece *)b)->at;
  return (left > right) - (left < right);
}

void hpr_pieces_sort(hpr_pieces *pieces) {
  const size_t count = pieces->count;
  if (count < 2) return;
  qsort(pieces->list, count, sizeof *pieces->list, compare);
  pieces->count = 0;
  for (size_t i = 0; i < count; i++) { /* into the memory of those that were taken out */
    const hpr_piece piece = pieces->list[i];
    hpr_pieces_add(pieces, piece.at, piece.end);
  }
}

void hpr_pieces_clear(hpr_pieces *pieces) {
  pieces->count = 0;
  pieces->whole = false;
}

void hpr_pieces_done(hpr_pieces *pieces) {
  free(pieces->list);
  *pieces = (hpr_pieces){0};
}
