// One end, one first signal for each process; its grace is kept.
import { mkdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { uptime } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { HeadlessPidRegistry, TerminateOptions } from "../lib/types.js";
import { Agents, IGNORE, LEAVE, SAVE } from "./fixtures/agents.js";
import { isAlive, stubborn } from "./fixtures/processes.js";
import { type Ending, newPidFile, open, restart, type Row, rows } from "./fixtures/registry.js";
import { holdsFor, waitFor, within } from "./fixtures/wait.js";
import {
  between,
  emptied,
  KEEPER_MS,
  kept,
  LONG_MS,
  monotonicMs,
  TICK_MS,
  working,
  type KeeperLike,
} from "./fixtures/working.js";

type End = (registry: HeadlessPidRegistry) => unknown;

const ways: [string, End][] = [
  ["killBySessionId", (r) => r.killBySessionId("s")],
  ["killByToken", (r) => r.killByToken("t")],
  ["terminate", (r) => r.terminate("s")],
  ["killAll", (r) => r.killAll()],
  ["shutdown", (r) => r.shutdown()],
];
const recorded = ways.filter(([name]) => name !== "killAll");

describe.each(ways)("%s", (_, end) => {
  it("asks an agent and each member of its group once, and lets them save", async () => {
    const { agents, registry, ...opened } = await working({
      atTerm: SAVE,
      body: `run member '${SAVE}'; stay`,
      with: ["member"],
    });
    const ended = end(registry);
    await agents.gone("agent", "member");
    await within("the answer", Promise.resolve(ended));
    for (const name of ["agent", "member"]) {
      expect(agents.asked(name)).toBe(1);
      expect(agents.notes(name, "saved")).toHaveLength(1);
    }
    await emptied(opened);
  });

  it("asks pi once and first, and never a keeper that goes with it", async () => {
    const { agents, registry, ...opened } = await kept({ pi: SAVE });
    const ended = end(registry);
    await agents.gone("pi", "keeper");
    await within("the answer", Promise.resolve(ended));
    expect([agents.asked("pi"), agents.notes("pi", "saved").length]).toEqual([1, 1]);
    expect(agents.asked("keeper")).toBe(0);
    await emptied(opened);
  });

  it("asks a keeper that stays when pi has gone and 200 ms are over", async () => {
    const { agents, registry } = await kept({ pi: SAVE, then: "until_gone $child; stay" });
    const ended = end(registry);
    await agents.gone("pi", "keeper");
    await within("the answer", Promise.resolve(ended));
    expect([agents.asked("pi"), agents.asked("keeper")]).toEqual([1, 1]);
    expect(between(agents, ["pi", "saved"], ["keeper", "term"])).toBeGreaterThanOrEqual(
      KEEPER_MS - TICK_MS,
    );
  });
});

describe("a keeper", () => {
  it.each<[string, KeeperLike]>([
    ["kills pi when it is asked", { atTerm: "kill -KILL $child; exit 0" }],
    ["forwards what it is asked", { atTerm: "kill -TERM $child; until_gone $child; exit 0" }],
    ["kills its whole group when it is asked", { atTerm: "trap '' TERM; kill -TERM 0; exit 0" }],
  ])("that %s does not cut pi's saving short", async (_, keeper) => {
    for (const apart of [false, true]) {
      const { agents, registry } = await kept({ pi: SAVE, apart, ...keeper });
      const result = await within("the end", registry.terminate("s"));
      expect(result.outcome).toBe("exited");
      expect([agents.asked("pi"), agents.notes("pi", "saved").length]).toEqual([1, 1]);
    }
  });

  it("whose pi is unknown is asked at once", async () => {
    const agents = new Agents();
    const { registry } = open({ killGraceMs: LONG_MS });
    const child = await agents.start("keeper", {});
    registry.register(child.pid, "/a", child, "t", {
      keeperPid: child.pid,
      keeperSockPath: "/k.sock",
    });
    expect(registry.killByToken("t")).toBe(true); // delivered, and there is nobody else
    await waitFor("it is asked", () => agents.asked("keeper") === 1, 4000);
  });

  it("whose pi has ended before is asked at once", async () => {
    const { agents, registry } = await kept({ then: "until_gone $child; stay" });
    process.kill(agents.pid("pi"), "SIGKILL");
    await agents.gone("pi");
    expect(registry.killByToken("t")).toBe(true); // delivered, and there is nobody else
    await waitFor("it is asked", () => agents.asked("keeper") === 1, 4000);
  });

  it("that stays is asked alone: no tool of its group is", async () => {
    const body = `run pi '${LEAVE}'; pi=$child; run tool; until_gone $pi; stay`;
    const agents = new Agents();
    const { registry } = open({ killGraceMs: 700 });
    const child = await agents.start("keeper", { atTerm: IGNORE, body, with: ["pi", "tool"] });
    registry.register(child.pid, "/a", child, "t", {
      keeperPid: child.pid,
      keeperSockPath: "/k.sock",
    });
    registry.linkByToken("t", "s", agents.pid("pi"));
    const ended = registry.terminate("s");
    await waitFor("it is asked", () => agents.asked("keeper") === 1);
    expect(agents.lives("tool")).toBe(true);
    expect((await within("the end", ended)).outcome).toBe("killed");
    expect(agents.lives("tool")).toBe(false);
  });

  it("that runs pi anew while it is ended: the new one is asked as pi was", async () => {
    const then = `until_gone $child; run pi '${SAVE}'; until_gone $child`;
    const { agents, registry, ...opened } = await kept({ pi: SAVE, then });
    const result = await within("the end", registry.terminate("s"));
    expect(result.outcome).toBe("exited");
    expect(agents.notes("pi", "up")).toHaveLength(2);
    expect(new Set(agents.notes("pi", "term").map((note) => note.pid)).size).toBe(2);
    expect(agents.asked("pi")).toBe(2);
    expect(agents.notes("pi", "saved")).toHaveLength(2);
    expect(agents.asked("keeper")).toBe(0);
    await emptied(opened);
  });

  it("that runs pi anew for ever is killed with the last one after the grace", async () => {
    const then = `while :; do until_gone $child; sleep 0.05; run pi '${LEAVE}'; done`;
    const { agents, registry, ...opened } = await kept({ then, atTerm: IGNORE }, 700);
    const result = await within("the end", registry.terminate("s"));
    expect(result.outcome).toBe("killed");
    expect([agents.lives("pi"), agents.lives("keeper")]).toEqual([false, false]);
    const asked = agents.notes("pi", "term").map((note) => note.pid);
    expect(new Set(asked).size).toBe(asked.length);
    await emptied(opened);
  });

  it.each([false, true])(
    "that runs pi anew whenever it has gone is asked, and its last pi after it; apart: %s",
    async (apart) => {
      const run = apart ? "run_apart" : "run";
      const then = `while :; do until_gone $child; ${run} pi '${LEAVE}'; done`;
      const { agents, registry, ...opened } = await kept({ then, apart });
      const result = await within("the end", registry.terminate("s"));
      expect(result.outcome).toBe("exited");
      expect([agents.lives("pi"), agents.lives("keeper")]).toEqual([false, false]);
      const asked = agents.notes("pi", "term").map((note) => note.pid);
      expect(new Set(asked).size).toBe(asked.length);
      expect(agents.asked("keeper")).toBe(1);
      await emptied(opened);
    },
  );

  it.each([false, true])(
    "and a pi that ignore all are killed after the grace, pi apart: %s",
    async (apart) => {
      const { agents, registry } = await kept({ pi: IGNORE, atTerm: IGNORE, apart }, 300);
      const result = await within("the end", registry.terminate("s"));
      expect(result.outcome).toBe("killed");
      expect([agents.lives("pi"), agents.lives("keeper")]).toEqual([false, false]);
      expect(agents.asked("pi")).toBe(1);
      expect(agents.asked("keeper")).toBe(0); // pi had not gone before the grace was over
    },
  );
});

describe("a wrapper", () => {
  it("that leads the group: its agent gets no signal of its own", async () => {
    const { agents, registry } = await working({
      body: `run inner '${SAVE}'; until_gone $child`,
      atTerm: IGNORE,
      with: ["inner"],
    });
    registry.linkByToken("t", "s", agents.pid("inner"));
    const result = await within("the end", registry.terminate("s"));
    expect(result.outcome).toBe("exited");
    expect([agents.asked("agent"), agents.asked("inner")]).toEqual([1, 1]);
    expect(agents.notes("inner", "saved")).toHaveLength(1);
  });

  it("that forwards adds its own signal, and we none", async () => {
    const { agents, registry } = await working({
      body: `run inner 'sleep 0.2; note saved; exit 0'; until_gone $child`,
      atTerm: "kill -TERM $child; until_gone $child; exit 0",
      with: ["inner"],
    });
    registry.linkByToken("t", "s", agents.pid("inner"));
    await within("the end", registry.terminate("s"));
    expect(agents.asked("agent")).toBe(1);
    expect(agents.asked("inner")).toBeLessThanOrEqual(2);
  });
});

describe("ends that meet", () => {
  it("ask the agent once, whoever asks again", async () => {
    const { agents, registry } = await working({ atTerm: SAVE });
    registry.killBySessionId("s");
    const ended = [
      registry.terminate({ pid: agents.pid("agent") }),
      registry.terminate({ pid: agents.pid("agent") }, { signal: "SIGINT" }),
    ];
    registry.killByToken("t");
    registry.killAll();
    registry.killAll();
    ended.push(registry.shutdown().then(([result]) => result));
    for (const result of await within("the end", Promise.all(ended)))
      expect(result.outcome).toBe("exited");
    expect([agents.asked("agent"), agents.notes("agent", "saved").length]).toEqual([1, 1]);
  });

  it("killAll alone and again", async () => {
    const { agents, registry } = await working({ atTerm: SAVE });
    registry.killAll();
    registry.killAll();
    await agents.gone("agent");
    expect([agents.asked("agent"), agents.notes("agent", "saved").length]).toEqual([1, 1]);
  });

  const joined = async (first: number | false, afterMs: number, second: TerminateOptions) => {
    const { agents, registry, child } = await working({ atTerm: IGNORE });
    const began = performance.now();
    const one = registry.terminate("s", { graceMs: first });
    await waitFor("the moment to join", () => performance.now() - began >= afterMs);
    const two = registry.terminate({ pid: child.pid }, second);
    const results = await within("both ends", Promise.all([one, two]), 6000);
    expect(results.map((it) => it.outcome)).toEqual(["killed", "killed"]);
    expect(agents.asked("agent")).toBe(1);
    return performance.now() - began;
  };
  const LATE_MS = 300; // of a busy machine

  it.each<[string, number | false, number, TerminateOptions, number, number]>([
    ["a shorter grace that would end later", 600, 500, { graceMs: 590 }, 590, 600],
    ["a longer grace", 400, 100, { graceMs: LONG_MS }, 390, 400],
    ["no SIGKILL", 400, 50, { graceMs: false }, 390, 400],
    ["a grace that ends sooner", LONG_MS, 50, { graceMs: 100 }, 140, 150],
    ["a grace where there was none", false, 50, { graceMs: 100 }, 140, 150],
    ["SIGKILL", LONG_MS, 50, { signal: "SIGKILL" }, 45, 50],
  ])("sooner, never later: joined by %s", async (_, first, afterMs, second, from, to) => {
    const took = await joined(first, afterMs, second);
    expect(took).toBeGreaterThanOrEqual(from - TICK_MS);
    expect(took).toBeLessThan(to + LATE_MS);
  });

  it("another first signal is none: the process was asked already", async () => {
    const { agents, registry, child } = await working({ atTerm: SAVE });
    registry.killBySessionId("s");
    const result = await within(
      "the end",
      registry.terminate({ pid: child.pid }, { signal: "SIGHUP" }),
    );
    expect(result).toMatchObject({ outcome: "exited", code: 0 });
    expect(agents.notes("agent", "saved")).toHaveLength(1);
  });
});

describe("the longest grace", () => {
  it.each<[string, End]>([
    ["of a call", (r) => r.terminate("s", { graceMs: 2147483647 })],
    ["of a shutdown", (r) => r.shutdown({ graceMs: 2147483647 })],
    ["of the registry", (r) => r.killBySessionId("s")],
  ])("%s does not overflow, nor when it is joined, nor after a restart", async (_, end) => {
    const opened = await working({ atTerm: IGNORE }, 2147483647);
    end(opened.registry);
    void opened.registry.terminate({ pid: opened.child.pid }, { graceMs: 2147483647 });
    await holdsFor(150, "it lives", () => opened.agents.lives("agent"));
    expect(rows(opened.pidFile)[0].ending).toMatchObject({ graceMs: 2147483647 });
    const next = restart(opened, { killGraceMs: 2147483647 });
    await holdsFor(150, "it lives after a restart", () => opened.agents.lives("agent"));
    opened.child.kill("SIGKILL");
    await emptied(next);
  });
});

describe("the row of an ending", () => {
  /** The agent reads the pid file while it handles its first signal. */
  const reading = (pidFile: string): string =>
    `cp '${pidFile}' "$folder/seen-$name" 2> /dev/null; note read; stay`;
  const seen = (agents: Agents, name: string): Row =>
    (
      JSON.parse(readFileSync(join(agents.folder, `seen-${name}`), "utf8")) as {
        entries: Row[];
      }
    ).entries[0];

  const start = async (graceMs: number | false = 400) => {
    const agents = new Agents();
    const pidFilePath = newPidFile();
    const opened = open({ pidFilePath, killGraceMs: graceMs });
    const child = await agents.start("agent", { atTerm: reading(pidFilePath) });
    opened.registry.register(child.pid, "/a", child, "t");
    opened.registry.linkByToken("t", "s");
    return { ...opened, agents, child };
  };
  const read = (agents: Agents, name = "agent"): Promise<void> =>
    waitFor("the agent has read the file", () => agents.notes(name, "read").length > 0, 4000);

  it.each(recorded)("says all before the first signal: %s", async (_, end) => {
    const { registry, agents, child } = await start();
    const before = monotonicMs();
    end(registry);
    await read(agents);
    const row = seen(agents, "agent");
    expect(row).toMatchObject({ pid: child.pid, terminating: true });
    expect(row.ending).toEqual<Ending>({
      signal: "SIGTERM",
      graceMs: 400,
      began: expect.any(Number) as number,
      beganBootMs: expect.any(Number) as number,
      tree: false,
      sent: [{ pid: child.pid, birth: row.identity!.birth! }],
    });
    expect(row.ending!.began).toBeGreaterThanOrEqual(before - 1);
    expect(row.ending!.began).toBeLessThanOrEqual(monotonicMs() + 1);
    expect(Math.abs(row.ending!.beganBootMs - uptime() * 1000)).toBeLessThan(10_000);
  });

  it("says the grace, its absence, and the signal of the call", async () => {
    const { registry, pidFile, child } = await start(false);
    const ended = registry.terminate("s", { signal: "SIGINT", graceMs: false });
    // sh ignores nothing here: it goes, and the row is read at once.
    expect(rows(pidFile)[0]).toMatchObject({
      terminating: true,
      ending: { signal: "SIGINT", graceMs: false, sent: [{ pid: child.pid }] },
    });
    await within("the end", ended);
  });

  it("is left as it is by killAll: the next server is to find it live", async () => {
    const { registry, agents, pidFile } = await start();
    const before = rows(pidFile);
    registry.killAll();
    await read(agents);
    expect(seen(agents, "agent").terminating ?? false).toBe(false);
    expect(rows(pidFile)).toEqual(before);
  });

  it("names pi alone while pi is asked, and the keeper when it is", async () => {
    const agents = new Agents();
    const pidFilePath = newPidFile();
    const { registry } = open({ pidFilePath, killGraceMs: LONG_MS });
    const copy = `cp "${pidFilePath}" "$folder/seen-$name"; note read; exit 0`;
    const child = await agents.start("keeper", {
      atTerm: copy,
      body: `run pi '${copy}'; until_gone $child; stay`,
      with: ["pi"],
    });
    registry.register(child.pid, "/a", child, "t", {
      keeperPid: child.pid,
      keeperSockPath: "/k.sock",
    });
    const pi = agents.pid("pi");
    registry.linkByToken("t", "s", pi);
    await within("the end", registry.terminate("s"));
    expect(seen(agents, "pi").ending!.sent.map((it) => it.pid)).toEqual([pi]);
    expect(
      seen(agents, "keeper")
        .ending!.sent.map((it) => it.pid)
        .sort(),
    ).toEqual([pi, child.pid].sort());
  });

  it("stops no signal when it cannot be written", async () => {
    const { registry, agents, pidFile, ...opened } = await start();
    rmSync(pidFile);
    mkdirSync(pidFile); // no file can take its place
    registry.killBySessionId("s");
    await read(agents);
    expect(agents.asked("agent")).toBe(1);
    expect(opened.warnings).toHaveLength(1);
    rmdirSync(pidFile);
  });
});

describe("what is stopped", () => {
  it("is woken to take its first signal, once", async () => {
    const { agents, registry, child } = await working({ atTerm: LEAVE });
    child.kill("SIGSTOP");
    const result = await within("the end", registry.terminate("s"));
    expect(result).toMatchObject({ outcome: "exited", code: 0 });
    expect(agents.asked("agent")).toBe(1);
  });
});

describe("the entry of an ending", () => {
  it("stays until its end is seen, however late", async () => {
    const { registry, pidFile, exits } = open({ killGraceMs: false });
    const child = await stubborn();
    registry.register(child.pid, "/a", child, "t");
    expect(registry.killByToken("t")).toBe(true);
    expect(registry.killByToken("t")).toBe(false);
    await holdsFor(
      120,
      "it stays",
      () => rows(pidFile).length === 1 && registry.entries().length === 1 && isAlive(child.pid),
    );
    child.kill("SIGKILL");
    await waitFor("its exit event", () => exits.length === 1);
    expect(registry.entries()).toEqual([]);
  });
});
