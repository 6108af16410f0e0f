#include "core/kinship.h"

static bool is_itself(const hpr_process_ops *process, const hpr_identity *identity) {
  return identity->state == HPR_RECORD_KNOWN &&
         process->verify(process->self, identity) == HPR_VERDICT_SAME;
}

/* An agent that somebody reported, and that is nobody's relative, makes no family. */
static bool is_proved(const hpr_entry *entry, hpr_part part) {
  return part == HPR_PART_MAIN || hpr_entry_answers_for(entry, part);
}

static hpr_entry *holder_of(const hpr_process_ops *process, const hpr_table *table, int32_t pid) {
  for (hpr_entry *entry = pid ? table->entries : NULL; entry; entry = entry->next) {
    if (entry->life != HPR_LIFE_RUNNING) continue;
    for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
      const hpr_identity *it = hpr_entry_part(entry, part);
      if (it && it->pid == pid && is_proved(entry, part) && is_itself(process, it)) return entry;
    }
  }
  return NULL;
}

hpr_entry *hpr_kinship_find(const hpr_process_ops *process, const hpr_table *table, int32_t pid) {
  hpr_ancestor line[HPR_LINEAGE_MAX];
  size_t count;
  hpr_entry *entry = NULL;
  if (process->lineage(process->self, pid, line, &count) != 0) return NULL;
  for (size_t i = 0; i < count && !entry; i++) entry = holder_of(process, table, line[i].pid);
  for (size_t i = 0; i < count && !entry; i++) {
    entry = holder_of(process, table, line[i].group);
    if (!entry) entry = holder_of(process, table, line[i].session);
  }
  return entry;
}
