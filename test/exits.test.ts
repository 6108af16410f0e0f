// Every exit is told, once, whoever could have told it and whenever it happened.
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createHeadlessPidRegistry } from "../dist/index.js";
import { runToEnd } from "./fixtures/cli.js";
import { container, noReuse } from "./fixtures/namespace.js";
import {
  bare,
  deadPid,
  exited,
  fixture,
  gone,
  isAlive,
  keeper,
  ROOT,
  sleeper,
  start,
  startTalking,
  statOf,
  type Child,
} from "./fixtures/processes.js";
import {
  editRows,
  newPidFile,
  open,
  type Opened,
  pids,
  restart,
  rows,
  takeOver,
} from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";
import { holdsFor, waitFor } from "./fixtures/wait.js";

const told = (opened: Opened, count = 1): Promise<void> =>
  waitFor(`${count} exit events`, () => opened.exits.length >= count, 4000);

const toldOnce = async (opened: Opened, count = 1): Promise<void> => {
  await told(opened, count);
  await holdsFor(80, "no exit is told twice", () => opened.exits.length === count);
};

/** Blocks the event loop until the kernel has ended the child and nobody has asked for its status. */
function untilZombie(child: Child): void {
  const end = Date.now() + 5000;
  while (statOf(child.pid)?.state !== "Z") if (Date.now() > end) throw new Error("no zombie");
}

type Kind = [string, (opened: Opened) => { opened: Opened; child: Child }];

/** The ways in which a registry comes to know a process. */
const kinds: Kind[] = [
  [
    "a child",
    (opened) => {
      const child = sleeper();
      opened.registry.register(child.pid, "/a", child, "t");
      return { opened, child };
    },
  ],
  [
    "a child whose listeners were all removed",
    (opened) => {
      const child = sleeper();
      opened.registry.register(child.pid, "/a", child, "t");
      child.removeAllListeners();
      return { opened, child };
    },
  ],
  [
    "a process whose emitter is silent",
    (opened) => {
      const child = sleeper();
      opened.registry.register(child.pid, "/a", bare(), "t");
      return { opened, child };
    },
  ],
  [
    "an adopted process",
    (opened) => {
      const child = sleeper();
      opened.registry.register(child.pid, "/a", child, "t");
      return { opened: restart(opened), child };
    },
  ],
];

describe.each(kinds)("the exit of %s", (_, come) => {
  it("is told once, with its session, when file and lookups know already", async () => {
    const { opened, child } = come(open());
    const { registry, pidFile, exits } = opened;
    expect(registry.linkByToken("t", "s")).toBe(true);
    let seen: unknown;
    registry.on("exit", () => {
      seen = [
        registry.size(),
        registry.getPid("s"),
        registry.linkByPid("s2", child.pid),
        rows(pidFile),
      ];
    });
    child.kill("SIGKILL");
    await toldOnce(opened);
    expect(exits).toMatchObject([{ pid: child.pid, sessionId: "s", spawnToken: "t" }]);
    expect(seen).toEqual([0, undefined, false, []]);
  });

  it("takes it out of the lookups at once", async () => {
    const { opened, child } = come(open());
    opened.registry.linkByToken("t", "s");
    child.kill("SIGKILL");
    await gone(child.pid);
    await waitFor("no lookup finds it", () => opened.registry.size() === 0, 500);
    expect(opened.registry.getPid("s")).toBeUndefined();
    expect(opened.registry.killBySessionId("s")).toBe(false);
    await toldOnce(opened);
  });

  it("is told though the event loop was busy when it happened", async () => {
    const { opened, child } = come(open());
    child.kill("SIGKILL");
    untilZombie(child);
    await toldOnce(opened);
    expect(opened.registry.entries()).toEqual([]);
  });

  it("is told when it is being ended", async () => {
    const { opened, child } = come(open());
    expect(opened.registry.killByToken("t")).toBe(true);
    await toldOnce(opened);
    expect(opened.exits).toMatchObject([{ pid: child.pid, state: "terminating" }]);
  });

  it("is not told after remove", async () => {
    const { opened, child } = come(open());
    opened.registry.remove(child.pid);
    child.kill("SIGKILL");
    await exited(child);
    await holdsFor(80, "nothing is told", () => opened.exits.length === 0);
  });
});

/** A program that has so many agents, does that, and ends them; it says whose exits were told. */
const endsAtOnce = (count: number, whose: string, then: string): string => `
  const { spawn } = require("node:child_process"), { EventEmitter } = require("node:events");
  const [dist, pidFilePath] = process.argv.slice(1);
  const registry = require(dist).createHeadlessPidRegistry({ pidFilePath });
  const start = () => spawn("sleep", ["100"], { detached: true, stdio: "ignore" });
  const agents = Array.from({ length: ${count} }, start);
  for (const it of agents) registry.register(it.pid, "/a", ${whose});
  registry.on("exit", ({ pid }) => require("node:fs").writeSync(1, pid + "\\n"));
  ${then}
  for (const it of agents) process.kill(it.pid, "SIGKILL");
  setTimeout(() => {}, 10_000);`;

describe.each([
  ["the program ends in its child's listener", "it", "agents[0].on('exit', () => process.exit());"],
  ["it ends in ours", "new EventEmitter()", "registry.on('exit', () => process.exit());"],
  [
    "it closes, and ends in ours",
    "new EventEmitter()",
    "registry.on('exit', () => (registry.close(), process.exit()));",
  ],
  [
    "it ends soon",
    "new EventEmitter()",
    "setInterval(() => registry.size() || process.exit(), 1);",
  ],
])("an exit upon which %s", (_, whose, then) => {
  const told = async (count: number): Promise<number[]> => {
    const pidFile = newPidFile();
    const program = endsAtOnce(count, whose, then);
    const argv = [process.execPath, "-e", program, join(ROOT, "dist"), pidFile];
    const { code, out, err } = await runToEnd(argv);
    expect([code, err]).toEqual([0, ""]);
    const { exits } = takeOver(pidFile);
    expect(pids(pidFile)).toEqual([]);
    return [...out.trim().split("\n").map(Number), ...exits.map(({ pid }) => pid)];
  };

  it("is told by one server", async () => {
    expect(await told(1)).toHaveLength(1);
  });

  it("hides no other", async () => {
    expect(new Set(await told(3)).size).toBe(3);
  });
});

/** It ends when an exit of its own is still to be written, and a dead server's row has come. */
const HAS_A_LAST_WRITE = `
  const { readFileSync, writeFileSync, writeSync } = require("node:fs");
  const { EventEmitter } = require("node:events");
  const [dist, pidFilePath, lost] = process.argv.slice(1);
  const registry = require(dist).createHeadlessPidRegistry({ pidFilePath });
  registry.cleanupOrphans();
  const agents = [1, 2].map((n) => {
    const it = new EventEmitter();
    registry.register(2 ** 30 + n, "/a", it);
    return it;
  });
  registry.on("exit", ({ pid }) => writeSync(1, pid + "\\n"));
  agents[0].emit("exit", 0, null);
  const file = JSON.parse(readFileSync(pidFilePath, "utf8"));
  file.entries.push(JSON.parse(lost));
  writeFileSync(pidFilePath, JSON.stringify(file));
  agents[1].emit("exit", 0, null);
  process.exit();`;

it("of a dead server's agent that a program's last write comes upon is left to the next server", async () => {
  const pidFile = newPidFile();
  const server = await Server.start({ pidFilePath: pidFile });
  const { pid } = await server.spawn();
  const [lost] = rows(pidFile);
  await server.crash();
  process.kill(pid, "SIGKILL");
  await gone(pid);
  writeFileSync(pidFile, '{"entries":[]}');
  const argv = ["-e", HAS_A_LAST_WRITE, join(ROOT, "dist"), pidFile, JSON.stringify(lost)];
  const { code, out, err } = await runToEnd([process.execPath, ...argv]);
  expect([code, err]).toEqual([0, ""]);
  expect(out.trim().split("\n").map(Number)).not.toContain(pid);
  expect(pids(pidFile)).toEqual([pid]);
  expect(takeOver(pidFile).exits.map((it) => it.pid)).toEqual([pid]);
});

it("has each emitter's exit in the file when the turn ends, where timers are faked too", async () => {
  const { registry, pidFile } = open();
  const emitters = [1, 2, 3].map((n) => {
    const emitter = bare();
    registry.register(deadPid(n), "/a", emitter);
    return emitter;
  });
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  for (const [i, emitter] of emitters.entries()) {
    emitter.emit("exit", 0, null);
    await turn();
    expect(pids(pidFile)).toHaveLength(2 - i);
  }
});

describe("status and signal", () => {
  const ends: [string, string, object][] = [
    ["status", "exit 7", { code: 7 }],
    ["signal", "kill -9 $$", { signal: "SIGKILL" }],
  ];
  const registered = async (script: string, prepare: (child: Child) => void) => {
    const opened = open();
    const child = start(["sh", "-c", `read line; ${script}`], {
      stdio: ["pipe", "ignore", "ignore"],
    });
    opened.registry.register(child.pid, "/a", child);
    prepare(child);
    child.stdin!.end("\n");
    return { opened, child };
  };

  it.each(ends)("the %s of a child is told", async (_, script, expected) => {
    const { opened } = await registered(script, () => {});
    await toldOnce(opened);
    expect(opened.exits).toMatchObject([expected]);
  });

  it.each(ends)(
    "the %s of a child is told though its listeners were removed",
    async (_, script, expected) => {
      const { opened } = await registered(script, (child) => void child.removeAllListeners());
      await toldOnce(opened);
      expect(opened.exits).toMatchObject([expected]);
    },
  );

  it.each(ends)(
    "the %s of a child is told though the loop was busy",
    async (_, script, expected) => {
      const { opened, child } = await registered(script, () => {});
      untilZombie(child);
      await toldOnce(opened);
      expect(opened.exits).toMatchObject([expected]);
    },
  );

  it("of a child come through a proxy of it", async () => {
    const opened = takeOver(newPidFile());
    const child = start(["sh", "-c", "read line; exit 7"], { stdio: ["pipe", "ignore", "ignore"] });
    const emitted = new Promise<number>((resolve) =>
      child.once("exit", () => setImmediate(() => resolve(opened.exits.length))),
    );
    opened.registry.register(child.pid, "/a", new Proxy(child, {}), "t");
    child.stdin!.end("\n");
    expect(await emitted, "nobody has to wait for the status").toBe(1);
    expect(opened.exits).toMatchObject([{ pid: child.pid, code: 7 }]);
  });

  it("are told of each entry of an emitter that stands for several", async () => {
    const opened = takeOver(newPidFile());
    const emitter = bare();
    for (const n of [1, 2, 3, 2]) opened.registry.register(deadPid(n), "/a", emitter, `t${n}`);
    opened.registry.remove(deadPid(1));
    emitter.emit("exit", 5, null);
    expect(opened.exits).toMatchObject([
      { pid: deadPid(2), code: 5 },
      { pid: deadPid(3), code: 5 },
    ]);
    expect(emitter.listenerCount("exit")).toBe(0);
    expect(opened.registry.size()).toBe(0);
    await toldOnce(opened, 2);
  });

  it("are not waited for where none can come", async () => {
    const opened = open();
    const child = sleeper();
    opened.registry.register(child.pid, "/a", bare());
    child.kill("SIGKILL");
    await gone(child.pid);
    await waitFor("the exit event", () => opened.exits.length === 1, 800);
    await waitFor("an empty file", () => rows(opened.pidFile).length === 0); // it may take 20 ms
  });
});

describe("a child that had exited before it was registered", () => {
  it.each([
    ["its status", "exit 7", { code: 7 }],
    ["its signal", "kill -9 $$", { signal: "SIGKILL" }],
  ])("is told in the next tick with %s", async (_, script, expected) => {
    const opened = open();
    const child = start(["sh", "-c", script]);
    await exited(child);
    opened.registry.register(child.pid, "/a", child, "t");
    expect(opened.exits).toEqual([]); // the caller has to get a chance to listen
    expect(opened.registry.size()).toBe(0);
    expect(opened.registry.linkByToken("t", "s")).toBe(false);
    await turn();
    expect(opened.exits).toMatchObject([{ pid: child.pid, spawnToken: "t", ...expected }]);
    expect(rows(opened.pidFile)).toEqual([]);
    await toldOnce(opened);
  });

  it("is told though node does not know of it yet", async () => {
    const opened = open();
    const child = start(["sh", "-c", "exit 7"]);
    untilZombie(child);
    opened.registry.register(child.pid, "/a", child);
    expect(opened.exits).toEqual([]);
    await toldOnce(opened);
    expect(opened.exits).toMatchObject([{ pid: child.pid, code: 7 }]);
    expect(rows(opened.pidFile)).toEqual([]);
  });

  it("is told though node does not know of it yet and its listeners are removed", async () => {
    const opened = open();
    const child = start(["sh", "-c", "exit 7"]);
    untilZombie(child);
    opened.registry.register(child.pid, "/a", child);
    child.removeAllListeners();
    await toldOnce(opened);
    expect(opened.exits).toMatchObject([{ pid: child.pid, code: 7 }]);
  });

  it("is no such child if its pid never was there", async () => {
    const opened = open();
    const emitter = bare();
    opened.registry.register(deadPid(1), "/a", emitter, "t");
    await turn();
    expect(opened.exits).toEqual([]);
    expect(opened.registry.linkByToken("t", "s")).toBe(true);
    emitter.emit("exit", 3, null);
    expect(opened.exits).toMatchObject([{ pid: deadPid(1), code: 3, sessionId: "s" }]);
    emitter.emit("exit", 3, null);
    expect(opened.exits).toHaveLength(1);
  });
});

describe("a registration that is replaced", () => {
  it("by the same process tells nothing, and its exit comes once", async () => {
    const opened = open();
    const child = sleeper();
    for (const token of ["one", "two", "three"])
      opened.registry.register(child.pid, "/a", child, token);
    await turn();
    expect(opened.exits).toEqual([]);
    child.kill("SIGKILL");
    await toldOnce(opened);
    expect(opened.exits).toMatchObject([
      { pid: child.pid, spawnToken: "three", signal: "SIGKILL" },
    ]);
  });

  it("by the same process under another emitter tells one exit", async () => {
    const opened = open();
    const child = sleeper();
    opened.registry.register(child.pid, "/a", bare(), "one");
    opened.registry.register(child.pid, "/a", child, "two");
    child.kill("SIGKILL");
    await toldOnce(opened);
    expect(opened.exits).toMatchObject([{ spawnToken: "two" }]);
  });

  it("and was never seen alive tells nothing", async () => {
    const opened = open();
    opened.registry.register(deadPid(1), "/a", bare());
    opened.registry.register(deadPid(1), "/b", bare());
    await turn();
    expect(opened.exits).toEqual([]);
  });

  it("after remove is a registration like others", async () => {
    const opened = open();
    const child = sleeper();
    opened.registry.register(child.pid, "/a", child, "one");
    opened.registry.remove(child.pid);
    opened.registry.register(child.pid, "/a", child, "two");
    child.kill("SIGKILL");
    await toldOnce(opened);
    expect(opened.exits).toMatchObject([{ spawnToken: "two" }]);
  });
});

describe.skipIf(noReuse)(`a reused pid${noReuse}`, () => {
  /** The shell reaps orphans, as the first process of a container should. */
  const inside = async (kind: string): Promise<Record<string, unknown>> => {
    const reaper = [...container, "sh", "-c", '"$@"; exit $?', "init"];
    const ran = await runToEnd([
      ...reaper,
      process.execPath,
      fixture("reused-pid.mjs"),
      kind,
      newPidFile(),
    ]);
    expect(ran.code, ran.err).toBe(0);
    return JSON.parse(ran.out) as Record<string, unknown>;
  };

  it.each(["adopted", "child", "silent", "unregistered"])(
    "does not hide the exit of who had it: %s",
    async (kind) => {
      const { old, ...seen } = await inside(kind);
      expect(seen).toEqual({
        exits: [[old, "session-1"]],
        first: null,
        second: kind === "unregistered" ? null : old,
        size: kind === "unregistered" ? 0 : 1,
        lives: true,
      });
    },
  );
});

describe("exits while no server ran", () => {
  it("are told by the next cleanupOrphans, in the call and after its write", async () => {
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath });
    const [dies, lives] = [
      await server.spawn({ token: "t1" }),
      await server.spawn({ token: "t2" }),
    ];
    await server.call("linkByToken", "t1", "s1");
    await server.call("linkByToken", "t2", "s2");
    await server.crash();
    process.kill(dies.pid, "SIGKILL");
    await gone(dies.pid);
    const opened = open({ pidFilePath });
    let seen: unknown;
    opened.registry.on("exit", () => (seen = [opened.registry.size(), pids(pidFilePath)]));
    opened.registry.cleanupOrphans();
    expect(opened.exits).toMatchObject([
      { pid: dies.pid, lastSessionId: "s1", spawnToken: "t1", cwd: "/work" },
    ]);
    expect(opened.exits[0].sessionId).toBeUndefined();
    expect(seen).toEqual([1, [lives.pid]]);
    expect(opened.registry.entries()).toMatchObject([{ pid: lives.pid, lastSessionId: "s2" }]);

    opened.registry.cleanupOrphans();
    expect(opened.exits).toHaveLength(1);
    expect(restart(opened).exits).toEqual([]);
  });

  it("are told for a registry that was closed", async () => {
    const before = open();
    const child = sleeper();
    before.registry.register(child.pid, "/a", child, "t");
    before.registry.linkByToken("t", "s");
    before.registry.close();
    child.kill("SIGKILL");
    await exited(child);
    const next = takeOver(before.pidFile);
    expect(next.exits).toMatchObject([{ pid: child.pid, lastSessionId: "s" }]);
    expect(before.exits).toEqual([]);
  });

  it("are told for one that was being ended", async () => {
    const before = open({ killGraceMs: false });
    const child = sleeper();
    before.registry.register(child.pid, "/a", child, "t");
    before.registry.linkByToken("t", "s");
    before.registry.killByToken("t");
    before.registry.close();
    await exited(child);
    const next = takeOver(before.pidFile);
    expect(next.exits).toMatchObject([{ pid: child.pid, lastSessionId: "s" }]);
    expect(rows(next.pidFile)).toEqual([]);
  });

  it("are told after a reboot", () => {
    const before = open();
    const child = sleeper();
    before.registry.register(child.pid, "/a", child, "t");
    before.registry.close();
    editRows(before.pidFile, (row) => {
      row.identity!.boot = row.owner!.boot = randomUUID();
    });
    const next = takeOver(before.pidFile);
    expect(next.exits).toMatchObject([{ pid: child.pid }]);
    expect(isAlive(child.pid)).toBe(true);
  });

  it("are not told of a process that nobody has seen alive", () => {
    const before = open();
    before.registry.register(deadPid(1), "/a", bare());
    const next = restart(before);
    expect(next.exits).toEqual([]);
    expect(next.registry.size()).toBe(0);
  });

  it("leave the session's name to who lives, until it is linked again", () => {
    const before = open();
    const child = sleeper();
    before.registry.register(child.pid, "/a", child, "t");
    before.registry.linkByToken("t", "s");
    expect(before.registry.entries()[0].lastSessionId).toBeUndefined();
    const { registry } = restart(before);
    expect(registry.entries()).toMatchObject([{ pid: child.pid, lastSessionId: "s" }]);
    expect(registry.entries()[0].sessionId).toBeUndefined();
    expect(registry.getPid("s")).toBeUndefined();
    registry.linkByToken("t", "s2");
    expect(registry.entries()).toMatchObject([{ sessionId: "s2" }]);
    expect(registry.entries()[0].lastSessionId).toBeUndefined();
  });
});

describe("the file", () => {
  it("knows the first exit of a turn when emit returns, and the others at the turn's end", async () => {
    const { registry, pidFile, exits } = open();
    const emitters = [1, 2, 3, 4].map(() => bare());
    emitters.forEach((emitter, n) => registry.register(deadPid(n), "/a", emitter));
    emitters[0].emit("exit", 0, null);
    expect(pids(pidFile)).toEqual([deadPid(1), deadPid(2), deadPid(3)]);
    emitters[1].emit("exit", 0, null);
    emitters[2].emit("exit", 0, null);
    expect(registry.size()).toBe(1);
    await turn();
    expect(pids(pidFile)).toEqual([deadPid(3)]);
    expect(exits.map((exit) => exit.pid)).toEqual([0, 1, 2].map(deadPid));
    emitters[3].emit("exit", 0, null);
    expect(rows(pidFile)).toEqual([]);
  });

  it("knows what waited for the turn's end when another change is written", () => {
    const { registry, pidFile } = open();
    const emitters = [1, 2, 3].map(() => bare());
    emitters.forEach((emitter, n) => registry.register(deadPid(n), "/a", emitter));
    for (const emitter of emitters) emitter.emit("exit", 0, null);
    registry.register(deadPid(9), "/a", bare());
    expect(pids(pidFile)).toEqual([deadPid(9)]);
  });

  it("does not lose what waited for the turn's end when the registry is closed", () => {
    const { registry, pidFile } = open();
    const emitters = [1, 2, 3].map(() => bare());
    emitters.forEach((emitter, n) => registry.register(deadPid(n), "/a", emitter));
    for (const emitter of emitters) emitter.emit("exit", 0, null);
    registry.close();
    expect(rows(pidFile)).toEqual([]);
  });

  it("knows of a child's exit in the next listener of that exit", async () => {
    const { registry, pidFile } = open();
    const child = sleeper();
    registry.register(child.pid, "/a", child);
    let seen: number[] | undefined;
    child.once("exit", () => (seen = pids(pidFile)));
    child.kill("SIGKILL");
    await waitFor("the exit", () => seen !== undefined);
    expect(seen).toEqual([]);
  });
});

describe("a burst of exits", () => {
  it.each([["children"], ["silent"], ["adopted"]])("of %s tells each once", async (kind) => {
    const before = open();
    const children = Array.from({ length: 20 }, () => sleeper());
    for (const child of children)
      before.registry.register(child.pid, "/a", kind === "silent" ? bare() : child);
    const opened = kind === "adopted" ? restart(before) : before;
    for (const child of children) child.kill("SIGKILL");
    await toldOnce(opened, children.length);
    expect(new Set(opened.exits.map((exit) => exit.pid))).toEqual(
      new Set(children.map((c) => c.pid)),
    );
    expect(rows(opened.pidFile)).toEqual([]);
  });
});

describe("a keeper's entry", () => {
  const kept = async (stays: boolean) => {
    const opened = open();
    const { keeper: child, pi } = await keeper({ stays });
    opened.registry.register(child.pid, "/a", child, "t", {
      keeperPid: child.pid,
      keeperSockPath: "/k.sock",
    });
    opened.registry.linkByToken("t", "s", pi);
    return { opened, child, pi };
  };

  it("tells the keeper's exit when pi has ended too", async () => {
    const { opened, child, pi } = await kept(false);
    child.kill("SIGKILL");
    await exited(child);
    await holdsFor(80, "nothing is told while pi lives", () => opened.exits.length === 0);
    expect(opened.registry.getPid("s")).toBe(pi);
    process.kill(pi, "SIGTERM");
    await toldOnce(opened);
    expect(opened.exits).toMatchObject([{ signal: "SIGKILL", sessionId: "s" }]); // the keeper's
    expect(rows(opened.pidFile)).toEqual([]);
  });

  it("tells nothing when pi alone ends", async () => {
    const { opened, child, pi } = await kept(true);
    process.kill(pi, "SIGKILL");
    await gone(pi);
    await holdsFor(80, "nothing is told", () => opened.exits.length === 0);
    expect(opened.registry.getPid("s")).toBe(child.pid);
    child.kill("SIGKILL");
    await toldOnce(opened);
  });

  it("tells one exit though both had ended while no server ran", async () => {
    const { opened, child, pi } = await kept(false);
    opened.registry.close();
    for (const pid of [child.pid, pi]) process.kill(pid, "SIGKILL");
    await Promise.all([gone(child.pid), gone(pi)]);
    expect(takeOver(opened.pidFile).exits).toMatchObject([{ pid: child.pid, lastSessionId: "s" }]);
  });
});

describe("listeners", () => {
  it("are one a child and registry, and none after close", async () => {
    const warned: string[] = [];
    const hear = (warning: Error) => warned.push(warning.name);
    process.on("warning", hear);
    try {
      const [one, two] = [open(), open()];
      const [child, emitter] = [sleeper(), bare()];
      const counted = () => [child, emitter].map((it) => it.listenerCount("exit"));
      const before = counted();
      for (let i = 0; i < 30; i++) {
        one.registry.on("exit", () => {}).on("warning", () => {});
        one.registry.register(child.pid, "/a", child, `t-${i}`);
        one.registry.register(deadPid(1), "/a", emitter, `u-${i}`);
      }
      two.registry.register(child.pid, "/a", child);
      expect(counted()).toEqual([before[0] + 2, before[1] + 1]);
      one.registry.close();
      expect(counted()).toEqual([before[0] + 1, before[1]]);
      two.registry.close();
      expect(counted()).toEqual(before);
      await turn();
      expect(warned).toEqual([]);
    } finally {
      process.off("warning", hear);
    }
  });

  it("of ours are not among those of which Node warns, and its limit is as it was after close", async () => {
    const warned: string[] = [];
    const hear = (warning: Error) => warned.push(warning.name);
    process.on("warning", hear);
    try {
      const child = sleeper();
      const before = child.getMaxListeners();
      for (let i = child.listenerCount("exit"); i < before; i++) child.on("exit", () => {});
      const opened = Array.from({ length: 12 }, () => open());
      for (const { registry } of opened) registry.register(child.pid, "/a", child);
      await turn();
      expect(warned).toEqual([]);
      for (const { registry } of opened) registry.close();
      expect(child.getMaxListeners()).toBe(before);
    } finally {
      process.off("warning", hear);
    }
  });

  it("are set again after they were removed and the child is registered again", async () => {
    const opened = open();
    const child = start(["sh", "-c", "read line; exit 7"], { stdio: ["pipe", "ignore", "ignore"] });
    opened.registry.register(child.pid, "/a", child);
    child.removeAllListeners("exit");
    opened.registry.register(child.pid, "/a", child);
    expect(child.listenerCount("exit")).toBe(1);
    child.stdin!.end("\n");
    await toldOnce(opened);
    expect(opened.exits).toMatchObject([{ code: 7 }]);
  });

  it("are gone after close though the entry was removed or replaced", () => {
    const { registry } = open();
    const [one, two, three] = [bare(), bare(), bare()];
    registry.register(deadPid(1), "/a", one);
    registry.remove(deadPid(1));
    registry.register(deadPid(2), "/a", two);
    registry.register(deadPid(2), "/a", three);
    registry.close();
    expect([one, two, three].map((it) => it.listenerCount("exit"))).toEqual([0, 0, 0]);
  });

  it("are gone with the entry though nobody wants to hear of its exit", async () => {
    const registry = createHeadlessPidRegistry({ pidFilePath: newPidFile() });
    onTestFinished(() => registry.close());
    const [child, other, emitter] = [sleeper(), sleeper(), bare()];
    const before = child.listenerCount("exit");
    registry.register(child.pid, "/a", child);
    registry.register(other.pid, "/a", emitter);
    for (const it of [child, other]) it.kill("SIGKILL");
    await waitFor("both exits", () => registry.stats().exits === 2);
    expect([child, emitter].map((it) => it.listenerCount("exit"))).toEqual([before, 0]);
    expect(await registry.terminate({ pid: child.pid })).toEqual({ outcome: "already-gone" });
  });
});

describe("the exit of an agent whose tool lives on in its group", () => {
  it.each(kinds.slice(0, 3).map(([name]) => name))("is told at once: %s", async (kind) => {
    const opened = open();
    const { child } = await startTalking([
      "sh",
      "-c",
      "sleep 300 >/dev/null & echo $!; exec sleep 300",
    ]);
    opened.registry.register(child.pid, "/a", kind.includes("silent") ? bare() : child);
    if (kind.includes("removed")) child.removeAllListeners();
    child.kill("SIGKILL");
    await toldOnce(opened);
    expect(opened.registry.size()).toBe(0);
  });
});
