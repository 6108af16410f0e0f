/**
 * Bugs that the simulator must find: each is planted alone into a copy of one source file, built,
 * and played until a promise breaks. The same stories without a bug must keep every promise. Where no
 * story comes to a bug, a test of the core has to.
 * `npm run sim:mutants`, or with a part of some names behind `--`; ends with 1 if a bug survives.
 * `-- --dry` only looks whether each can be planted.
 */
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { buildNative, nativeFolder } from "../../scripts/native.mjs";
import { installSystemPackages, root } from "../../scripts/setup.mjs";

const STORIES = Number(process.env.STORIES ?? 10000);
const TESTS_MS = 120_000;

/** `find` stands once in the file; what it says is replaced. */
const mutants = [
  {
    name: "no identity check",
    file: "src/platform/found.c",
    find: "  const int32_t pid = identity->pid;\n  const hpr_boot_match boot",
    replace:
      "  if (system->signal(identity->pid, 0, false) == 0)\n" +
      "    return not_found(identity->pid, HPR_VERDICT_SAME);\n" +
      "  const int32_t pid = identity->pid;\n  const hpr_boot_match boot",
  },
  {
    name: "EPERM taken for dead",
    file: "src/platform/found.c",
    find: "  if (asked == HPR_ESRCH) {\n",
    replace:
      "  if (asked == HPR_EACCES || read != 0) return not_found(pid, HPR_VERDICT_GONE);\n" +
      "  if (asked == HPR_ESRCH) {\n",
  },
  {
    name: "zombie taken for alive",
    file: "src/platform/found.c",
    find: "  if (read == 0 ? facts.dead : by->exact && !runs)",
    replace: "  if (read != 0 && by->exact && !runs)",
  },
  {
    name: "ladder without re-check",
    file: "src/platform/signal.c",
    find: "  const hpr_found found = hpr_found_open(self->system, &self->here, identity);\n  result = check_found",
    replace:
      "  if (signal == HPR_SIGNAL_KILL) return self->system->signal(identity->pid, 9, false);\n" +
      "  const hpr_found found = hpr_found_open(self->system, &self->here, identity);\n  result = check_found",
  },
  {
    name: "kill by pid after reuse",
    file: "src/platform/found.c",
    find: "                         ? system->handle_signal(found->handle, signum, group)",
    replace: "                         ? HPR_ENOTSUP",
  },
  {
    name: "kinship not asked for",
    file: "src/platform/signal.c",
    find: "  return result == 0 && !identity->kin ? HPR_ENOTKIN : result;",
    replace: "  return identity ? result : HPR_ENOTKIN;",
  },
  {
    name: "a stranger's child is kin",
    file: "src/platform/identify.c",
    find: "family->kin && is_related",
    replace: "is_related",
  },
  {
    name: "nobody is forbidden",
    file: "src/platform/signal.c",
    find: "  return is_forbidden(self, pid) ? HPR_EFORBIDDEN : permit(self, pid);",
    replace: "  return pid < 0 && is_forbidden(self, pid) ? HPR_EFORBIDDEN : 0;",
  },
  {
    name: "forgotten as soon as signalled",
    file: "src/core/table.c",
    find: "  if (request->recorded) hpr_entry_touch(entry);\n",
    replace: "  hpr_lines_remove(&table->lines, entry->order, entry);\n",
  },
  {
    name: "the next server does not finish",
    file: "src/core/judge.c",
    find: "  if (row->terminating) return HPR_FATE_RESUME;\n",
    replace: "",
  },
  {
    name: "pi forgotten with its keeper",
    file: "src/core/judge.c",
    find: "  hpr_row_promote(row, verdict == HPR_VERDICT_GROUP);\n",
    replace: "  return verdict;\n",
  },
  {
    name: "a write drops another server's entries",
    file: "src/core/ledger.c",
    find: "    hpr_heir_give_way(scope, &stored->row);\n  return HPR_KEEP;",
    replace: "    hpr_heir_give_way(scope, &stored->row);\n  return HPR_DROP;",
  },
  {
    name: "a living server's entries are orphans",
    file: "src/core/ledger.c",
    find: "  case HPR_OWNER_LIVES: hpr_heir_give_way(scope, row); return keep_owned(row);\n",
    replace: "  case HPR_OWNER_LIVES: break;\n",
  },
  {
    name: "another boot's pids trusted",
    file: "src/platform/identity.c",
    find: "  if (has_id(a) && has_id(b)) return HPR_BOOT_OTHER;",
    replace: "  if (has_id(a) && has_id(b)) return HPR_BOOT_SAME;",
  },
  {
    name: "ages by the wall clock",
    file: "src/core/judge.c",
    find: "  return since_ms >= 0 ? since_ms : process->age_ms(process->self, &row->main);",
    replace:
      "  return since_ms < -1 ? since_ms : process->now_ms(process->self) - row->spawned_ms;",
  },
  {
    name: "exits of the reclaimed not watched",
    file: "src/core/lost.c",
    find: "    entry->parts[part].suspect = entry->parts[part].presence",
    replace: "    entry->parts[part].watched = entry->parts[part].presence",
  },
  {
    name: "no SIGKILL",
    file: "src/core/ending.c",
    find: "ending->killed || now_ms >= ending->kill_due_ms)",
    replace: "ending->killed)",
  },
  {
    name: "what others have written not read",
    file: "src/store/pidfile.c",
    find: "  return generation == f->generation && hpr_spare_is_live(&f->spare, now);",
    replace: "  return f->generation != 0 && (now || generation);",
  },
  {
    name: "spare: only the last change is written to it",
    file: "src/store/spare.c",
    find: "  hpr_pieces_add_all(&spare->behind, text->changed);\n  hpr_pieces_sort",
    replace:
      "  hpr_pieces_clear(&spare->behind);\n" +
      "  hpr_pieces_add_all(&spare->behind, text->changed);\n  hpr_pieces_sort",
  },
  {
    name: "spare: touched before the write is counted",
    file: "src/store/pidfile.c",
    find: "  const bool counted = hpr_writelock_count(&f->lock) == 0;",
    replace: "  const bool counted = true;",
  },
  {
    name: "spare: a generation of others is not looked at",
    file: "src/store/pidfile.c",
    find: "  return generation == f->generation && hpr_spare_is_live(&f->spare, now);",
    replace: "  return hpr_spare_is_live(&f->spare, now) || generation == UINT64_MAX;",
  },
  {
    name: "spare: written to while somebody reads it",
    file: "src/store/spare.c",
    find: "  int result = files->open_leased(files->self, spare->spare_path, &file);\n",
    replace:
      "  int result = files->open_leased(files->self, spare->spare_path, &file);\n" +
      "  if (result == HPR_EBUSY)\n" +
      "    result = files->open_lock(files->self, spare->spare_path, &file);\n",
  },
  {
    name: "spare: what is left of a longer text stays",
    file: "src/store/spare.c",
    find: "  if (result == 0 && ret_info->size_bytes > (int64_t)text->size)",
    replace: "  if (result != 0)",
  },
  {
    name: "spare: the live file is changed in place",
    file: "src/store/spare.c",
    find: "  const int ended = files->end_lease(files->self, file);\n",
    replace:
      "  const int ended = files->end_lease(files->self, file);\n" +
      "  if (result == 0)\n" +
      "    result = files->exchange(files->self, spare->spare_path, spare->path);\n" +
      "  if (result == 0) result = bring_up_to_date(spare, text, file, ret_info);\n" +
      "  files->exchange(files->self, spare->spare_path, spare->path);\n",
  },
  {
    name: "spare: left behind by a registry that was closed",
    file: "src/core/turn.c",
    find: "  if (!hpr_turn_is_forked(registry)) hpr_pidfile_leave(registry->ledger.pidfile);\n",
    replace: "",
  },
  {
    name: "layout: the first line keeps its comma",
    file: "src/store/layout.c",
    find: "  move_comma(it);\n",
    replace: "",
  },
  {
    name: "layout: a line that grows covers the next",
    file: "src/store/layout.c",
    find: "  return make_way(it, index + 1, end);",
    replace: "  return end > 0 || make_way(it, index + 1, end);",
  },
  {
    name: "exits: those that wait are not written by themselves",
    file: "src/core/turn.c",
    find: "  } while (registry->table.due || has_to_write(registry));\n  let_wait(registry);\n",
    replace: "  } while (registry->table.due || has_to_write(registry));\n  (void)let_wait;\n",
  },
  {
    name: "an entry that left the lookups not counted as a change",
    file: "src/core/table.c",
    find:
      "  hpr_table_note_change(table);\n" +
      "  hpr_index_remove(&table->index, HPR_BY_SESSION, entry);",
    replace: "  hpr_index_remove(&table->index, HPR_BY_SESSION, entry);",
  },
  {
    name: "a name that two entries have counted once in the filter",
    file: "src/core/index.c",
    find: "  if (index->by[by].filter) hpr_filter_add(index->by[by].filter, its.bytes, its.size);\n",
    replace:
      "  if (index->by[by].filter && entry->slots[by].older == number_of(entry))\n" +
      "    hpr_filter_add(index->by[by].filter, its.bytes, its.size);\n",
  },
  {
    name: "a watch that failed not tried again",
    file: "src/core/act.c",
    find: "  entry->retry_ms = failed ? registry->now_ms + WATCH_RETRY_MS : HPR_TIME_NEVER;\n",
    replace:
      "  entry->retry_ms = HPR_TIME_NEVER;\n" +
      "  for (int part = 0; failed && part < HPR_PART_COUNT; part++) entry->parts[part].watched = true;\n",
  },
  {
    name: "a keeper asked while its agent lives",
    file: "src/core/ending.c",
    find: "  case HPR_ENDING_AGENT: return is_agent(facts, part);",
    replace: "  case HPR_ENDING_AGENT: return true;",
  },
  {
    name: "a guess that does not give way",
    file: "src/core/link.c",
    find: "  return entry->linked_by <= HPR_LINK_ANCESTOR && entry->linked_by < by;",
    replace: "  return entry->linked_by == HPR_LINK_NONE && by;",
  },
  {
    name: "an ancestor's entry that does not give way",
    file: "src/core/link.c",
    find: "  return entry->linked_by <= HPR_LINK_ANCESTOR && entry->linked_by < by;",
    replace: "  return entry->linked_by < HPR_LINK_ANCESTOR && entry->linked_by < by;",
  },
  {
    name: "a session keeps its guess beside its proof",
    file: "src/core/link.c",
    find: "  if (entry->linked_by > HPR_LINK_FOLDER) drop_guesses(registry, entry);\n",
    replace: "",
  },
  {
    name: "a claim climbs past an entry that is held",
    file: "src/core/kinship.c",
    find: "    if (entry->life != HPR_LIFE_RUNNING) continue;",
    replace:
      "    if (entry->life != HPR_LIFE_RUNNING || entry->linked_by > HPR_LINK_FOLDER) continue;",
  },
  {
    name: "a claim climbs past an entry that is ending",
    file: "src/core/kinship.c",
    find: "    if (entry->life != HPR_LIFE_RUNNING) continue;",
    replace: "    if (!hpr_entry_is_live(entry)) continue;",
  },
  {
    name: "the farthest ancestor",
    file: "src/core/kinship.c",
    find: "  for (size_t i = 0; i < count && !entry; i++) entry = holder_of(process, table, line[i].pid);",
    replace:
      "  for (size_t i = count; i > 0 && !entry; i--)\n" +
      "    entry = holder_of(process, table, line[i - 1].pid);",
  },
  {
    name: "jobs of one terminal are kin",
    file: "src/platform/identify.c",
    find: "  return hpr_descends(system, pid, family) || is_led",
    replace:
      "  hpr_facts its;\n" +
      "  if (system->look(family, &its) == 0 && its.session == facts->session) return true;\n" +
      "  return hpr_descends(system, pid, family) || is_led",
  },
  {
    name: "an agent started anew is not learned by its session",
    file: "src/core/link.c",
    find: "  if (pid != 0 && hpr_agent_learn",
    replace: "  if (pid != 0 && !had && hpr_agent_learn",
  },
  {
    name: "a nearer entry's process taken for the agent",
    file: "src/core/agent.c",
    find: "  if (ret_agent->kin && !belongs(registry, entry, pid)) ret_agent->kin = false;\n",
    replace: "",
  },
  {
    name: "a wrong pid in the place of a living agent",
    file: "src/core/agent.c",
    find: "  if (!agent->kin) return hpr_row_more(&entry->row)->keeper.pid != 0 && !has_own;",
    replace: "  if (!agent->kin) return hpr_row_more(&entry->row)->keeper.pid != 0;",
  },
  {
    name: "an agent replaced by what it has started",
    file: "src/core/agent.c",
    find: "  return entry->agent_found ||",
    replace: "  return true ||",
  },
  {
    name: "a reused pid taken for the entry",
    file: "src/core/link.c",
    find: "      still_has_number(registry, entry, HPR_PART_MAIN))",
    replace: "      entry->order != 0)",
  },
  {
    name: "a reused pid taken for the agent",
    file: "src/core/link.c",
    find: "  if (!still_has_number(registry, entry, HPR_PART_AGENT)) return false;\n",
    replace: "",
  },
  {
    name: "a pid that was never proved counts for more than descent",
    file: "src/core/link.c",
    find: "  if (nearest) return nearest == entry;",
    replace: "  if (nearest) return true;",
  },
  {
    name: "a keeper's agent not looked for when it is to end",
    file: "src/core/end.c",
    find: "  hpr_agent_find(registry, entry);\n",
    replace: "",
  },
  {
    name: "one of a keeper's children taken for the only one",
    file: "src/core/agent.c",
    find: "    if (child) return NULL;\n",
    replace: "",
  },
  {
    name: "a tool taken for the agent",
    file: "src/core/agent.c",
    find: "      (has_title(process, child) || has_mark(registry, entry, child)))",
    replace: "      (child->pid || has_title(process, child) || has_mark(registry, entry, child)))",
  },
  {
    name: "an agent asked by one server asked again by the next",
    file: "src/core/table.c",
    find: "    if (asked) ending->parts[part].sent = HPR_SENT_FIRST;\n",
    replace: "    (void)asked;\n",
  },
  {
    name: "a first signal not recorded before it is sent",
    file: "src/core/decide.c",
    find: "record_parts(entry);\n  record_others(",
    replace: "(void)record_parts;\n  (void)record_others, (void)(",
  },
  {
    name: "descendants asked by one server asked again by the next",
    file: "src/core/others.c",
    find: "    it->asked.sent = HPR_SENT_FIRST;\n    it->suspect = true;\n",
    replace: "    it->suspect = true;\n",
  },
  {
    name: "descendants asked by one server forgotten by the next",
    file: "src/core/lost.c",
    find: "resumed) hpr_others_resume(entry);",
    replace: "resumed) (void)hpr_others_resume;",
  },
  {
    name: "whoever was reached with a keeper's group taken for its new agent",
    file: "src/core/others.c",
    find: "HPR_REASON_RESUMED || ending->parts[HPR_PART_AGENT].sent != HPR_SENT_FIRST)",
    replace: "HPR_REASON_RESUMED)",
  },
  {
    name: "a keeper's agent that came while no server ran taken for a bystander",
    file: "src/core/others.c",
    find: "  if (ending->reason != HPR_REASON_RESUMED || ending",
    replace: "  if (ending->reason != (hpr_reason)-1 || ending",
  },
  {
    name: "a new agent with the dead one's pid asked again by the next server",
    file: "src/core/others.c",
    find: "hpr_birth_is_told(&identity.birth) && !is_part(entry, &identity)",
    replace:
      "hpr_birth_is_told(&identity.birth) && identity.pid != hpr_row_more(&entry->row)->pi.pid &&\n" +
      "                        !is_part(entry, &identity)",
  },
  {
    name: "no grace is left after a restart",
    file: "src/core/table.c",
    find: "hpr_ending_resume(ending, grace_left(record, request->began_ms), request->now_ms);",
    replace:
      "hpr_ending_resume(ending, 0 * grace_left(record, request->began_ms), request->now_ms);",
  },
  {
    name: "all of the grace again after a restart",
    file: "src/core/table.c",
    find: "  if (waited_ms <= 0) return record->grace_ms;",
    replace: "  if (waited_ms >= 0) return record->grace_ms;",
  },
  {
    name: "a failed first signal not tried again",
    file: "src/core/ending.c",
    find: "    it->retry_ms = now_ms + RETRY_MS;\n    ending->failed = true;",
    replace: "    it->retry_ms = HPR_TIME_NEVER;\n    ending->failed = true;",
  },
  {
    name: "an exit told twice",
    file: "src/core/decide.c",
    find: "  entry->life = HPR_LIFE_TOLD;\n",
    replace:
      "  entry->life = HPR_LIFE_TOLD;\n" +
      "  if (entry->ending) hpr_outbox_exited(&registry->outbox, entry);\n",
  },
  {
    name: "an exit told again by the next server",
    file: "src/core/decide.c",
    find: "  entry->row.remainder = true;\n",
    replace: "",
  },
  {
    name: "the exit of one that was asked to end not told",
    file: "src/core/decide.c",
    find: "  hpr_entry_touch(entry);\n  hpr_past_tell_exit(",
    replace: "  hpr_entry_touch(entry);\n  if (!entry->ending) hpr_past_tell_exit(",
  },
  {
    name: "the exit of one whose pid is reused not told",
    file: "src/core/register.c",
    find: "  if (!same && was_seen && entry->life == HPR_LIFE_RUNNING)\n",
    replace: "  if (same && was_seen && entry->life == HPR_LIFE_RUNNING)\n",
  },
  {
    name: "the exit of one that died without a server not told",
    file: "src/core/lost.c",
    find: "case HPR_FATE_DROP: tell_exit(scope, row); return HPR_DROP;",
    replace: "case HPR_FATE_DROP: (void)tell_exit; return HPR_DROP;",
  },
  {
    name: "exit event without generation",
    file: "src/core/index.c",
    find: "  return entry->serial == serial ? entry : NULL;",
    replace: "  return entry;",
  },
  {
    name: "descendants not waited for",
    file: "src/core/decide.c",
    find: "  facts.others_left = hpr_others_left(entry->ending, false) ||\n",
    replace: "  facts.others_left =\n",
  },
  {
    name: "descendants not looked for",
    file: "src/core/decide.c",
    find: "  find_descendants(registry, entry);\n",
    replace: "  (void)find_descendants;\n",
  },
  {
    name: "told before the work is done",
    file: "src/core/turn.c",
    find: "    each_due(registry, hpr_act);\n",
    replace: "    hpr_turn_tell(registry);\n    each_due(registry, hpr_act);\n",
  },
  {
    name: "closed inside a report",
    file: "src/core/turn.c",
    find: "  if (registry->telling) return; /* from one of the host's own callbacks: later */\n",
    replace: "",
  },
  {
    name: "a report within another",
    file: "src/core/turn.c",
    find: "  if (registry->telling) return;\n  tell_all",
    replace: "  tell_all",
  },
  {
    name: "the file written by a registry that closes",
    file: "src/core/turn.c",
    find: "  registry->guest = true; /*",
    replace: "  /*",
  },
  {
    name: "an entry freed while it is due",
    file: "src/core/table.c",
    find: "  hpr_table_done_with(table, entry);\n  hpr_table_set_timed",
    replace: "  hpr_table_set_timed",
  },
  {
    name: "owners: a process is one owner",
    file: "src/core/owners.c",
    find: "  switch (hpr_ownerfile_test(owners->locks, hpr_row_owner(row))) {",
    replace:
      "  if (hpr_row_owner(row)->identity.pid == owners->self.pid) return HPR_OWNER_GONE;\n" +
      "  switch (hpr_ownerfile_test(owners->locks, hpr_row_owner(row))) {",
  },
  {
    name: "owners: a free byte of any file is a death",
    file: "src/store/ownerfile.c",
    find: "strcmp(birth, of->file) == 0)",
    replace: "birth[0] != of->file[0] + 99)",
  },
  {
    name: "owners: a copy of the lock file is that file",
    file: "src/store/ownerfile.c",
    find: "      memcmp(head + HPR_OWNER_ID_SIZE, expected, HPR_OWNER_ID_SIZE - 1) != 0)",
    replace: "      expected[0] == 0)",
  },
  {
    name: "owners: locks are not asked",
    file: "src/core/owners.c",
    find: "    return is_of_another_host(owners, process, row) ? HPR_OWNER_ELSEWHERE : HPR_OWNER_GONE;",
    replace:
      "    if (is_of_another_host(owners, process, row)) return HPR_OWNER_ELSEWHERE;\n    break;",
  },
  {
    name: "owners: who came late is not looked for",
    file: "src/core/ledger.c",
    find: "  const bool read = hpr_pidfile_look(scope->ledger->pidfile, &client);",
    replace: "  const bool read = client.judge == NULL;",
  },
  {
    name: "owners: what a write could not judge is not asked again",
    file: "src/core/ledger.c",
    find: "    judging = true;\n    result = sync(scope);\n",
    replace: "    result = sync(scope);\n",
  },
  {
    name: "owners: a lock in a file that vanished is not taken again",
    file: "src/store/pidfile.c",
    find: "  if (!f->unprovable && !hpr_ownerfile_is_current(f->owners)) f->owner_due = true;",
    replace: "  if (!f->unprovable && hpr_ownerfile_bytes(f->owners) == NULL) f->owner_due = true;",
  },
  {
    name: "owners: the lock of a dead one not held until the file names its heir",
    file: "src/store/ownerfile.c",
    find: "  const int result = files->lock_byte(files->self, it->file, place_of(number));",
    replace: "  const int result = files ? 0 : HPR_ENOLCK;",
  },
  {
    name: "owners: what is claimed is not shown in the file that came since",
    file: "src/store/ownerfile.c",
    find: "    bring_claims(owners, &it);\n",
    replace: "    (void)bring_claims;\n",
  },
  {
    name: "owners: claimed in a file that has vanished",
    file: "src/core/ledger.c",
    find: "  if (judging) (void)hpr_pidfile_is_proved(scope->ledger->pidfile);",
    replace: "  ",
  },
  {
    name: "owners: who has no lock takes orphans over",
    file: "src/store/pidfile.c",
    find: "  if (result == HPR_EBUSY || is_shortage(result)) return result;",
    replace: "  (void)is_shortage;\n  if (result == HPR_EBUSY) return result;",
  },
  {
    name: "owners: an exit told though the file cannot say so",
    file: "src/core/heir.c",
    find: "  const bool all = !scope->ledger->exits || end == HPR_SYNC_DONE;",
    replace: "  const bool all = end <= HPR_SYNC_DONE;",
  },
  {
    name: "an exit told again of one whose place another has taken",
    file: "src/store/row.c",
    find: "(one->spawned_ms != HPR_SPAWNED_UNKNOWN || ",
    replace: "(one->spawned_ms == 0 || ",
  },
  {
    name: "one that was registered twice unseen has two entries",
    file: "src/core/turn.c",
    find: "  if (entry->row.main.state == HPR_RECORD_KNOWN) give_twin_up(registry, entry);\n",
    replace: "  (void)give_twin_up;\n",
  },
  {
    name: "who was only told of takes a dead one's place",
    file: "src/core/entry.c",
    find: "         hpr_entry_is_proved(entry, HPR_PART_AGENT);",
    replace: "         hpr_entry_answers_for(entry, HPR_PART_AGENT);",
  },
  {
    name: "a row that stays judged by what was made of it",
    file: "src/core/judge.c",
    find: "  if (agent != HPR_VERDICT_SAME) return agent;\n",
    replace: "",
  },
  {
    name: "a dead leader watched whose group is another user's",
    file: "src/platform/watching.c",
    find: "  return found->handle != HPR_NO_HANDLE && !system->handle_runs(found->handle);",
    replace: "  return false;",
  },
  {
    name: "a dead process's identity taken for that of whom nobody told",
    file: "src/core/lost.c",
    find: "  if (!runs && entry->row.main.state != HPR_RECORD_KNOWN)\n    return hpr_lost_keep_for_later(scope, row);\n",
    replace: "",
  },
  {
    name: "owners: rows do not name the new lock",
    file: "src/store/row.c",
    find: '  snprintf(name->file, sizeof name->file, "%s", file);\n',
    replace: "  (void)file;\n",
  },
  {
    name: "owners: a call that waited in vain gives up",
    file: "src/core/ledger.c",
    find: "      result == 0 ? HPR_TIME_NEVER : scope->now_ms + (waiting ? LOCK_RETRY_MS : RETRY_MS);",
    replace:
      "      result == 0 || waiting ? HPR_TIME_NEVER : scope->now_ms + RETRY_MS + LOCK_RETRY_MS;",
  },
  {
    name: "a tree: pids prove a member",
    file: "src/core/tree.c",
    find: "  return ret_identity->kin && is_of_our_user(it, ret_identity, &relative);",
    replace:
      "  ret_identity->kin = ret_identity->state == HPR_RECORD_KNOWN;\n  return ret_identity->kin;",
  },
  {
    name: "a tree: a mark proves nobody who has the pid by now",
    file: "src/core/tree.c",
    find:
      "      hpr_token_is_carried(process, it->entry->row.token,\n" +
      "                           hpr_pidfile_path(it->registry->ledger.pidfile), ret_identity) &&",
    replace: "",
  },
  {
    name: "a tree: another entry's processes are members",
    file: "src/core/census.c",
    find: "    if (entry->parts[part].presence == HPR_PRESENCE_THERE) give_if",
    replace: "    if (entry->parts[part].presence == HPR_PRESENCE_THERE && entry->ending) give_if",
  },
  {
    name: "a tree: other servers' entries are members",
    file: "src/core/census.c",
    find: "  give_if_itself(it, &row->main, &other_servers);\n",
    replace: "",
  },
  {
    name: "a tree: other servers are members",
    file: "src/core/census.c",
    find: "  give_server(it, &hpr_row_owner(row)->identity);\n",
    replace: "",
  },
  {
    name: "a tree: a dead leader's group before descent",
    file: "src/core/census.c",
    find: "  spread_by(it->census, of_ancestor);\n  give_by_token(it);",
    replace: "  give_by_token(it);",
  },
  {
    name: "a tree: tools of an agent above us are of a dead leader's group",
    file: "src/core/census.c",
    find: "      return census->owners[i] == &entry_above_us;",
    replace: "      return census->owners[i] == NULL;",
  },
  {
    name: "a tree: marks are not looked for",
    file: "src/core/census.c",
    find: "  give_by_token(it);",
    replace: "  (void)give_by_token;",
  },
  {
    name: "a tree: another server's token protects nobody",
    file: "src/core/census.c",
    find: "  if (!is_ending(it, row->token)) add_token(it, row->token, &other_servers);\n",
    replace: "  (void)is_ending;\n",
  },
  {
    name: "a tree: whom an end has found before counts more than descent",
    file: "src/core/census.c",
    find: "  spread_by(it->census, of_ancestor);\n  give_others(it);",
    replace: "  give_others(it);",
  },
  {
    name: "a tree: a pid may have passed to another server's process",
    file: "src/core/tree.c",
    find: "         (it->census->has_other_servers && is_below",
    replace: "         (false && is_below",
  },
  {
    name: "a tree: a dead member's group is waited for",
    file: "src/core/others.c",
    find: " || (it->watched && verdict == HPR_VERDICT_GROUP)",
    replace: "",
  },
  {
    name: "a tree: our own mark counts",
    file: "src/core/census.c",
    find: "  drop_our_own(it);\n",
    replace: "  if (!it) drop_our_own(it);\n",
  },
  {
    name: "a tree: a mark of another file counts",
    file: "src/platform/mark.c",
    find: "  return carried && (is_long || !own) ?",
    replace: "  return carried ?",
  },
  {
    name: "a tree: one look",
    file: "src/core/decide.c",
    find: "(ending->looked && !again && !hpr_ending_is_nothing_left(facts))",
    replace: "ending->looked",
  },
  {
    name: "a tree: an answer that was missing is nobody",
    file: "src/core/tree.c",
    find: "  ending->look_due_ms = unsure    ? now_ms + LOOK_AGAIN_MS",
    replace: "  ending->look_due_ms = unsure    ? 0",
  },
  {
    name: "a tree around us is ended",
    file: "src/core/tree.c",
    find: "    if (identity && process->is_around_us(process->self, identity)) return true;\n",
    replace: "    if (identity && identity->pid == 0 && process->self == registry) return true;\n",
  },
  {
    name: "a tree: a group's signal",
    file: "src/core/ending.c",
    find: "  return alone || ending->tree || !facts",
    replace: "  return alone || !facts",
  },
  {
    name: "a tree: nobody is stopped before he is killed",
    file: "src/core/turn.c",
    find: "    hpr_tree_freeze(registry);\n",
    replace: "",
  },
  {
    name: "a tree: stopped when the grace begins",
    file: "src/core/tree.c",
    find: "!ending->tree || ending->state != HPR_ENDING_KILL) return false;",
    replace: "!ending->tree) return false;",
  },
  {
    name: "a tree: others in its group hold the end",
    file: "src/core/decide.c",
    find: "        !(facts.is_group[part] && entry->ending->tree) && presence",
    replace: "        presence",
  },
  {
    name: "a tree: forgotten when all that were recorded have gone",
    file: "src/core/judge.c",
    find: "    return ending && ending->tree && may_have_tree(process, row) ? HPR_FATE_RESUME : HPR_FATE_DROP;",
    replace: "    return ending ? HPR_FATE_DROP : HPR_FATE_DROP;",
  },
  {
    name: "a tree: not gone on with by the next server",
    file: "src/core/table.c",
    find: "  ending->tree = record->tree;",
    replace: "  ending->tree = false;",
  },
  {
    name: "hosts: another host's processes are dead",
    file: "src/core/judge.c",
    find: "  return scope->shared ? HPR_VERDICT_ELSEWHERE : HPR_VERDICT_GONE;",
    replace: "  return HPR_VERDICT_GONE;",
  },
  {
    name: "hosts: given up too soon",
    file: "src/core/lost.c",
    find: "now_ms - since_ms > HPR_ORPHAN_MAX_AGE_MS)",
    replace: "now_ms - since_ms > HPR_ORPHAN_MAX_AGE_MS / 7)",
  },
  {
    name: "hosts: never given up",
    file: "src/core/lost.c",
    find: "  if (dated && now_ms - ",
    replace: "  if (dated && now_ms == 0 && now_ms - ",
  },
  {
    name: "hosts: given up without a word",
    file: "src/core/lost.c",
    find: "    hpr_outbox_warn(scope->outbox, HPR_EABANDONED, row->main.pid, path_of(scope));\n",
    replace: "",
  },
  {
    name: "hosts: told of one by one",
    file: "src/core/lost.c",
    find: "  scope->ledger->told_elsewhere = true;\n",
    replace: "",
  },
  {
    name: "hosts: an adopted row stays dated",
    file: "src/core/lost.c",
    find: "  if (entry->row.rest) entry->row.rest->foreign_since_ms = 0;\n",
    replace: "",
  },
  {
    name: "hosts: forgotten though its owner lives",
    file: "src/core/guest.c",
    find:
      "  if (hpr_ownerfile_test(registry->owners.locks, hpr_row_owner(row)) == HPR_PROOF_LIVES)\n" +
      "    return false;\n",
    replace: "",
  },
  {
    name: "hosts: nothing is forgotten",
    file: "src/core/guest.c",
    find: "  if (verdict != HPR_VERDICT_FOREIGN && verdict != HPR_VERDICT_ELSEWHERE) return false;",
    replace: "  if (verdict != HPR_VERDICT_FOREIGN) return false;",
  },
  {
    name: "hosts: who is taken for lost does not show that he lives",
    file: "src/core/ledger.c",
    find: "         (it.disowned || (read && written && it.own < lines->living));",
    replace: "         false;",
  },
  {
    name: "clocks: nobody grows older while the machine sleeps",
    file: "src/platform/traits.c",
    find: "  const int64_t since_ms = self->system->boot_ms() - boot_ms;",
    replace:
      "  const int64_t since_ms = self->system->boot_ms() - boot_ms -\n" +
      "                           (self->system->now_ms() - self->system->clock_ms());",
  },
  {
    name: "clocks: a grace passes while the machine sleeps",
    file: "src/platform/process.c",
    find: "  return self->system->clock_ms() - self->here.host.clock_offset_ms;",
    replace: "  return self->system->boot_ms();",
  },
];

const folder = path.join(nativeFolder, "mutants");

const textOf = (file) => readFileSync(path.join(root, file), "utf8");

/** Code has moved, and these bugs can no longer be planted. */
function failIfStale() {
  const stale = mutants.filter(({ file, find }) => textOf(file).split(find).length !== 2);
  for (const { name, file } of stale) console.error(`not exactly once in ${file}: ${name}`);
  if (stale.length > 0) process.exit(1);
}

/** @param {Record<string, any>} mutant */
function plant({ file, find, replace }, place) {
  const planted = path.join(place, path.basename(file));
  writeFileSync(
    planted,
    textOf(file).replace(find, () => replace),
  );
  return planted;
}

const call = promisify(execFile);

/**
 * As CMake compiles it, from another place to another place. Undefined if the compiler refuses it:
 * the code around it has changed.
 */
async function compile(file, planted) {
  const commands = JSON.parse(
    readFileSync(path.join(nativeFolder, "compile_commands.json"), "utf8"),
  );
  const { command, directory } = commands.find((it) => it.file === path.join(root, file));
  const args = command.split(" ").filter((it) => it !== "-Werror");
  args[args.indexOf("-c") + 1] = planted;
  args[args.indexOf("-o") + 1] = `${planted}.o`;
  try {
    await call(args[0], ["-w", ...args.slice(1)], { cwd: directory });
    return `${planted}.o`;
  } catch (error) {
    console.error(error.stderr);
    return undefined;
  }
}

/** The object comes first: the linker takes the planted functions, and not the library's. */
async function link(object, place, target) {
  const text = readFileSync(path.join(nativeFolder, `CMakeFiles/${target}.dir/link.txt`), "utf8");
  const args = text.replaceAll('"', "").trim().split(" ").filter(Boolean);
  const program = path.join(place, target);
  args[args.indexOf("-o") + 1] = program;
  await call(args[0], [object, ...args.slice(1)], { cwd: nativeFolder });
  return program;
}

const unplanted = path.join(nativeFolder, "sim");

/** The promise that broke, or undefined. What tells of trees alone is played more quickly. */
async function play(program, name, stories = ["--seeds", `${STORIES}`]) {
  const args = [...stories, ...(name.startsWith("a tree") ? ["--trees"] : [])];
  /* What is freed is filled with rubbish (glibc), so that who uses it yet does not get away with it. */
  const env = { ...process.env, MALLOC_PERTURB_: "165" };
  const options = { maxBuffer: 64 * 1024 * 1024, env };
  try {
    await call(program, args, options);
    return undefined;
  } catch ({ code, signal, stdout }) {
    const seed = stdout?.split("\n").find((line) => line.startsWith("seed "));
    return seed ?? `ended with ${signal ?? code}`;
  }
}

/** The first test of the core that fails, or undefined. */
async function test(program) {
  try {
    await call(program, ["--gtest_brief=1"], { cwd: nativeFolder, timeout: TESTS_MS });
    return undefined;
  } catch ({ code, signal, stdout }) {
    return /FAILED {2}\] (\S+)/.exec(stdout ?? "")?.[1] ?? `ended with ${signal ?? code}`;
  }
}

/** What only the bug breaks: the same story holds without it. */
async function find(program, name) {
  const found = await play(program, name);
  const seed = /^seed (\d+)/.exec(found ?? "")?.[1];
  const before = seed && (await play(unplanted, name, ["--first", seed, "--seeds", "1"]));
  if (before) throw new Error(`without a planted bug: ${before}`);
  return found;
}

/** @param {Record<string, any>} mutant */
async function check(mutant, place) {
  const { name, file } = mutant;
  if (!file) return { name, found: await play(unplanted, name), honest: true };
  mkdirSync(place, { recursive: true });
  const object = await compile(file, plant(mutant, place));
  if (!object) return { name: `${name} (does not build)`, found: undefined };
  const found = await find(await link(object, place, "sim"), name);
  if (found) return { name, found };
  const tested = await test(await link(object, place, "core_tests"));
  return { name, found: tested && `no story; ${tested}` };
}

/** One after the other, beside others who do the same. */
async function work(queue, place, results) {
  for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
    const result = await check(mutant, place);
    if (result.honest && result.found) throw new Error(`without a planted bug: ${result.found}`);
    results.push(result);
    if (result.honest) continue;
    console.log(
      `${result.found ? "found   " : "SURVIVED"}  ${result.name}: ${result.found ?? "-"}`,
    );
  }
}

/** `only`: a part of the names of those that are planted; all of them without it. */
async function checkAll(only = "") {
  const queue = [{ name: "" }, ...mutants].filter(({ name }) => name.includes(only));
  const results = [];
  const places = Array.from({ length: availableParallelism() }, (_, i) =>
    path.join(folder, `${i}`),
  );
  await Promise.all(places.map((place) => work(queue, place, results)));
  const planted = results.filter(({ honest }) => !honest);
  const found = planted.filter((it) => it.found);
  console.log(`${found.length} of ${planted.length} planted bugs were found`);
  return found.length === planted.length;
}

failIfStale();
if (process.argv[2] !== "--dry") {
  installSystemPackages();
  buildNative(["sim", "core_tests"]);
  process.exitCode = (await checkAll(process.argv[2])) ? 0 : 1;
}
