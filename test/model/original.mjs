// A model of the original module, for the differential test: a Map, linear searches, and a file of
// its own that is written plainly. What the package deliberately does otherwise stands here as
// rules, each marked "Rule" with its reason, so that every other difference is a defect.
import { readFileSync, writeFileSync } from "node:fs";

const PERSISTED = ["spawnToken", "piPid", "keeperPid", "keeperSockPath"];

/**
 * `isAlive` and `canSignal` stand for the operating system: whether a process runs, and whether it
 * is one that may be signalled at all.
 */
export function createOriginal({ file, isAlive, canSignal }) {
  /** pid → entry. Rule "ending": one that was asked to end stays here for the file's sake. */
  const entries = new Map();
  /** @type {any} */
  let writer = null;

  const readRows = () => {
    try {
      return JSON.parse(readFileSync(file, "utf8")).entries;
    } catch {
      return [];
    }
  };

  // Rule "unjudged": the original overwrites what a dead predecessor left at its first write. The
  // package keeps those rows, before its own, until cleanupOrphans has judged them.
  let unjudged = readRows();

  const toRow = (entry) => {
    const row = { pid: entry.pid, cwd: entry.cwd, spawnedAt: entry.spawnedAt };
    for (const field of PERSISTED) if (entry[field]) row[field] = entry[field];
    if (entry.terminating) row.terminating = true;
    return row;
  };

  const persist = () => {
    unjudged = unjudged.filter((row) => !entries.has(row.pid));
    const rows = [...unjudged, ...[...entries.values()].map(toRow)];
    writeFileSync(file, JSON.stringify({ entries: rows }));
  };

  const live = () => [...entries.values()].filter((entry) => !entry.ending);
  const bySession = (sessionId) => live().find((entry) => entry.sessionId === sessionId);

  /**
   * Rule "guess" (10b): what was linked by folder is no link to those who name token or pid. The
   * session that had it has none then, and who proves an entry loses what it was guessed to have.
   */
  const prove = (entry, sessionId) => {
    for (const other of live())
      if (other !== entry && other.guessed && other.sessionId === sessionId) unlink(other);
    Object.assign(entry, { sessionId, guessed: false });
    return true;
  };
  const unlink = (entry) => Object.assign(entry, { sessionId: undefined, guessed: false });
  const isFree = (entry) => !entry.sessionId || entry.guessed;

  /** Rule "reconnect" (15): a session that names an entry which it holds already is told so. */
  const choose = (candidates, sessionId) =>
    candidates.find((entry) => entry.sessionId === sessionId) ?? candidates.find(isFree);

  const parts = (entry) =>
    [...new Set([entry.pid, entry.piPid, entry.keeperPid])].filter((pid) => pid !== undefined);

  /** Something of it runs that we may end; what we may not end is not waited for either. */
  const isLeft = (entry) => parts(entry).some((pid) => isAlive(pid) && canSignal(pid));

  /** Rule "ending" (3): what still runs after the signal stays in the file as terminating. */
  const end = (entry) => {
    const reached = isLeft(entry);
    if (reached) Object.assign(entry, { ending: true, terminating: true });
    else entries.delete(entry.pid);
    persist();
    return reached;
  };

  return {
    /** For the comparison: the rows of the file, and one clock for both sides. */
    rows: readRows,
    setSpawnedAt(pid, ms) {
      entries.get(pid).spawnedAt = new Date(ms).toISOString();
      persist();
    },

    register(pid, cwd, process, spawnToken, keeperOpts) {
      // Rule "ending": who was asked to end is no entry any more, so the new one goes to the end.
      if (entries.get(pid)?.ending) entries.delete(pid);
      const spawnedAt = new Date().toISOString();
      const entry = { pid, cwd, process, spawnedAt, spawnToken, ...keeperOpts };
      entries.set(pid, entry);
      process.on("exit", () => {
        // Rule "late exit" (part 1): the original removes whoever has the pid by then.
        if (entries.get(pid) !== entry) return;
        entries.delete(pid);
        persist();
      });
      persist();
    },

    linkByToken(spawnToken, sessionId, pid) {
      // Rule "no session": an empty id names nobody.
      if (!spawnToken || !sessionId) return false;
      const candidates = live().filter((entry) => entry.spawnToken === spawnToken);
      const entry = choose(candidates, sessionId);
      if (!entry) return false;
      prove(entry, sessionId);
      // Rule "learned again" (10): also when the session holds the entry already.
      if (entry.keeperPid !== undefined && pid !== undefined && pid !== entry.pid) {
        entry.piPid = pid;
        persist();
      }
      return true;
    },

    linkByPid(sessionId, pid) {
      if (!sessionId) return false;
      // Rule "ancestor" (10a) finds nobody here: no agent of this test runs behind a wrapper.
      const direct = live().filter((e) => e.pid === pid);
      const entry = choose(direct, sessionId) ?? choose(live().filter((e) => e.piPid === pid), sessionId);
      return entry ? prove(entry, sessionId) : false;
    },

    linkSession(sessionId, cwd) {
      if (!sessionId) return false;
      // Rule "reconnect" (15): who holds an entry is given no other by folder.
      const held = bySession(sessionId);
      if (held) return held.cwd === cwd;
      const entry = live().find((candidate) => candidate.cwd === cwd && !candidate.sessionId);
      if (entry) Object.assign(entry, { sessionId, guessed: true });
      return entry !== undefined;
    },

    getPid(sessionId) {
      const entry = bySession(sessionId);
      return entry && (entry.piPid ?? entry.pid);
    },

    killBySessionId(sessionId) {
      const entry = bySession(sessionId);
      return entry ? end(entry) : false;
    },

    remove(pid) {
      // Rules "no write" and "ending": nothing changes, so nothing is written.
      const entry = entries.get(pid);
      if (!entry || entry.ending) return;
      entries.delete(pid);
      persist();
    },

    killAll() {
      // Rule "after killAll" (14): the original forgets them, and its next write drops them from
      // the file. The package keeps each until its exit, or until cleanupOrphans finds it dead.
      for (const entry of live()) entry.ending = true;
    },

    size: () => live().length,

    cleanupOrphans() {
      // Rule 13: what is tracked is left alone; the original would replace it.
      const orphans = unjudged.filter((row) => !entries.has(row.pid) && isAlive(row.pid));
      unjudged = [];
      for (const row of orphans) entries.set(row.pid, { ...row, ending: row.terminating });
      for (const entry of [...entries.values()])
        if (entry.ending && !parts(entry).some(isAlive)) entries.delete(entry.pid);
      persist();
    },

    setKeeperWriter(next) {
      writer = next;
    },

    async writeRpc(sessionId, line) {
      const entry = bySession(sessionId);
      if (!entry?.keeperSockPath || !writer) return false;
      return writer.writeRpcToSockPath(entry.keeperSockPath, line);
    },

    async cleanupKeeperOrphans() {
      if (!writer) return;
      for (const found of await writer.discoverExistingKeepers()) {
        const entry = entries.get(found.keeperPid);
        if (!entry || entry.ending || entry.keeperPid !== undefined) continue;
        entry.keeperPid = found.keeperPid;
        entry.keeperSockPath = found.sockPath;
        persist();
      }
    },
  };
}
