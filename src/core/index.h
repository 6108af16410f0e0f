/* core/index.h: finds entries by a key that several of them may have, the oldest first. */
#ifndef HPR_CORE_INDEX_H
#define HPR_CORE_INDEX_H

#include <stddef.h>

/* A failed allocation is an answer (HPR_ENOMEM), not the end of the program. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "core/filter.h"

struct hpr_entry;

/* An entry's place in one index; lives inside the entry. All zero: in no index. */
typedef struct hpr_slot {
  UT_hash_handle hh;              /* used by the oldest entry of each key only */
  struct hpr_slot *newer, *older; /* the others of the same key, a doubly linked utlist */
  struct hpr_entry *entry;        /* NULL: in no index */
  const void *key;                /* inside the entry, which must not move */
  size_t key_size;
} hpr_slot;

/* All zero is an empty index. */
typedef struct hpr_index {
  hpr_slot *oldest;   /* a uthash table */
  hpr_filter *filter; /* told of each entry's key; NULL: nobody wants to know */
} hpr_index;

/*
 * Adds an entry under a key, behind those that are older by entry->order. The key's bytes are not
 * copied. HPR_ENOMEM: not added.
 */
int hpr_index_add(hpr_index *index, hpr_slot *slot, struct hpr_entry *entry, const void *key,
                  size_t key_size);

/* Takes it out; a slot that is in no index is left alone. */
void hpr_index_remove(hpr_index *index, hpr_slot *slot);

/* The oldest entry with that key, or NULL. */
struct hpr_slot *hpr_index_find(const hpr_index *index, const void *key, size_t key_size);

#endif
