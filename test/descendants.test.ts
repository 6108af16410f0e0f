// A child that leads no group is ended with its descendants, and nobody else of that group is.
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { HeadlessPidRegistry } from "../lib/types.js";
import { Agents, IGNORE, LEAVE, SAVE } from "./fixtures/agents.js";
import { isAlive, sleeper, statOf, type Child } from "./fixtures/processes.js";
import { newPidFile, open, type Opened, restart, rows, takeOver } from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";
import { holdsFor, waitFor, within } from "./fixtures/wait.js";

const LONG_MS = 20_000;
const groupOf = (pid: number): number | undefined => statOf(pid)?.group;

const ways: [string, (registry: HeadlessPidRegistry) => unknown][] = [
  ["killBySessionId", (r) => expect(r.killBySessionId("s")).toBe(true)],
  ["killByToken", (r) => expect(r.killByToken("t")).toBe(true)],
  ["terminate", (r) => r.terminate("s")],
  ["killAll", (r) => r.killAll()],
  ["shutdown", (r) => r.shutdown()],
];

interface Wrapped extends Opened {
  agents: Agents;
  shell: Child;
}

/** A wrapper in our own group; what it runs is up when that is. */
async function wrapped(
  body: string,
  names: string[],
  { atTerm = LEAVE, graceMs = LONG_MS } = {},
): Promise<Wrapped> {
  const agents = new Agents();
  const opened = open({ killGraceMs: graceMs });
  const shell = await agents.start("shell", { atTerm, body, with: names }, { detached: false });
  expect(groupOf(shell.pid)).toBe(groupOf(process.pid));
  opened.registry.register(shell.pid, "/a", shell, "t");
  expect(opened.registry.linkByToken("t", "s")).toBe(true);
  return { ...opened, agents, shell };
}

const emptied = ({ pidFile }: { pidFile: string }): Promise<void> =>
  waitFor("an empty file", () => rows(pidFile).length === 0);

describe.each(ways)("%s", (_, end) => {
  it("ends the agent behind a shell, which is asked once and may save", async () => {
    const sibling = sleeper({ detached: false });
    const { agents, registry, ...opened } = await wrapped(`run agent '${SAVE}'; stay`, ["agent"]);
    const ended = end(registry);
    await agents.gone("shell", "agent");
    await within("the answer", Promise.resolve(ended));
    expect([
      agents.asked("shell"),
      agents.asked("agent"),
      agents.notes("agent", "saved").length,
    ]).toEqual([1, 1, 1]);
    await emptied(opened);
    expect(isAlive(sibling.pid)).toBe(true);
  });

  it("ends it after a restart", async () => {
    const sibling = sleeper({ detached: false });
    const before = await wrapped(`run agent '${SAVE}'; stay`, ["agent"]);
    const opened = restart(before, { killGraceMs: LONG_MS });
    opened.registry.linkByToken("t", "s");
    const ended = end(opened.registry);
    await before.agents.gone("shell", "agent");
    await within("the answer", Promise.resolve(ended));
    expect([before.agents.asked("shell"), before.agents.asked("agent")]).toEqual([1, 1]);
    expect(isAlive(sibling.pid)).toBe(true);
  });
});

describe("terminate", () => {
  it.each(["told by linkByToken", "told to nobody"])(
    "answers when the agent has gone, not the shell: %s",
    async (kind) => {
      const { agents, registry } = await wrapped(`run agent '${SAVE}'; stay`, ["agent"]);
      if (kind === "told by linkByToken")
        expect(registry.linkByToken("t", "s", agents.pid("agent"))).toBe(true);
      const result = await within("the end", registry.terminate("s"));
      expect(result.outcome).toBe("exited");
      expect(agents.lives("agent")).toBe(false);
      expect(agents.asked("agent")).toBe(1);
    },
  );

  it("kills an agent that ignores it though its shell has gone", async () => {
    const { agents, registry, exits, ...opened } = await wrapped(
      `run agent '${IGNORE}'; stay`,
      ["agent"],
      { graceMs: 300 },
    );
    const ended = registry.terminate("s");
    await agents.gone("shell");
    expect(agents.lives("agent")).toBe(true);
    expect(rows(opened.pidFile)).toMatchObject([{ terminating: true }]);
    expect((await within("the end", ended)).outcome).toBe("killed");
    expect(agents.lives("agent")).toBe(false);
    await emptied(opened);
    expect(exits).toHaveLength(1);
  });

  it("kills a shell that ignores it, and asks its agent once", async () => {
    const { agents, registry } = await wrapped(`run agent '${SAVE}'; stay`, ["agent"], {
      atTerm: IGNORE,
      graceMs: 600,
    });
    expect((await within("the end", registry.terminate("s"))).outcome).toBe("killed");
    expect([agents.asked("agent"), agents.notes("agent", "saved").length]).toEqual([1, 1]);
  });

  it("ends children of children, in groups and sessions of their own too", async () => {
    const inner = `run_apart deep "exit 0"; run near "exit 0"; stay`;
    const { agents, registry } = await wrapped(`run agent '${LEAVE}' '${inner}'; stay`, [
      "agent",
      "deep",
      "near",
    ]);
    expect(groupOf(agents.pid("deep"))).toBe(agents.pid("deep"));
    expect((await within("the end", registry.terminate("s"))).outcome).toBe("exited");
    for (const name of ["agent", "deep", "near"])
      expect([agents.lives(name), agents.asked(name)]).toEqual([false, 1]);
  });

  it("ends several agents of one shell", async () => {
    const { agents, registry } = await wrapped(`run one '${SAVE}'; run two '${SAVE}'; stay`, [
      "one",
      "two",
    ]);
    await within("the end", registry.terminate("s"));
    for (const name of ["one", "two"])
      expect([agents.lives(name), agents.notes(name, "saved").length]).toEqual([false, 1]);
  });

  it("with SIGKILL leaves no descendant", async () => {
    const { agents, registry } = await wrapped(`run agent '${IGNORE}'; stay`, ["agent"]);
    await within("the end", registry.terminate("s", { signal: "SIGKILL" }));
    expect([agents.lives("shell"), agents.lives("agent")]).toEqual([false, false]);
  });

  it("spares our group, us, and the children of others", async () => {
    const [mine, theirs] = [
      await wrapped(`run agent '${LEAVE}'; stay`, ["agent"]),
      await wrapped(`run agent '${LEAVE}'; stay`, ["agent"]),
    ];
    await within("the end", mine.registry.terminate("s"));
    await holdsFor(
      100,
      "the others live",
      () => theirs.agents.lives("shell") && theirs.agents.lives("agent"),
    );
    expect([theirs.agents.asked("shell"), theirs.agents.asked("agent")]).toEqual([0, 0]);
  });

  it("ends the agent of a shell that leads its group by the group", async () => {
    const agents = new Agents();
    const { registry } = open({ killGraceMs: LONG_MS });
    const shell = await agents.start("shell", {
      body: `run agent '${SAVE}'; run_apart tool; stay`,
      with: ["agent", "tool"],
    });
    registry.register(shell.pid, "/a", shell, "t");
    await within("the end", registry.terminate({ spawnToken: "t" }));
    expect([agents.lives("agent"), agents.asked("agent")]).toEqual([false, 1]);
    expect(agents.asked("tool")).toBe(0); // a session of its own is ended by `tree` alone
  });

  it("ends an npm-like chain of shells", async () => {
    const chain = `run two "until_gone \\$child; exit 0" "run agent \\"${SAVE}\\"; until_gone \\$child"; until_gone $child`;
    const { agents, registry } = await wrapped(chain, ["two", "agent"], {
      atTerm: "until_gone $child; exit 0",
    });
    expect((await within("the end", registry.terminate("s"))).outcome).toBe("exited");
    for (const name of ["shell", "two", "agent"])
      expect([agents.lives(name), agents.asked(name)]).toEqual([false, 1]);
    expect(agents.notes("agent", "saved")).toHaveLength(1);
  });
});

describe("the row", () => {
  it("names each descendant that is asked, before it is", async () => {
    const agents = new Agents();
    const pidFilePath = newPidFile();
    const { registry } = open({ pidFilePath, killGraceMs: LONG_MS });
    const copy = `cp "${pidFilePath}" "$folder/seen"; exit 0`;
    const shell = await agents.start(
      "shell",
      { body: `run agent '${copy}'; stay`, with: ["agent"] },
      { detached: false },
    );
    registry.register(shell.pid, "/a", shell, "t");
    await within("the end", registry.terminate({ spawnToken: "t" }));
    const { entries } = JSON.parse(readFileSync(`${agents.folder}/seen`, "utf8")) as {
      entries: { ending?: { sent: { pid: number }[] } }[];
    };
    expect(entries[0].ending?.sent.map((it) => it.pid).sort()).toEqual(
      [shell.pid, agents.pid("agent")].sort(),
    );
  });
});

describe("over a crash of the server", () => {
  const left = async (atTerm: string, begin?: unknown[]) => {
    const agents = new Agents();
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath, killGraceMs: LONG_MS });
    const argv = agents.argv("shell", { body: `run agent '${atTerm}'; stay` });
    const { pid } = await server.spawn({ argv, token: "t", detached: false });
    await agents.up("shell", "agent");
    if (begin) {
      await server.call("begin", ...begin);
      await agents.gone("shell");
    }
    await server.crash();
    return { agents, pidFilePath, pid };
  };

  it("the agent behind a shell is ended by the next server", async () => {
    const { agents, pidFilePath, pid } = await left(SAVE);
    const { registry } = takeOver(pidFilePath, { killGraceMs: LONG_MS });
    expect((await within("the end", registry.terminate({ pid }))).outcome).toBe("exited");
    expect([agents.asked("agent"), agents.notes("agent", "saved").length]).toEqual([1, 1]);
  });

  it("an ending whose shell has gone goes on with the agent, which is not asked again", async () => {
    const { agents, pidFilePath } = await left(IGNORE, [
      "terminate",
      { spawnToken: "t" },
      { graceMs: 800 },
    ]);
    expect(agents.lives("agent")).toBe(true);
    const next = takeOver(pidFilePath, { killGraceMs: LONG_MS });
    await agents.gone("agent");
    expect(agents.asked("agent")).toBe(1);
    await emptied(next);
  });
});
