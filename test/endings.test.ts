// One end, one first signal for each process; its grace is kept, over a restart too.
import { mkdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Agents, IGNORE, LEAVE, SAVE, type AgentOptions } from "./fixtures/agents.js";
import {
  endingRows,
  openNext,
  restart,
  takeOver,
  type Ending,
  type EndingRow,
  type NextOpened,
  type NextRegistry,
} from "./fixtures/next.js";
import { isAlive, stubborn, type Child } from "./fixtures/processes.js";
import { editRows, newPidFile, rows } from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";
import { holdsFor, waitFor, within } from "./fixtures/wait.js";

const LONG_MS = 20_000;
const KEEPER_MS = 200;
const TICK_MS = 10; // of the agents' clock

type End = (registry: NextRegistry) => unknown;

const ways: [string, End][] = [
  ["killBySessionId", (r) => r.killBySessionId("s")],
  ["killByToken", (r) => r.killByToken("t")],
  ["terminate", (r) => r.terminate("s")],
  ["killAll", (r) => r.killAll()],
  ["shutdown", (r) => r.shutdown()],
];
const recorded = ways.filter(([name]) => name !== "killAll");

interface Working extends NextOpened {
  agents: Agents;
  child: Child;
}

/** The session's agent, called "agent". */
async function working(
  options: AgentOptions & { with?: string[] } = {},
  graceMs: number | false = LONG_MS,
): Promise<Working> {
  const agents = new Agents();
  const opened = openNext({ killGraceMs: graceMs });
  const child = await agents.start("agent", options);
  opened.registry.register(child.pid, "/a", child, "t");
  expect(opened.registry.linkByToken("t", "s")).toBe(true);
  return { ...opened, agents, child };
}

interface KeeperLike {
  /** What pi does at SIGTERM. */
  pi?: string;
  /** What the keeper does at SIGTERM. */
  atTerm?: string;
  /** What the keeper does when its pi, $child, runs. Default: it ends with pi. */
  then?: string;
  apart?: boolean;
}

const keeperOptions = ({
  pi = LEAVE,
  atTerm = LEAVE,
  then = "until_gone $child",
  apart,
}: KeeperLike): AgentOptions => ({
  atTerm,
  body: `${apart ? "run_apart" : "run"} pi '${pi}'; ${then}`,
});

/** The session's keeper, called "keeper", and its pi. */
async function kept(keeper: KeeperLike, graceMs: number | false = LONG_MS): Promise<Working> {
  const agents = new Agents();
  const opened = openNext({ killGraceMs: graceMs });
  const child = await agents.start("keeper", { ...keeperOptions(keeper), with: ["pi"] });
  opened.registry.register(child.pid, "/a", child, "t", {
    keeperPid: child.pid,
    keeperSockPath: "/k.sock",
  });
  expect(opened.registry.linkByToken("t", "s", agents.pid("pi"))).toBe(true);
  return { ...opened, agents, child };
}

const emptied = ({ pidFile }: { pidFile: string }): Promise<void> =>
  waitFor("an empty file", () => rows(pidFile).length === 0);

/** Milliseconds from one note to another. */
const between = (agents: Agents, from: [string, string], to: [string, string]): number =>
  Math.round((agents.notes(...to)[0].at - agents.notes(...from)[0].at) * 1000);

/** The clock of a grace. */
const monotonicMs = (): number => Number(process.hrtime.bigint() / 1_000_000n);

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
    const { registry } = openNext({ killGraceMs: LONG_MS });
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
    const { registry } = openNext({ killGraceMs: 700 });
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

  const joined = async (
    first: number | false,
    afterMs: number,
    second: { graceMs?: number | false; signal?: string },
  ) => {
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

  it.each<
    [string, number | false, number, { graceMs?: number | false; signal?: string }, number, number]
  >([
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
    expect(endingRows(opened.pidFile)[0].ending).toMatchObject({ graceMs: 2147483647 });
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
  const seen = (agents: Agents, name: string): EndingRow =>
    (
      JSON.parse(readFileSync(join(agents.folder, `seen-${name}`), "utf8")) as {
        entries: EndingRow[];
      }
    ).entries[0];

  const start = async (graceMs: number | false = 400) => {
    const agents = new Agents();
    const pidFilePath = newPidFile();
    const opened = openNext({ pidFilePath, killGraceMs: graceMs });
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
      tree: false,
      sent: [{ pid: child.pid, birth: row.identity!.birth! }],
    });
    expect(row.ending!.began).toBeGreaterThanOrEqual(before - 1);
    expect(row.ending!.began).toBeLessThanOrEqual(monotonicMs() + 1);
  });

  it("says the grace, its absence, and the signal of the call", async () => {
    const { registry, pidFile, child } = await start(false);
    const ended = registry.terminate("s", { signal: "SIGINT", graceMs: false });
    // sh ignores nothing here: it goes, and the row is read at once.
    expect(endingRows(pidFile)[0]).toMatchObject({
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
    const { registry } = openNext({ pidFilePath, killGraceMs: LONG_MS });
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

describe("the next server", () => {
  interface Left {
    agents: Agents;
    pidFilePath: string;
    pid: number;
  }
  /** A server that dies in the middle of an ending. */
  const leftBy = async (
    atTerm: string,
    target: unknown[],
    options: { killGraceMs?: number | false; asked?: boolean } = {},
  ): Promise<Left> => {
    const agents = new Agents();
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath, killGraceMs: options.killGraceMs ?? LONG_MS });
    const { pid } = await server.spawn({ argv: agents.argv("agent", { atTerm }), token: "t" });
    await agents.up("agent");
    await server.call("linkByToken", "t", "s");
    await server.call("begin", ...target);
    await waitFor("the agent is asked", () => agents.asked("agent") === 1);
    await server.crash();
    return { agents, pidFilePath, pid };
  };

  it.each([
    ["terminate", ["terminate", "s", { graceMs: LONG_MS }], undefined],
    ["killBySessionId", ["killBySessionId", "s"], undefined],
    ["shutdown", ["shutdown", { graceMs: LONG_MS }], 50],
  ])(
    "keeps to the grace, asks nothing again, and tells the exit: after %s",
    async (_, target, killGraceMs) => {
      const { agents, pidFilePath, pid } = await leftBy("sleep 0.6; note saved; exit 0", target, {
        killGraceMs,
      });
      const next = takeOver(pidFilePath, { killGraceMs: 50 });
      expect(next.registry.size()).toBe(0);
      expect(next.registry.entries()).toMatchObject([{ pid, state: "terminating" }]);
      expect(next.registry.linkByToken("t", "s")).toBe(false);
      await emptied(next);
      expect([agents.asked("agent"), agents.notes("agent", "saved").length]).toEqual([1, 1]);
      expect(next.exits).toMatchObject([{ pid, lastSessionId: "s", state: "terminating" }]);
    },
  );

  it("kills when what is left of the grace is over", async () => {
    const { agents, pidFilePath } = await leftBy(IGNORE, ["terminate", "s", { graceMs: 700 }]);
    const asked = performance.now();
    takeOver(pidFilePath, { killGraceMs: LONG_MS });
    await holdsFor(250, "the grace is not over", () => agents.lives("agent"));
    await agents.gone("agent");
    expect(performance.now() - asked).toBeLessThan(1500);
    expect(agents.asked("agent")).toBe(1);
  });

  it("kills at once when the grace was over before it came", async () => {
    const { agents, pidFilePath } = await leftBy(IGNORE, ["terminate", "s", { graceMs: 400 }]);
    await holdsFor(400, "nobody ends it while no server runs", () => agents.lives("agent"));
    takeOver(pidFilePath, { killGraceMs: LONG_MS });
    await waitFor("it is killed", () => !agents.lives("agent"), 500);
  });

  it("never kills what was never to be killed", async () => {
    const { agents, pidFilePath, pid } = await leftBy(IGNORE, [
      "terminate",
      "s",
      { graceMs: false },
    ]);
    const next = takeOver(pidFilePath, { killGraceMs: 50 });
    await holdsFor(250, "it lives", () => agents.lives("agent"));
    expect(agents.asked("agent")).toBe(1);
    process.kill(pid, "SIGKILL");
    await emptied(next);
  });

  it("goes on as it was begun when it is replaced in its turn", async () => {
    const { agents, pidFilePath } = await leftBy("sleep 0.6; note saved; exit 0", [
      "terminate",
      "s",
      { graceMs: LONG_MS },
    ]);
    const second = takeOver(pidFilePath, { killGraceMs: 50 });
    const third = restart(second, { killGraceMs: 50 });
    await emptied(third);
    expect([agents.asked("agent"), agents.notes("agent", "saved").length]).toEqual([1, 1]);
  });

  it("may end it sooner, and not later", async () => {
    const sooner = await leftBy(IGNORE, ["terminate", "s", { graceMs: LONG_MS }]);
    const one = takeOver(sooner.pidFilePath).registry.terminate(
      { pid: sooner.pid },
      { graceMs: 100 },
    );
    expect((await within("the end", one, 2000)).outcome).toBe("killed");
    const later = await leftBy(IGNORE, ["terminate", "s", { graceMs: 500 }]);
    const two = takeOver(later.pidFilePath).registry.terminate(
      { pid: later.pid },
      { graceMs: LONG_MS },
    );
    expect((await within("the end", two, 2000)).outcome).toBe("killed");
    expect([sooner.agents.asked("agent"), later.agents.asked("agent")]).toEqual([1, 1]);
  });

  it("sends no other first signal than the one that was sent", async () => {
    const agents = new Agents();
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath });
    const ignoresHup = `trap '' HUP; sh "$0" "$folder" inner '${LEAVE}'`;
    await server.spawn({
      argv: agents.argv("agent", { atTerm: LEAVE, body: ignoresHup }),
      token: "t",
    });
    await agents.up("agent", "inner");
    await server.call(
      "begin",
      "terminate",
      { spawnToken: "t" },
      { signal: "SIGHUP", graceMs: LONG_MS },
    );
    await server.crash();
    takeOver(pidFilePath, { killGraceMs: 50 });
    await holdsFor(
      200,
      "nothing more is sent",
      () => agents.lives("agent") && agents.asked("agent") + agents.asked("inner") === 0,
    );
  });

  it.each(["terminate", "killBySessionId", "shutdown"])(
    "asks the keeper when pi has gone, and pi not again: after %s",
    async (how) => {
      const agents = new Agents();
      const pidFilePath = newPidFile();
      const server = await Server.start({ pidFilePath, killGraceMs: LONG_MS });
      const argv = agents.argv(
        "keeper",
        keeperOptions({ pi: "sleep 0.6; note saved; exit 0", then: "until_gone $child; stay" }),
      );
      await server.spawn({ argv, token: "t", socketPath: "/k.sock" });
      await agents.up("keeper", "pi");
      await server.call("linkByToken", "t", "s", agents.pid("pi"));
      await server.call("begin", how, ...(how === "shutdown" ? [] : ["s"]));
      await waitFor("pi is asked", () => agents.asked("pi") === 1);
      await server.crash();
      const next = takeOver(pidFilePath, { killGraceMs: 50 });
      await agents.gone("pi", "keeper");
      expect([
        agents.asked("pi"),
        agents.asked("keeper"),
        agents.notes("pi", "saved").length,
      ]).toEqual([1, 1, 1]);
      expect(between(agents, ["pi", "saved"], ["keeper", "term"])).toBeGreaterThanOrEqual(
        KEEPER_MS - TICK_MS,
      );
      await emptied(next);
    },
  );

  it("asks whom its predecessor had no time to ask", async () => {
    const opened = await working({ atTerm: SAVE });
    opened.registry.close();
    // As if the server had died between its record and its first signal; 0.1 recorded no more.
    editRows(opened.pidFile, (row) => void (row.terminating = true));
    const next = takeOver(opened.pidFile, { killGraceMs: LONG_MS });
    await emptied(next);
    expect([opened.agents.asked("agent"), opened.agents.notes("agent", "saved").length]).toEqual([
      1, 1,
    ]);
  });

  it("finds a number in `sent` that has passed on, and asks the one who has it", async () => {
    const opened = await working({ atTerm: SAVE });
    opened.registry.close();
    editRows(opened.pidFile, (row) => {
      row.terminating = true;
      row.ending = {
        signal: "SIGTERM",
        graceMs: LONG_MS,
        began: monotonicMs(),
        tree: false,
        sent: [{ pid: row.pid, birth: "somebody before" }],
      };
    });
    const next = takeOver(opened.pidFile, { killGraceMs: LONG_MS });
    await emptied(next);
    expect([opened.agents.asked("agent"), opened.agents.notes("agent", "saved").length]).toEqual([
      1, 1,
    ]);
  });

  it.each<[string, unknown]>([
    ["no object", 7],
    ["no fields", {}],
    [
      "nonsense in every field",
      {
        signal: "SIGNAL",
        graceMs: -1,
        began: "then",
        tree: 3,
        sent: [null, {}, { pid: 1, birth: 5 }],
      },
    ],
    [
      "a begin in the future",
      { signal: "SIGTERM", graceMs: 200, began: 9e15, tree: false, sent: [] },
    ],
  ])("is not stopped by an ending with %s", async (_, ending) => {
    const opened = await working({ atTerm: LEAVE });
    opened.registry.close();
    editRows(opened.pidFile, (row) => Object.assign(row, { terminating: true, ending }));
    const next = takeOver(opened.pidFile, { killGraceMs: 300 });
    await opened.agents.gone("agent");
    await emptied(next);
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
    const { registry, pidFile, exits } = openNext({ killGraceMs: false });
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
