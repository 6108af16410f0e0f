import { ExitCode } from "./exit-code.js";
import { isThere, selected } from "./filter.js";
import { lookAt, type Look } from "./guest.js";
import { fileJson, listedJson, printJson } from "./json.js";
import type { Options } from "./options.js";
import { Processes } from "./processes.js";
import { complain, painted, print, widthOfTerminal } from "./terminal.js";
import { plain } from "./text.js";
import { type Listed, linesOf } from "./view.js";

/** What is to be shown of a file at one moment. */
export interface Picture {
  look: Look;
  listed: Listed[];
  processes: Processes;
}

/** `before`: the picture that was shown before this one. */
export function take(pidFile: string, options: Options, before?: Picture): Picture {
  const look = lookAt(pidFile);
  const processes = new Processes(before?.processes);
  const all = look.entries.map((entry) => ({ entry, usage: processes.usageOf(entry) }));
  return { look, listed: selected(all, options), processes };
}

export function titleOf(pidFile: string, { look, listed }: Picture): string {
  const all = look.entries.length;
  if (all === 0) return `no entries in ${plain(pidFile)}`;
  const count = listed.length === all ? `${all}` : `${listed.length || "none"} of ${all}`;
  return `${count} ${all === 1 ? "entry" : "entries"} in ${plain(pidFile)}`;
}

export const isPartial = ({ look }: Picture): boolean => look.refused.length > 0 || look.damaged;
export const PARTIAL = "not all of the file can be used: see headless-pids doctor";

const jsonOf = (pidFile: string, { look, listed, processes }: Picture): object => ({
  at: new Date(processes.atMs).toISOString(),
  ...fileJson(pidFile, look),
  entries: listed.map(listedJson),
});

/** The PIDs that provably are an entry's now: a reused pid is not among them. */
function showPids({ listed }: Picture): void {
  for (const { entry } of listed) if (isThere(entry)) print(`${entry.standsFor}\n`);
}

/** A document without line breaks, one a line: NDJSON. */
export const showLine = (pidFile: string, picture: Picture): void =>
  printJson("list", jsonOf(pidFile, picture));

function showTable(pidFile: string, picture: Picture, width?: number): void {
  const { listed, processes } = picture;
  const title = titleOf(pidFile, picture);
  if (listed.length === 0) print(`${title}\n`);
  else print(`${linesOf(listed, processes.atMs, width).join("\n")}\n`);
  if (listed.length > 0 && process.stdout.isTTY) print(`${painted("dim", title)}\n`);
  if (isPartial(picture)) complain(PARTIAL);
}

export function show(pidFile: string, picture: Picture, options: Options): void {
  if (options.json) printJson("list", jsonOf(pidFile, picture), 2);
  else if (options.quiet) showPids(picture);
  else showTable(pidFile, picture, options.trunc === false ? undefined : widthOfTerminal());
}

export async function list(pidFile: string, options: Options): Promise<number> {
  if (options.watch) return (await import("./watch.js")).watch(pidFile, options);
  show(pidFile, take(pidFile, options), options);
  return ExitCode.ok;
}
