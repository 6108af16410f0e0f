#include "core/forget.h"

#include "core/others.h"
#include "core/watch.h"

void hpr_forget(hpr_registry *registry, hpr_entry *entry, hpr_outcome outcome) {
  if (entry->ending) hpr_outbox_ended(&registry->outbox, entry, outcome);
  hpr_answer_all(&registry->outbox, entry, outcome);
  hpr_watch_stop(&registry->process, entry);
  registry->ledger.unrecorded -= entry->unrecorded;
  hpr_others_unwatch(&registry->process, entry);
  hpr_table_remove(&registry->table, entry);
  hpr_entry_free(entry);
  registry->freed = true;
}
