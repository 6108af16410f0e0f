import type { Testimony } from "../binding.js";
import { ExitCode } from "./exit-code.js";
import { type Borrowed, Guest, type Look } from "./guest.js";
import { type Event, historyOf } from "./history.js";
import { fileJson, listedJson, printJson } from "./json.js";
import type { Options } from "./options.js";
import { Processes, type Usage } from "./processes.js";
import { meaningOf, owners, verdicts } from "./proofs.js";
import { type Reach, reachOf, reachText } from "./reach.js";
import { candidates } from "./targets.js";
import { complain, painted, print } from "./terminal.js";
import { ageOf, plain, sizeOf } from "./text.js";
import { nameOf, percentOf } from "./view.js";

/** All that can be said of one entry. */
interface Inspected {
  entry: Borrowed;
  usage?: Usage;
  proofs: Testimony[];
  reach: Reach;
  events: Event[];
}

const inspectedJson = ({ entry, usage, proofs, reach, events }: Inspected): object => ({
  ...listedJson({ entry, usage }),
  linkedBy: entry.linkedBy,
  keeperSockPath: entry.keeperSockPath,
  proofs: proofs.map(({ row: _, ...it }) => ({ ...it, meaning: meaningOf(it as Testimony) })),
  signals: reach,
  events,
});

const LABEL_WIDTH = 13;
const line = (label: string, text: string): void =>
  print(`  ${painted("dim", label.padEnd(LABEL_WIDTH))}${text}\n`);

function showProofs(proofs: readonly Testimony[]): void {
  let about = "";
  for (const it of proofs) {
    const head = `${it.about} ${it.pid}`;
    if (head !== about) print(`  why: ${head}\n`);
    about = head;
    print(`    ${it.proof.padEnd(10)}${it.said.padEnd(13)}${painted("dim", meaningOf(it))}\n`);
  }
}

function show({ entry, usage, proofs, reach, events }: Inspected): void {
  print(`${painted("bold", nameOf(entry))}\n`);
  line("registered", String(entry.pid));
  if (entry.piPid ?? entry.agentPid) line("agent", String(entry.piPid ?? entry.agentPid));
  if (entry.keeperPid) line("keeper", `${entry.keeperPid} ${plain(entry.keeperSockPath ?? "")}`);
  line("folder", plain(entry.cwd));
  if (entry.goalId !== undefined) line("goal", plain(entry.goalId));
  if (entry.fields !== undefined) line("fields", plain(entry.fields));
  if (entry.spawnedAt !== undefined) line("age", ageOf(entry.spawnedAt, Date.now()));
  line("state", entry.state);
  line("owner", `${entry.ownerPid ?? ""} ${entry.owner}: ${owners[entry.owner]}`.trim());
  line("verdict", `${entry.verdict}: ${verdicts[entry.verdict]}`);
  if (usage) line("command", plain(usage.command));
  if (usage)
    line("uses", `${percentOf(usage.cpuPercent)} of a processor, ${sizeOf(usage.residentBytes)}`);
  showProofs(proofs);
  line("kill signals", reachText(reach, entry));
  if (events.length > 0) print("  events:\n");
  for (const { at, event } of events) print(`    ${at}  ${plain(event)}\n`);
}

/** An owner is nobody's relative, and is asked about for its life alone. */
const tells = ({ about, proof }: Testimony): boolean =>
  about !== "owner" || !["kin", "group"].includes(proof);

function inspectAll(guest: Guest, look: Look, pidFile: string, names: readonly string[]) {
  const processes = new Processes();
  const found = new Set<Borrowed>();
  const missing = names.filter((name) => {
    const those = candidates(look.entries, name);
    for (const it of those) found.add(it);
    return those.length === 0;
  });
  const entries = [...found].map((entry): Inspected => {
    const row = look.entries.indexOf(entry);
    return {
      entry,
      usage: processes.usageOf(entry),
      proofs: guest.explain(entry.pid).filter((it) => it.row === row && tells(it)),
      reach: reachOf(entry, processes),
      events: historyOf(pidFile, entry),
    };
  });
  return { entries, missing };
}

/** Who an entry's processes are, and from what that was concluded. */
export function inspect(pidFile: string, names: string[], { json }: Options): number {
  const guest = new Guest(pidFile);
  try {
    const look = guest.look();
    const { entries, missing } = inspectAll(guest, look, pidFile, names);
    for (const name of missing) complain(`no such session, token or PID: ${plain(name)}`);
    if (json) {
      const body = { ...fileJson(pidFile, look), missing, entries: entries.map(inspectedJson) };
      printJson("inspect", body, 2);
    } else entries.forEach(show);
    return missing.length > 0 ? ExitCode.nothing : ExitCode.ok;
  } finally {
    guest.close();
  }
}
