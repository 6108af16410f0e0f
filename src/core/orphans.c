#include "core/turn.h"
#include "store/pidfile.h"

/* Those that killAll left behind and whose end nobody has told us of. */
static void look_at_ended(hpr_registry *registry) {
  for (hpr_entry *entry = registry->table.entries; entry; entry = entry->next) {
    if (!entry->ending) continue;
    hpr_process *main = &entry->parts[HPR_PART_MAIN];
    if (main->presence == HPR_PRESENCE_UNSEEN) main->presence = HPR_PRESENCE_GONE;
    main->suspect = main->presence != HPR_PRESENCE_GONE;
    hpr_table_mark(&registry->table, entry);
  }
}

void hpr_registry_cleanup_orphans(hpr_registry *registry) {
  if (registry->guest || hpr_turn_is_forked(registry)) return;
  hpr_turn_begin(registry);
  look_at_ended(registry);
  hpr_turn_warn_of_limits(registry);
  registry->ledger.adopting = registry->ledger.orphans_due = true;
  registry->ledger.judging_again = false;
  registry->ledger.called_for = true;
  hpr_turn_work(registry);
  registry->ledger.called_for = false;
  hpr_pidfile_collect(registry->ledger.pidfile); /* the locks of the dead have been looked at */
  hpr_turn_tell(registry);
}

void hpr_registry_look_at_owners(hpr_registry *registry) {
  if (registry->guest || hpr_turn_is_forked(registry)) return;
  hpr_turn_begin(registry);
  hpr_turn_look_at_owners(registry);
  hpr_turn_end(registry);
}
