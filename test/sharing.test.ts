import { once } from "node:events";
import type { Writable } from "node:stream";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import {
  bare,
  deadPid,
  exited,
  fixture,
  gone,
  sleeper,
  startTalking,
  type Child,
} from "./fixtures/processes.js";
import { codes, newPidFile, open, pids, rows, writePidFile } from "./fixtures/registry.js";
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

/** One that registers `count` pids in a row, once it is told to. */
class Registrar {
  private constructor(
    private readonly child: Child,
    private readonly lines: string[],
    readonly count: number,
  ) {}

  static async start(pidFile: string, number: number, count: number): Promise<Registrar> {
    const argv = [
      process.execPath,
      fixture("registrar.mjs"),
      pidFile,
      deadPid(1000 * number),
      count,
    ];
    const stdio = ["pipe", "pipe", "inherit"] as const;
    const { child, lines } = await startTalking(argv.map(String), { stdio: [...stdio] });
    return new Registrar(child, lines, count);
  }

  go(): void {
    (this.child.stdin as Writable).write("go\n");
  }

  /** What it has said it registered. */
  get said(): { pid: number; written: boolean }[] {
    return this.lines.slice(1).map((line) => JSON.parse(line));
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await exited(this.child);
  }
}

describe("eight servers on one file", () => {
  const ENDLESS = 1000; // more than anybody registers before the kill

  it("lose nothing, though some are killed in the middle of their writes", async () => {
    const pidFile = newPidFile();
    writePidFile(pidFile, []);
    const counts = [ENDLESS, ENDLESS, ENDLESS, 50, 50, 50, 50, 50];
    const starts = counts.map((count, number) => Registrar.start(pidFile, number, count));
    const servers = await Promise.all(starts);
    const [killed, live] = [servers.slice(0, 3), servers.slice(3)];
    for (const server of servers) server.go();

    // Each is killed at a moment of its own, and the file is read all the while.
    let reads = 0;
    const goals = new Map(killed.map((server, i) => [server, 10 + 12 * i]));
    await waitFor("all have finished or died", () => {
      expect(Array.isArray(rows(pidFile)), `whole at read ${++reads}`).toBe(true);
      for (const [server, goal] of goals)
        if (server.said.length >= goal) void server.kill().then(() => goals.delete(server));
      return goals.size === 0 && live.every((server) => server.said.length === server.count);
    });

    const expected = live.flatMap((server) => server.said);
    expect(expected).toHaveLength(5 * 50);
    const survived = killed.flatMap((server) => server.said.filter(({ written }) => written));
    expect(survived.length).toBeGreaterThan(0);
    expect(Math.max(...killed.map((server) => server.said.length))).toBeLessThan(ENDLESS);
    const missing = () => {
      const found = new Set(pids(pidFile));
      return [...expected, ...survived].filter(({ pid }) => !found.has(pid));
    };
    await waitFor("all entries are there", () => missing().length === 0).catch(() => {});
    expect(missing()).toEqual([]);
    expect(new Set(pids(pidFile)).size).toBe(pids(pidFile).length);
  });
});

describe("a server that is stopped while it holds the lock", () => {
  const STOPPED_WAIT_MS = 5000; // the bound is 300 ms; a busy machine may take its time

  /** Whoever holds a lock does not know that it was stopped: any program will do. */
  async function stoppedHolder(pidFile: string): Promise<Child> {
    const argv = ["flock", `${pidFile}.lock`, "sh", "-c", "echo held; exec sleep 300"];
    const { child } = await startTalking(argv);
    process.kill(-child.pid, "SIGSTOP");
    return child;
  }

  it("hangs no other: the change waits in memory, with one warning", async () => {
    const opened = open();
    opened.registry.register(P, "/a", bare());
    const holder = await stoppedHolder(opened.pidFile);
    const before = performance.now();
    opened.registry.register(Q, "/b", bare());
    opened.registry.remove(P);
    opened.registry.register(R, "/c", bare());
    opened.registry.cleanupOrphans();
    expect(performance.now() - before).toBeLessThan(STOPPED_WAIT_MS);
    expect(opened.registry.entries().map((entry) => entry.pid)).toEqual([Q, R]);
    expect(pids(opened.pidFile)).toEqual([P]);
    process.kill(-holder.pid, "SIGKILL");
    await exited(holder);
    // Nothing changes any more: the retry timer writes it.
    await waitFor("the change is in the file", () => pids(opened.pidFile).join() === `${Q},${R}`);
    expect(codes(opened)).toEqual(["HPR_EBUSY"]);
  });

  it("hangs no other: the next change takes the waiting ones along", async () => {
    const opened = open();
    opened.registry.register(P, "/a", bare());
    const holder = await stoppedHolder(opened.pidFile);
    opened.registry.register(Q, "/b", bare());
    process.kill(-holder.pid, "SIGKILL");
    await exited(holder);
    await waitFor("the lock is free", () => {
      opened.registry.register(R, "/c", bare());
      return pids(opened.pidFile).length === 3;
    });
    expect(pids(opened.pidFile)).toEqual([P, Q, R]);
    expect(codes(opened)).toEqual(["HPR_EBUSY"]);
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
