import type { ProcessFacts } from "../binding.js";
import { ExitCode } from "./exit-code.js";
import { lookAt } from "./guest.js";
import { fileJson, listedJson, printJson } from "./json.js";
import type { Options } from "./options.js";
import { Processes } from "./processes.js";
import { painted, print, widthOfTerminal } from "./terminal.js";
import { plain, sizeOf } from "./text.js";
import { nameOf, stateOf } from "./view.js";
import { cutEnd, cutStart, widthOf } from "./width.js";

const DEEPEST = 256;

/** What is known of one process, for scripts. */
export const processJson = (it: ProcessFacts, processes: Processes): Record<string, unknown> => ({
  pid: it.pid,
  parentPid: it.parentPid,
  command: it.command,
  cpuPercent: Math.round(processes.cpuPercentOf(it) * 10) / 10,
  residentBytes: it.residentBytes,
  startedAt: new Date(it.startedAt).toISOString(),
});

const branchJson = (it: ProcessFacts, processes: Processes, depth = 0): object => ({
  ...processJson(it, processes),
  children: (depth < DEEPEST ? processes.childrenOf(it.pid) : []).map((child) =>
    branchJson(child, processes, depth + 1),
  ),
});

function printBranch(it: ProcessFacts, processes: Processes, width: number, depth = 1): void {
  const cpu = Math.round(processes.cpuPercentOf(it));
  const facts = `${"  ".repeat(depth)}${it.pid}  ${cpu}% cpu  ${sizeOf(it.residentBytes)}  `;
  print(`${facts}${cutEnd(plain(it.command), Math.max(1, width - facts.length))}\n`);
  for (const child of depth < DEEPEST ? processes.childrenOf(it.pid) : [])
    printBranch(child, processes, width, depth + 1);
}

export function tree(pidFile: string, { json }: Options): number {
  const look = lookAt(pidFile);
  const processes = new Processes();
  const width = widthOfTerminal() ?? Number.POSITIVE_INFINITY;
  if (json) {
    const entries = look.entries.map((entry) => ({
      ...listedJson({ entry, usage: processes.usageOf(entry) }),
      processes: processes.rootsOf(entry).map((it) => branchJson(it, processes)),
    }));
    printJson("tree", { ...fileJson(pidFile, look), entries }, 2);
    return ExitCode.ok;
  }
  if (look.entries.length === 0) print(`no entries in ${plain(pidFile)}\n`);
  for (const entry of look.entries) {
    const room = Math.max(1, width - widthOf(nameOf(entry)) - stateOf(entry).length - 4);
    const folder = cutStart(plain(entry.cwd), room);
    print(`${painted("bold", nameOf(entry))}  ${folder}  ${stateOf(entry)}\n`);
    for (const root of processes.rootsOf(entry)) printBranch(root, processes, width);
  }
  return ExitCode.ok;
}
