/* core/index.h: finds entries by keys that several of them may have, the oldest first. */
#ifndef HPR_CORE_INDEX_H
#define HPR_CORE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/filter.h"

struct hpr_entry;

/* What entries are found by: a number, or a text. An entry without it is in no such index. */
typedef enum hpr_by {
  HPR_BY_PID,     /* of the registered process */
  HPR_BY_AGENT,   /* its agent's pid */
  HPR_BY_SESSION, /* a text that is not empty, as is the next */
  HPR_BY_TOKEN,
  HPR_BY_CWD,
  HPR_BY_COUNT,
} hpr_by;

/*
 * An entry's place in one index, in numbers of entries, which take half the room of pointers; 0:
 * none. All zero: in no index.
 */
typedef struct hpr_slot {
  uint32_t next;         /* the oldest entry of another key; kept by the oldest of each key only */
  uint32_t newer, older; /* those of the same key; `older` of the oldest is the newest */
} hpr_slot;

typedef struct hpr_heads {
  uint32_t *heads;    /* by the key's hash: the oldest entry of a key */
  size_t room;        /* a power of two, or 0 */
  size_t keys;        /* how many there are */
  hpr_filter *filter; /* told of each entry's key; NULL: nobody wants to know */
} hpr_heads;

/* An entry by its number; of a free number the next one that is free, made odd as no pointer is. */
typedef union hpr_seat {
  struct hpr_entry *entry;
  uintptr_t next_free;
} hpr_seat;

/*
 * An entry's serial is its number, which another gets when it has gone, and above it a count of all
 * entries so far. 2^25 later ones it may come again, when nobody remembers the first.
 */
enum { HPR_NUMBER_BITS = 20, HPR_SERIAL_BITS = 45 };

/* All zero has no entries. */
typedef struct hpr_index {
  hpr_seat *seats; /* by number, the first left out */
  uint32_t room, used, free;
  uint64_t entered; /* how many entries so far */
  hpr_heads by[HPR_BY_COUNT];
} hpr_index;

/* Releases the memory, not the entries. */
void hpr_index_done(hpr_index *index);

/* Gives an entry the serial that it needs to be added, and takes it back. HPR_ENOMEM. */
int hpr_index_enter(hpr_index *index, struct hpr_entry *entry);
void hpr_index_leave(hpr_index *index, struct hpr_entry *entry);

/*
 * Adds an entry under its key, which must not change while it is there, behind those that are older
 * by entry->order. No-op without such a key. HPR_ENOMEM: not added.
 */
int hpr_index_add(hpr_index *index, hpr_by by, struct hpr_entry *entry);

/* Takes it out; one that is not in is left alone. */
void hpr_index_remove(hpr_index *index, hpr_by by, struct hpr_entry *entry);

bool hpr_index_has(hpr_by by, const struct hpr_entry *entry);

/* The entry with that serial, or NULL. */
struct hpr_entry *hpr_index_at(const hpr_index *index, uint64_t serial);

/* The oldest entry with that key, or NULL. A pid is an int32_t. */
struct hpr_entry *hpr_index_find(const hpr_index *index, hpr_by by, const void *key, size_t size);
struct hpr_entry *hpr_index_find_text(const hpr_index *index, hpr_by by, const char *text);

/* The next newer one of the same key, or NULL. */
struct hpr_entry *hpr_index_newer(const hpr_index *index, hpr_by by, const struct hpr_entry *entry);

#endif
