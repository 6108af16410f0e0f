import type { Arguments } from "./arguments.js";
import { endAll, tidy } from "./ending.js";
import { ExitCode } from "./exit-code.js";
import { Guest, type Borrowed } from "./guest.js";
import { isConfirmed, print } from "./terminal.js";
import { tableOf } from "./view.js";

function isDue(entry: Borrowed, nowMs: number, olderThanMs: number): boolean {
  const old = entry.spawnedAt !== undefined && nowMs - entry.spawnedAt >= olderThanMs;
  return entry.owner === "gone" && entry.canEnd && entry.kin && old;
}

async function reapWith(guest: Guest, options: Arguments): Promise<number> {
  const nowMs = Date.now();
  const due = guest.look().entries.filter((it) => isDue(it, nowMs, options.olderThanMs));
  print(due.length > 0 ? tableOf(due, nowMs) : "no orphans\n");
  if (options.dryRun) return ExitCode.ok;
  if (due.length === 0) {
    tidy(guest);
    return ExitCode.ok;
  }
  const question = due.length === 1 ? "End it?" : `End these ${due.length}?`;
  return (await isConfirmed(options.yes, question))
    ? endAll(guest, due, options.tree)
    : ExitCode.refused;
}

/** Ends the processes whose server is gone. */
export async function reap(pidFile: string, options: Arguments): Promise<number> {
  const guest = new Guest(pidFile);
  try {
    return await reapWith(guest, options);
  } finally {
    guest.close();
  }
}
