/* core/filter.h: tells without a search that nobody has a name. */
#ifndef HPR_CORE_FILTER_H
#define HPR_CORE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
  HPR_FILTER_BITS = 17,
  HPR_FILTER_SLOTS = 1 << HPR_FILTER_BITS, /* with 10,000 names 2 of 100 others seem to be there */
  HPR_FILTER_BYTES = 8, /* so many at a name's end choose its slots: what is random in a UUID */
};

/*
 * A counting Bloom filter: how many names have each slot, and each has two. A slot that has come to
 * UINT8_MAX stays there.
 */
typedef struct hpr_filter {
  uint8_t slots[HPR_FILTER_SLOTS];
} hpr_filter;

void hpr_filter_add(hpr_filter *filter, const void *name, size_t size);
void hpr_filter_remove(hpr_filter *filter, const void *name, size_t size);

/* False: no such name was added, or it was removed as often. lib/board.ts asks the same. */
bool hpr_filter_may_have(const hpr_filter *filter, const void *name, size_t size);

#endif
