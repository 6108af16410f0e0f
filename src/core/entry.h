/* core/entry.h: one tracked process and everything known about it. */
#ifndef HPR_CORE_ENTRY_H
#define HPR_CORE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/index.h"
#include "core/registry.h"
#include "store/lines.h"
#include "store/row.h"

/* The processes that an entry may stand for. */
typedef enum hpr_part {
  HPR_PART_MAIN,   /* the registered one */
  HPR_PART_PI,     /* the agent under a keeper, if it is another process */
  HPR_PART_KEEPER, /* the keeper, if it is another process than the registered one */
  HPR_PART_COUNT,
} hpr_part;

enum { HPR_SIGNAL_NAME_SIZE = 16 };

struct hpr_event;

/* The state of an ending, core/ending.c. */
typedef struct hpr_ending {
  int32_t grace_ms;          /* or HPR_GRACE_NEVER */
  int32_t waited_ms;         /* since the first signal, as far as the timers have told */
  int32_t timer_ms;          /* that the running timer adds to it; 0 = none runs */
  hpr_signal signal;         /* the first one; the keeper gets it too when its turn comes */
  bool keeper_due;           /* the keeper's turn is to come */
  bool killed;               /* SIGKILL was sent */
  bool unwatched;            /* the system could not watch a part: look again now and then */
  struct hpr_event *waiters; /* the answers to those who wait for the end; a utlist */
} hpr_ending;

typedef struct hpr_entry {
  hpr_row row;         /* what the file says of it */
  hpr_lines *lines;    /* where its line of the file is; NULL = in no registry */
  char *session;       /* NULL = unlinked */
  uint64_t order;      /* its place: lower is older */
  uint32_t generation; /* told apart from earlier holders of its pid */
  unsigned watched;    /* bit set of parts with a watch */
  hpr_ending *ending;  /* NULL = live */
  bool parent_tells;   /* its exit comes from its parent, with a status */
  bool exit_seen;      /* its parent reaped it */
  int exit_code;
  char exit_signal[HPR_SIGNAL_NAME_SIZE];
  struct hpr_entry *prev, *next; /* in order */
  hpr_slot by_pid, by_session, by_token, by_pi, by_cwd;
} hpr_entry;

/* Takes the row over. NULL: no memory, and the row is the caller's yet. */
hpr_entry *hpr_entry_new(hpr_row *take_row);

/* It must be in no index and no list. NULL is a no-op. */
void hpr_entry_free(hpr_entry *entry);

/* Its line in the file: an hpr_line_write. */
int hpr_entry_write(const void *entry, char **ret_text);

/* To be called after every change of the row. */
void hpr_entry_touch(hpr_entry *entry);

/* The identity of one part, or NULL if the entry has no such process of its own. */
const hpr_identity *hpr_entry_part(const hpr_entry *entry, hpr_part part);

/* Equal in all that tells who it is; kinship does not. */
bool hpr_same_identity(const hpr_identity *a, const hpr_identity *b);

/*
 * True if the entry stands for that process, which is known to hold its pid now. Learns from it
 * who the registered process is, where nobody could be told, and that it is a relative.
 */
bool hpr_entry_recognise(hpr_entry *entry, const hpr_identity *identity);

/* Looks at the entry; the strings stay the entry's. */
hpr_snapshot hpr_entry_snapshot(const hpr_entry *entry);

#endif
