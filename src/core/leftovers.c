#include "core/carriers.h"
#include "core/state.h"

/* A session of that token that lives has its processes itself. */
size_t hpr_registry_count_marked(const hpr_registry *registry, const char *token) {
  const char *path = hpr_pidfile_path(registry->ledger.pidfile);
  hpr_carriers carriers = {0};
  if (hpr_table_find_token(&registry->table, token)) return 0;
  (void)hpr_carriers_look(&carriers, &registry->process, &token, 1, path);
  const size_t count = hpr_carriers_count(&carriers, &registry->process, token, path);
  hpr_carriers_done(&carriers);
  return count;
}
