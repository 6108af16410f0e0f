#include "core/index.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "core/entry.h"

enum { FIRST_ROOM = 16 };

#define MASK(bits) ((UINT64_C(1) << (bits)) - 1)

/* --- numbers -------------------------------------------------------------------------------- */

static hpr_entry *entry_of(const hpr_index *index, uint32_t number) {
  return number != 0 ? index->seats[number].entry : NULL;
}

static uint32_t number_of(const hpr_entry *entry) {
  return (uint32_t)(entry->serial & MASK(HPR_NUMBER_BITS));
}

static hpr_slot *slot_of(const hpr_index *index, hpr_by by, uint32_t number) {
  return &index->seats[number].entry->slots[by];
}

static bool make_room(hpr_index *index) {
  if (index->used + 1 < index->room) return true;
  if (index->room >= 1U << HPR_NUMBER_BITS) return false;
  const uint32_t room = index->room ? index->room * 2 : FIRST_ROOM;
  hpr_seat *seats = realloc(index->seats, room * sizeof *seats);
  if (!seats) return false;
  index->seats = seats;
  index->room = room;
  return true;
}

int hpr_index_enter(hpr_index *index, hpr_entry *entry) {
  uint32_t number = index->free;
  if (number != 0) {
    index->free = (uint32_t)(index->seats[number].next_free >> 1);
  } else {
    if (!make_room(index)) return HPR_ENOMEM;
    number = ++index->used;
  }
  index->seats[number].entry = entry;
  entry->serial = (index->entered++ << HPR_NUMBER_BITS | number) & MASK(HPR_SERIAL_BITS);
  return 0;
}

void hpr_index_leave(hpr_index *index, hpr_entry *entry) {
  const uint32_t number = number_of(entry);
  if (number == 0) return;
  index->seats[number].next_free = (uintptr_t)index->free << 1 | 1;
  index->free = number;
  entry->serial = 0;
}

hpr_entry *hpr_index_at(const hpr_index *index, uint64_t serial) {
  const uint64_t number = serial & MASK(HPR_NUMBER_BITS);
  if (number == 0 || number > index->used || index->seats[number].next_free & 1) return NULL;
  hpr_entry *entry = index->seats[number].entry;
  return entry->serial == serial ? entry : NULL;
}

/* --- keys ----------------------------------------------------------------------------------- */

typedef struct key {
  const void *bytes; /* NULL: the entry has none */
  size_t size;
} key;

static key text_key(const char *text, bool may_be_empty) {
  const bool has = text && (text[0] || may_be_empty);
  return (key){has ? text : NULL, has ? strlen(text) : 0};
}

static key pid_key(const int32_t *pid) { return (key){*pid ? pid : NULL, sizeof *pid}; }

static key key_of(hpr_by by, const hpr_entry *entry) {
  switch (by) {
  case HPR_BY_PID: return pid_key(&entry->row.main.pid);
  case HPR_BY_AGENT: return pid_key(&hpr_row_more(&entry->row)->pi.pid);
  case HPR_BY_SESSION: return text_key(entry->session, false);
  case HPR_BY_TOKEN: return text_key(entry->row.token, false);
  case HPR_BY_CWD: return text_key(entry->row.cwd, true);
  case HPR_BY_COUNT: break;
  }
  return (key){0};
}

static bool is_same(const key *a, const key *b) {
  return a->bytes && a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* Eight bytes at a time; the multiplier is 2^64 divided by the golden ratio, made odd. */
static size_t hash_of(const key *it) {
  const char *at = it->bytes;
  uint64_t hash = it->size;
  for (size_t left = it->size; left > 0;) {
    uint64_t word = 0;
    const size_t count = left < sizeof word ? left : sizeof word;
    memcpy(&word, at, count);
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    hash ^= hash >> 29;
    at += count;
    left -= count;
  }
  return (size_t)(hash ^ hash >> 32);
}

/* --- heads ---------------------------------------------------------------------------------- */

/* Where the number of a key's oldest entry stands, or where it would. There must be room. */
static uint32_t *find_head(const hpr_index *index, hpr_by by, const key *wanted) {
  const hpr_heads *heads = &index->by[by];
  uint32_t *at = &heads->heads[hash_of(wanted) & (heads->room - 1)];
  while (*at != 0) {
    const key its = key_of(by, entry_of(index, *at));
    if (is_same(&its, wanted)) break;
    at = &slot_of(index, by, *at)->next;
  }
  return at;
}

static void move_heads(const hpr_index *index, hpr_by by, uint32_t *heads, size_t room) {
  const hpr_heads *from = &index->by[by];
  for (size_t i = 0; i < from->room; i++)
    for (uint32_t number = from->heads[i], next; number != 0; number = next) {
      const key its = key_of(by, entry_of(index, number));
      uint32_t *at = &heads[hash_of(&its) & (room - 1)];
      next = slot_of(index, by, number)->next;
      slot_of(index, by, number)->next = *at;
      *at = number;
    }
}

/* Without memory the keys that there are move closer together. */
static bool grow(const hpr_index *index, hpr_by by, hpr_heads *it) {
  const size_t room = it->room ? it->room * 2 : FIRST_ROOM;
  uint32_t *heads = it->keys < it->room ? NULL : calloc(room, sizeof *heads);
  if (!heads) return it->room > 0;
  move_heads(index, by, heads, room);
  free(it->heads);
  it->heads = heads;
  it->room = room;
  return true;
}

/* --- entries -------------------------------------------------------------------------------- */

/* The newest that is older than the entry, 0: none. Nearly always the newest of all. */
static uint32_t find_before(const hpr_index *index, hpr_by by, uint32_t head,
                            const hpr_entry *entry) {
  uint32_t number = slot_of(index, by, head)->older;
  while (entry_of(index, number)->order > entry->order) {
    if (number == head) return 0;
    number = slot_of(index, by, number)->older;
  }
  return number;
}

static void add_first(const hpr_index *index, hpr_by by, uint32_t *at, hpr_entry *entry) {
  hpr_slot *slot = &entry->slots[by], *head = slot_of(index, by, *at);
  *slot = (hpr_slot){.next = head->next, .newer = *at, .older = head->older};
  head->next = 0;
  head->older = number_of(entry);
  *at = number_of(entry);
}

static void add_after(const hpr_index *index, hpr_by by, uint32_t head, uint32_t before,
                      hpr_entry *entry) {
  hpr_slot *slot = &entry->slots[by], *older = slot_of(index, by, before);
  *slot = (hpr_slot){.newer = older->newer, .older = before};
  slot_of(index, by, older->newer ? older->newer : head)->older = number_of(entry);
  older->newer = number_of(entry);
}

int hpr_index_add(hpr_index *index, hpr_by by, hpr_entry *entry) {
  const key its = key_of(by, entry);
  if (!its.bytes) return 0;
  if (!grow(index, by, &index->by[by])) return HPR_ENOMEM;
  uint32_t *at = find_head(index, by, &its);
  const uint32_t before = *at ? find_before(index, by, *at, entry) : 0;
  if (*at == 0) {
    entry->slots[by] = (hpr_slot){.older = number_of(entry)};
    *at = number_of(entry);
    index->by[by].keys++;
  } else if (before == 0) {
    add_first(index, by, at, entry);
  } else {
    add_after(index, by, *at, before, entry);
  }
  if (index->by[by].filter) hpr_filter_add(index->by[by].filter, its.bytes, its.size);
  return 0;
}

static void remove_first(hpr_index *index, hpr_by by, uint32_t *at, const hpr_slot *slot) {
  *at = slot->newer ? slot->newer : slot->next;
  if (slot->newer == 0) {
    index->by[by].keys--;
    return;
  }
  slot_of(index, by, slot->newer)->next = slot->next;
  slot_of(index, by, slot->newer)->older = slot->older;
}

void hpr_index_remove(hpr_index *index, hpr_by by, hpr_entry *entry) {
  if (!hpr_index_has(by, entry)) return;
  const key its = key_of(by, entry);
  hpr_slot *slot = &entry->slots[by];
  if (index->by[by].filter) hpr_filter_remove(index->by[by].filter, its.bytes, its.size);
  uint32_t *at = find_head(index, by, &its);
  if (*at == number_of(entry)) {
    remove_first(index, by, at, slot);
  } else {
    slot_of(index, by, slot->older)->newer = slot->newer;
    slot_of(index, by, slot->newer ? slot->newer : *at)->older = slot->older;
  }
  *slot = (hpr_slot){0};
}

bool hpr_index_has(hpr_by by, const hpr_entry *entry) { return entry->slots[by].older != 0; }

/* --- finding -------------------------------------------------------------------------------- */

hpr_entry *hpr_index_find(const hpr_index *index, hpr_by by, const void *bytes, size_t size) {
  const key wanted = {bytes, size};
  return index->by[by].room ? entry_of(index, *find_head(index, by, &wanted)) : NULL;
}

hpr_entry *hpr_index_find_text(const hpr_index *index, hpr_by by, const char *text) {
  return hpr_index_find(index, by, text, strlen(text));
}

hpr_entry *hpr_index_newer(const hpr_index *index, hpr_by by, const hpr_entry *entry) {
  return entry_of(index, entry->slots[by].newer);
}

void hpr_index_done(hpr_index *index) {
  for (hpr_by by = 0; by < HPR_BY_COUNT; by++) free(index->by[by].heads);
  free(index->seats);
  *index = (hpr_index){0};
}
