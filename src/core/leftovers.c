#include "core/leftovers.h"

enum { RECENT_MS = 50 }; /* so old a look does: who has started since is not counted */

static bool has_looked_for(const hpr_leftovers *leftovers, uint64_t serial, int64_t now_ms) {
  if (!leftovers->carriers.looked || now_ms - leftovers->looked_ms >= RECENT_MS) return false;
  for (size_t i = 0; i < leftovers->count; i++)
    if (leftovers->serials[i] == serial) return true;
  return false;
}

/* Those after it may end next. */
static void look(hpr_leftovers *leftovers, const hpr_process_ops *process, const char *pid_file,
                 const hpr_entry *first, int64_t now_ms) {
  const char *tokens[HPR_LEFTOVERS_MAX];
  hpr_leftovers_done(leftovers);
  for (const hpr_entry *it = first; it && leftovers->count < HPR_LEFTOVERS_MAX; it = it->next) {
    if (!it->row.token) continue;
    tokens[leftovers->count] = it->row.token;
    leftovers->serials[leftovers->count++] = it->serial;
  }
  leftovers->looked_ms = now_ms;
  (void)hpr_carriers_look(&leftovers->carriers, process, tokens, leftovers->count, pid_file);
}

size_t hpr_leftovers_count(hpr_leftovers *leftovers, const hpr_process_ops *process,
                           const hpr_table *table, const char *pid_file, const hpr_entry *entry) {
  const int64_t now_ms = process->clock_ms(process->self);
  const char *token = entry->row.token;
  if (!token || hpr_table_find_token(table, token)) return 0;
  if (!has_looked_for(leftovers, entry->serial, now_ms))
    look(leftovers, process, pid_file, entry, now_ms);
  return hpr_carriers_count(&leftovers->carriers, process, token, pid_file);
}

void hpr_leftovers_done(hpr_leftovers *leftovers) {
  hpr_carriers_done(&leftovers->carriers);
  leftovers->count = 0;
}
