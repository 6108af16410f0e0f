/* store/layout.h: a pid file's text by places, so that a change of it is a few small pieces. */
#ifndef HPR_STORE_LAYOUT_H
#define HPR_STORE_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "store/document.h"
#include "store/lines.h"
#include "store/pieces.h"

/*
 * The beginning with the entries of others, the client's own lines, and the rest behind the array,
 * in this order. Between two of them there may be blanks, which JSON ignores: room that a removed
 * line has left, or for a line to grow. All zero is laid out nowhere yet.
 */
typedef struct hpr_layout {
  uint32_t lines_at; /* where the own lines may begin */
  bool parted;       /* entries of others stand before them: each of them begins with a comma */
  bool has_bare;     /* else the first has none */
  uint64_t bare;     /* and its order is this */
  uint32_t rest_at;  /* where the array ends */
  uint32_t size;     /* of the file, blanks at its end included */
  uint32_t slack;    /* that each line gets to grow */
  uint64_t number;   /* of the last layout of all; 0 = there is none */
  hpr_buffer rest;   /* the text from rest_at on */
  hpr_buffer texts;  /* of the changes that are being written */
} hpr_layout;

/* What a layout is of. */
typedef struct hpr_layout_source {
  const hpr_document *others;
  hpr_lines *lines;
  hpr_line_write write;
  uint32_t max_bytes;
} hpr_layout_source;

/*
 * Gives the changed lines their places, and says which pieces of the file are others now. Where
 * `anew` is set, where the lines stand in another layout, or where too much would have to be moved,
 * all of it is laid out again. On failure there is no layout any more. HPR_ENOMEM, HPR_ETOOBIG.
 */
int hpr_layout_update(hpr_layout *layout, const hpr_layout_source *source, bool anew,
                      hpr_pieces *ret_changed);

/*
 * Adds the text of a piece. HPR_ENOMEM; HPR_ECORRUPT: an entry's text is another one than when it
 * was given its place, so that all has to be laid out anew.
 */
int hpr_layout_print(const hpr_layout *layout, const hpr_layout_source *source, hpr_piece piece,
                     hpr_buffer *buffer);

/* The update has been written, or not: then there is no layout any more. */
void hpr_layout_after_write(hpr_layout *layout, hpr_lines *lines, bool written);

/* How many bytes the file would have without blanks. */
size_t hpr_layout_dense_bytes(const hpr_layout *layout, const hpr_lines *lines);

void hpr_layout_done(hpr_layout *layout);

#endif
