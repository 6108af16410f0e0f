/* store/lines.h: a client's own entries as its file shows them, joined once and kept. */
#ifndef HPR_STORE_LINES_H
#define HPR_STORE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "store/document.h"

typedef struct hpr_line {
  uint64_t order;
  void *entry; /* the client's */
  size_t at;   /* where its text begins; it ends where the next one begins */
  bool stale;  /* its entry has changed since */
} hpr_line;

/*
 * Most writes differ from the last by one line. Joining all of them again would visit every entry's
 * memory, which costs more than writing the file. All zero has no lines.
 */
typedef struct hpr_lines {
  hpr_buffer text; /* a document's beginning and the lines, each with its separator before it */
  hpr_line *lines; /* by order */
  size_t count, capacity;
  size_t sound; /* so many at the beginning are not stale */
  bool changed; /* since the client last cleared it */
} hpr_lines;

/* Adds an entry's text. */
typedef void (*hpr_line_write)(const void *entry, hpr_buffer *buffer);

/*
 * Adds a stale line behind all others, or hands over the one of that order, which cannot fail.
 * HPR_ENOMEM: nothing was changed.
 */
int hpr_lines_add(hpr_lines *lines, uint64_t order, void *entry);

/* Removes the entry's line; no-op if the line has been handed over or was never there. */
void hpr_lines_remove(hpr_lines *lines, uint64_t order, const void *entry);

/* The entry has changed: its line is to be made anew. */
void hpr_lines_spoil(hpr_lines *lines, uint64_t order);

/* Makes all stale lines anew. HPR_ENOMEM: some are stale yet. */
int hpr_lines_refresh(hpr_lines *lines, hpr_line_write write);

/* Without stale lines: the whole document, valid until the next call. HPR_ENOMEM. */
int hpr_lines_document(hpr_lines *lines, const hpr_document *others, hpr_span *ret_text);

/* Without stale lines: adds them to a document that has been begun. */
void hpr_lines_add_to(const hpr_lines *lines, hpr_buffer *buffer);

void hpr_lines_done(hpr_lines *lines);

#endif
