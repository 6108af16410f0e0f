import { setTimeout as pause } from "node:timers/promises";
import type { Arguments } from "./arguments.js";
import { ExitCode } from "./exit-code.js";
import { lookAt, type Borrowed, type Look } from "./guest.js";
import { complain, print } from "./terminal.js";
import { plainJson } from "./text.js";
import { stateOf, tableOf } from "./view.js";

const EACH_MS = 1000;
const CLEAR = "\u001b[H\u001b[2J";

/** Without the token, which is a secret between a server and its agent. */
const jsonOf = (entry: Borrowed): object => ({
  sessionId: entry.sessionId,
  pid: entry.pid,
  piPid: entry.piPid,
  keeperPid: entry.keeperPid,
  cwd: entry.cwd,
  spawnedAt: entry.spawnedAt === undefined ? undefined : new Date(entry.spawnedAt).toISOString(),
  state: stateOf(entry),
  owner: entry.owner,
  ownerPid: entry.ownerPid,
});

function showJson({ entries, refused, damaged }: Look, indent?: number): void {
  const document = { entries: entries.map(jsonOf), refused: refused.length, damaged };
  print(`${plainJson(document, indent)}\n`);
}

function showTable({ entries, refused, damaged }: Look): void {
  print(entries.length > 0 ? tableOf(entries, Date.now()) : "no entries\n");
  if (refused.length > 0 || damaged) complain("not all of the file can be used: see doctor");
}

async function watch(pidFile: string, json: boolean): Promise<never> {
  for (;;) {
    const look = lookAt(pidFile);
    if (process.stdout.isTTY && !json) print(CLEAR);
    json ? showJson(look) : showTable(look);
    await pause(EACH_MS);
  }
}

export async function list(pidFile: string, { json, watch: again }: Arguments): Promise<number> {
  if (again) return watch(pidFile, json);
  const look = lookAt(pidFile);
  json ? showJson(look, 2) : showTable(look);
  return ExitCode.ok;
}
