/* core/past.h: entries whose exits were told, the latest of them. */
#ifndef HPR_CORE_PAST_H
#define HPR_CORE_PAST_H

#include <stdbool.h>
#include <stddef.h>

#include "core/entry.h"
#include "core/outbox.h"
#include "core/registry.h"

enum { HPR_PAST_MAX = 512 };

typedef struct hpr_past_entry {
  hpr_origin origin; /* all 0: none */
  char *session, *token;
} hpr_past_entry;

/* All zero is nobody. */
typedef struct hpr_past {
  hpr_past_entry *list; /* NULL = none so far */
  size_t next;          /* where the next one goes, in the place of the oldest */
} hpr_past;

/*
 * Tells of an exit, and remembers it: should its row come back it is not told again, unless there
 * was no memory.
 */
void hpr_past_tell_exit(hpr_past *past, hpr_outbox *outbox, const hpr_entry *entry);

/* True if that registration was one of them. */
bool hpr_past_has_row(const hpr_past *past, const hpr_row *row);

/* The latest that had that name, until the next is added; NULL: none. */
const hpr_past_entry *hpr_past_find(const hpr_past *past, const hpr_target *target);

void hpr_past_done(hpr_past *past);

#endif
