// A server goes back to the original module and forth again: neither loses the other's processes.
import { readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { bare, deadPid, gone, isAlive, keeper, sleeper, STUBBORN } from "./fixtures/processes.js";
import { codes, editRows, newPidFile, open, pids, rows, takeOver } from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";
import { holdsFor, waitFor } from "./fixtures/wait.js";
import { createRolledBack } from "./model/rolled-back.mjs";

const ORIGINAL_FIELDS = [
  "pid",
  "cwd",
  "spawnedAt",
  "spawnToken",
  "piPid",
  "keeperPid",
  "keeperSockPath",
];

function original(file: string) {
  const kill = vi.fn();
  return { kill, server: createRolledBack({ file, isAlive, kill }) };
}

describe("the original module", () => {
  it("reclaims from our file with all that it knows", async () => {
    const ours = open();
    const child = sleeper();
    const { keeper: sidecar, pi } = await keeper();
    ours.registry.register(child.pid, "/a", child, "t");
    ours.registry.register(sidecar.pid, "/k", sidecar, "k", {
      keeperPid: sidecar.pid,
      keeperSockPath: "/k.sock",
    });
    ours.registry.linkByToken("k", "s", pi);
    ours.registry.register(deadPid(1), "/dead", bare());
    const written = rows(ours.pidFile);
    ours.registry.close();

    const { server, kill } = original(ours.pidFile);
    server.cleanupOrphans();
    expect([...server.entries.values()]).toEqual([
      { pid: child.pid, cwd: "/a", spawnedAt: Date.parse(written[0].spawnedAt), spawnToken: "t" },
      {
        pid: sidecar.pid,
        cwd: "/k",
        spawnedAt: Date.parse(written[1].spawnedAt),
        spawnToken: "k",
        piPid: pi,
        keeperPid: sidecar.pid,
        keeperSockPath: "/k.sock",
      },
    ]);
    expect(kill).not.toHaveBeenCalled();
  });

  it("finishes nothing that we were ending, and forgets nothing of it either", async () => {
    const pidFilePath = newPidFile();
    const ours = await Server.start({ pidFilePath, killGraceMs: false });
    const { pid } = await ours.spawn({ argv: STUBBORN, token: "t", talks: true });
    await ours.call("killByToken", "t");
    await ours.crash();
    expect(rows(pidFilePath)).toMatchObject([{ pid, terminating: true }]);
    const { server } = original(pidFilePath);
    server.cleanupOrphans();
    expect([...server.entries.keys()]).toEqual([pid]);
    expect(rows(pidFilePath)).toMatchObject([{ pid, spawnToken: "t" }]);
  });

  it("reads our file whenever it looks", () => {
    const { registry, pidFile } = open();
    for (let n = 1; n <= 50; n++) {
      registry.register(deadPid(n), `/${"ä".repeat(n)}`, bare(), `"${n}\\`);
      expect(JSON.parse(readFileSync(pidFile, "utf8")).entries).toHaveLength(n);
    }
  });
});

describe("our registry", () => {
  /** A file that went through the original, about children of a server of ours. */
  async function rolledBack(folder = process.cwd()) {
    const pidFilePath = newPidFile();
    const before = await Server.start({ pidFilePath });
    const [first, second] = [
      await before.spawn({ cwd: folder, token: "t" }),
      await before.spawn({ cwd: process.cwd() }),
    ];
    await before.crash();
    original(pidFilePath).server.cleanupOrphans();
    for (const row of rows(pidFilePath))
      expect(Object.keys(row).filter((key) => !ORIGINAL_FIELDS.includes(key))).toEqual([]);
    return { pidFilePath, first: first.pid, second: second.pid };
  }

  it("takes over what the original wrote back without our fields", async () => {
    const { pidFilePath, first, second } = await rolledBack();
    const ours = takeOver(pidFilePath);
    expect(ours.registry.entries()).toMatchObject([
      { pid: first, cwd: process.cwd(), spawnToken: "t", state: "live", kin: true },
      { pid: second, cwd: process.cwd(), state: "live", kin: true },
    ]);
    expect(codes(ours)).toEqual([]);
    expect(rows(pidFilePath)[0]).toMatchObject({
      identity: { birth: expect.any(String) },
      owner: { pid: process.pid },
    });
    expect(ours.registry.linkByToken("t", "s")).toBe(true);
    expect(ours.registry.killBySessionId("s")).toBe(true);
    await gone(first);
    await waitFor("its exit", () => ours.exits.length > 0);
    await waitFor("the file", () => pids(pidFilePath).join() === String(second));
  });

  it("trusts no process that started long after the original's time, and elsewhere", async () => {
    const { pidFilePath, first, second } = await rolledBack("/elsewhere");
    editRows(pidFilePath, (row) => {
      if (row.pid === first) row.spawnedAt = new Date(Date.now() - 60_000).toISOString();
    });
    const ours = takeOver(pidFilePath, { killGraceMs: 10 });
    expect(ours.registry.entries().map((entry) => entry.pid)).toEqual([second]);
    ours.registry.killAll();
    await gone(second);
    await holdsFor(100, "the stranger lives", () => isAlive(first));
  });

  it("keeps a keeper's pi that the original passed on", async () => {
    const before = open();
    const { keeper: sidecar, pi } = await keeper();
    before.registry.register(sidecar.pid, process.cwd(), sidecar, "k", {
      keeperPid: sidecar.pid,
      keeperSockPath: "/k.sock",
    });
    before.registry.linkByToken("k", "s", pi);
    before.registry.close();
    original(before.pidFile).server.cleanupOrphans();
    const ours = takeOver(before.pidFile);
    expect(ours.registry.linkByPid("s", pi)).toBe(true);
    expect(ours.registry.getPid("s")).toBe(pi);
    expect(ours.registry.killBySessionId("s")).toBe(true);
    await Promise.all([gone(pi), gone(sidecar.pid)]);
  });

  it("keeps the entries of an original that runs beside it", async () => {
    const pidFile = newPidFile();
    const { server } = original(pidFile);
    const child = sleeper();
    server.register(child.pid, "/theirs", "t");
    const ours = open({ pidFilePath: pidFile });
    ours.registry.register(deadPid(1), "/ours", bare());
    expect(pids(pidFile)).toEqual([child.pid, deadPid(1)]);
    // It knows only its own and writes only these: ours come back with our next change.
    server.register(child.pid, "/theirs", "u");
    expect(pids(pidFile)).toEqual([child.pid]);
    ours.registry.register(deadPid(2), "/ours", bare());
    expect(pids(pidFile)).toEqual([child.pid, deadPid(1), deadPid(2)]);
    expect(rows(pidFile)[0]).toMatchObject({ cwd: "/theirs", spawnToken: "u" });
    expect(codes(ours)).toEqual([]);
  });
});
