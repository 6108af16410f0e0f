// Links by evidence: the kernel knows whose child the agent is that reports a pid.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createKeeperWriter } from "../dist/index.js";
import type { HeadlessPidRegistry, KeeperWriter } from "../lib/types.js";
import { noHolding } from "./fixtures/kernel.js";
import {
  bare,
  exited,
  fixture,
  gone,
  isAlive,
  keeper,
  start,
  startTalking,
  stray,
  type Child,
} from "./fixtures/processes.js";
import {
  codes,
  open,
  type Opened,
  restart,
  rows,
  takeOver,
  temporaryFolder,
} from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";
import { holdsFor, waitFor } from "./fixtures/wait.js";

const CWD = "/work";

/** A shell that runs an agent behind it, as `sh -c "tail -f /dev/null | agent"`; says its pid. */
async function wrapped(
  registry: HeadlessPidRegistry,
  token?: string,
  detached = true,
): Promise<{ shell: Child; agent: number }> {
  const script = "sleep 300 | sh -c 'echo $$; exec sleep 300 >/dev/null'; true";
  const { child, line } = await startTalking(["sh", "-c", script], { detached });
  registry.register(child.pid, CWD, child, token);
  return { shell: child, agent: Number(line) };
}

const holders = ({ registry }: Opened): Record<string, string | undefined> =>
  Object.fromEntries(
    registry
      .entries()
      .filter((it) => it.sessionId)
      .map((it) => [it.sessionId, it.linkedBy]),
  );

/* --- by ancestor ---------------------------------------------------------------------------- */

describe("an agent behind a wrapper", () => {
  it("is linked by the pid that it reports, and is the entry's agent", async () => {
    const opened = open();
    const { shell, agent } = await wrapped(opened.registry);
    expect(opened.registry.linkByPid("s", agent)).toBe(true);
    expect(opened.registry.entries()).toMatchObject([
      { pid: shell.pid, agentPid: agent, sessionId: "s", linkedBy: "ancestor" },
    ]);
    expect(opened.registry.entries()[0].piPid).toBeUndefined();
    expect(rows(opened.pidFile)[0]).toMatchObject({
      agentPid: agent,
      agentIdentity: { birth: expect.any(String) },
    });
    expect(rows(opened.pidFile)[0]).not.toHaveProperty("piPid");
    expect(opened.registry.getPid("s")).toBe(shell.pid);
    expect(codes(opened)).toEqual([]);
  });

  it.each([true, false])(
    "ends with its session, and nobody else does (detached: %s)",
    async (detached) => {
      const { registry } = open({ killGraceMs: 500 });
      const [one, two] = [
        await wrapped(registry, "a", detached),
        await wrapped(registry, "b", detached),
      ];
      expect(registry.linkByPid("two", two.agent)).toBe(true);
      expect(registry.linkByPid("one", one.agent)).toBe(true);
      await registry.terminate("two");
      await Promise.all([gone(two.agent), gone(two.shell.pid)]);
      expect([one.agent, one.shell.pid].every(isAlive)).toBe(true);
      await registry.terminate("one");
      await gone(one.agent);
    },
  );

  it("is told apart after a restart, whatever the order of the reports", async () => {
    const before = open();
    const wrappers = [
      await wrapped(before.registry),
      await wrapped(before.registry),
      await wrapped(before.registry),
    ];
    const { registry } = restart(before, { killGraceMs: 500 });
    for (const i of [2, 0, 1]) expect(registry.linkByPid(`s${i}`, wrappers[i].agent)).toBe(true);
    for (const i of [0, 1, 2]) expect(registry.getPid(`s${i}`)).toBe(wrappers[i].shell.pid);
    await registry.terminate("s1");
    expect(wrappers.map(({ agent }) => isAlive(agent))).toEqual([true, false, true]);
  });

  it("is known over a restart by its pid, which is not asked of the kernel again", async () => {
    const before = open();
    const { shell, agent } = await wrapped(before.registry, "t");
    before.registry.linkByToken("t", "s", agent);
    const { registry } = restart(before);
    expect(registry.entries()).toMatchObject([
      { pid: shell.pid, agentPid: agent, lastSessionId: "s" },
    ]);
    expect(registry.entries()[0].linkedBy).toBeUndefined();
    expect(registry.linkByPid("again", agent)).toBe(true);
    expect(registry.entries()).toMatchObject([{ sessionId: "again", linkedBy: "pid" }]);
    expect(registry.entries()[0].lastSessionId).toBeUndefined();
  });

  it("goes on when its wrapper dies, and the exit tells how the wrapper ended", async () => {
    const { registry, exits, pidFile } = open({ killGraceMs: 500 });
    const { shell, agent } = await wrapped(registry, "t");
    registry.linkByToken("t", "s", agent);
    shell.kill("SIGKILL");
    await exited(shell);
    await waitFor("the agent stands for the session", () => registry.getPid("s") === agent);
    expect(exits).toEqual([]);
    expect(rows(pidFile)).toMatchObject([{ pid: agent, registeredPid: shell.pid }]);
    const { outcome } = await registry.terminate("s");
    expect(outcome).toBe("exited");
    expect(isAlive(agent)).toBe(false);
    expect(exits).toMatchObject([{ pid: shell.pid, signal: "SIGKILL", sessionId: "s" }]);
  });

  it("is found as the leader's group member when nobody between the two is left", async () => {
    const { registry } = open();
    const folder = temporaryFolder();
    // A double fork: the agent's parent is gone, and it is in the group that the wrapper leads.
    const script = `(sh -c 'echo $$ > ${folder}/agent; exec sleep 300' &) ; exec sleep 300`;
    const shell = start(["sh", "-c", script]);
    registry.register(shell.pid, CWD, shell);
    await waitFor(
      "the agent is up",
      () =>
        existsSync(join(folder, "agent")) &&
        readFileSync(join(folder, "agent"), "utf8").endsWith("\n"),
    );
    const agent = Number(readFileSync(join(folder, "agent"), "utf8"));
    expect(registry.linkByPid("s", agent)).toBe(true);
    expect(registry.entries()).toMatchObject([
      { pid: shell.pid, agentPid: agent, linkedBy: "ancestor" },
    ]);
  });

  it("belongs to the nearest entry, and a claim never reaches past it", async () => {
    const opened = open();
    const { registry } = opened;
    const outer = await startTalking([
      "sh",
      "-c",
      "sh -c 'echo $$; sleep 300 & echo $!; wait'; true",
    ]);
    await waitFor("both pids", () => outer.lines.length === 2);
    const [inner, agent] = outer.lines.map(Number);
    registry.register(outer.child.pid, CWD, outer.child, "outer");
    registry.register(inner, CWD, outer.child, "inner");
    expect(registry.linkByPid("s", agent)).toBe(true);
    expect(registry.getPid("s")).toBe(inner);
    // Held by evidence: the next claim does not climb on to the outer one.
    expect(registry.linkByToken("inner", "s")).toBe(true);
    expect(registry.linkByPid("other", agent)).toBe(false);
    expect(registry.getPid("other")).toBeUndefined();
    // And it is no agent of the outer one, which is its ancestor too.
    registry.linkByToken("outer", "o", agent);
    expect(registry.entries()[0].agentPid).toBeUndefined();
    expect(codes(opened)).toEqual(["HPR_ENOTKIN"]);
  });

  it("is nobody's if only we, or our ancestors, are its ancestors", async () => {
    const opened = open();
    opened.registry.register(process.ppid, CWD, bare(), "parent");
    const child = start(["sleep", "300"]);
    expect(opened.registry.linkByPid("s", child.pid)).toBe(false);
    expect(opened.registry.linkByPid("s", process.pid)).toBe(false);
    expect(opened.registry.linkByPid("s", await stray())).toBe(false);
    expect(opened.registry.entries()).toHaveLength(1);
  });

  it("gives way to the token and to the pid, with a warning that names who lost it", async () => {
    const opened = open();
    const { registry } = opened;
    const { shell, agent } = await wrapped(registry, "t");
    expect(registry.linkByPid("first", agent)).toBe(true);
    expect(registry.linkByPid("second", shell.pid)).toBe(true);
    expect(holders(opened)).toEqual({ second: "pid" });
    expect(opened.warnings).toMatchObject([
      { code: "HPR_EGUESS", message: expect.stringContaining("first") },
    ]);
    expect(registry.linkByToken("t", "third")).toBe(false);
    expect(registry.linkByToken("t", "second")).toBe(true);
    expect(holders(opened)).toEqual({ second: "token" });
  });
});

/* --- guesses -------------------------------------------------------------------------------- */

describe("a link by folder", () => {
  const four = ({ registry }: Opened): Child[] =>
    [0, 1, 2, 3].map((i) => {
      const child = start(["sleep", "300"]);
      registry.register(child.pid, CWD, child, `token-${i}`);
      return child;
    });

  const orders = [
    [0, 1, 2, 3],
    [2, 0, 3, 1],
    [3, 2, 1, 0],
    [1, 0, 3, 2],
  ];
  const means = ["token", "pid"] as const;
  it.each(
    means.flatMap((by) =>
      orders.flatMap((guessed) => orders.map((proved) => [by, guessed, proved] as const)),
    ),
  )("gives way to the %s; guessed %j, proved %j", (by, guessed, proved) => {
    const opened = open();
    const { registry, exits } = opened;
    const agents = four(opened);
    for (const i of guessed) expect(registry.linkSession(`s${i}`, CWD)).toBe(true);
    for (const i of proved)
      expect(
        by === "token"
          ? registry.linkByToken(`token-${i}`, `s${i}`)
          : registry.linkByPid(`s${i}`, agents[i].pid),
      ).toBe(true);
    for (const i of [0, 1, 2, 3]) expect(registry.getPid(`s${i}`)).toBe(agents[i].pid);
    expect(holders(opened)).toEqual({ s0: by, s1: by, s2: by, s3: by });
    expect(exits).toEqual([]);
  });

  it("leaves the displaced session without one until it reports again", () => {
    const opened = open();
    const { registry } = opened;
    const agents = four(opened);
    registry.linkSession("a", CWD);
    registry.linkSession("b", CWD);
    opened.warnings.length = 0;
    expect(registry.linkByToken("token-0", "b")).toBe(true);
    expect(registry.getPid("b")).toBe(agents[0].pid);
    expect(registry.getPid("a")).toBeUndefined();
    expect(registry.killBySessionId("a")).toBe(false);
    expect(opened.warnings).toMatchObject([
      { code: "HPR_EGUESS", message: expect.stringContaining("session a") },
    ]);
    // b's own guess is free again, and a may have it.
    expect(registry.linkSession("a", CWD)).toBe(true);
    expect(registry.getPid("a")).toBe(agents[1].pid);
  });

  it("warns of a guess among several, and of none where there is but one", () => {
    const opened = open();
    const child = start(["sleep", "300"]);
    opened.registry.register(child.pid, "/alone", child);
    opened.registry.linkSession("s", "/alone");
    expect(codes(opened)).toEqual([]);
    four(opened);
    opened.registry.linkSession("t", CWD);
    expect(opened.warnings).toMatchObject([
      { code: "HPR_EGUESS", message: expect.stringContaining("session t") },
    ]);
  });

  it("is never taken from its session by another guess", () => {
    const opened = open();
    const child = start(["sleep", "300"]);
    opened.registry.register(child.pid, CWD, child);
    expect(opened.registry.linkSession("a", CWD)).toBe(true);
    expect(opened.registry.linkSession("b", CWD)).toBe(false);
    expect(holders(opened)).toEqual({ a: "folder" });
  });

  it("becomes one by evidence when its own session names the token or pid", () => {
    const opened = open();
    const [first, second] = four(opened);
    opened.registry.linkSession("a", CWD);
    opened.registry.linkByToken("token-0", "a");
    expect(opened.registry.linkByToken("token-0", "b")).toBe(false);
    expect(opened.registry.getPid("a")).toBe(first.pid);
    opened.registry.linkSession("b", CWD);
    opened.registry.linkByPid("b", second.pid);
    expect(opened.registry.linkByPid("c", second.pid)).toBe(false);
    expect(holders(opened)).toEqual({ a: "token", b: "pid" });
  });

  it("gives way to an agent behind a wrapper", async () => {
    const opened = open();
    const [one, two] = [await wrapped(opened.registry), await wrapped(opened.registry)];
    opened.registry.linkSession("two", CWD); // the first of the folder: wrong
    opened.registry.linkSession("one", CWD);
    expect(opened.registry.linkByPid("two", two.agent)).toBe(true);
    expect(opened.registry.linkByPid("one", one.agent)).toBe(true);
    expect(opened.registry.getPid("one")).toBe(one.shell.pid);
    expect(opened.registry.getPid("two")).toBe(two.shell.pid);
    expect(holders(opened)).toEqual({ one: "ancestor", two: "ancestor" });
  });
});

/* --- learned again --------------------------------------------------------------------------- */

/** A keeper whose agent is started anew, in a group of its own, whenever it has ended. */
const RESPAWNER = `
  const { spawn } = require("node:child_process");
  const run = () => {
    const pi = spawn("sleep", ["300"], { detached: true, stdio: "ignore" });
    console.log(pi.pid);
    pi.on("exit", run);
  };
  run();`;

async function respawner(): Promise<{ child: Child; pi(n: number): Promise<number> }> {
  const { child, lines } = await startTalking([process.execPath, "-e", RESPAWNER]);
  return {
    child,
    async pi(n) {
      await waitFor(`pi ${n}`, () => lines.length > n);
      return Number(lines[n]);
    },
  };
}

describe("an agent that a keeper has started anew", () => {
  it.each(["token", "pid"])(
    "is learned by the %s, as often as it happens, and ended",
    async (by) => {
      const { registry, pidFile } = open({ killGraceMs: 500 });
      const { child, pi } = await respawner();
      registry.register(child.pid, CWD, child, "t", {
        keeperPid: child.pid,
        keeperSockPath: "/k.sock",
      });
      registry.linkByToken("t", "s", await pi(0));
      for (const n of [1, 2, 3]) {
        process.kill(await pi(n - 1), "SIGKILL");
        const next = await pi(n);
        expect(
          by === "token" ? registry.linkByToken("t", "s", next) : registry.linkByPid("s", next),
        ).toBe(true);
        expect(registry.getPid("s")).toBe(next);
        expect(rows(pidFile)).toMatchObject([{ piPid: next }]);
      }
      await registry.terminate("s");
      await Promise.all([gone(await pi(3)), gone(child.pid)]);
    },
  );

  it("is learned after a restart of the server, too", async () => {
    const before = open();
    const { child, pi } = await respawner();
    before.registry.register(child.pid, CWD, child, "t", {
      keeperPid: child.pid,
      keeperSockPath: "/k.sock",
    });
    before.registry.linkByToken("t", "s", await pi(0));
    before.registry.close();
    process.kill(await pi(0), "SIGKILL");
    const next = await pi(1);
    const { registry } = takeOver(before.pidFile, { killGraceMs: 500 });
    expect(registry.linkByPid("s", next)).toBe(true);
    expect(registry.entries()).toMatchObject([{ piPid: next, linkedBy: "ancestor" }]);
    await registry.terminate("s");
    await Promise.all([gone(next), gone(child.pid)]);
  });

  it.skipIf(noHolding)(
    `leaves the tools of the crashed one to be ended with the session${noHolding}`,
    async () => {
      const { registry } = open({ killGraceMs: 500 });
      const script = `
      const { spawn } = require("node:child_process");
      const run = () => {
        const pi = spawn("sh", ["-c", "sleep 300 & echo $!; echo $$; wait"], { detached: true, stdio: ["ignore", "inherit", "ignore"] });
        pi.on("exit", run);
      };
      run();`;
      const { child, lines } = await startTalking([process.execPath, "-e", script]);
      registry.register(child.pid, CWD, child, "t", {
        keeperPid: child.pid,
        keeperSockPath: "/k.sock",
      });
      await waitFor("the first agent", () => lines.length >= 2);
      const [tool, pi] = lines.map(Number);
      registry.linkByToken("t", "s", pi);
      process.kill(pi, "SIGKILL");
      await waitFor("the second agent", () => lines.length >= 4);
      registry.linkByToken("t", "s", Number(lines[3]));
      expect(isAlive(tool)).toBe(true);
      await registry.terminate("s");
      await Promise.all([
        gone(tool),
        gone(child.pid),
        gone(Number(lines[3])),
        gone(Number(lines[2])),
      ]);
    },
  );

  it("is not replaced by a pid that is no relative's", async () => {
    const opened = open();
    const { keeper: child, pi } = await keeper();
    opened.registry.register(child.pid, CWD, child, "t", {
      keeperPid: child.pid,
      keeperSockPath: "/k.sock",
    });
    opened.registry.linkByToken("t", "s", pi);
    expect(opened.registry.linkByToken("t", "s", await stray())).toBe(true);
    expect(opened.registry.getPid("s")).toBe(pi);
    expect(codes(opened)).toEqual(["HPR_ENOTKIN"]);
  });
});

describe("a session that is linked already", () => {
  it("tells another pid of its agent, which is learned", async () => {
    const { registry } = open({ killGraceMs: 500 });
    const { shell, agent } = await wrapped(registry, "t");
    registry.linkByToken("t", "s");
    expect(registry.entries()[0].agentPid).toBeUndefined();
    expect(registry.linkByPid("s", agent)).toBe(true);
    expect(registry.entries()).toMatchObject([{ agentPid: agent, linkedBy: "token" }]);
    shell.kill("SIGKILL");
    await waitFor("the agent stands for the session", () => registry.getPid("s") === agent);
    await registry.terminate("s");
    expect(isAlive(agent)).toBe(false);
  });
});

/* --- keepers' agents that nobody has named --------------------------------------------------- */

const finder = (...found: object[]): KeeperWriter => ({
  writeRpcToSockPath: async () => true,
  discoverExistingKeepers: async () => found as never,
});

/** A keeper whose only child carries that title, or that environment. */
const keeperOf = (
  title: string,
  env: NodeJS.ProcessEnv = {},
): Promise<{ keeper: Child; pi: number }> =>
  keeper({
    pi: [
      "env",
      ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
      "bash",
      "-c",
      `exec -a ${title} sleep 300`,
    ],
    ownGroup: true,
  });

const register = (registry: HeadlessPidRegistry, child: Child, token = "token-of-this-one"): void =>
  registry.register(child.pid, CWD, child, token, {
    keeperPid: child.pid,
    keeperSockPath: "/k.sock",
  });

const titled = (pid: number, title: string): Promise<void> =>
  waitFor(`${pid} is ${title}`, () =>
    readFileSync(`/proc/${pid}/cmdline`, "latin1").startsWith(title),
  );

describe("the only child of a keeper", () => {
  it("is the agent at a kill if its title says so", async () => {
    const { registry } = open({ killGraceMs: 500 });
    const { keeper: child, pi } = await keeperOf("pi");
    await titled(pi, "pi");
    register(registry, child);
    await registry.terminate({ pid: child.pid });
    await Promise.all([gone(pi), gone(child.pid)]);
  });

  it("is the agent at a kill if it carries the entry's token", async () => {
    const { registry } = open({ killGraceMs: 500 });
    const { keeper: child, pi } = await keeperOf("tool", { ANY: "token-of-this-one" });
    await titled(pi, "tool");
    register(registry, child);
    expect(registry.killByToken("token-of-this-one")).toBe(true);
    await Promise.all([gone(pi), gone(child.pid)]);
  });

  it("is no agent for want of both", async () => {
    const { registry } = open({ killGraceMs: 100 });
    const { keeper: child, pi } = await keeperOf("tool");
    await titled(pi, "tool");
    register(registry, child);
    await registry.cleanupKeeperOrphans();
    registry.linkSession("s", CWD);
    expect(registry.getPid("s")).toBe(child.pid);
    await registry.terminate("s");
    await holdsFor(200, "the tool lives", () => isAlive(pi));
  });

  it("is taught at discovery, to an entry whose keeper was known before", async () => {
    const { keeper: child, pi } = await keeperOf("pi");
    await titled(pi, "pi");
    const { registry } = open({
      keeperManager: finder({ sessionId: "s", keeperPid: child.pid, sockPath: "/k.sock" }),
    });
    register(registry, child);
    registry.linkByToken("token-of-this-one", "s");
    expect(registry.getPid("s")).toBe(child.pid);
    await registry.cleanupKeeperOrphans();
    expect(registry.getPid("s")).toBe(pi);
  });

  it("is taught at discovery by a writer that names it, and only if it is a relative", async () => {
    const { keeper: child, pi } = await keeperOf("tool");
    const sockPath = "/k.sock";
    const found = { sessionId: "s", keeperPid: child.pid, sockPath, piPid: pi };
    const opened = open({ keeperManager: finder(found) });
    register(opened.registry, child);
    opened.registry.linkByToken("token-of-this-one", "s");
    await opened.registry.cleanupKeeperOrphans();
    expect(opened.registry.getPid("s")).toBe(pi);
    opened.registry.setKeeperWriter(finder({ ...found, piPid: await stray() }));
    await opened.registry.cleanupKeeperOrphans();
    expect(opened.registry.getPid("s")).toBe(pi);
    expect(codes(opened)).toEqual(["HPR_ENOTKIN"]);
  });

  it("is found by a writer of ours after a restart, and outlives its keeper in the registry", async () => {
    const folder = temporaryFolder();
    const server = await Server.start({ pidFilePath: join(folder, "pids.json") });
    const sessionsDir = temporaryFolder();
    const argv = [
      process.execPath,
      fixture("keeper.mjs"),
      JSON.stringify({ pi: ["bash", "-c", "exec -a pi sleep 300"], ownGroup: true }),
    ];
    const { pid, said } = await server.spawn({
      argv,
      talks: true,
      token: "t",
      socketPath: "/k.sock",
    });
    const { pi } = JSON.parse(said) as { pi: number };
    await titled(pi, "pi");
    await server.crash();
    writeFileSync(join(sessionsDir, "s.rpc.sock.pid"), `${pid}`, { mode: 0o600 });
    const { registry } = open({
      pidFilePath: join(folder, "pids.json"),
      keeperManager: createKeeperWriter({ sessionsDir }),
      killGraceMs: 500,
    });
    registry.cleanupOrphans();
    await registry.cleanupKeeperOrphans();
    expect(registry.linkByPid("s", pi)).toBe(true);
    expect(registry.getPid("s")).toBe(pi);
    process.kill(pid, "SIGKILL");
    await gone(pid);
    await registry.terminate("s");
    await gone(pi);
  });
});

/* --- pids from elsewhere --------------------------------------------------------------------- */

describe("a pid from inside a sandbox", () => {
  it("is no agent's if it only shares a terminal with the entry", async () => {
    const opened = open({ killGraceMs: 100 });
    // Two jobs of one session leader, which is no entry.
    const script = "sleep 300 & echo $!; sleep 300 & echo $!; wait";
    const { lines } = await startTalking(["bash", "-mc", script]);
    await waitFor("two jobs", () => lines.length === 2);
    const [ours, theirs] = lines.map(Number);
    opened.registry.register(ours, CWD, bare(), "t");
    expect(opened.registry.linkByToken("t", "s", theirs)).toBe(true);
    expect(opened.registry.entries()[0].agentPid).toBeUndefined();
    expect(codes(opened)).toEqual(["HPR_ENOTKIN"]);
    await opened.registry.terminate("s");
    await holdsFor(150, "the neighbour lives", () => isAlive(theirs));
  });

  it("that nobody has is not even worth a warning", () => {
    const opened = open();
    const child = start(["sleep", "300"]);
    opened.registry.register(child.pid, CWD, child, "t");
    expect(opened.registry.linkByToken("t", "s", 2 ** 30)).toBe(true);
    expect(opened.registry.getPid("s")).toBe(child.pid);
    expect(codes(opened)).toEqual([]);
  });
});
