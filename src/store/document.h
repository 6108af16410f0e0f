/* store/document.h: the whole text of a pid file, taken apart and put together. */
#ifndef HPR_STORE_DOCUMENT_H
#define HPR_STORE_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "store/row.h"

/* One entry as it stood in the file. */
typedef struct hpr_stored {
  hpr_span text;   /* to the letter; points into the document's text, or to `rewritten` */
  char *rewritten; /* its own, if its row was changed; or NULL */
  int error;       /* 0, or why it must stay as it is and never be acted on (HPR_EINVAL) */
  hpr_row row;     /* if error is 0 */
  struct hpr_stored *prev, *next;
} hpr_stored;

/* All zero is an empty document. */
typedef struct hpr_document {
  char *text;                      /* owns what the entries point to */
  hpr_stored *stored;              /* in the order of the file, a utlist of its own kind */
  hpr_stored *announced;           /* the same of announced tokens, see hpr_row_read_announced */
  const hpr_buffer *own_announced; /* for writing: texts with separators before; NULL = none */
  hpr_buffer unknown;              /* the other members of the outermost object: ,"key":value… */
  bool damaged;                    /* not what a registry writes; whole entries were salvaged */
} hpr_document;

/*
 * Takes a text apart; `take_text` (size bytes, from malloc) is the document's from here on, also
 * on failure. A damaged text is no failure. HPR_ENOMEM.
 */
int hpr_document_read(char *take_text, size_t size, hpr_document *ret_document);

/*
 * Writes a changed row, or announced token, anew, unknown fields included. HPR_ENOMEM: the text is
 * as it was.
 */
int hpr_document_rewrite(hpr_stored *stored);
int hpr_document_rewrite_announced(hpr_stored *stored);

/* Takes one entry out, or one announced token, and frees it. */
void hpr_document_drop(hpr_document *document, hpr_stored *stored);
void hpr_document_drop_announced(hpr_document *document, hpr_stored *stored);

/* Adds an announced token of one's own. */
void hpr_document_announce(hpr_buffer *own_announced, const hpr_row *row);

void hpr_document_done(hpr_document *document);

/*
 * Writing: begin, then any number of entries, then end, which may be a text of its own. One entry a
 * line. Those of `others` that are refused are no entries: they stand beside, under "refused",
 * where the original module, which would signal pid 1, does not look.
 */
void hpr_document_begin(hpr_buffer *buffer);
void hpr_document_add(hpr_buffer *buffer, const char *entry, size_t length);
void hpr_document_end(hpr_buffer *buffer, const hpr_document *others);

#endif
