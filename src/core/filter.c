#include "core/filter.h"

/* FNV-1a */
static uint32_t hash_of(const void *name, size_t size) {
  const uint8_t *bytes = name;
  uint32_t hash = UINT32_C(2166136261);
  for (size_t i = size < HPR_FILTER_BYTES ? 0 : size - HPR_FILTER_BYTES; i < size; i++)
    hash = (hash ^ bytes[i]) * UINT32_C(16777619);
  return hash;
}

static void count(uint8_t *slot, int change) {
  if (*slot < UINT8_MAX) *slot = (uint8_t)(*slot + change);
}

static void count_name(hpr_filter *filter, const void *name, size_t size, int change) {
  const uint32_t hash = hash_of(name, size);
  count(&filter->slots[hash >> (32 - HPR_FILTER_BITS)], change);
  count(&filter->slots[hash & (HPR_FILTER_SLOTS - 1)], change);
}

void hpr_filter_add(hpr_filter *filter, const void *name, size_t size) {
  count_name(filter, name, size, 1);
}

void hpr_filter_remove(hpr_filter *filter, const void *name, size_t size) {
  count_name(filter, name, size, -1);
}

bool hpr_filter_may_have(const hpr_filter *filter, const void *name, size_t size) {
  const uint32_t hash = hash_of(name, size);
  return filter->slots[hash >> (32 - HPR_FILTER_BITS)] != 0 &&
         filter->slots[hash & (HPR_FILTER_SLOTS - 1)] != 0;
}
