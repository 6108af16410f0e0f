import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { describe, expect, it, onTestFinished } from "vitest";
import type { HeadlessTrace } from "../lib/types.js";
import { bare, deadPid, stubborn } from "./fixtures/processes.js";
import { open } from "./fixtures/registry.js";
import { waitFor } from "./fixtures/wait.js";

type Name = keyof HeadlessTrace;

/** What is published on a channel while the test runs. */
function listen<N extends Name>(name: N): Array<HeadlessTrace[N]> {
  const messages: Array<HeadlessTrace[N]> = [];
  const listener = (message: unknown): unknown => messages.push(message as HeadlessTrace[N]);
  subscribe(name, listener as never);
  onTestFinished(() => void unsubscribe(name, listener as never));
  return messages;
}

describe("diagnostics channels", () => {
  it("tell of registrations, without tokens", () => {
    const messages = listen("headless-pid-registry:register");
    const { registry } = open();
    const keeperOpts = { keeperPid: deadPid(1), keeperSockPath: "/k.sock" };
    registry.register(deadPid(1), "/a", bare(), "secret", keeperOpts);
    expect(messages).toEqual([{ registry, pid: deadPid(1), cwd: "/a", ...keeperOpts }]);
    expect(() => registry.register(1, "/a", bare())).toThrow(RangeError);
    expect(messages.length).toBe(1);
  });

  it("tell of links, by what, and not of those that failed", () => {
    const messages = listen("headless-pid-registry:link");
    const { registry } = open();
    for (const n of [1, 2, 3]) registry.register(deadPid(n), "/a", bare(), `t${n}`);
    registry.linkByToken("t1", "s1");
    registry.linkByPid("s2", deadPid(2));
    registry.linkSession("s3", "/a");
    registry.linkByToken("none", "s4");
    const told = messages.map(({ sessionId, pid, by }) => ({ sessionId, pid, by }));
    expect(told).toEqual([
      { sessionId: "s1", pid: deadPid(1), by: "token" },
      { sessionId: "s2", pid: deadPid(2), by: "pid" },
      { sessionId: "s3", pid: deadPid(3), by: "folder" },
    ]);
  });

  it("tell of signals in their order, delivered or not, and of exits", async () => {
    const [signals, exits] = [
      listen("headless-pid-registry:signal"),
      listen("headless-pid-registry:exit"),
    ];
    const { registry } = open({ killGraceMs: 50 });
    const child = await stubborn();
    registry.register(child.pid, "/a", child);
    await registry.terminate({ pid: child.pid });
    await waitFor("the exit", () => exits.length === 1);
    registry.register(process.pid, "/a", bare());
    await registry.terminate({ pid: process.pid });
    expect(signals).toEqual([
      { registry, pid: child.pid, signal: "SIGTERM", delivered: true },
      { registry, pid: child.pid, signal: "SIGKILL", delivered: true },
      { registry, pid: process.pid, signal: "SIGTERM", delivered: false, code: "HPR_EFORBIDDEN" },
    ]);
    expect(exits[0]).toMatchObject({ registry, exit: { pid: child.pid } });
  });

  it("tell of warnings, beside the listeners", async () => {
    const messages = listen("headless-pid-registry:warning");
    const { registry, warnings } = open();
    registry.register(process.ppid, "/a", bare());
    expect(warnings.length).toBe(1);
    expect(messages).toEqual([{ registry, warning: warnings[0] }]);
  });
});
