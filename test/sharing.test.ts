import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { bare, deadPid, fixture, gone, sleeper } from "./fixtures/processes.js";
import { newPidFile, open, pids, rows } from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";
import { waitFor, within } from "./fixtures/wait.js";

const [P, Q, R] = [deadPid(1), deadPid(2), deadPid(3)];

describe("two registries on one file in one process", () => {
  it("keep each other's entries", () => {
    const one = open();
    const two = open({ pidFilePath: one.pidFile });
    const proc = bare();
    one.registry.register(P, "/a", proc);
    two.registry.register(Q, "/b", bare());
    one.registry.register(R, "/c", bare());
    expect(pids(one.pidFile).sort()).toEqual([P, Q, R]);
    two.registry.remove(Q);
    expect(pids(one.pidFile).sort()).toEqual([P, R]);
    proc.emit("exit", 0, null);
    expect(pids(one.pidFile)).toEqual([R]);
    expect([one.registry.size(), two.registry.size()]).toEqual([1, 0]);
  });

  it("do not bring back what the other has removed", () => {
    const one = open();
    const two = open({ pidFilePath: one.pidFile });
    one.registry.register(P, "/a", bare());
    two.registry.register(Q, "/b", bare());
    one.registry.remove(P);
    two.registry.register(R, "/c", bare());
    expect(pids(one.pidFile).sort()).toEqual([Q, R]);
  });
});

describe("two servers on one file", () => {
  it("keep each other's entries", async () => {
    const pidFilePath = newPidFile();
    const [one, two] = [await Server.start({ pidFilePath }), await Server.start({ pidFilePath })];
    const expected: number[] = [];
    for (let i = 0; i < 5; i++) {
      const spawned = await Promise.all([one.spawn(), two.spawn()]);
      expected.push(...spawned.map(({ pid }) => pid));
    }
    expect(pids(pidFilePath).sort()).toEqual(expected.sort());
    expect([await one.call("size"), await two.call("size")]).toEqual([5, 5]);
  });
});

describe("a worker thread", () => {
  it("has registries of its own, and sees its children exit", async () => {
    const pidFile = newPidFile();
    const worker = new Worker(fixture("worker.mjs"), { workerData: { pidFile, exits: true } });
    const ended = once(worker, "exit");
    const [message] = (await within("its message", once(worker, "message"))) as [unknown];
    expect(message).toMatchObject({ sizes: [1, 0], exit: { signal: "SIGKILL" } });
    expect(await within("its end", ended)).toEqual([0]);
    expect(rows(pidFile)).toEqual([]);
  });

  it("may be terminated at any moment", async () => {
    const { registry } = open();
    const child = sleeper();
    registry.register(child.pid, "/a", child);
    for (let i = 0; i < 5; i++) {
      const workerData = { pidFile: newPidFile(), exits: false };
      const worker = new Worker(fixture("worker.mjs"), { workerData });
      await within("its message", once(worker, "message"));
      await within("its end", worker.terminate());
      expect(rows(workerData.pidFile)).toHaveLength(1);
    }
    child.kill("SIGKILL");
    await gone(child.pid);
    await waitFor("our own registry works", () => registry.size() === 0);
  });
});
