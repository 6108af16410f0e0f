#include "core/entry.h"

#include <stdlib.h>
#include <string.h>

hpr_entry *hpr_entry_new(hpr_row *take_row) {
  hpr_entry *entry = calloc(1, sizeof *entry);
  if (!entry) return NULL;
  entry->row = *take_row;
  entry->exit_code = HPR_EXIT_CODE_NONE;
  *take_row = (hpr_row){0};
  return entry;
}

void hpr_entry_free(hpr_entry *entry) {
  if (!entry) return;
  free(entry->ending);
  hpr_row_done(&entry->row);
  free(entry->session);
  free(entry);
}

int hpr_entry_write(const void *entry, char **ret_text) {
  const hpr_entry *it = entry;
  hpr_row row = it->row;
  if (it->session) row.session = it->session;
  return hpr_row_write(&row, ret_text);
}

void hpr_entry_touch(hpr_entry *entry) {
  if (entry->lines) hpr_lines_spoil(entry->lines, entry->order);
}

const hpr_identity *hpr_entry_part(const hpr_entry *entry, hpr_part part) {
  const hpr_identity *main = &entry->row.main;
  const hpr_identity *it = part == HPR_PART_MAIN ? main
                           : part == HPR_PART_PI ? &entry->row.pi
                                                 : &entry->row.keeper;
  bool apart = it->pid != 0 && (it == main || it->pid != main->pid);
  return apart ? it : NULL;
}

bool hpr_same_identity(const hpr_identity *a, const hpr_identity *b) {
  return a->pid == b->pid && a->state == b->state && strcmp(a->boot, b->boot) == 0 &&
         strcmp(a->birth, b->birth) == 0;
}

bool hpr_entry_recognise(hpr_entry *entry, const hpr_identity *identity) {
  hpr_row *row = &entry->row;
  bool untold = row->main.state != HPR_RECORD_KNOWN && row->main.pid == identity->pid;
  if (identity->state != HPR_RECORD_KNOWN) return false;
  if (!untold && !hpr_same_identity(&row->main, identity)) return false;
  bool kin = row->main.kin || identity->kin;
  if (!untold && row->main.kin == kin) return true; /* nothing new */
  row->main = *identity;
  row->main.kin = kin;
  if (row->keeper.pid == row->main.pid) row->keeper = row->main;
  hpr_entry_touch(entry);
  return true;
}

hpr_snapshot hpr_entry_snapshot(const hpr_entry *entry) {
  const hpr_row *row = &entry->row;
  return (hpr_snapshot){
      .pid = row->main.pid,
      .cwd = row->cwd,
      .spawned_ms = row->spawned_ms,
      .session = entry->session,
      .token = row->token,
      .pi_pid = row->pi.pid,
      .keeper_pid = row->keeper.pid,
      .socket_path = row->socket_path,
      .ending = entry->ending != NULL,
      .kin = row->main.kin,
      .exit_code = entry->exit_code,
      .exit_signal = entry->exit_signal[0] ? entry->exit_signal : NULL,
  };
}
