// The original module as plain JavaScript, whole and unhandicapped: what the benchmarks compare
// with. (test/model/original.mjs follows the package's rules, not the original's costs.)
import { EventEmitter } from "node:events";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

const MAX_ORPHAN_AGE_MS = 7 * 24 * 60 * 60 * 1000;

function readJsonFile(file, fallback) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return fallback;
  }
}

function writeJsonFile(file, data) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.tmp`, JSON.stringify(data, null, 2));
  renameSync(`${file}.tmp`, file);
}

function isProcessAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

export function createBaseline({ pidFilePath }) {
  const entries = new Map();
  let writes = 0;

  function findBySessionId(sessionId) {
    for (const entry of entries.values()) {
      if (entry.sessionId === sessionId) return entry;
    }
    return undefined;
  }

  function persist() {
    const data = {
      entries: [...entries.values()].map((e) => {
        const out = { pid: e.pid, cwd: e.cwd, spawnedAt: new Date(e.spawnedAt).toISOString() };
        if (e.spawnToken) out.spawnToken = e.spawnToken;
        if (e.piPid !== undefined) out.piPid = e.piPid;
        if (e.keeperPid !== undefined) out.keeperPid = e.keeperPid;
        if (e.keeperSockPath) out.keeperSockPath = e.keeperSockPath;
        return out;
      }),
    };
    writes++;
    try {
      writeJsonFile(pidFilePath, data);
    } catch {
      // as the original: best effort
    }
  }

  return {
    register(pid, cwd, proc, spawnToken, keeperOpts) {
      const entry = { pid, cwd, process: proc, spawnedAt: Date.now(), spawnToken };
      if (keeperOpts) {
        entry.keeperPid = keeperOpts.keeperPid;
        entry.keeperSockPath = keeperOpts.keeperSockPath;
      }
      entries.set(pid, entry);
      proc.on("exit", () => {
        entries.delete(pid);
        persist();
      });
      persist();
    },

    linkByToken(spawnToken, sessionId, pid) {
      if (!spawnToken) return false;
      for (const entry of entries.values()) {
        if (entry.spawnToken === spawnToken && !entry.sessionId) {
          entry.sessionId = sessionId;
          if (entry.keeperPid !== undefined && pid !== undefined && pid !== entry.pid) {
            entry.piPid = pid;
            persist();
          }
          return true;
        }
      }
      return false;
    },

    getPid(sessionId) {
      const entry = findBySessionId(sessionId);
      if (!entry) return undefined;
      return entry.piPid ?? entry.pid;
    },

    remove(pid) {
      entries.delete(pid);
      persist();
    },

    killAll() {
      for (const [pid] of entries) {
        try {
          process.kill(-pid, "SIGTERM");
        } catch {
          // as the original: it may have exited already
        }
      }
      entries.clear();
    },

    size() {
      return entries.size;
    },

    /** For the benchmark: how often the file was written. */
    writes: () => writes,

    cleanupOrphans() {
      const persisted = readJsonFile(pidFilePath, { entries: [] }).entries ?? [];
      const now = Date.now();
      for (const entry of persisted) {
        const spawnedAt = new Date(entry.spawnedAt).getTime();
        if (!isProcessAlive(entry.pid)) continue;
        // No orphan of a benchmark is that old: what the original would kill here stays away.
        if (now - spawnedAt > MAX_ORPHAN_AGE_MS) continue;
        const reclaimed = {
          pid: entry.pid,
          cwd: entry.cwd,
          process: new EventEmitter(),
          spawnedAt,
        };
        if (entry.spawnToken) reclaimed.spawnToken = entry.spawnToken;
        if (entry.piPid !== undefined) reclaimed.piPid = entry.piPid;
        if (entry.keeperPid !== undefined) reclaimed.keeperPid = entry.keeperPid;
        if (entry.keeperSockPath) reclaimed.keeperSockPath = entry.keeperSockPath;
        entries.set(entry.pid, reclaimed);
      }
      persist();
    },
  };
}

/** What callers of the original do to learn that a process is gone: look five times a second. */
export async function waitByPolling(pid) {
  while (isProcessAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 200));
}
