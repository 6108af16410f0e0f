import type { Borrowed, Look } from "./guest.js";
import { print } from "./terminal.js";
import { plainJson } from "./text.js";
import type { Listed } from "./view.js";

/** Counted up when a document changes so that a script that read it may fail. */
const SCHEMA_VERSION = 1;

/** One document of schema.json. */
export function document(command: string, body: object): object {
  return { schemaVersion: SCHEMA_VERSION, command, ...body };
}

/** `indent`: for people; without it is one line. */
export const printJson = (command: string, body: object, indent?: number): void =>
  print(`${plainJson(document(command, body), indent)}\n`);

const isoOf = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString();

/** Without the token, which is a secret between a server and its agent. */
export const entryJson = (it: Borrowed): Record<string, unknown> => ({
  sessionId: it.sessionId,
  pid: it.pid,
  standsFor: it.standsFor,
  piPid: it.piPid,
  agentPid: it.agentPid,
  keeperPid: it.keeperPid,
  cwd: it.cwd,
  goalId: it.goalId,
  fields: it.fields === undefined ? undefined : JSON.parse(it.fields),
  spawnedAt: isoOf(it.spawnedAt),
  state: it.state,
  verdict: it.verdict,
  kin: it.kin,
  owner: it.owner,
  ownerPid: it.ownerPid,
});

export const listedJson = ({ entry, usage }: Listed): Record<string, unknown> => ({
  ...entryJson(entry),
  command: usage?.command,
  cpuPercent: usage && Math.round(usage.cpuPercent * 10) / 10,
  residentBytes: usage?.residentBytes,
});

/** What is said of the file as a whole. */
export const fileJson = (pidFile: string, { refused, damaged }: Look): object => ({
  pidFile,
  refused: refused.length,
  damaged,
});
