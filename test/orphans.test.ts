import { describe, expect, it } from "vitest";
import type { HeadlessPidRegistryOptions } from "../lib/types.js";
import { bare, deadPid, gone, isAlive, STUBBORN, sleeper, stray } from "./fixtures/processes.js";
import {
  ago,
  codes,
  DAY_MS,
  editRows,
  newPidFile,
  open,
  pids,
  rows,
  takeOver,
  writePidFile,
} from "./fixtures/registry.js";
import { Server, type SpawnRequest } from "./fixtures/server.js";
import { holdsFor, waitFor } from "./fixtures/wait.js";

/** A server with one child, and a registry of ours with those options. */
async function neighbours(options: HeadlessPidRegistryOptions, request: SpawnRequest = {}) {
  const pidFilePath = newPidFile();
  const server = await Server.start({ pidFilePath });
  const { pid } = await server.spawn(request);
  return { server, pid, opened: open({ ...options, pidFilePath }) };
}

describe('orphans: "end"', () => {
  it("ends what a server has left that is gone, and tells its exit", async () => {
    const { server, pid, opened } = await neighbours({ orphans: "end" }, { token: "t" });
    await server.call("linkByToken", "t", "s");
    await server.crash();
    opened.registry.cleanupOrphans();
    expect(opened.registry.size()).toBe(0);
    expect(opened.registry.linkByToken("t", "s")).toBe(false);
    await gone(pid);
    await waitFor("its exit", () => opened.exits.length === 1);
    expect(opened.exits).toMatchObject([{ pid, lastSessionId: "s" }]);
    await waitFor("an empty file", () => pids(opened.pidFile).length === 0);
  });

  it("kills those that do not go by themselves, after the grace", async () => {
    const { server, pid, opened } = await neighbours(
      { orphans: "end", killGraceMs: 50 },
      { argv: STUBBORN, talks: true },
    );
    await server.crash();
    opened.registry.cleanupOrphans();
    expect(rows(opened.pidFile)).toMatchObject([{ pid, terminating: true }]);
    await gone(pid);
  });

  it("ends them within two seconds when their server dies later", async () => {
    const { server, pid, opened } = await neighbours({ orphans: "end" });
    opened.registry.cleanupOrphans();
    await holdsFor(300, "it lives", () => isAlive(pid));
    await server.crash();
    const died = Date.now();
    await gone(pid);
    expect(Date.now() - died).toBeLessThan(2000);
  });

  it("leaves alone what it cannot prove to be lost", async () => {
    const { pid, opened } = await neighbours({ orphans: "end" });
    const original = await stray();
    const row = { pid: original, cwd: process.cwd(), spawnedAt: ago(0), spawnToken: "t" };
    const stored = rows(opened.pidFile);
    writePidFile(opened.pidFile, [...stored, row]);
    opened.registry.cleanupOrphans();
    expect(opened.registry.entries()).toMatchObject([{ pid: original, state: "live" }]);
    await holdsFor(500, "both live", () => isAlive(original) && isAlive(pid));
  });

  it("adopts a process that we descend from", async () => {
    const pidFilePath = newPidFile();
    const own = open();
    own.registry.register(process.pid, process.cwd(), bare());
    const { identity } = rows(own.pidFile)[0];
    const server = await Server.start({ pidFilePath });
    await server.spawn();
    await server.crash();
    const ours = { pid: process.pid, identity: { ...identity, kin: true } };
    editRows(pidFilePath, (row) => Object.assign(row, ours));
    const opened = takeOver(pidFilePath, { orphans: "end" });
    expect(opened.registry.entries()).toMatchObject([{ pid: process.pid, state: "live" }]);
  });

  it("takes along what its session has started, with tree", async () => {
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath });
    const argv = ["sh", "-c", "setsid sleep 300 & echo $!; exec sleep 300"];
    const { pid, said } = await server.spawn({ argv, talks: true });
    await server.crash();
    const { exits } = takeOver(pidFilePath, { orphans: "end", tree: true });
    await gone(pid);
    await gone(Number(said));
    await waitFor("its exit", () => exits.length === 1);
  });

  it.each([undefined, null, "adopt"] as const)("is not what %j means", async (orphans) => {
    const { server, pid, opened } = await neighbours({ orphans });
    await server.crash();
    opened.registry.cleanupOrphans();
    expect(opened.registry.entries()).toMatchObject([{ pid, state: "live" }]);
    expect(codes(opened)).toEqual([]);
  });
});

describe("orphanMaxAgeMs", () => {
  async function orphan(options: HeadlessPidRegistryOptions, ageMs: number) {
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath });
    const { pid } = await server.spawn();
    await server.crash();
    editRows(pidFilePath, (row) => {
      row.spawnedAt = ago(ageMs);
      row.spawnedBootMs = (row.spawnedBootMs as number) - ageMs;
    });
    const opened = open({ ...options, pidFilePath });
    opened.registry.cleanupOrphans();
    return { pid, opened };
  }

  it("ends those that are older", async () => {
    const { pid } = await orphan({ orphanMaxAgeMs: DAY_MS }, DAY_MS + 60_000);
    await gone(pid);
  });

  it.each([
    ["younger", DAY_MS, DAY_MS - 60_000],
    ["of any age if it is false", false as const, 30 * DAY_MS],
  ])("adopts those that are %s", async (_, orphanMaxAgeMs, ageMs) => {
    const { pid, opened } = await orphan({ orphanMaxAgeMs }, ageMs);
    expect(opened.registry.entries()).toMatchObject([{ pid, state: "live" }]);
  });

  it("is seven days by default", async () => {
    const { pid } = await orphan({}, 7 * DAY_MS + 60_000);
    await gone(pid);
    const young = await orphan({}, 7 * DAY_MS - 60_000);
    expect(young.opened.registry.size()).toBe(1);
  });
});

describe("stats()", () => {
  it("counts entries by state, signals, exits and writes", async () => {
    const { registry, exits } = open({ killGraceMs: 50 });
    const idle = registry.stats();
    expect(idle).toEqual({
      entries: { live: 0, terminating: 0, remainder: 0 },
      signals: { delivered: 0, gone: 0, refused: 0, failed: 0 },
      adoptions: 0,
      refusals: 0,
      writes: 0,
      writeFailures: 0,
      exits: 0,
    });
    const [one, two] = [sleeper(), sleeper()];
    registry.register(one, { cwd: "/a" });
    registry.register(two, { cwd: "/b" });
    registry.register(deadPid(1), "/c", bare());
    expect(registry.stats()).toMatchObject({ entries: { live: 3 }, writes: 3 });
    two.kill("SIGSTOP");
    const ended = registry.terminate({ pid: one.pid });
    expect(registry.stats()).toMatchObject({
      entries: { live: 2, terminating: 1 },
      signals: { delivered: 1 },
    });
    await ended;
    await waitFor("its exit", () => exits.length === 1);
    expect(registry.stats()).toMatchObject({ entries: { live: 2, terminating: 0 }, exits: 1 });
  });

  it("counts what was refused and what could not be written", async () => {
    const { registry } = open();
    registry.register(process.ppid, "/a", bare());
    await registry.terminate({ pid: process.ppid });
    expect(registry.stats()).toMatchObject({ refusals: 1, signals: { refused: 1, delivered: 0 } });
    const blocked = open({ pidFilePath: "/proc/nowhere/p.json" });
    blocked.registry.register(deadPid(1), "/a", bare());
    expect(blocked.registry.stats()).toMatchObject({ writes: 0, writeFailures: 1 });
  });

  it("counts adoptions", async () => {
    const { server, opened } = await neighbours({});
    await server.spawn();
    await server.crash();
    opened.registry.cleanupOrphans();
    expect(opened.registry.stats()).toMatchObject({ adoptions: 2, entries: { live: 2 } });
  });
});
