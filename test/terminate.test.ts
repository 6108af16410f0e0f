import { describe, expect, it } from "vitest";
import type { TerminateTarget } from "../lib/types.js";
import {
  bare,
  deadPid,
  family,
  gone,
  isAlive,
  sleeper,
  stray,
  stubborn,
} from "./fixtures/processes.js";
import { open, rows } from "./fixtures/registry.js";
import { holdsFor, within } from "./fixtures/wait.js";

describe("terminate", () => {
  it.each<[string, (pid: number) => TerminateTarget]>([
    ["a session id", () => "s"],
    ["{ sessionId }", () => ({ sessionId: "s" })],
    ["{ spawnToken }", () => ({ spawnToken: "t" })],
    ["{ pid }", (pid) => ({ pid })],
  ])("takes %s and resolves when the process is gone", async (_, target) => {
    const { registry, pidFile } = open();
    const child = sleeper();
    registry.register(child.pid, "/a", child, "t");
    registry.linkByToken("t", "s");
    const result = await within("the end", registry.terminate(target(child.pid)));
    expect(result).toMatchObject({ outcome: "exited", pid: child.pid, signal: "SIGTERM" });
    expect(isAlive(child.pid)).toBe(false);
    expect(registry.size()).toBe(0);
    expect(rows(pidFile)).toEqual([]);
  });

  it("has written the end when it resolves, whoever told it", async () => {
    const { registry, pidFile } = open();
    const child = sleeper();
    registry.register(child.pid, "/a", bare(), "t"); // only the native watch tells
    await within("the end", registry.terminate({ pid: child.pid }));
    expect(rows(pidFile)).toEqual([]);
  });

  it("forgets the entry at once", async () => {
    const { registry, pidFile } = open();
    const child = await stubborn();
    registry.register(child.pid, "/a", child, "t");
    registry.linkByToken("t", "s");
    const ending = registry.terminate("s", { graceMs: 200 });
    expect(registry.size()).toBe(0);
    expect(registry.getPid("s")).toBeUndefined();
    expect(rows(pidFile)).toMatchObject([{ pid: child.pid, terminating: true }]);
    await within("the end", ending);
  });

  it("kills after the grace time of the call", async () => {
    const { registry } = open({ killGraceMs: false });
    const child = await stubborn();
    registry.register(child.pid, "/a", child);
    const result = await within(
      "the end",
      registry.terminate({ pid: child.pid }, { graceMs: 100 }),
    );
    expect(result).toMatchObject({ outcome: "killed", pid: child.pid, signal: "SIGKILL" });
    expect(isAlive(child.pid)).toBe(false);
  });

  it("kills after the grace time of the registry", async () => {
    const { registry } = open({ killGraceMs: 100 });
    const child = await stubborn();
    registry.register(child.pid, "/a", child);
    const result = await within("the end", registry.terminate({ pid: child.pid }));
    expect(result.outcome).toBe("killed");
  });

  it("never kills with graceMs false", async () => {
    const { registry } = open({ killGraceMs: 50 });
    const child = await stubborn();
    registry.register(child.pid, "/a", child);
    const ending = registry.terminate({ pid: child.pid }, { graceMs: false });
    await holdsFor(300, "the child lives", () => isAlive(child.pid));
    child.kill("SIGKILL");
    expect(await within("the end", ending)).toMatchObject({ outcome: "exited", signal: "SIGKILL" });
  });

  it("begins with another signal when asked to", async () => {
    const { registry } = open({ killGraceMs: false });
    const child = sleeper();
    registry.register(child.pid, "/a", child);
    const result = await within(
      "the end",
      registry.terminate({ pid: child.pid }, { signal: "SIGINT" }),
    );
    expect(result).toMatchObject({ outcome: "exited", signal: "SIGINT" });
  });

  it("begins with SIGKILL when asked to", async () => {
    const { registry } = open({ killGraceMs: false });
    const child = await stubborn();
    registry.register(child.pid, "/a", child);
    const result = await within(
      "the end",
      registry.terminate({ pid: child.pid }, { signal: "SIGKILL" }),
    );
    expect(result.signal).toBe("SIGKILL");
    expect(isAlive(child.pid)).toBe(false);
  });

  it("waits for the whole group", async () => {
    const { registry } = open();
    const { leader, member } = await family();
    registry.register(leader.pid, "/a", leader);
    await within("the end", registry.terminate({ pid: leader.pid }));
    expect([isAlive(leader.pid), isAlive(member)]).toEqual([false, false]);
  });

  it("tells what was gone already", async () => {
    const { registry, pidFile } = open();
    registry.register(deadPid(1), "/a", bare());
    const result = await registry.terminate({ pid: deadPid(1) });
    expect(result).toMatchObject({ outcome: "already-gone", pid: deadPid(1) });
    expect(rows(pidFile)).toEqual([]);
  });

  it.each<TerminateTarget>([
    "nobody",
    "",
    { sessionId: "x" },
    { spawnToken: "x" },
    { pid: 1234567890 },
  ])("tells that no entry answers to %j", async (target) => {
    const result = await open().registry.terminate(target);
    expect(result.outcome).toBe("not-found");
    expect(result.pid).toBeUndefined();
  });

  it("tells what is not ours, and spares it", async () => {
    const { registry } = open({ killGraceMs: 20 });
    const pid = await stray();
    registry.register(pid, "/a", bare());
    registry.register(process.pid, "/a", bare());
    expect(await registry.terminate({ pid })).toMatchObject({ outcome: "not-ours", pid });
    expect((await registry.terminate({ pid: process.pid })).outcome).toBe("not-ours");
    await holdsFor(150, "the stray lives", () => isAlive(pid));
  });

  it("answers everybody who asks", async () => {
    const { registry } = open();
    const child = await stubborn();
    registry.register(child.pid, "/a", child);
    const both = Promise.all([
      registry.terminate({ pid: child.pid }, { graceMs: 100 }),
      registry.terminate({ pid: child.pid }, { graceMs: 100 }),
    ]);
    const results = await within("both answers", both);
    expect(results).toMatchObject([{ outcome: "killed" }, { outcome: "killed" }]);
  });

  it("joins an ending that is under way", async () => {
    const { registry } = open({ killGraceMs: 200 });
    const child = await stubborn();
    registry.register(child.pid, "/a", child);
    registry.linkByPid("s", child.pid);
    expect(registry.killBySessionId("s")).toBe(true);
    const result = await within("the end", registry.terminate({ pid: child.pid }));
    expect(result).toMatchObject({ outcome: "killed", pid: child.pid });
    await gone(child.pid);
  });

  it("is unknown when the registry is closed meanwhile", async () => {
    const { registry } = open({ killGraceMs: false });
    const child = await stubborn();
    registry.register(child.pid, "/a", child);
    const ending = registry.terminate({ pid: child.pid });
    registry.close();
    expect((await within("the answer", ending)).outcome).toBe("unknown");
  });

  it.each([
    [undefined, undefined],
    [null, undefined],
    [5, undefined],
    [{}, undefined],
    [{ pid: 1 }, undefined],
    [{ pid: 2.5 }, undefined],
    [{ sessionId: 5 }, undefined],
    ["s", { graceMs: -1 }],
    ["s", { graceMs: Number.NaN }],
    ["s", { graceMs: 2 ** 31 }],
    ["s", { graceMs: "100" }],
    ["s", { signal: "SIGUSR1" }],
    ["s", { signal: 9 }],
  ])("rejects %j, %j", async (target, options) => {
    const { registry } = open();
    // An async function, so that it does not matter whether it throws or rejects.
    const call = async () => registry.terminate(target as never, options as never);
    const error = await call().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
  });
});
