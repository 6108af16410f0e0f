#include "core/entry.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

hpr_entry *hpr_entry_new(hpr_row *take_row) {
  hpr_entry *entry = calloc(1, sizeof *entry);
  if (!entry) return NULL;
  entry->row = *take_row;
  entry->exit_code = HPR_EXIT_CODE_NONE;
  entry->status_due_ms = entry->retry_ms = entry->heal_ms = HPR_TIME_NEVER;
  *take_row = (hpr_row){0};
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) hpr_entry_meet(entry, part);
  return entry;
}

void hpr_entry_free(hpr_entry *entry) {
  if (!entry) return;
  hpr_entry_call_off(entry);
  hpr_row_done(&entry->row);
  free(entry->session);
  free(entry->exit_signal);
  free(entry);
}

void hpr_entry_call_off(hpr_entry *entry) {
  if (!entry->ending) return;
  free(entry->ending->others);
  free(entry->ending);
  entry->ending = NULL;
}

/* --- its line ------------------------------------------------------------------------------- */

void hpr_entry_write(const void *entry, hpr_buffer *buffer) {
  const hpr_entry *it = entry;
  hpr_row row = it->row;
  if (it->session) row.session = it->session;
  hpr_row_write(&row, buffer);
}

void hpr_entry_touch(hpr_entry *entry) {
  if (entry->lines) hpr_lines_spoil(entry->lines, entry->order);
}

/* --- its processes -------------------------------------------------------------------------- */

const hpr_identity *hpr_entry_part(const hpr_entry *entry, hpr_part part) {
  const hpr_row *row = &entry->row;
  const hpr_row_rest *rest = hpr_row_more(row);
  switch (part) {
  case HPR_PART_MAIN: return &row->main;
  case HPR_PART_AGENT: return rest->pi.pid && rest->pi.pid != row->main.pid ? &rest->pi : NULL;
  case HPR_PART_KEEPER:
    return rest->keeper.pid && rest->keeper.pid != row->main.pid ? &rest->keeper : NULL;
  case HPR_PART_FORMER: return rest->former.pid ? &rest->former : NULL;
  case HPR_PART_COUNT: break;
  }
  return NULL;
}

void hpr_entry_meet(hpr_entry *entry, hpr_part part) {
  const hpr_identity *identity = hpr_entry_part(entry, part);
  const bool unseen = identity && identity->state == HPR_RECORD_NOBODY;
  if (part == HPR_PART_AGENT) entry->agent_found = false;
  entry->parts[part] = (hpr_process){
      .round = entry->parts[part].round,
      .presence = !identity ? HPR_PRESENCE_NONE
                  : unseen  ? HPR_PRESENCE_UNSEEN
                            : HPR_PRESENCE_THERE,
  };
}

bool hpr_entry_is_proved(const hpr_entry *entry, hpr_part part) {
  const hpr_identity *identity = hpr_entry_part(entry, part);
  return identity && identity->state == HPR_RECORD_KNOWN && identity->kin;
}

bool hpr_entry_answers_for(const hpr_entry *entry, hpr_part part) {
  const hpr_identity *identity = hpr_entry_part(entry, part);
  return hpr_entry_is_proved(entry, part) || (identity && identity->state == HPR_RECORD_OPAQUE);
}

bool hpr_entry_is_there(const hpr_entry *entry, hpr_part part) {
  const hpr_presence presence = entry->parts[part].presence;
  return presence == HPR_PRESENCE_THERE || presence == HPR_PRESENCE_UNSEEN;
}

bool hpr_entry_is_live(const hpr_entry *entry) {
  return entry->life == HPR_LIFE_RUNNING && !entry->ending;
}

bool hpr_entry_agent_runs(const hpr_entry *entry) {
  return entry->parts[HPR_PART_AGENT].presence == HPR_PRESENCE_THERE &&
         hpr_entry_answers_for(entry, HPR_PART_AGENT);
}

bool hpr_entry_has_ended(const hpr_entry *entry) {
  return !hpr_entry_is_there(entry, HPR_PART_MAIN) && !hpr_entry_agent_runs(entry);
}

bool hpr_entry_is_left(const hpr_entry *entry) {
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    const hpr_presence presence = entry->parts[part].presence;
    if ((presence == HPR_PRESENCE_THERE || presence == HPR_PRESENCE_GROUP) &&
        hpr_entry_answers_for(entry, part))
      return true;
  }
  return false;
}

void hpr_entry_drop_former(hpr_entry *entry) {
  if (!hpr_entry_part(entry, HPR_PART_FORMER)) return;
  hpr_row_drop_former(&entry->row);
  hpr_entry_meet(entry, HPR_PART_FORMER);
  hpr_entry_touch(entry);
}

bool hpr_entry_has_former(const hpr_entry *entry) {
  const hpr_presence presence = entry->parts[HPR_PART_FORMER].presence;
  return presence == HPR_PRESENCE_THERE || presence == HPR_PRESENCE_GROUP;
}

/* Whoever was only told of, and whom nobody could look at, does not take another one's place. */
bool hpr_entry_can_promote(const hpr_entry *entry) {
  const bool two_formers =
      entry->parts[HPR_PART_MAIN].presence == HPR_PRESENCE_GROUP && hpr_entry_has_former(entry);
  return entry->life == HPR_LIFE_RUNNING && !hpr_entry_is_there(entry, HPR_PART_MAIN) &&
         !two_formers && entry->parts[HPR_PART_AGENT].presence == HPR_PRESENCE_THERE &&
         hpr_entry_is_proved(entry, HPR_PART_AGENT);
}

void hpr_entry_promote(hpr_entry *entry) {
  const hpr_process main = entry->parts[HPR_PART_MAIN], agent = entry->parts[HPR_PART_AGENT];
  const bool leaves_group = main.presence == HPR_PRESENCE_GROUP;
  hpr_row_promote(&entry->row, leaves_group);
  entry->parts[HPR_PART_MAIN] = agent;
  entry->parts[HPR_PART_MAIN].round = main.round; /* a part's rounds are its number's, for ever */
  entry->parts[HPR_PART_AGENT] = (hpr_process){.presence = HPR_PRESENCE_NONE, .round = agent.round};
  if (leaves_group) entry->parts[HPR_PART_FORMER] = main;
  /* A keeper that never was may have had the agent's pid. */
  if (!hpr_entry_part(entry, HPR_PART_KEEPER)) hpr_entry_meet(entry, HPR_PART_KEEPER);
  if (entry->ending) hpr_ending_promote(entry->ending, leaves_group);
  hpr_entry_touch(entry);
}

void hpr_entry_make_remainder(hpr_entry *entry) {
  entry->life = HPR_LIFE_TOLD;
  entry->status_known = true;
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++) {
    hpr_process *it = &entry->parts[part];
    if (it->presence == HPR_PRESENCE_NONE || part == HPR_PART_KEEPER) continue;
    it->presence = HPR_PRESENCE_GROUP;
    it->exited = true;
  }
}

bool hpr_entry_learn(hpr_entry *entry, const hpr_identity *identity) {
  hpr_row *row = &entry->row;
  bool untold = row->main.state != HPR_RECORD_KNOWN && row->main.pid == identity->pid;
  if (identity->state != HPR_RECORD_KNOWN) return false;
  if (!untold && !hpr_identity_equal(&row->main, identity)) return false;
  bool kin = row->main.kin || identity->kin;
  if (!untold && row->main.kin == kin) return true; /* nothing new */
  row->main = *identity;
  row->main.kin = kin;
  if (hpr_row_more(row)->keeper.pid == row->main.pid) row->rest->keeper = row->main;
  if (entry->parts[HPR_PART_MAIN].presence == HPR_PRESENCE_UNSEEN)
    entry->parts[HPR_PART_MAIN].presence = HPR_PRESENCE_THERE;
  hpr_entry_touch(entry);
  return true;
}

void hpr_entry_set_status(hpr_entry *entry, int exit_code, const char *exit_signal) {
  entry->status_known = true;
  entry->status_due_ms = HPR_TIME_NEVER;
  entry->exit_code = exit_code;
  free(entry->exit_signal);
  entry->exit_signal = exit_signal ? strdup(exit_signal) : NULL;
}

bool hpr_entry_is_suspect(const hpr_entry *entry) {
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++)
    if (entry->parts[part].suspect) return true;
  for (size_t i = 0; entry->ending && i < entry->ending->other_count; i++)
    if (entry->ending->others[i].suspect) return true;
  return false;
}

/* --- looking -------------------------------------------------------------------------------- */

static hpr_state state_of(const hpr_entry *entry) {
  if (entry->ending) return HPR_STATE_TERMINATING;
  return entry->life == HPR_LIFE_RUNNING ? HPR_STATE_LIVE : HPR_STATE_REMAINDER;
}

static size_t leftovers_of(const hpr_entry *entry) {
  size_t count = 0;
  const hpr_row_rest *rest = hpr_row_more(&entry->row);
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++)
    if (entry->parts[part].presence == HPR_PRESENCE_GROUP && rest->members[part])
      count += rest->members[part]->count;
  return count;
}

hpr_snapshot hpr_row_snapshot(const hpr_row *row) {
  const hpr_row_rest *rest = hpr_row_more(row);
  return (hpr_snapshot){
      .pid = row->main.pid,
      .cwd = row->cwd,
      .spawned_ms = row->spawned_ms,
      .session = row->session,
      .token = row->token,
      .goal = rest->goal,
      .fields = rest->fields,
      .pi_pid = rest->keeper.pid ? rest->pi.pid : 0,
      .agent_pid = rest->keeper.pid ? 0 : rest->pi.pid,
      .keeper_pid = rest->keeper.pid,
      .socket_path = rest->socket_path,
      .state = row->terminating ? HPR_STATE_TERMINATING
               : row->remainder ? HPR_STATE_REMAINDER
                                : HPR_STATE_LIVE,
      .kin = row->main.kin,
      .exit_code = HPR_EXIT_CODE_NONE,
  };
}

hpr_snapshot hpr_entry_snapshot(const hpr_entry *entry) {
  hpr_snapshot it = hpr_row_snapshot(&entry->row);
  it.ticket = entry->serial;
  it.session = entry->session;
  it.last_session = entry->session ? NULL : entry->row.session;
  it.linked_by = entry->linked_by;
  it.state = state_of(entry);
  it.exit_code = entry->exit_code;
  it.exit_signal = entry->exit_signal;
  it.leftovers = leftovers_of(entry);
  return it;
}

void hpr_entry_assert(const hpr_entry *entry) {
  for (hpr_part part = 0; part < HPR_PART_COUNT; part++)
    assert((entry->parts[part].presence == HPR_PRESENCE_NONE) == !hpr_entry_part(entry, part));
  assert(entry->life == HPR_LIFE_RUNNING || hpr_entry_has_ended(entry));
  assert(entry->life != HPR_LIFE_EXITED || !entry->status_known);
  assert((entry->status_due_ms == HPR_TIME_NEVER) == (entry->life != HPR_LIFE_EXITED));
  assert((entry->linked_by == HPR_LINK_NONE) == !entry->session);
  if (entry->ending) hpr_ending_assert(entry->ending);
}
