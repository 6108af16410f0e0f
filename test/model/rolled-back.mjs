// What a server does that still runs the original module, or runs it again: its file and its
// cleanup, word for word and without any rule of ours. The link tiers are in original.mjs.
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const MAX_ORPHAN_AGE_MS = 7 * 24 * 60 * 60 * 1000;

function readJsonFile(file, fallback) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return fallback;
  }
}

function writeJsonFile(file, data) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.tmp`, JSON.stringify(data, null, 2));
  renameSync(`${file}.tmp`, file);
}

/** `isAlive` and `kill` stand for the operating system. */
export function createRolledBack({ file, isAlive, kill }) {
  const entries = new Map();

  function persist() {
    const rows = [...entries.values()].map((entry) => {
      const row = { pid: entry.pid, cwd: entry.cwd, spawnedAt: new Date(entry.spawnedAt).toISOString() };
      if (entry.spawnToken) row.spawnToken = entry.spawnToken;
      if (entry.piPid !== undefined) row.piPid = entry.piPid;
      if (entry.keeperPid !== undefined) row.keeperPid = entry.keeperPid;
      if (entry.keeperSockPath) row.keeperSockPath = entry.keeperSockPath;
      return row;
    });
    writeJsonFile(file, { entries: rows });
  }

  return {
    entries,

    register(pid, cwd, spawnToken) {
      entries.set(pid, { pid, cwd, spawnedAt: Date.now(), spawnToken });
      persist();
    },

    cleanupOrphans() {
      const persisted = readJsonFile(file, { entries: [] }).entries ?? [];
      for (const row of persisted) {
        const spawnedAt = new Date(row.spawnedAt).getTime();
        if (!isAlive(row.pid)) continue;
        if (Date.now() - spawnedAt > MAX_ORPHAN_AGE_MS) {
          kill(row.pid, "SIGTERM");
          continue;
        }
        const reclaimed = { pid: row.pid, cwd: row.cwd, spawnedAt };
        if (row.spawnToken) reclaimed.spawnToken = row.spawnToken;
        if (row.piPid !== undefined) reclaimed.piPid = row.piPid;
        if (row.keeperPid !== undefined) reclaimed.keeperPid = row.keeperPid;
        if (row.keeperSockPath) reclaimed.keeperSockPath = row.keeperSockPath;
        entries.set(row.pid, reclaimed);
      }
      persist();
    },
  };
}
