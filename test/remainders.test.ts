// What is left of an agent that has ended is no agent any more; it can be seen and ended.
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { setImmediate as turn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { HeadlessPidRegistry } from "../lib/types.js";
import { Agents } from "./fixtures/agents.js";
import { noFinding, noHolding } from "./fixtures/kernel.js";
import {
  bare,
  carriersOf,
  programOf,
  exited,
  family,
  gone,
  isAlive,
  sleeper,
  start,
  startTalking,
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
  states,
  takeOver,
  writePidFile,
} from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";
import { holdsFor, waitFor, within } from "./fixtures/wait.js";

const withTool = (tool: string): string[] => [
  "sh",
  "-c",
  `${tool} >/dev/null & echo $!; exec sleep 300`,
];
const TOOL = withTool("sleep 300");
/** It inherits that it ignores SIGTERM, so that it does from its first moment. */
const STUBBORN_TOOL = [
  "sh",
  "-c",
  'trap "" TERM; sleep 300 >/dev/null & echo $!; trap - TERM; exec sleep 300',
];

interface Left extends Opened {
  agent: Child;
  tool: number;
}

const told = (opened: Opened): Promise<void> =>
  waitFor("the exit event", () => opened.exits.length > 0, 4000);

const forgotten = (opened: Opened): Promise<void> =>
  waitFor(
    "nothing is left",
    () => opened.registry.entries().length + rows(opened.pidFile).length === 0,
    4000,
  );

/** An agent that has started a tool in its group, and is the session's. */
async function working(argv = TOOL, emitter?: "silent"): Promise<Left> {
  const opened = open({ killGraceMs: 200 });
  const { child: agent, line } = await startTalking(argv);
  opened.registry.register(agent.pid, "/a", emitter ? bare() : agent, "t");
  expect(opened.registry.linkByToken("t", "s")).toBe(true);
  return { ...opened, agent, tool: Number(line) };
}

/** The same, crashed; the tool lives. */
async function crashed(argv = TOOL, emitter?: "silent"): Promise<Left> {
  const left = await working(argv, emitter);
  left.agent.kill("SIGKILL");
  await told(left);
  return left;
}

/** The same, taken over when it was a remainder already. */
async function adopted(argv = TOOL): Promise<Left> {
  const left = await crashed(argv);
  return { ...left, ...restart(left, { killGraceMs: 200 }) };
}

/** The same, crashed while no server ran. */
async function unwatched(argv = TOOL): Promise<Left> {
  const left = await working(argv);
  left.registry.close();
  left.agent.kill("SIGKILL");
  await exited(left.agent);
  return { ...left, ...takeOver(left.pidFile, { killGraceMs: 200 }) };
}

/** The same, taken over while it lived, and crashed then. */
async function afterwards(argv = TOOL): Promise<Left> {
  const left = await working(argv);
  const next = restart(left, { killGraceMs: 200 });
  left.agent.kill("SIGKILL");
  await told(next);
  return { ...left, ...next };
}

const comings: [string, (argv?: string[]) => Promise<Left>][] = [
  ["a child", (argv) => crashed(argv)],
  ["a process whose emitter is silent", (argv) => crashed(argv, "silent")],
  ["one that was a remainder before a restart", adopted],
  ["one that crashed while no server ran", unwatched],
  ["one that crashed after a restart", afterwards],
];

const endings: [string, (registry: HeadlessPidRegistry, pid: number) => unknown][] = [
  ["terminate({ pid })", (r, pid) => r.terminate({ pid })],
  ["killByToken", (r) => expect(r.killByToken("t")).toBe(true)],
  ["killAll", (r) => r.killAll()],
  ["shutdown", (r) => r.shutdown()],
];

describe.each(comings)("what is left of %s", (_, come) => {
  const why = come === unwatched ? noFinding : "";

  it.skipIf(why)(`is seen, told once, in no lookup and in the file${why}`, async () => {
    const { registry, pidFile, exits, agent, tool } = await come();
    expect(registry.entries()).toMatchObject([{ pid: agent.pid, cwd: "/a", state: "remainder" }]);
    expect(registry.size()).toBe(0);
    expect(registry.getPid("s")).toBeUndefined();
    expect(registry.linkByToken("t", "s2")).toBe(false);
    expect(registry.linkByPid("s2", agent.pid)).toBe(false);
    expect(registry.linkByPid("s2", tool)).toBe(false);
    expect(registry.linkSession("s2", "/a")).toBe(false);
    expect(pids(pidFile)).toEqual([agent.pid]);
    await holdsFor(80, "it is left alone", () => isAlive(tool) && exits.length <= 1);
  });

  it.skipIf(why).each(endings)(`is ended by %s${why}`, async (_, end) => {
    const left = await come();
    const ended = end(left.registry, left.agent.pid);
    await gone(left.tool);
    await waitFor("an empty file", () => rows(left.pidFile).length === 0, 4000);
    await within("the answer", Promise.resolve(ended));
    expect(left.exits.length).toBeLessThanOrEqual(1);
  });

  it.skipIf(why)(`is forgotten when the last of it has gone by itself${why}`, async () => {
    const left = await come();
    const exits = left.exits.length;
    process.kill(left.tool, "SIGKILL");
    await forgotten(left);
    expect(left.exits).toHaveLength(exits);
    expect(left.registry.killByToken("t")).toBe(false);
  });

  it.skipIf(why)(`is killed after the grace, however stubborn${why}`, async () => {
    const left = await come(STUBBORN_TOOL);
    const result = await within("the end", left.registry.terminate({ pid: left.agent.pid }));
    expect(result).toMatchObject({ outcome: "killed", pid: left.agent.pid });
    expect(isAlive(left.tool)).toBe(false);
    await forgotten(left);
  });
});

const tiers: [string, (registry: HeadlessPidRegistry, pid: number) => boolean][] = [
  ["token", (r) => r.linkByToken("t2", "s")],
  ["pid", (r, pid) => r.linkByPid("s", pid)],
  ["folder", (r) => r.linkSession("s", "/a")],
];

describe.each(tiers)("the session's next agent, linked by %s", (_, link) => {
  it.each(comings)(
    "is the one that is found and killed, not what is left of %s",
    async (_, come) => {
      const left = await come();
      const fresh = sleeper();
      left.registry.register(fresh.pid, "/a", fresh, "t2");
      expect(link(left.registry, fresh.pid)).toBe(true);
      expect(left.registry.getPid("s")).toBe(fresh.pid);
      expect(left.registry.size()).toBe(1);
      expect(left.registry.killBySessionId("s")).toBe(true);
      await gone(fresh.pid);
      expect(isAlive(left.tool)).toBe(true);
      await waitFor(
        "the remainder alone",
        () => pids(left.pidFile).join() === String(left.agent.pid),
        4000,
      );
    },
  );
});

it("is counted in the exit by the mark that it carries, wherever it has gone", async () => {
  const { registry, exits } = open();
  const token = randomUUID();
  const tools = "setsid sleep 300 & setsid sleep 300 & read line";
  const agents = ["left", "alone", "asked"].map((what) => {
    const env = { ...process.env, ...registry.spawnEnv(token + what) };
    const script = what === "alone" ? "read line" : tools;
    const child = start(["sh", "-c", script], { env, stdio: ["pipe", "ignore", "ignore"] });
    registry.register(child, { cwd: "/a", spawnToken: token + what });
    return child;
  });
  const [left, alone, asked] = agents;
  // Before it runs sleep each is in its agent's group yet.
  const sleepers = (what: string) =>
    carriersOf(token + what).filter((pid) => programOf(pid) === "sleep");
  for (const what of ["left", "asked"])
    await waitFor(`the tools of ${what}`, () => sleepers(what).length === 2);
  registry.killByToken(`${token}asked`);
  left.kill("SIGKILL");
  alone.kill("SIGKILL");
  await waitFor("all exits", () => exits.length === 3);
  const leftoversOf = (pid: number) => exits.find((it) => it.pid === pid)?.leftovers;
  expect(leftoversOf(left.pid)).toBe(2);
  expect(leftoversOf(alone.pid)).toBeUndefined();
  expect(leftoversOf(asked.pid)).toBe(2); // killed without its tree
});

it("is counted in the exit, if there is one", async () => {
  const { registry, exits } = open();
  const [{ leader, member }, alone] = [await family(), sleeper()];
  registry.register(leader.pid, "/a", leader);
  registry.register(alone.pid, "/a", alone);
  leader.kill("SIGKILL");
  alone.kill("SIGKILL");
  await waitFor("both exits", () => exits.length === 2);
  expect(exits.find((it) => it.pid === leader.pid)?.leftovers).toBe(1);
  expect(exits.find((it) => it.pid === alone.pid)?.leftovers).toBeUndefined();
  process.kill(member, "SIGKILL");
});

describe("a kill by the session", () => {
  it("ends what is left of its agent when it has no other, once", async () => {
    const left = await crashed();
    expect(left.registry.killBySessionId("s")).toBe(true);
    await gone(left.tool);
    await forgotten(left);
    expect(left.registry.killBySessionId("s")).toBe(false);
    expect(left.exits).toHaveLength(1);
  });

  it("by terminate too", async () => {
    const left = await crashed();
    const result = await within("the end", left.registry.terminate("s"));
    expect(result).toMatchObject({ outcome: "exited", pid: left.agent.pid });
    expect(isAlive(left.tool)).toBe(false);
  });

  it("ends it after the next agent has ended", async () => {
    const left = await crashed();
    const fresh = sleeper();
    left.registry.register(fresh.pid, "/a", fresh, "t2");
    left.registry.linkByToken("t2", "s");
    fresh.kill("SIGKILL");
    await waitFor("its exit event", () => left.exits.length === 2, 4000);
    expect(left.registry.killBySessionId("s")).toBe(true);
    await gone(left.tool);
  });
});

describe("a token that is used again", () => {
  it("means the new agent, and what is left of the old one when that has ended", async () => {
    const left = await crashed();
    const fresh = sleeper();
    left.registry.register(fresh.pid, "/a", fresh, "t");
    expect(left.registry.linkByToken("t", "s")).toBe(true);
    expect(left.registry.killByToken("t")).toBe(true);
    await gone(fresh.pid);
    expect(isAlive(left.tool)).toBe(true);
    await waitFor("the remainder alone", () => states(left).join() === "remainder", 4000);
    expect(left.registry.killByToken("t")).toBe(true);
    await gone(left.tool);
  });
});

describe("a listener of the exit", () => {
  it("sees the remainder, and may end it", async () => {
    const left = await working();
    let seen: unknown;
    left.registry.on("exit", () => {
      seen = [left.registry.size(), states(left), pids(left.pidFile)];
      expect(left.registry.killBySessionId("s")).toBe(true);
    });
    left.agent.kill("SIGKILL");
    await told(left);
    expect(seen).toEqual([0, ["remainder"], [left.agent.pid]]);
    expect(left.exits).toMatchObject([{ pid: left.agent.pid, sessionId: "s", signal: "SIGKILL" }]);
    await gone(left.tool);
  });
});

describe("an agent that ends in good order", () => {
  it("leaves a remainder as well", async () => {
    const opened = open();
    const script = "sleep 300 >/dev/null 2>&1 </dev/null & echo $!; read line; exit 3";
    const { child, line } = await startTalking(["sh", "-c", script], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    opened.registry.register(child.pid, "/a", child);
    child.stdin!.end("\n");
    await told(opened);
    expect(opened.exits).toMatchObject([{ pid: child.pid, code: 3 }]);
    expect(states(opened)).toEqual(["remainder"]);
    process.kill(Number(line), "SIGKILL");
    await forgotten(opened);
  });
});

describe("a process that leads no group", () => {
  it("leaves no remainder: the group is not its own", async () => {
    const opened = open({ killGraceMs: 50 });
    const { child, line } = await startTalking(TOOL, { detached: false });
    opened.registry.register(child.pid, "/a", child);
    child.kill("SIGKILL");
    await told(opened);
    expect(opened.registry.entries()).toEqual([]);
    expect(rows(opened.pidFile)).toEqual([]);
    opened.registry.killAll();
    await holdsFor(120, "its neighbour lives", () => isAlive(Number(line)));
  });
});

describe("a wrapper that crashes", () => {
  it("leaves the agent that nobody was told of", async () => {
    const agents = new Agents();
    const opened = open();
    const wrapper = await agents.start("wrapper", {
      body: 'run agent "exit 0"; stay',
      with: ["agent"],
    });
    opened.registry.register(wrapper.pid, "/a", wrapper, "t");
    wrapper.kill("SIGKILL");
    await told(opened);
    expect(opened.registry.entries()).toMatchObject([{ pid: wrapper.pid, state: "remainder" }]);
    expect(opened.registry.killByToken("t")).toBe(true);
    await agents.gone("agent");
    expect(agents.asked("agent")).toBe(1);
    await forgotten(opened);
  });
});

describe("under a keeper", () => {
  /** A keeper whose pi has started a tool; `apart`: pi leads a group of its own. */
  async function kept(apart: boolean): Promise<Opened & { agents: Agents; keeper: Child }> {
    const agents = new Agents();
    const opened = open({ killGraceMs: 300 });
    const pi = `'exit 0' 'run tool "exit 0"; stay'`;
    const body = `${apart ? "run_apart" : "run"} pi ${pi}; until_gone $child`;
    const keeper = await agents.start("keeper", { body, with: ["pi", "tool"] });
    opened.registry.register(keeper.pid, "/a", keeper, "t", {
      keeperPid: keeper.pid,
      keeperSockPath: "/k.sock",
    });
    opened.registry.linkByToken("t", "s", agents.pid("pi"));
    return { ...opened, agents, keeper };
  }

  describe.each([
    ["in the keeper's group", false],
    ["in a group of its own", true],
  ])("with pi %s", (_, apart) => {
    /* Whoever reaps pi does not wait for us. */
    const held = apart ? noHolding : "";
    const found = apart ? noFinding : "";

    it.skipIf(held)(`what pi has left when both have ended is a remainder${held}`, async () => {
      const opened = await kept(apart);
      process.kill(opened.agents.pid("pi"), "SIGKILL");
      await told(opened);
      expect(opened.exits).toMatchObject([{ pid: opened.keeper.pid, sessionId: "s" }]);
      expect(opened.registry.size()).toBe(0);
      expect(states(opened)).toEqual(["remainder"]);
      expect(opened.agents.lives("tool")).toBe(true);
      expect(opened.registry.killBySessionId("s")).toBe(true);
      await opened.agents.gone("tool");
      expect(opened.agents.asked("tool")).toBe(1);
      await forgotten(opened);
    });

    it.skipIf(found)(`it is one after a restart too${found}`, async () => {
      const before = await kept(apart);
      process.kill(before.agents.pid("pi"), "SIGKILL");
      await told(before);
      const opened = restart(before, { killGraceMs: 300 });
      expect(opened.exits).toEqual([]);
      expect(states(opened)).toEqual(["remainder"]);
      const result = await within("the end", opened.registry.terminate({ pid: before.keeper.pid }));
      expect(result.outcome).toBe("exited");
      expect(before.agents.lives("tool")).toBe(false);
    });

    it("a living pi is an agent, and no remainder, when its keeper has crashed", async () => {
      const opened = await kept(apart);
      opened.keeper.kill("SIGKILL");
      await exited(opened.keeper);
      await turn();
      expect(states(opened)).toEqual(["live"]);
      expect(opened.registry.getPid("s")).toBe(opened.agents.pid("pi"));
      expect(opened.exits).toEqual([]);
    });
  });
});

describe("over a crash of the server", () => {
  it("what is left is still known, and ended by the next one's terminate", async () => {
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath });
    const { pid, said } = await server.spawn({ argv: TOOL, token: "t", talks: true });
    await server.call("linkByToken", "t", "s");
    process.kill(pid, "SIGKILL");
    await gone(pid);
    await server.call("size");
    await server.crash();
    const next = takeOver(pidFilePath);
    expect(states(next)).toEqual(["remainder"]);
    expect(next.registry.linkSession("s", "/work")).toBe(false);
    expect(await within("the end", next.registry.terminate({ pid }))).toMatchObject({
      outcome: "exited",
      pid,
    });
    expect(isAlive(Number(said))).toBe(false);
  });
});

describe("a row whose group has become a stranger's", () => {
  it("is dropped, and nobody is signalled", async () => {
    const left = await crashed();
    left.registry.close();
    const innocent = sleeper();
    editRows(left.pidFile, (row) => (row.pid = innocent.pid));
    process.kill(left.tool, "SIGKILL");
    await gone(left.tool);
    await waitFor("nobody holds its group", () => !existsSync(`/proc/${left.tool}`));
    const next = takeOver(left.pidFile, { killGraceMs: 20 });
    expect(next.registry.entries()).toEqual([]);
    expect(rows(left.pidFile)).toEqual([]);
    next.registry.killByToken("t");
    next.registry.killAll();
    await holdsFor(120, "the innocent lives", () => isAlive(innocent.pid));
  });

  it("does not keep a dead leader's entry", async () => {
    const left = await crashed();
    left.registry.close();
    const [row] = rows(left.pidFile);
    process.kill(left.tool, "SIGKILL");
    await gone(left.tool);
    writePidFile(left.pidFile, [row]);
    const next = takeOver(left.pidFile);
    expect(next.registry.entries()).toEqual([]);
    expect(next.exits).toEqual([]); // it was told before
    expect(rows(left.pidFile)).toEqual([]);
  });
});
