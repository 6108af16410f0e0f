// shutdown, the answers of terminate, and what an event emitter has besides on and off.
import { EventEmitter, getEventListeners, once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import type { HeadlessPidRegistry, TerminateOutcome } from "../lib/types.js";
import { Agents, IGNORE, SAVE } from "./fixtures/agents.js";
import { runToEnd } from "./fixtures/cli.js";
import {
  bare,
  deadPid,
  exited,
  fixture,
  gone,
  isAlive,
  keeper,
  sleeper,
  STUBBORN,
  stray,
  stubborn,
} from "./fixtures/processes.js";
import { newPidFile, open, restart, rows, states, takeOver } from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";
import { holdsFor, waitFor, within } from "./fixtures/wait.js";

const caught = (call: () => unknown): Promise<unknown> =>
  (async () => call())().then(
    () => undefined,
    (reason: unknown) => reason,
  );

describe("shutdown", () => {
  it("ends all, answers for each in their order, and closes", async () => {
    const { registry, pidFile, exits } = open();
    const [meek, tough, alien] = [sleeper(), await stubborn(), await stray()];
    registry.register(meek.pid, "/a", meek, "t1");
    registry.register(tough.pid, "/a", tough, "t2");
    registry.register(deadPid(1), "/a", bare());
    registry.register(alien, "/a", bare());
    registry.linkByToken("t1", "s1");
    registry.linkByToken("t2", "s2");
    const results = await within("the end", registry.shutdown({ graceMs: 200 }));
    expect(results).toEqual([
      { pid: meek.pid, outcome: "exited", signal: "SIGTERM", sessionId: "s1", processes: 1 },
      { pid: tough.pid, outcome: "killed", signal: "SIGKILL", sessionId: "s2", processes: 1 },
      { pid: deadPid(1), outcome: "already-gone" },
      { pid: alien, outcome: "not-ours" },
    ]);
    const isReal = (pid: number): boolean => pid !== deadPid(1);
    expect([meek.pid, tough.pid, alien].map(isAlive)).toEqual([false, false, true]);
    expect(rows(pidFile).filter((row) => row.pid !== alien)).toEqual([]);
    expect(exits.map((exit) => exit.pid).filter(isReal)).toEqual([meek.pid, tough.pid]);
    expect(() => registry.size()).toThrow(expect.objectContaining({ code: "HPR_ECLOSED" }));
  });

  it("tells a status as terminate does", async () => {
    const agents = new Agents();
    const { registry } = open();
    const child = await agents.start("agent", { atTerm: "exit 7" });
    registry.register(child.pid, "/a", child);
    expect(await within("the end", registry.shutdown())).toEqual([
      { pid: child.pid, outcome: "exited", code: 7, processes: 1 },
    ]);
  });

  it("of nothing answers nothing, and closes", async () => {
    const { registry } = open();
    expect(await within("the end", registry.shutdown())).toEqual([]);
    expect(() => registry.size()).toThrow(expect.objectContaining({ code: "HPR_ECLOSED" }));
    expect(await caught(() => registry.shutdown())).toMatchObject({ code: "HPR_ECLOSED" });
  });

  it("forgets all at once and records it before it returns", async () => {
    const { registry, pidFile } = open();
    const child = await stubborn();
    registry.register(child.pid, "/a", child, "t");
    registry.linkByToken("t", "s");
    const ended = registry.shutdown({ graceMs: 150 });
    expect([registry.size(), registry.getPid("s"), registry.killBySessionId("s")]).toEqual([
      0,
      undefined,
      false,
    ]);
    expect(rows(pidFile)).toMatchObject([{ pid: child.pid, terminating: true }]);
    expect(await within("the end", ended)).toMatchObject([{ outcome: "killed" }]);
  });

  it("takes the grace of the registry if it is given none", async () => {
    const { registry } = open({ killGraceMs: 100 });
    const child = await stubborn();
    registry.register(child.pid, "/a", child);
    expect(await within("the end", registry.shutdown())).toMatchObject([{ outcome: "killed" }]);
  });

  it("ends what was adopted and what is being ended", async () => {
    const before = open();
    const [adopted, ending] = [sleeper(), await stubborn()];
    before.registry.register(adopted.pid, "/a", adopted);
    before.registry.register(ending.pid, "/a", ending, "t");
    const opened = restart(before, { killGraceMs: 20_000 });
    opened.registry.killByToken("t");
    const results = await within("the end", opened.registry.shutdown({ graceMs: 150 }));
    expect(results).toMatchObject([
      { pid: adopted.pid, outcome: "exited" },
      { pid: ending.pid, outcome: "killed" },
    ]);
    expect(rows(opened.pidFile)).toEqual([]);
  });

  it("ends a keeper with its pi", async () => {
    const { registry } = open();
    const { keeper: child, pi } = await keeper();
    registry.register(child.pid, "/a", child, "t", {
      keeperPid: child.pid,
      keeperSockPath: "/k.sock",
    });
    registry.linkByToken("t", "s", pi);
    expect(await within("the end", registry.shutdown())).toMatchObject([
      { pid: child.pid, outcome: "exited", sessionId: "s" },
    ]);
    expect([child.pid, pi].map(isAlive)).toEqual([false, false]);
  });

  it("may be called again, and terminate joins it", async () => {
    const { registry } = open();
    const child = await stubborn();
    registry.register(child.pid, "/a", child);
    const ended = [registry.shutdown({ graceMs: 20_000 }), registry.shutdown({ graceMs: 100 })];
    const joined = registry.terminate({ pid: child.pid });
    for (const results of await within("both answers", Promise.all(ended)))
      expect(results).toMatchObject([{ outcome: "killed" }]);
    expect((await within("the answer", joined)).outcome).toBe("killed");
  });

  it("is answered when the registry is closed meanwhile", async () => {
    const { registry, pidFile } = open();
    const child = await stubborn();
    registry.register(child.pid, "/a", child);
    const ended = registry.shutdown({ graceMs: false });
    registry.close();
    expect(await within("the answer", ended)).toMatchObject([
      { pid: child.pid, outcome: "unknown" },
    ]);
    expect(rows(pidFile)).toMatchObject([{ pid: child.pid, terminating: true }]);
  });

  it.each([{ graceMs: -1 }, { graceMs: "1" }, { graceMs: 2 ** 31 }, 5])(
    "refuses %j and does nothing",
    async (options) => {
      const { registry, pidFile } = open();
      const child = sleeper();
      registry.register(child.pid, "/a", child);
      const error = await caught(() => registry.shutdown(options as never));
      expect(error instanceof TypeError || error instanceof RangeError).toBe(true);
      expect((error as { code?: string }).code).toMatch(
        /^ERR_(INVALID_ARG_TYPE|INVALID_ARG_VALUE|OUT_OF_RANGE)$/,
      );
      expect(registry.size()).toBe(1);
      expect(rows(pidFile)[0].terminating ?? false).toBe(false);
    },
  );
});

describe("killAll, unlike shutdown", () => {
  it("leaves survivors live, linkable and unasked for the next server", async () => {
    const agents = new Agents();
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath, killGraceMs: false });
    const { pid } = await server.spawn({
      argv: agents.argv("agent", { atTerm: IGNORE }),
      token: "t",
    });
    await agents.up("agent");
    await server.call("killAll");
    await waitFor("it is asked", () => agents.asked("agent") === 1);
    await server.crash();
    const next = takeOver(pidFilePath, { killGraceMs: 50 });
    expect(states(next)).toEqual(["live"]);
    expect(next.registry.linkByToken("t", "s")).toBe(true);
    expect(next.registry.getPid("s")).toBe(pid);
    await holdsFor(150, "it is left alone", () => isAlive(pid) && agents.asked("agent") === 1);
  });
});

/** Runs the script whose last line ends an agent; resolves when node has ended by itself. */
const lastLine = (how: string, agent: string[], pidFile = newPidFile()) =>
  runToEnd([process.execPath, fixture("last-line.mjs"), how, pidFile, ...agent]);

describe("the last line of a script", () => {
  it.each(["terminate", "shutdown"])("awaits %s to its end", async (how) => {
    const ran = await lastLine(how, STUBBORN);
    expect(ran.err).toBe("");
    expect(JSON.parse(ran.out)).toMatchObject({ outcome: "killed", gone: true });
    expect(ran.code).toBe(0);
  });

  it.each(["terminate and exit", "shutdown and exit"])("%s has recorded and asked", async (how) => {
    const agents = new Agents();
    const pidFile = newPidFile();
    const agent = agents.argv("agent", { atTerm: IGNORE, body: "echo ready; stay" });
    expect((await lastLine(how, agent, pidFile)).code).toBe(7);
    await waitFor("it is asked", () => agents.asked("agent") === 1, 4000);
    expect(rows(pidFile)).toMatchObject([{ pid: agents.pid("agent"), terminating: true }]);
  });

  it("that crashes with its shutdown leaves the end to the next server", async () => {
    const agents = new Agents();
    const pidFile = newPidFile();
    const agent = agents.argv("agent", { atTerm: IGNORE, body: "echo ready; stay" });
    await lastLine("shutdown and crash", agent, pidFile);
    expect(agents.lives("agent")).toBe(true);
    const next = takeOver(pidFile, { killGraceMs: false });
    expect(next.registry.size()).toBe(0);
    await agents.gone("agent");
    expect(agents.asked("agent")).toBe(1);
    await waitFor("an empty file", () => rows(pidFile).length === 0);
  });

  it.each([
    ["kill", '{"sent":true}\n'],
    ["killAll", ""],
    ["abort", ""],
    ["close", '{"outcome":"unknown"'],
  ])("is not held by what nobody waits for: %s", async (how, out) => {
    const began = performance.now();
    const ran = await lastLine(how, STUBBORN);
    expect(ran.err).toBe("");
    expect(ran.out.startsWith(out)).toBe(true);
    expect(performance.now() - began).toBeLessThan(5000); // its grace is 20 s
  });

  it.each(["terminate", "shutdown"])("of a worker awaits %s to its end", async (how) => {
    const worker = new Worker(fixture("last-worker.mjs"), {
      workerData: { how, pidFile: newPidFile(), agent: STUBBORN },
    });
    const messages: unknown[] = [];
    const errors: unknown[] = [];
    worker
      .on("message", (message) => messages.push(message))
      .on("error", (error) => errors.push(error));
    await within(
      "the worker's end",
      once(worker, "exit").catch(() => undefined),
    );
    expect(errors).toEqual([]);
    expect(messages).toEqual(["killed"]);
  });
});

describe("terminate's abort", () => {
  it("stops the waiting and not the ending", async () => {
    const { registry, pidFile } = open();
    const child = await stubborn();
    registry.register(child.pid, "/a", child);
    const abort = new AbortController();
    const ended = registry.terminate({ pid: child.pid }, { graceMs: 400, abort: abort.signal });
    const other = registry.terminate({ pid: child.pid });
    let answered = false;
    const aborted = ended
      .then(
        (result) => result.outcome,
        (error: Error) => error.name,
      )
      .finally(() => (answered = true));
    abort.abort();
    await waitFor("an answer", () => answered, 200);
    expect(["unknown", "AbortError"]).toContain(await aborted);
    expect(isAlive(child.pid)).toBe(true);
    expect(rows(pidFile)).toMatchObject([{ pid: child.pid, terminating: true }]);
    expect((await within("the others' answer", other)).outcome).toBe("killed");
    expect(getEventListeners(abort.signal, "abort")).toEqual([]);
  });

  it("that comes too late changes nothing, and leaves no listener", async () => {
    const { registry } = open();
    const child = sleeper();
    registry.register(child.pid, "/a", child);
    const abort = new AbortController();
    const ended = registry.terminate({ pid: child.pid }, { abort: abort.signal });
    expect((await within("the end", ended)).outcome).toBe("exited");
    expect(getEventListeners(abort.signal, "abort")).toEqual([]);
    abort.abort();
  });

  it("that was there before is answered at once", async () => {
    const { registry } = open();
    const child = await stubborn();
    registry.register(child.pid, "/a", child);
    const ended = registry.terminate({ pid: child.pid }, { abort: AbortSignal.abort() });
    expect(["unknown", "AbortError"]).toContain(
      await within(
        "the answer",
        ended.then(
          (it) => it.outcome,
          (error: Error) => error.name,
        ),
        200,
      ),
    );
  });

  it.each([5, "now", {}, new EventEmitter()])("refuses %j", async (abort) => {
    const { registry } = open();
    const child = sleeper();
    registry.register(child.pid, "/a", child);
    expect(
      await caught(() => registry.terminate({ pid: child.pid }, { abort: abort as never })),
    ).toBeInstanceOf(TypeError);
    expect(registry.size()).toBe(1);
  });
});

describe("terminate's answer for who is not there", () => {
  const outcome = async (
    registry: HeadlessPidRegistry,
    target: Parameters<HeadlessPidRegistry["terminate"]>[0],
  ): Promise<TerminateOutcome> => (await within("the answer", registry.terminate(target))).outcome;

  it("is not-found if this registry remembers none", async () => {
    const { registry } = open();
    for (const target of [
      "nobody",
      "",
      { sessionId: "x" },
      { spawnToken: "x" },
      { pid: deadPid(1) },
      { pid: process.pid },
    ])
      expect(await within("the answer", registry.terminate(target))).toEqual({
        outcome: "not-found",
      });
  });

  it.each(["own", "adopted", "ended", "while no server ran"])(
    "is already-gone if it remembers one: %s",
    async (kind) => {
      const before = open();
      const child = sleeper();
      before.registry.register(child.pid, "/a", child, "t");
      before.registry.linkByToken("t", "s");
      if (kind === "while no server ran") {
        before.registry.close();
        child.kill("SIGKILL");
        await exited(child);
      }
      const opened = kind === "own" || kind === "ended" ? before : takeOverOf(before);
      if (kind === "ended") opened.registry.killBySessionId("s");
      else child.kill("SIGKILL");
      await waitFor("its exit event", () => opened.exits.length === 1, 4000);
      expect(await outcome(opened.registry, { pid: child.pid })).toBe("already-gone");
      expect(await outcome(opened.registry, { spawnToken: "t" })).toBe("already-gone");
      if (opened === before) expect(await outcome(opened.registry, "s")).toBe("already-gone");
      expect(await outcome(opened.registry, "s2")).toBe("not-found");
    },
  );

  const takeOverOf = (before: ReturnType<typeof open>) => restart(before);
});

describe("the events", () => {
  const add = (registry: HeadlessPidRegistry, n: number): (() => void) => {
    const emitter = bare();
    registry.register(deadPid(n), "/a", emitter);
    return () => void emitter.emit("exit", 0, null);
  };

  it("once is called once, and taken off by off and removeListener", () => {
    const { registry } = open();
    const seen: string[] = [];
    const [one, two, three, four] = ["one", "two", "three", "four"].map(
      (name) => () => seen.push(name),
    );
    expect(registry.once("exit", one)).toBe(registry);
    registry.once("exit", two).once("exit", three).on("exit", four);
    expect(registry.off("exit", two)).toBe(registry);
    expect(registry.removeListener("exit", three)).toBe(registry);
    add(registry, 1)();
    expect(seen).toEqual(["one", "four"]);
    registry.removeListener("exit", four);
    add(registry, 2)();
    expect(seen).toEqual(["one", "four"]);
  });

  it("once may lead to the next event without hearing it", () => {
    const { registry } = open();
    const next = add(registry, 2);
    let calls = 0;
    registry.once("exit", () => {
      calls++;
      next();
    });
    add(registry, 1)();
    expect(calls).toBe(1);
  });

  it("are awaited by events.once, which leaves nothing behind", async () => {
    const opened = open();
    const awaited = once(opened.registry as unknown as EventEmitter, "exit");
    add(opened.registry, 1)();
    expect(await within("the event", awaited)).toMatchObject([{ pid: deadPid(1), code: 0 }]);
    const abort = new AbortController();
    const aborted = once(opened.registry as unknown as EventEmitter, "exit", {
      signal: abort.signal,
    });
    abort.abort();
    await expect(aborted).rejects.toMatchObject({ name: "AbortError" });
  });

  it("warning is told to once", async () => {
    const { registry } = open();
    const seen: unknown[] = [];
    registry.once("warning", (warning: unknown) => seen.push(warning));
    registry.register(await stray(), "/a", bare());
    expect(seen).toMatchObject([{ code: "HPR_ENOTKIN" }]);
  });

  it("error is accepted and never emitted", async () => {
    const { registry, pidFile } = open();
    const heard: unknown[] = [];
    const listener = (error: unknown) => heard.push(error);
    expect(registry.on("error", listener)).toBe(registry);
    expect(registry.once("error", listener)).toBe(registry);
    registry.register(await stray(), "/a", bare(), "t"); // which warns
    add(registry, 1)();
    expect(rows(pidFile)).toHaveLength(1);
    expect(registry.off("error", listener)).toBe(registry);
    expect(registry.removeListener("error", listener)).toBe(registry);
    expect(heard).toEqual([]);
  });

  it.each(["on", "off", "once", "removeListener"] as const)(
    "%s refuses other names and what is no listener",
    (method) => {
      const { registry } = open();
      expect(registry[method]).toBeTypeOf("function");
      for (const name of [
        "exits",
        "Exit",
        "",
        "constructor",
        "newListener",
        Symbol("exit"),
        undefined,
        null,
        5,
      ])
        expect(() => registry[method](name as never, (() => {}) as never)).toThrow(TypeError);
      for (const listener of [undefined, null, "listener", {}])
        expect(() => registry[method]("exit", listener as never)).toThrow(TypeError);
    },
  );
});

describe("an agent that saves", () => {
  it("has all of a shutdown's grace, and is told as exited", async () => {
    const agents = new Agents();
    const { registry } = open({ killGraceMs: 20 });
    const child = await agents.start("agent", { atTerm: SAVE });
    registry.register(child.pid, "/a", child);
    expect(await within("the end", registry.shutdown({ graceMs: 20_000 }))).toMatchObject([
      { outcome: "exited", code: 0 },
    ]);
    expect(agents.notes("agent", "saved")).toHaveLength(1);
    await gone(child.pid);
  });
});
