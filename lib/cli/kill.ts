import type { Arguments } from "./arguments.js";
import { endAll } from "./ending.js";
import { ExitCode } from "./exit-code.js";
import { Guest, type Borrowed } from "./guest.js";
import { complain, print, isConfirmed } from "./terminal.js";
import { plain } from "./text.js";
import { nameOf, tableOf } from "./view.js";

const isGone = (entry: Borrowed): boolean =>
  entry.verdict === "gone" || entry.verdict === "stranger";

function answersTo(entry: Borrowed, name: string): boolean {
  const pids = [entry.pid, entry.piPid, entry.keeperPid, entry.standsFor];
  return (
    entry.sessionId === name ||
    entry.spawnToken === name ||
    pids.some((pid) => String(pid) === name)
  );
}

/** Entries of the past are no candidates while there is one that is not. */
function candidates(entries: Borrowed[], name: string): Borrowed[] {
  const all = entries.filter((entry) => answersTo(entry, name));
  const present = all.filter((entry) => !isGone(entry));
  return present.length > 0 ? present : all;
}

const reasons: Record<Borrowed["verdict"], string> = {
  same: "another entry of the file has the same pid",
  group: "another entry of the file has the same pid",
  gone: "it is gone already",
  stranger: "another process has its pid now",
  foreign: "it is another user's or another host's",
  unknown: "it cannot be told whose the process is",
};

/** Says why an entry cannot be ended. */
function refuse(entry: Borrowed): number {
  complain(`${nameOf(entry)} is not signalled: ${reasons[entry.verdict]}`);
  return entry.verdict === "gone" ? ExitCode.nothing : ExitCode.refused;
}

function questionOf(entry: Borrowed): string {
  const server =
    entry.owner === "alive" ? `, though its server (pid ${entry.ownerPid}) is alive` : "";
  return `End ${nameOf(entry)} in ${plain(entry.cwd, 60)}${server}?`;
}

async function killWith(guest: Guest, name: string, { yes, tree }: Arguments): Promise<number> {
  const found = candidates(guest.look().entries, name);
  if (found.length === 0) {
    complain(`no entry answers to ${JSON.stringify(plain(name))}`);
    return ExitCode.nothing;
  }
  if (found.length > 1) {
    complain("several entries answer to that; name one by a pid that only it has:");
    print(tableOf(found, Date.now()));
    return ExitCode.refused;
  }
  const [entry] = found;
  if (!entry.canEnd) return refuse(entry);
  if (!(await isConfirmed(yes, questionOf(entry)))) return ExitCode.refused;
  return endAll(guest, [entry], tree);
}

export async function kill(pidFile: string, options: Arguments): Promise<number> {
  const guest = new Guest(pidFile);
  try {
    return await killWith(guest, options.target as string, options);
  } finally {
    guest.close();
  }
}
