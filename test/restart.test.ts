import { describe, expect, it } from "vitest";
import { gone, isAlive, keeperArgv, sleeper, STUBBORN } from "./fixtures/processes.js";
import {
  ago,
  codes,
  DAY_MS,
  editRows,
  newPidFile,
  open,
  pids,
  restart,
  type Row,
  rows,
  takeOver,
} from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";
import { holdsFor, waitFor } from "./fixtures/wait.js";

/** The file of a server that has died, and its keeper, linked to "s". */
async function leftWithAKeeper() {
  const pidFilePath = newPidFile();
  const server = await Server.start({ pidFilePath });
  const argv = keeperArgv({});
  const kept = await server.spawn({ argv, token: "t", socketPath: "/k.sock", talks: true });
  const { pi } = JSON.parse(kept.said) as { pi: number };
  await server.call("linkByToken", "t", "s", pi);
  await server.crash();
  return { pidFilePath, kept, pi };
}

describe("after a server died", () => {
  it("its children are tracked again with all that was known", async () => {
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath });
    const [a, b] = [
      await server.spawn({ cwd: "/a", token: "ta" }),
      await server.spawn({ cwd: "/b" }),
    ];
    await server.crash();
    const opened = takeOver(pidFilePath);
    expect(opened.registry.size()).toBe(2);
    expect(opened.registry.entries()).toMatchObject([
      { pid: a.pid, cwd: "/a", spawnToken: "ta", state: "live", kin: true },
      { pid: b.pid, cwd: "/b", state: "live", kin: true },
    ]);
    expect(pids(pidFilePath)).toEqual([a.pid, b.pid]);
    expect(codes(opened)).toEqual([]);
    expect(opened.registry.linkByToken("ta", "sa")).toBe(true);
    expect(opened.registry.linkSession("sb", "/b")).toBe(true);
    expect(opened.registry.getPid("sa")).toBe(a.pid);
    expect(opened.registry.getPid("sb")).toBe(b.pid);
  });

  it("the exit of a reclaimed process is noticed", async () => {
    const { opened, children } = await afterCrash(2);
    process.kill(children[0], "SIGKILL");
    await waitFor("exit event", () => opened.exits.length > 0);
    expect(opened.exits).toMatchObject([{ pid: children[0] }]);
    expect(opened.registry.size()).toBe(1);
    await waitFor("the file", () => pids(opened.pidFile).join() === String(children[1]));
  });

  it("a reclaimed process can be killed, however stubborn", async () => {
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath });
    const { pid } = await server.spawn({ argv: STUBBORN, token: "t", talks: true });
    await server.crash();
    const { registry, exits } = takeOver(pidFilePath, { killGraceMs: 150 });
    registry.linkByToken("t", "s");
    expect(registry.killBySessionId("s")).toBe(true);
    await gone(pid);
    await waitFor("exit event", () => exits.length > 0);
    await waitFor("an empty file", () => rows(pidFilePath).length === 0);
  });

  it("killAll ends the reclaimed", async () => {
    const { opened, children } = await afterCrash(3);
    opened.registry.killAll();
    await Promise.all(children.map(gone));
    await waitFor("an empty file", () => rows(opened.pidFile).length === 0);
  });

  it("terminate waits for the reclaimed", async () => {
    const { opened, children } = await afterCrash(1);
    const result = await opened.registry.terminate({ pid: children[0] });
    expect(result).toMatchObject({ outcome: "exited", pid: children[0] });
    expect(isAlive(children[0])).toBe(false);
  });

  it("those that died with it are dropped", async () => {
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath });
    const [a, b] = [await server.spawn(), await server.spawn()];
    await server.crash();
    process.kill(a.pid, "SIGKILL");
    await gone(a.pid);
    const { registry } = takeOver(pidFilePath);
    expect(registry.entries().map((entry) => entry.pid)).toEqual([b.pid]);
    expect(pids(pidFilePath)).toEqual([b.pid]);
  });

  it("what it was ending is ended", async () => {
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath, killGraceMs: 1500 });
    const { pid } = await server.spawn({ argv: STUBBORN, token: "t", talks: true });
    expect(await server.call("killByToken", "t")).toBe(true);
    await server.crash();
    expect(rows(pidFilePath)).toMatchObject([{ pid, terminating: true }]);
    expect(isAlive(pid)).toBe(true);
    const { registry } = takeOver(pidFilePath, { killGraceMs: 150 });
    expect(registry.size()).toBe(0);
    expect(registry.linkByToken("t", "s")).toBe(false);
    expect(rows(pidFilePath)).toMatchObject([{ pid, terminating: true }]);
    await gone(pid);
    await waitFor("an empty file", () => rows(pidFilePath).length === 0);
  });

  it("survivors of its killAll are reclaimed", async () => {
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath, killGraceMs: false });
    const { pid } = await server.spawn({ argv: STUBBORN, token: "t", talks: true });
    await server.call("killAll");
    await server.crash();
    const { registry } = takeOver(pidFilePath);
    expect(registry.entries()).toMatchObject([{ pid }]);
    expect(isAlive(pid)).toBe(true);
  });

  it("a keeper and its pi are reclaimed together", async () => {
    const { pidFilePath, kept, pi } = await leftWithAKeeper();
    const { registry } = takeOver(pidFilePath);
    expect(registry.linkByPid("s", pi)).toBe(true);
    expect(registry.entries()).toMatchObject([
      { pid: kept.pid, piPid: pi, keeperPid: kept.pid, keeperSockPath: "/k.sock", sessionId: "s" },
    ]);
    expect(registry.killBySessionId("s")).toBe(true);
    await Promise.all([gone(pi), gone(kept.pid)]);
    await waitFor("an empty file", () => rows(pidFilePath).length === 0);
  });

  it("a pi whose keeper died meanwhile is reclaimed", async () => {
    const { pidFilePath, kept, pi } = await leftWithAKeeper();
    process.kill(kept.pid, "SIGKILL");
    await gone(kept.pid);
    const { registry } = takeOver(pidFilePath);
    expect(registry.linkByPid("s", pi)).toBe(true);
    expect(registry.getPid("s")).toBe(pi);
    // Not at once: a process that was killed is there until the last of its threads has ended.
    await waitFor("the entry is pi's", () => rows(pidFilePath)[0]?.pid === pi);
    expect(registry.killBySessionId("s")).toBe(true);
    await gone(pi);
  });
});

describe("cleanupOrphans", () => {
  it("changes nothing the second time", async () => {
    const { opened } = await afterCrash(2);
    opened.registry.linkSession("s", "/work");
    const [entries, file] = [opened.registry.entries(), rows(opened.pidFile)];
    opened.registry.cleanupOrphans();
    expect(opened.registry.entries()).toEqual(entries);
    expect(rows(opened.pidFile)).toEqual(file);
    expect(opened.exits).toEqual([]);
  });

  it("leaves what this registry tracks alone", () => {
    const { registry } = open();
    const child = sleeper();
    registry.register(child.pid, "/a", child, "t");
    registry.linkByToken("t", "s");
    registry.cleanupOrphans();
    expect(registry.getPid("s")).toBe(child.pid);
    expect(registry.size()).toBe(1);
  });

  it("leaves the entries of a living server alone until it is dead", async () => {
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath });
    const { pid } = await server.spawn({ token: "t" });
    const { registry } = takeOver(pidFilePath);
    expect(registry.size()).toBe(0);
    expect(registry.killByToken("t")).toBe(false);
    expect(pids(pidFilePath)).toEqual([pid]);
    const own = sleeper();
    registry.register(own.pid, "/a", own);
    expect(pids(pidFilePath).sort()).toEqual([pid, own.pid].sort());
    await server.crash();
    registry.cleanupOrphans();
    expect(registry.size()).toBe(2);
    expect(registry.linkByToken("t", "s")).toBe(true);
  });

  it("takes over from a registry of the same process", () => {
    const before = open();
    const child = sleeper();
    before.registry.register(child.pid, "/a", child, "t");
    const { registry, pidFile } = restart(before);
    expect(registry.linkByToken("t", "s")).toBe(true);
    expect(registry.getPid("s")).toBe(child.pid);
    expect(pids(pidFile)).toEqual([child.pid]);
  });

  it("keeps an unjudged predecessor's entries through other writes", async () => {
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath });
    const { pid } = await server.spawn({ token: "t" });
    await server.crash();
    const { registry } = open({ pidFilePath });
    const own = sleeper();
    registry.register(own.pid, "/a", own);
    expect(registry.size()).toBe(1);
    registry.cleanupOrphans();
    expect(registry.size()).toBe(2);
    expect(registry.linkByToken("t", "s")).toBe(true);
    expect(registry.getPid("s")).toBe(pid);
  });

  it("ends what is older than 7 days, and forgets it once it is gone", async () => {
    const { opened, children } = await afterCrash(2, (row, i) => {
      if (i === 0) age(row, 8 * DAY_MS);
    });
    expect(opened.registry.size()).toBe(1);
    await gone(children[0]);
    await waitFor("one entry in the file", () => pids(opened.pidFile).length === 1);
    expect(pids(opened.pidFile)).toEqual([children[1]]);
    expect(isAlive(children[1])).toBe(true);
  });

  it("reclaims what is younger than that", async () => {
    const { opened, children } = await afterCrash(1, (row) => age(row, 6.9 * DAY_MS));
    expect(opened.registry.size()).toBe(1);
    await holdsFor(100, "the child lives", () => isAlive(children[0]));
  });

  it.each([-10 * DAY_MS, DAY_MS / 24, 10 * DAY_MS])(
    "tells ages by the time of the boot, not by a wall clock that was wrong by %i ms",
    async (ms) => {
      const { opened, children } = await afterCrash(2, (row, i) => {
        if (i === 0) age(row, 8 * DAY_MS);
        row.spawnedAt = ago(ms);
      });
      expect(opened.registry.size()).toBe(1);
      await gone(children[0]);
      await holdsFor(100, "the young one lives", () => isAlive(children[1]));
    },
  );

  it("tells the age of an entry of version 0.1 by the start of its process", async () => {
    const { opened, children } = await afterCrash(1, (row) => {
      delete row.spawnedBootMs;
      row.spawnedAt = ago(8 * DAY_MS);
    });
    expect(opened.registry.size()).toBe(1);
    await holdsFor(100, "the child lives", () => isAlive(children[0]));
  });
});

/** As if it had been registered that long ago, perhaps before this machine was started. */
function age(row: Row, ms: number): void {
  row.spawnedAt = ago(ms);
  row.spawnedBootMs = (row.spawnedBootMs as number) - ms;
}

/** Real children of a server that died, edited in the file, and a registry that cleaned up. */
async function afterCrash(
  count: number,
  edit?: (row: Row, index: number) => void,
): Promise<{ opened: ReturnType<typeof open>; children: number[] }> {
  const pidFilePath = newPidFile();
  const server = await Server.start({ pidFilePath });
  const children: number[] = [];
  for (let i = 0; i < count; i++) children.push((await server.spawn()).pid);
  await server.crash();
  let index = 0;
  if (edit) editRows(pidFilePath, (row) => edit(row, index++));
  const opened = takeOver(pidFilePath);
  return { opened, children };
}
