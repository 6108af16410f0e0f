/* store/lines.h: a client's own entries, and where their lines stand in the file. */
#ifndef HPR_STORE_LINES_H
#define HPR_STORE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

/*
 * A line is an entry's text with what parts it from the one before it, a comma and a line's end.
 * One that has been removed stays in the list, without an entry, until the list is tidied.
 */
typedef struct hpr_line {
  uint64_t order;
  void *entry; /* the client's; NULL: it has been removed */
  uint32_t at; /* where it stands in the file; never before the line before it */
  uint32_t length : 31;
  uint32_t stale : 1; /* its entry has changed since */
} hpr_line;

/* A line that is to be made anew; in a write its text, in the layout's buffer. */
typedef struct hpr_change {
  uint64_t order;
  size_t text_at, text_length;
} hpr_change;

/*
 * Most writes differ from the last by one line: where each line stands is kept, and no text. All
 * zero has no lines.
 */
typedef struct hpr_lines {
  hpr_line *list; /* by order */
  size_t count, capacity;
  size_t first; /* all before it have been removed */
  size_t living;
  size_t bytes; /* of those that stand in the file */
  hpr_change *changes;
  size_t change_count, change_capacity;
  size_t stale;     /* so many of the changes are not removals */
  bool all_stale;   /* too many to say which, or there was no memory for it */
  bool changed;     /* since the client last cleared it */
  uint64_t written; /* the number of the write that they stand in; 0 = none */
} hpr_lines;

/* Adds an entry's text, of one line. */
typedef void (*hpr_line_write)(const void *entry, hpr_buffer *buffer);

/*
 * Adds a stale line behind all others, or hands over the one of that order, which cannot fail.
 * HPR_ENOMEM: nothing was changed.
 */
int hpr_lines_add(hpr_lines *lines, uint64_t order, void *entry);

/* Removes the entry's line, which is not urgent; no-op if the line has been handed over or was
 * never there. */
void hpr_lines_remove(hpr_lines *lines, uint64_t order, const void *entry);

/* The entry has changed: its line is to be made anew. */
void hpr_lines_spoil(hpr_lines *lines, uint64_t order);

/* The first of that order or a higher one; `count` if there is none. */
size_t hpr_lines_find(const hpr_lines *lines, uint64_t order);

/* The first that has an entry; `count` if there is none. */
size_t hpr_lines_first(hpr_lines *lines);

/* Lets go of removed lines where they are many. To be called when no change is outstanding. */
void hpr_lines_tidy(hpr_lines *lines);

void hpr_lines_done(hpr_lines *lines);

#endif
