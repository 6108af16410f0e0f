import type { Borrowed } from "./guest.js";

export const isGone = ({ verdict }: Borrowed): boolean =>
  verdict === "gone" || verdict === "stranger";

function answersTo(entry: Borrowed, name: string): boolean {
  const pids = [entry.pid, entry.piPid, entry.agentPid, entry.keeperPid, entry.standsFor];
  return (
    entry.sessionId === name ||
    entry.spawnToken === name ||
    pids.some((pid) => String(pid) === name)
  );
}

/** Entries of the past are no candidates while there is one that is not. */
export function candidates(entries: readonly Borrowed[], name: string): Borrowed[] {
  const all = entries.filter((entry) => answersTo(entry, name));
  const present = all.filter((entry) => !isGone(entry));
  return present.length > 0 ? present : all;
}
