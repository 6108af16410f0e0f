#include "core/index.h"

#include <utlist.h>

#include "core/entry.h"
#include "base/error.h"

static int add_head(hpr_index *index, hpr_slot *slot) {
  HASH_ADD_KEYPTR(hh, index->oldest, slot->key, slot->key_size, slot);
  return slot->hh.tbl ? 0 : HPR_ENOMEM;
}

static void remove_head(hpr_index *index, hpr_slot *slot) {
  HASH_DELETE(hh, index->oldest, slot);
  slot->hh.tbl = NULL;
}

hpr_slot *hpr_index_find(const hpr_index *index, const void *key, size_t key_size) {
  hpr_slot *slot;
  HASH_FIND(hh, index->oldest, key, key_size, slot);
  return slot;
}

/* The youngest slot that is older than `order`, or NULL. Nearly always the last one. */
static hpr_slot *before(hpr_slot *head, uint64_t order) {
  hpr_slot *slot = head->older; /* a utlist's head points back to its tail */
  while (slot->entry->order > order) {
    if (slot == head) return NULL;
    slot = slot->older;
  }
  return slot;
}

/*
 * Lets another slot of the same key stand for it. Adding first keeps the table from being freed; it
 * can fail only if the table would have to grow, and after the removal it need not grow.
 */
static void move_head(hpr_index *index, hpr_slot *from, hpr_slot *to) {
  bool added = add_head(index, to) == 0;
  remove_head(index, from);
  if (!added) add_head(index, to);
}

static int insert(hpr_index *index, hpr_slot *slot, struct hpr_entry *entry, const void *key,
                  size_t key_size) {
  *slot = (hpr_slot){.entry = entry, .key = key, .key_size = key_size};
  hpr_slot *head = hpr_index_find(index, key, key_size);
  if (!head) {
    DL_PREPEND2(head, slot, older, newer);
    if (add_head(index, slot) == 0) return 0;
    slot->entry = NULL;
    return HPR_ENOMEM;
  }
  hpr_slot *after = before(head, entry->order);
  if (after) {
    DL_APPEND_ELEM2(head, after, slot, older, newer);
  } else {
    move_head(index, head, slot);
    DL_PREPEND2(head, slot, older, newer);
  }
  return 0;
}

int hpr_index_add(hpr_index *index, hpr_slot *slot, struct hpr_entry *entry, const void *key,
                  size_t key_size) {
  const int result = insert(index, slot, entry, key, key_size);
  if (result == 0 && index->filter) hpr_filter_add(index->filter, key, key_size);
  return result;
}

void hpr_index_remove(hpr_index *index, hpr_slot *slot) {
  if (!slot->entry) return;
  if (index->filter) hpr_filter_remove(index->filter, slot->key, slot->key_size);
  hpr_slot *head = hpr_index_find(index, slot->key, slot->key_size);
  if (head == slot && slot->newer)
    move_head(index, slot, slot->newer);
  else if (head == slot)
    remove_head(index, slot);
  /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it is not the head */
  DL_DELETE2(head, slot, older, newer);
  slot->entry = NULL;
}
