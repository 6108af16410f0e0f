/**
 * Bugs that the simulator must find: each is planted alone into a copy of one source file, built,
 * and played until a promise breaks. The same stories without a bug must keep every promise.
 * `npm run sim:mutants`; ends with 1 if a bug survives.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { buildNative, nativeFolder } from "../../scripts/native.mjs";
import { installSystemPackages, root, run } from "../../scripts/setup.mjs";

const STORIES = 8000;

/** `find` stands once in the file; what it says is replaced. */
const mutants = [
  {
    name: "no identity check",
    file: "src/platform/found.c",
    find: "  hpr_birth birth;\n  const int32_t pid",
    replace:
      "  hpr_birth birth;\n  if (system->signal(identity->pid, 0, false) == 0)\n" +
      "    return not_found(identity->pid, HPR_VERDICT_SAME);\n  const int32_t pid",
  },
  {
    name: "EPERM taken for dead",
    file: "src/platform/found.c",
    find: "  if (asked == HPR_ESRCH)\n    return find_group(system, pid, by->exact",
    replace:
      "  if (asked == HPR_EACCES || read != 0) return not_found(pid, HPR_VERDICT_GONE);\n" +
      "  if (asked == HPR_ESRCH)\n    return find_group(system, pid, by->exact",
  },
  {
    name: "zombie taken for alive",
    file: "src/platform/found.c",
    find: "  if (read == 0 ? facts.dead : by->exact && !runs)",
    replace: "  if (read != 0 && by->exact && !runs)",
  },
  {
    name: "ladder without re-check",
    file: "src/platform/process.c",
    find: "  const hpr_found found = hpr_found_open(self->system, &self->host, identity);\n  result = check_found",
    replace:
      "  if (signal == HPR_SIGNAL_KILL) return self->system->signal(identity->pid, 9, false);\n" +
      "  const hpr_found found = hpr_found_open(self->system, &self->host, identity);\n  result = check_found",
  },
  {
    name: "kill by number after reuse",
    file: "src/platform/found.c",
    find: "                         ? system->handle_signal(found->handle, signum, group)",
    replace: "                         ? HPR_ENOTSUP",
  },
  {
    name: "exit event without generation",
    file: "src/core/membership.c",
    find: "return entry && hpr_ticket_of(entry) == ticket ? entry : NULL;",
    replace: "return entry;",
  },
  {
    name: "kinship not asked for",
    file: "src/platform/process.c",
    find: "  return result == 0 && !identity->kin ? HPR_ENOTKIN : result;",
    replace: "  return identity ? result : HPR_ENOTKIN;",
  },
  {
    name: "a stranger's child is kin",
    file: "src/platform/process.c",
    find: "family->kin && is_related",
    replace: "is_related",
  },
  {
    name: "nobody is forbidden",
    file: "src/platform/process.c",
    find: "  return is_forbidden(self->system, pid) ? HPR_EFORBIDDEN : permit(self->system, pid);",
    replace: "  return pid < 0 && is_forbidden(self->system, pid) ? HPR_EFORBIDDEN : 0;",
  },
  {
    name: "forgotten as soon as signalled",
    file: "src/core/ending.c",
    find: "    entry->row.terminating = true;\n    hpr_entry_touch(entry);",
    replace: "    hpr_lines_remove(entry->lines, entry->order, entry);",
  },
  {
    name: "the next server does not finish",
    file: "src/core/reclaim.c",
    find: "  const bool end = row->terminating || is_too_old(registry, row);",
    replace: "  const bool end = is_too_old(registry, row);",
  },
  {
    name: "pi forgotten with its keeper",
    file: "src/core/reclaim.c",
    find: "  hpr_row_stand_in(row);\n  return verify",
    replace: "  return verify",
  },
  {
    name: "a write drops another server's entries",
    file: "src/core/persist.c",
    find: "  hpr_owner_met(registry, &stored->row.owner);\n  return HPR_KEEP;",
    replace: "  return HPR_DROP;",
  },
  {
    name: "a living server's entries are orphans",
    file: "src/core/reclaim.c",
    find: "  if (hpr_owner_lives(registry, &row->owner)) return HPR_KEEP;\n",
    replace: "",
  },
  {
    name: "another boot's pids trusted",
    file: "src/platform/identity.c",
    find: "  if (strcmp(host->boot, boot) == 0) return HPR_VERDICT_SAME;",
    replace: "  return HPR_VERDICT_SAME;",
  },
  {
    name: "exits of the reclaimed not watched",
    file: "src/core/life.c",
    find: "  if (entry->watched & bit) return 0;",
    replace: "  return 0;",
  },
  {
    name: "no SIGKILL",
    file: "src/core/ending.c",
    find: "    strike_all(registry, entry, HPR_SIGNAL_KILL, &last);",
    replace: "",
  },
  {
    name: "a failed write not tried again",
    file: "src/store/pidfile.c",
    find: "  if (same_version(&now, &f->seen)) return 0;",
    replace: "  if (f->seen.inode != 0) return 0;",
  },
  {
    name: "an entry that left the lookups not counted as a change",
    file: "src/core/membership.c",
    find: "  note_change(registry);\n  hpr_index_remove(&registry->by_session, &entry->by_session);",
    replace: "  hpr_index_remove(&registry->by_session, &entry->by_session);",
  },
];

const folder = path.join(nativeFolder, "mutants");

function plant({ name, file, find, replace }) {
  const text = readFileSync(path.join(root, file), "utf8");
  if (text.split(find).length !== 2) throw new Error(`${name}: stands not once in ${file}: ${find}`);
  const planted = path.join(folder, path.basename(file));
  writeFileSync(planted, text.replace(find, () => replace));
  return planted;
}

/** As CMake compiles it, from another place to another place. */
function compile(file, planted) {
  const commands = JSON.parse(readFileSync(path.join(nativeFolder, "compile_commands.json"), "utf8"));
  const { command, directory } = commands.find((it) => it.file === path.join(root, file));
  const args = command.split(" ").filter((it) => it !== "-Werror");
  args[args.indexOf("-c") + 1] = planted;
  args[args.indexOf("-o") + 1] = `${planted}.o`;
  run(args[0], args.slice(1), { cwd: directory });
  return `${planted}.o`;
}

/** The object comes first: the linker takes the planted functions, and not the library's. */
function link(object) {
  const text = readFileSync(path.join(nativeFolder, "CMakeFiles/sim.dir/link.txt"), "utf8");
  const args = text.trim().split(" ").filter(Boolean);
  const program = path.join(folder, "sim");
  args[args.indexOf("-o") + 1] = program;
  run(args[0], [object, ...args.slice(1)], { cwd: nativeFolder });
  return program;
}

/** The promise that broke, or undefined. */
function play(program) {
  const options = { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 };
  const { status, stdout } = spawnSync(program, ["--seeds", `${STORIES}`], options);
  if (status === 0) return undefined;
  return stdout.split("\n").find((line) => line.startsWith("seed ")) ?? `ended with ${status}`;
}

function check() {
  const broken = play(path.join(nativeFolder, "sim"));
  if (broken) throw new Error(`without a planted bug: ${broken}`);
  let survivors = 0;
  for (const mutant of mutants) {
    const found = play(link(compile(mutant.file, plant(mutant))));
    if (!found) survivors++;
    console.log(`${found ? "found   " : "SURVIVED"}  ${mutant.name}${found ? `: ${found}` : ""}`);
  }
  console.log(`${mutants.length - survivors} of ${mutants.length} planted bugs were found`);
  return survivors === 0;
}

mkdirSync(folder, { recursive: true });
installSystemPackages();
buildNative("sim");
process.exitCode = check() ? 0 : 1;
