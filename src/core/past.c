#include "core/past.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void clear(hpr_past_entry *it) {
  free(it->session);
  free(it->token);
  *it = (hpr_past_entry){0};
}

static char *copy(const char *text) { return text ? strdup(text) : NULL; }

static void add(hpr_past *past, const hpr_entry *entry) {
  if (!past->list) past->list = calloc(HPR_PAST_MAX, sizeof *past->list);
  if (!past->list) return;
  hpr_past_entry *it = past->list + past->next;
  clear(it);
  it->origin = hpr_row_origin_of(&entry->row);
  it->session = copy(entry->session);
  it->token = copy(entry->row.token);
  past->next = (past->next + 1) % HPR_PAST_MAX;
}

void hpr_past_tell_exit(hpr_past *past, hpr_outbox *outbox, const hpr_entry *entry) {
  hpr_outbox_exited(outbox, entry);
  add(past, entry);
}

bool hpr_past_has_row(const hpr_past *past, const hpr_row *row) {
  const hpr_origin origin = hpr_row_origin_of(row);
  for (size_t i = 0; past->list && i < HPR_PAST_MAX; i++)
    if (hpr_origin_equal(&past->list[i].origin, &origin)) return true;
  return false;
}

static bool has_name(const hpr_past_entry *it, const hpr_target *target) {
  if (target->session) return hpr_same_text(it->session, target->session);
  if (target->token) return hpr_same_text(it->token, target->token);
  return it->origin.pid != 0 && it->origin.pid == target->pid;
}

const hpr_past_entry *hpr_past_find(const hpr_past *past, const hpr_target *target) {
  for (size_t i = HPR_PAST_MAX; past->list && i > 0; i--) {
    const hpr_past_entry *it = past->list + (past->next + i - 1) % HPR_PAST_MAX;
    if (has_name(it, target)) return it;
  }
  return NULL;
}

void hpr_past_done(hpr_past *past) {
  for (size_t i = 0; past->list && i < HPR_PAST_MAX; i++) clear(past->list + i);
  free(past->list);
  *past = (hpr_past){0};
}
