#include "core/registry.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "core/forget.h"
#include "core/turn.h"

/* --- life ----------------------------------------------------------------------------------- */

static int open_ledger(hpr_registry *registry, const char *path) {
  uint64_t nonce = registry->process.nonce(registry->process.self);
  hpr_ledger *ledger = &registry->ledger;
  ledger->owner = hpr_owner_name_new();
  if (!ledger->owner) return HPR_ENOMEM;
  snprintf(ledger->owner->id, sizeof ledger->owner->id, "%016" PRIx64, nonce);
  ledger->owner->identity = registry->owners.self;
  ledger->write_due_ms = ledger->judge_ms = HPR_TIME_NEVER;
  const bool is_init = registry->owners.self.pid == 1;
  int result = hpr_pidfile_open(path, nonce, is_init, registry->files, &ledger->pidfile);
  if (result != 0) return result;
  if (!registry->guest) hpr_pidfile_own(ledger->pidfile);
  registry->owners.locks = hpr_pidfile_owners(ledger->pidfile);
  return 0;
}

int hpr_registry_open(const hpr_options *options, hpr_registry **ret_registry) {
  hpr_registry *registry = calloc(1, sizeof *registry);
  if (!registry) return HPR_ENOMEM;
  registry->process = options->process;
  registry->files = options->files;
  registry->host = options->host;
  registry->grace_ms = options->grace_ms;
  registry->tree = options->tree;
  registry->orphans = (hpr_orphan_policy){
      .end = options->end_orphans,
      .tree = options->tree,
      .max_age_ms =
          options->orphan_max_age_ms == 0 ? HPR_ORPHAN_MAX_AGE_MS : options->orphan_max_age_ms,
  };
  registry->guest = options->guest;
  hpr_table_show(&registry->table, options->board);
  registry->outbox.wants_signals = options->host.signalled != NULL;
  registry->outbox.wants_ends = options->host.ended != NULL;
  registry->wake_ms = HPR_TIME_NEVER;
  const hpr_process_ops *process = &registry->process;
  process->identify(process->self, process->self_pid(process->self), NULL, &registry->owners.self);
  if (open_ledger(registry, options->pid_file) != 0) {
    hpr_ledger_done(&registry->ledger);
    free(registry);
    return HPR_ENOMEM;
  }
  *ret_registry = registry;
  return 0;
}

void hpr_registry_close(hpr_registry *registry) {
  if (registry) hpr_turn_close(registry);
}

/* --- time ----------------------------------------------------------------------------------- */

void hpr_registry_timer_fired(hpr_registry *registry) {
  hpr_turn_begin(registry);
  if (registry->wake_ms != HPR_TIME_NEVER && registry->now_ms < registry->wake_ms) {
    registry->clock_offset_ms += registry->wake_ms - registry->now_ms;
    registry->now_ms = registry->wake_ms;
  }
  registry->wake_ms = HPR_TIME_NEVER;
  for (hpr_entry *it = registry->table.timed; it; it = it->next_timed)
    hpr_table_mark(&registry->table, it);
  hpr_turn_end(registry);
}

void hpr_registry_flush(hpr_registry *registry) {
  if (registry->telling && hpr_outbox_has_exit(&registry->outbox)) return;
  hpr_turn_begin(registry);
  hpr_turn_end(registry);
}

/* --- forgetting ----------------------------------------------------------------------------- */

void hpr_registry_remove(hpr_registry *registry, int32_t pid) {
  hpr_entry *entry = hpr_table_find_pid(&registry->table, pid);
  if (!entry || entry->ending) return;
  hpr_turn_begin(registry);
  hpr_forget(registry, entry, HPR_OUTCOME_UNKNOWN);
  hpr_turn_end(registry);
}

/* --- looking inside ------------------------------------------------------------------------- */

size_t hpr_registry_size(const hpr_registry *registry) { return registry->table.live; }

/* One whose end is known and whose status is not yet is neither live nor left. */
static bool is_shown(const hpr_entry *entry) {
  return entry->ending || entry->life != HPR_LIFE_EXITED;
}

/* Its words as one line, for free(). NULL: not told. */
static char *command_of(const hpr_process_ops *process, const hpr_entry *entry) {
  char *words;
  size_t size;
  if (entry->parts[HPR_PART_MAIN].presence != HPR_PRESENCE_THERE ||
      process->command(process->self, &entry->row.main, &words, &size) != 0)
    return NULL;
  hpr_join_words(words, size);
  return words;
}

void hpr_registry_each(const hpr_registry *registry,
                       void (*visit)(void *context, const hpr_snapshot *entry), void *context) {
  for (const hpr_entry *entry = registry->table.entries; entry; entry = entry->next) {
    if (!is_shown(entry)) continue;
    hpr_snapshot snapshot = hpr_entry_snapshot(entry);
    char *command = command_of(&registry->process, entry);
    snapshot.command = command && command[0] ? command : NULL;
    visit(context, &snapshot);
    free(command);
  }
}

hpr_stats hpr_registry_stats(const hpr_registry *registry) {
  hpr_stats stats = registry->outbox.counts;
  stats.adoptions = registry->ledger.adoptions;
  stats.writes = registry->ledger.writes;
  stats.write_failures = registry->ledger.write_failures;
  for (const hpr_entry *entry = registry->table.entries; entry; entry = entry->next) {
    if (!is_shown(entry)) continue;
    const hpr_state state = hpr_entry_snapshot(entry).state;
    stats.live += state == HPR_STATE_LIVE;
    stats.terminating += state == HPR_STATE_TERMINATING;
    stats.remainders += state == HPR_STATE_REMAINDER;
  }
  return stats;
}

int32_t hpr_registry_grace_ms(const hpr_registry *registry) { return registry->grace_ms; }
