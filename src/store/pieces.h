/* store/pieces.h: the places of a file that differ from another one. */
#ifndef HPR_STORE_PIECES_H
#define HPR_STORE_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct hpr_piece {
  uint32_t at, end;
} hpr_piece;

/* All zero is none. */
typedef struct hpr_pieces {
  hpr_piece *list;
  size_t count, capacity;
  bool whole; /* all of it; also if there was no memory to say which */
} hpr_pieces;

void hpr_pieces_add(hpr_pieces *pieces, uint32_t at, uint32_t end);
void hpr_pieces_add_all(hpr_pieces *pieces, const hpr_pieces *others);

/* By place, and none touches another. */
void hpr_pieces_sort(hpr_pieces *pieces);

/* Forgets them and keeps the memory. */
void hpr_pieces_clear(hpr_pieces *pieces);
void hpr_pieces_done(hpr_pieces *pieces);

#endif
