// What a bridge says is not always so: a sandbox sees other pids, and an agent starts agents of its own.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { HeadlessPidRegistry, KeeperWriter } from "../lib/types.js";
import { gone, isAlive, keeper, startTalking, stray, type Child } from "./fixtures/processes.js";
import { codes, open, restart, rows } from "./fixtures/registry.js";
import { holdsFor, waitFor } from "./fixtures/wait.js";

const CWD = "/work";

/** A shell with an agent behind it, which has started an agent of its own. */
async function nested(): Promise<{ shell: Child; agent: number; below: number }> {
  const script = "sh -c 'echo $$; sleep 300 & echo $!; wait'; true";
  const { child, lines } = await startTalking(["sh", "-c", script]);
  await waitFor("both pids", () => lines.length === 2);
  const [agent, below] = lines.map(Number);
  return { shell: child, agent, below };
}

const keeperOf = (registry: HeadlessPidRegistry, child: Child, token: string): void =>
  registry.register(child.pid, CWD, child, token, {
    keeperPid: child.pid,
    keeperSockPath: "/k.sock",
  });

describe("a pid that is another one's", () => {
  it("is not learned if it is another entry's agent, which is never signalled for it", async () => {
    const opened = open({ killGraceMs: 300 });
    const [one, two] = [await nested(), await nested()];
    opened.registry.register(one.shell.pid, CWD, one.shell, "one");
    opened.registry.register(two.shell.pid, CWD, two.shell, "two");
    opened.registry.linkByToken("two", "b", two.agent);
    expect(opened.registry.linkByToken("one", "a", two.agent)).toBe(true);
    expect(codes(opened)).toEqual(["HPR_ENOTKIN"]);
    expect(opened.registry.getPid("a")).toBe(one.shell.pid);
    await opened.registry.terminate("a");
    await Promise.all([gone(one.shell.pid), gone(one.agent)]);
    expect([two.shell.pid, two.agent, two.below].every(isAlive)).toBe(true);
    expect(opened.registry.getPid("b")).toBe(two.shell.pid);
  });

  it("links a session to no entry if it is a stranger's", async () => {
    const { registry } = open();
    const { shell } = await nested();
    registry.register(shell.pid, CWD, shell, "one");
    expect(registry.linkByPid("a", await stray())).toBe(false);
    expect(registry.getPid("a")).toBeUndefined();
  });

  it("leads its true owner to its own entry after a restart, though a keeper's row names it", async () => {
    const before = open();
    const { keeper: child } = await keeper();
    const { shell, agent } = await nested();
    keeperOf(before.registry, child, "kept");
    before.registry.register(shell.pid, CWD, shell, "wrapped");
    // The keeper's agent sits in a sandbox: what it takes for its own pid is the other one's.
    before.registry.linkByToken("kept", "a", agent);
    expect(rows(before.pidFile)[0]).toMatchObject({ pid: child.pid, piPid: agent });
    const { registry } = restart(before, { killGraceMs: 500 });
    expect(registry.linkByPid("b", agent)).toBe(true);
    expect(registry.getPid("b")).toBe(shell.pid);
    await registry.terminate("b");
    await Promise.all([gone(shell.pid), gone(agent)]);
    await holdsFor(200, "the keeper lives", () => isAlive(child.pid));
  });
});

describe("an agent that an agent has started", () => {
  it("is not taken for the session's own one", async () => {
    const opened = open({ killGraceMs: 300 });
    const { shell, agent, below } = await nested();
    opened.registry.register(shell.pid, CWD, shell, "t");
    opened.registry.linkByToken("t", "s", agent);
    opened.registry.linkByToken("t", "s", below);
    expect(opened.registry.entries()).toMatchObject([{ pid: shell.pid, agentPid: agent }]);
    expect(codes(opened)).toEqual([]);
    shell.kill("SIGKILL");
    await waitFor("the agent stands for the session", () => opened.registry.getPid("s") === agent);
  });

  it("gives the entry back to the agent that started it", async () => {
    const before = open();
    const { shell, agent, below } = await nested();
    before.registry.register(shell.pid, CWD, shell, "t");
    before.registry.linkByToken("t", "s", agent);
    const after = restart(before, { killGraceMs: 500 });
    expect(after.registry.linkByPid("below", below)).toBe(true);
    expect(after.registry.linkByPid("s", agent)).toBe(true);
    expect(after.registry.getPid("below")).toBeUndefined();
    expect(after.registry.entries()).toMatchObject([
      { sessionId: "s", agentPid: agent, linkedBy: "pid" },
    ]);
    expect(after.warnings).toMatchObject([
      { code: "HPR_EGUESS", message: expect.stringContaining("below") },
    ]);
  });
});

describe("keepers of one folder", () => {
  const orders = [
    [0, 1, 2],
    [2, 0, 1],
    [1, 2, 0],
  ];
  it.each(orders.flatMap((guessed) => orders.map((proved) => [guessed, proved] as const)))(
    "are told apart by their agents' pids after a restart; guessed %j, proved %j",
    async (guessed, proved) => {
      const before = open();
      const pairs = [await keeper(), await keeper(), await keeper()];
      pairs.forEach(({ keeper: child }, i) => keeperOf(before.registry, child, `token-${i}`));
      const { registry } = restart(before, { killGraceMs: 500 });
      for (const i of guessed) expect(registry.linkSession(`s${i}`, CWD)).toBe(true);
      for (const i of proved) expect(registry.linkByPid(`s${i}`, pairs[i].pi)).toBe(true);
      for (const i of [0, 1, 2]) expect(registry.getPid(`s${i}`)).toBe(pairs[i].pi);
      await registry.terminate("s1");
      await Promise.all([gone(pairs[1].pi), gone(pairs[1].keeper.pid)]);
      expect(
        [pairs[0], pairs[2]].every(({ keeper: child, pi }) => isAlive(child.pid) && isAlive(pi)),
      ).toBe(true);
    },
  );
});

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1")
    .split(" ")
    .filter(Boolean)
    .map(Number);

describe("the only child of a keeper that was found by its mark", () => {
  const finder = (...found: object[]): KeeperWriter => ({
    writeRpcToSockPath: async () => true,
    discoverExistingKeepers: async () => found as never,
  });

  it("gives way to the agent behind it that reports its pid", async () => {
    const { keeper: child, pi: shell } = await keeper({
      pi: ["env", "ANY=token-of-this-one", "bash", "-c", "sleep 300 & wait"],
      ownGroup: true,
    });
    const { registry } = open({
      killGraceMs: 500,
      keeperManager: finder({ sessionId: "s", keeperPid: child.pid, sockPath: "/k.sock" }),
    });
    keeperOf(registry, child, "token-of-this-one");
    registry.linkByToken("token-of-this-one", "s");
    await waitFor("an agent behind the shell", () => childrenOf(shell).length === 1); // `env` is bash now
    const [agent] = childrenOf(shell);
    await registry.cleanupKeeperOrphans();
    expect(registry.getPid("s")).toBe(shell);
    expect(registry.linkByPid("s", agent)).toBe(true);
    expect(registry.getPid("s")).toBe(agent);
    await registry.terminate("s");
    await Promise.all([gone(agent), gone(shell), gone(child.pid)]);
  });
});
