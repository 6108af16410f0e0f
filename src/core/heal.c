#include "core/heal.h"

#include "core/tokens.h"

enum { CLOCK_TICK_MS = 20 }; /* a start is told to 10 ms, and a little more is on the safe side */

static bool is_untold(const hpr_entry *entry, hpr_part part) {
  const hpr_identity *it = hpr_entry_part(entry, part);
  return it && it->state == HPR_RECORD_OPAQUE && entry->parts[part].presence == HPR_PRESENCE_THERE;
}

bool hpr_heal_is_wanted(const hpr_entry *entry) {
  return is_untold(entry, HPR_PART_MAIN) || is_untold(entry, HPR_PART_AGENT) ||
         is_untold(entry, HPR_PART_KEEPER);
}

/* --- proofs that it is still the one that was told ------------------------------------------- */

/* An own child keeps its pid until we reap it, and its exit is told then. */
static bool is_own_child(const hpr_process_ops *process, const hpr_identity *told) {
  return told->kin && process->verify(process->self, told) == HPR_VERDICT_SAME;
}

/* Whoever runs since before it was registered had the pid then. */
static bool is_older(const hpr_process_ops *process, const hpr_entry *entry,
                     const hpr_identity *now) {
  if (entry->row.spawned_boot_ms == 0) return false;
  const int64_t since_ms = process->since_ms(process->self, now, entry->row.spawned_boot_ms);
  return since_ms >= 0 && process->age_ms(process->self, now) > since_ms + CLOCK_TICK_MS;
}

/* --- parts ------------------------------------------------------------------------------------ */

static bool heal_main(const hpr_process_ops *process, const char *pid_file, hpr_entry *entry) {
  const hpr_identity told = entry->row.main;
  hpr_identity now;
  process->identify(process->self, told.pid, NULL, &now);
  if (now.state != HPR_RECORD_KNOWN) return false;
  const bool marked = hpr_token_is_carried(process, entry->row.token, pid_file, &now);
  if (!marked && !is_own_child(process, &told) && !is_older(process, entry, &now)) return false;
  now.kin = now.kin || marked;
  return hpr_entry_learn(entry, &now);
}

/* A relative of the registered process is as good as it would have been when it was told. An agent
 * that is none keeps nothing alive any more. */
static bool heal_other(const hpr_process_ops *process, const char *pid_file, hpr_entry *entry,
                       hpr_identity *told) {
  const bool may_end = told == &entry->row.rest->pi && !is_untold(entry, HPR_PART_MAIN);
  hpr_identity now;
  process->identify(process->self, told->pid, &entry->row.main, &now);
  if (now.state != HPR_RECORD_KNOWN) return false;
  now.kin = now.kin || hpr_token_is_carried(process, entry->row.token, pid_file, &now);
  if (!now.kin && !may_end) return false;
  *told = now;
  hpr_entry_touch(entry);
  return true;
}

bool hpr_heal(const hpr_process_ops *process, const char *pid_file, hpr_entry *entry) {
  bool learnt = is_untold(entry, HPR_PART_MAIN) && heal_main(process, pid_file, entry);
  if (is_untold(entry, HPR_PART_AGENT))
    learnt = heal_other(process, pid_file, entry, &entry->row.rest->pi) || learnt;
  if (is_untold(entry, HPR_PART_KEEPER))
    learnt = heal_other(process, pid_file, entry, &entry->row.rest->keeper) || learnt;
  return learnt;
}
