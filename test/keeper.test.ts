import { describe, expect, it } from "vitest";
import {
  exited,
  gone,
  isAlive,
  keeper,
  sleeper,
  STUBBORN,
  type Child,
  type KeeperOptions,
} from "./fixtures/processes.js";
import { open, rows, type Opened } from "./fixtures/registry.js";
import { holdsFor, waitFor } from "./fixtures/wait.js";

const KEEPER_TURN_MS = 200;

interface Kept extends Opened {
  child: Child;
  pi: number;
  lines: string[];
}

/** A keeper and its pi, registered and linked to session "s". */
async function kept(
  options: KeeperOptions,
  registryOptions: Parameters<typeof open>[0] = {},
): Promise<Kept> {
  const opened = open(registryOptions);
  const { keeper: child, pi, lines } = await keeper(options);
  const keeperOpts = { keeperPid: child.pid, keeperSockPath: "/k.sock" };
  opened.registry.register(child.pid, "/a", child, "t", keeperOpts);
  opened.registry.linkByToken("t", "s", pi);
  return { ...opened, child, pi, lines };
}

describe.each([{ ownGroup: false }, { ownGroup: true }])("a keeper and its pi, %j", (group) => {
  it("ends pi, and the keeper ends by itself", async () => {
    const { registry, pidFile, child, pi, lines } = await kept(group);
    expect(registry.killBySessionId("s")).toBe(true);
    expect(registry.size()).toBe(0);
    await Promise.all([gone(pi), exited(child)]);
    expect(lines).not.toContain("term");
    expect(child.exitCode).toBe(0);
    await waitFor("an empty file", () => rows(pidFile).length === 0);
  });

  it("ends pi first and a keeper that stays after its turn", async () => {
    const { registry, pidFile, child, pi, lines } = await kept({ ...group, stays: true });
    const asked = Date.now();
    expect(registry.killBySessionId("s")).toBe(true);
    await gone(pi);
    await exited(child);
    expect(Date.now() - asked).toBeGreaterThanOrEqual(KEEPER_TURN_MS - 20);
    await waitFor("what the keeper said", () => lines.length === 3);
    expect(lines.slice(1)).toEqual(["pi-exit", "term"]);
    await waitFor("an empty file", () => rows(pidFile).length === 0);
  });

  it("kills a pi that ignores SIGTERM", async () => {
    const { registry, pidFile, child, pi } = await kept(
      { ...group, pi: STUBBORN },
      { killGraceMs: 400 },
    );
    expect(registry.killBySessionId("s")).toBe(true);
    expect(rows(pidFile)).toMatchObject([{ pid: child.pid, piPid: pi, terminating: true }]);
    await Promise.all([gone(pi), gone(child.pid)]);
    await waitFor("an empty file", () => rows(pidFile).length === 0);
  });

  it("ends a pi that is stopped", async () => {
    const { registry, child, pi } = await kept(group, { killGraceMs: 1000 });
    process.kill(pi, "SIGSTOP");
    expect(registry.killBySessionId("s")).toBe(true);
    await Promise.all([gone(pi), gone(child.pid)]);
  });

  it("keeps pi when its keeper is killed", async () => {
    const { registry, pidFile, child, pi } = await kept(group);
    child.kill("SIGKILL");
    await exited(child);
    await waitFor("the entry is pi's", () => rows(pidFile)[0]?.pid === pi);
    expect(registry.size()).toBe(1);
    expect(registry.getPid("s")).toBe(pi);
    expect(rows(pidFile)).toHaveLength(1);
    expect(isAlive(pi)).toBe(true);
    expect(registry.killBySessionId("s")).toBe(true);
    await gone(pi);
    await waitFor("an empty file", () => rows(pidFile).length === 0);
  });

  it("kills a wedged pi that its killed keeper has left", async () => {
    const { registry, pidFile, child, pi } = await kept(
      { ...group, pi: STUBBORN },
      { killGraceMs: 200 },
    );
    child.kill("SIGKILL");
    await exited(child);
    await waitFor("the entry is pi's", () => rows(pidFile)[0]?.pid === pi);
    expect(registry.killBySessionId("s")).toBe(true);
    await gone(pi);
    await waitFor("an empty file", () => rows(pidFile).length === 0);
  });

  it("forgets both when both are gone", async () => {
    const { registry, pidFile, child, pi, exits } = await kept(group);
    process.kill(pi, "SIGKILL");
    await exited(child);
    await waitFor("an empty registry", () => registry.size() === 0);
    expect(rows(pidFile)).toEqual([]);
    expect(exits).toMatchObject([{ sessionId: "s" }]);
  });

  it("terminates both before it answers", async () => {
    const { registry, child, pi } = await kept({ ...group, stays: true });
    const result = await registry.terminate("s");
    expect(result).toMatchObject({ outcome: "exited", pid: child.pid });
    expect([isAlive(child.pid), isAlive(pi)]).toEqual([false, false]);
  });
});

describe("a keeper whose pi is not there", () => {
  it("is ended at once when pi is unknown", async () => {
    const { registry } = open({ killGraceMs: false });
    const child = sleeper();
    const keeperOpts = { keeperPid: child.pid, keeperSockPath: "/k.sock" };
    registry.register(child.pid, "/a", child, "t", keeperOpts);
    registry.linkByToken("t", "s");
    expect(registry.killBySessionId("s")).toBe(true);
    expectGoneBeforeAnyTimer(child);
  });

  it("is ended at once when pi is dead", async () => {
    const { registry, child, pi, lines } = await kept({ stays: true });
    process.kill(pi, "SIGKILL");
    await waitFor("the keeper has seen it", () => lines.includes("pi-exit"));
    expect(registry.killBySessionId("s")).toBe(true);
    expectGoneBeforeAnyTimer(child);
  });

  it("is not ended by the end of its pi alone", async () => {
    const { registry, child, pi, pidFile } = await kept({ stays: true });
    process.kill(pi, "SIGKILL");
    await gone(pi);
    await holdsFor(100, "the keeper's entry stays", () => registry.size() === 1);
    expect(isAlive(child.pid)).toBe(true);
    expect(rows(pidFile)).toMatchObject([{ pid: child.pid }]);
  });
});

/** Blocks the event loop meanwhile, so that no timer can have sent the signal. */
function expectGoneBeforeAnyTimer(child: Child): void {
  const end = Date.now() + 5000;
  while (isAlive(child.pid) && Date.now() < end);
  expect(isAlive(child.pid)).toBe(false);
}
