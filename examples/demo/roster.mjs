import path from "node:path";

/**
 * The table's rows: what the registry tells of its entries, and of those that it has no more what
 * the operating system tells. So a process that the registry lost would show up as live.
 */
export class Roster {
  #rows = new Map();
  #isAlive;

  /** @param {(pid: number) => boolean} isAlive */
  constructor(isAlive) {
    this.#isAlive = isAlive;
  }

  get rows() {
    return [...this.#rows.values()];
  }

  /** @param {import("headless-pid-registry").HeadlessSnapshot[]} entries none: no server runs */
  observe(entries = []) {
    for (const entry of entries) this.#rows.set(entry.pid, rowOf(entry));
    const tracked = new Set(entries.map((entry) => entry.pid));
    for (const row of this.rows) if (!tracked.has(row.pid)) this.#observeOutside(row);
    return this.rows;
  }

  #observeOutside(row) {
    if (row.state === "gone") return;
    row.state = [row.pid, row.piPid].some((pid) => pid && this.#isAlive(pid)) ? "live" : "gone";
    row.ageMs = Date.now() - row.spawnedAt;
  }
}

function rowOf(entry) {
  return {
    session: entry.sessionId,
    pid: entry.pid,
    piPid: entry.piPid,
    keeper: entry.keeperSockPath && path.basename(entry.keeperSockPath),
    spawnedAt: entry.spawnedAt,
    ageMs: Date.now() - entry.spawnedAt,
    state: entry.state,
  };
}
