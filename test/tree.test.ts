// Nothing of a session is left: whatever an agent has started, in whatever way, ends with it.
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { HeadlessPidRegistryOptions } from "../lib/types.js";
import {
  bare,
  gone,
  isAlive,
  keeper,
  ROOT,
  start,
  startTalking,
  type Child,
} from "./fixtures/processes.js";
import {
  codes,
  newPidFile,
  open,
  rows,
  temporaryFolder,
  type Opened,
} from "./fixtures/registry.js";
import { isRoot, plainUser, theirFolder } from "./fixtures/users.js";
import { holdsFor, waitFor, within } from "./fixtures/wait.js";

/** Long enough to count in any variable; of this run alone, as it counts for every file. */
const TOKEN = `token-of-a-session-${randomUUID()}`;
const CWD = "/work";

/** A folder in which processes note their pids, and who has. */
class Notes {
  constructor(readonly folder = temporaryFolder()) {}

  /** Shell code that notes the shell's pid. */
  note(name: string): string {
    return `echo $$ > ${this.folder}/${name}.new; mv ${this.folder}/${name}.new ${this.folder}/${name}`;
  }

  async pid(name: string): Promise<number> {
    const file = join(this.folder, name);
    await waitFor(`${name} is up`, () => existsSync(file));
    return Number(readFileSync(file, "utf8"));
  }

  all(prefix: string): number[] {
    return readdirSync(this.folder)
      .filter((name) => name.startsWith(prefix) && !name.endsWith(".new"))
      .map((name) => Number(readFileSync(join(this.folder, name), "utf8")));
  }
}

/** Ways in which tools start, as shell code; the tool is a script in a file. */
const WAYS: Record<string, (file: string) => string> = {
  "in the agent's group": (file) => `sh ${file} &`,
  "in a session of its own": (file) => `setsid sh ${file} &`,
  "forked twice, in a session of its own": (file) =>
    `(setsid sh -c 'sh ${file} & exit 0' &) ; sleep 0.1`,
  "under nohup": (file) => `nohup sh ${file} >/dev/null 2>&1 &`,
  "with an empty environment, in a session of its own": (file) =>
    `setsid env -i PATH=$PATH sh ${file} &`,
  "by a shell of a shell, each in a session of its own": (file) =>
    `setsid sh -c 'setsid sh ${file}; true' &`,
};

/** A tool that notes its pid and stays. */
function tool(notes: Notes, name: string, before = ""): string {
  const file = join(notes.folder, `script-${name}`);
  writeFileSync(file, `${before}\n${notes.note(name)}\nexec sleep 300\n`);
  return file;
}
const STUBBORN = 'trap "" TERM';

/** An agent that runs a script and stays. */
function agent(
  opened: Opened,
  script: string,
  {
    token = TOKEN,
    ...options
  }: { token?: string; detached?: boolean; env?: NodeJS.ProcessEnv } = {},
): Child {
  const env = { ...process.env, ...opened.registry.spawnEnv(token), ...options.env };
  const child = start(["sh", "-c", `${script}\nwhile :; do sleep 300; done`], { ...options, env });
  opened.registry.register(child.pid, CWD, child, token);
  return child;
}

const openTree = (options: HeadlessPidRegistryOptions = {}): Opened =>
  open({ killGraceMs: 300, tree: true, ...options });

describe("a tool", () => {
  it.each(Object.keys(WAYS))("%s ends with its agent", async (way) => {
    const [opened, notes] = [open({ killGraceMs: 20_000 }), new Notes()];
    const child = agent(opened, WAYS[way](tool(notes, "tool")));
    const pid = await notes.pid("tool");
    const result = await opened.registry.terminate({ spawnToken: TOKEN }, { tree: true });
    expect(isAlive(pid)).toBe(false);
    expect(isAlive(child.pid)).toBe(false);
    expect(result.outcome).toBe("exited");
    expect(result.processes).toBeGreaterThanOrEqual(2);
    expect(codes(opened)).toEqual([]);
  });

  it.each(Object.keys(WAYS))("%s, and is stubborn, is killed after the grace time", async (way) => {
    const [opened, notes] = [openTree(), new Notes()];
    agent(opened, WAYS[way](tool(notes, "tool", STUBBORN)));
    const pid = await notes.pid("tool");
    const result = await opened.registry.terminate({ spawnToken: TOKEN });
    expect(isAlive(pid)).toBe(false);
    expect(result.outcome).toBe("killed");
  });

  it("that has changed its title and its group is found", async () => {
    const [opened, notes] = [openTree(), new Notes()];
    agent(opened, `setsid bash -c '${notes.note("tool")}; exec -a innocent sleep 300' & sleep 0.1`);
    const pid = await notes.pid("tool");
    await opened.registry.terminate({ spawnToken: TOKEN });
    await gone(pid);
  });

  it("outlives its agent without the option", async () => {
    const [opened, notes] = [open({ killGraceMs: 300 }), new Notes()];
    agent(opened, WAYS["in a session of its own"](tool(notes, "tool")));
    const pid = await notes.pid("tool");
    await opened.registry.terminate({ spawnToken: TOKEN });
    await holdsFor(150, "the tool lives", () => isAlive(pid));
  });

  it("is asked once", async () => {
    const [opened, notes] = [openTree({ killGraceMs: 2000 }), new Notes()];
    const log = join(notes.folder, "asked");
    agent(
      opened,
      `sh -c 'trap "echo x >> ${log}; sleep 0.3; exit" TERM; ${notes.note("tool")}; while :; do sleep 0.05; done' &`,
    );
    const pid = await notes.pid("tool");
    await opened.registry.terminate({ spawnToken: TOKEN });
    expect(isAlive(pid)).toBe(false);
    expect(readFileSync(log, "utf8")).toBe("x\n");
  });

  it("that forks while it is being killed leaves nobody", async () => {
    const [opened, notes] = [openTree({ killGraceMs: 100 }), new Notes()];
    // Each starts successors in sessions of their own, ignores SIGTERM, and clears the environment.
    const code = `trap '' TERM; folder=$1; ${notes.note("fork-$$")}; i=0
      while [ $i -lt 60 ]; do
        i=$((i + 1)); sleep 0.15; set -- $folder/fork-*
        [ $# -ge 100 ] || env -i PATH="$PATH" CODE="$CODE" setsid sh -c "$CODE" sh $folder &
      done`;
    const env = { ...process.env, ...opened.registry.spawnEnv(TOKEN), CODE: code };
    const child = start(["sh", "-c", code, "sh", notes.folder], { env });
    opened.registry.register(child.pid, CWD, child, TOKEN);
    await waitFor("some forks", () => notes.all("fork-").length > 3);
    await within("the end", opened.registry.terminate({ spawnToken: TOKEN }), 20_000);
    const living = notes.all("fork-").filter(isAlive);
    expect(living).toEqual([]);
    await holdsFor(300, "nobody comes back", () => !notes.all("fork-").some(isAlive));
  }, 30_000);
});

describe("a tool that is started while its agent ends", () => {
  /** All that were started with that token. */
  const carriers = (token: string): number[] =>
    readdirSync("/proc")
      .map(Number)
      .filter((pid) => {
        try {
          return isAlive(pid) && readFileSync(`/proc/${pid}/environ`, "latin1").includes(token);
        } catch {
          return false; // no process, or gone
        }
      });

  it("by a line of processes that come and go leaves nobody", async () => {
    const [opened, notes] = [openTree({ killGraceMs: 20_000 }), new Notes()];
    for (let round = 0; round < 30; round++) {
      const token = `token-of-round-${round}-${randomUUID()}`;
      agent(
        opened,
        `trap '(setsid sh -c "setsid sleep 300 & exit" &); exit 0' TERM
         ${notes.note(`agent-${round}`)}; while :; do sleep 0.01; done`,
        { token },
      );
      await notes.pid(`agent-${round}`);
      await opened.registry.terminate({ spawnToken: token });
      expect(carriers(token)).toEqual([]);
    }
  }, 30_000);
});

describe("all calls that end", () => {
  const calls: Record<string, (opened: Opened) => unknown> = {
    killBySessionId: ({ registry }) =>
      registry.linkByToken(TOKEN, "s") && registry.killBySessionId("s"),
    killByToken: ({ registry }) => registry.killByToken(TOKEN),
    killAll: ({ registry }) => registry.killAll(),
    shutdown: ({ registry }) => registry.shutdown(),
    terminate: ({ registry }) => registry.terminate({ spawnToken: TOKEN }),
  };
  it.each(Object.keys(calls))(
    "%s leaves nothing of a session with the registry's option",
    async (call) => {
      const [opened, notes] = [openTree(), new Notes()];
      const child = agent(
        opened,
        WAYS["forked twice, in a session of its own"](tool(notes, "tool")),
      );
      const pid = await notes.pid("tool");
      await calls[call](opened);
      await Promise.all([gone(pid), gone(child.pid)]);
    },
  );

  it("shutdown with its own option as well", async () => {
    const [opened, notes] = [open({ killGraceMs: 300 }), new Notes()];
    agent(opened, WAYS["in a session of its own"](tool(notes, "tool")));
    const pid = await notes.pid("tool");
    await opened.registry.shutdown({ tree: true });
    expect(isAlive(pid)).toBe(false);
  });

  it("a second call adds the tree to an end that has begun without", async () => {
    const [opened, notes] = [open({ killGraceMs: 5000 }), new Notes()];
    const script = `trap "sleep 0.5; exit 0" TERM; ${WAYS["in a session of its own"](tool(notes, "tool"))}\nwhile :; do sleep 0.05; done`;
    agent(opened, script);
    const pid = await notes.pid("tool");
    const first = opened.registry.terminate({ spawnToken: TOKEN });
    const second = opened.registry.terminate({ spawnToken: TOKEN }, { tree: true });
    expect(rows(opened.pidFile)).toMatchObject([{ ending: { tree: true } }]);
    await Promise.all([first, second]);
    expect(isAlive(pid)).toBe(false);
  });

  it("refuses a tree that is no flag", async () => {
    const { registry } = open();
    await expect(registry.terminate("s", { tree: 1 as never })).rejects.toMatchObject({
      code: "ERR_INVALID_ARG_TYPE",
    });
    expect(() => open({ tree: "yes" as never })).toThrow("tree");
    expect(() => registry.spawnEnv("")).toThrow(TypeError);
    expect(() => registry.spawnEnv("a\0b")).toThrow(TypeError);
  });
});

describe("a keeper's session", () => {
  it("ends whole: agent first, tools with it, the keeper in its turn", async () => {
    const [opened, notes] = [openTree({ killGraceMs: 1000 }), new Notes()];
    const script = `${WAYS["in a session of its own"](tool(notes, "tool"))}\nexec sleep 300`;
    const { keeper: child, pi, lines } = await keeper({ pi: ["sh", "-c", script], ownGroup: true });
    opened.registry.register(child.pid, CWD, child, TOKEN, {
      keeperPid: child.pid,
      keeperSockPath: "/k.sock",
    });
    opened.registry.linkByToken(TOKEN, "s", pi);
    const pid = await notes.pid("tool");
    await opened.registry.terminate("s");
    expect([pid, pi, child.pid].map(isAlive)).toEqual([false, false, false]);
    expect(lines).toContain("pi-exit");
    expect(lines).not.toContain("term"); // the keeper went by itself
  });
});

describe("over a restart", () => {
  it("an end with tree goes on: the tools, too", async () => {
    const notes = new Notes();
    const before = openTree({ killGraceMs: 3000 });
    const child = agent(
      before,
      `${STUBBORN}; ${WAYS["in a session of its own"](tool(notes, "tool", STUBBORN))}`,
    );
    const pid = await notes.pid("tool");
    before.registry.killByToken(TOKEN);
    expect(rows(before.pidFile)).toMatchObject([{ ending: { tree: true } }]);
    before.registry.close();
    expect([pid, child.pid].map(isAlive)).toEqual([true, true]);
    const { registry } = open({ pidFilePath: before.pidFile }); // which itself has no such option
    registry.cleanupOrphans();
    await Promise.all([gone(pid), gone(child.pid)]);
  });

  it("an adopted session ends whole", async () => {
    const notes = new Notes();
    const before = open();
    const child = agent(before, WAYS["forked twice, in a session of its own"](tool(notes, "tool")));
    const pid = await notes.pid("tool");
    before.registry.close();
    const { registry } = openTree({ pidFilePath: before.pidFile });
    registry.cleanupOrphans();
    await registry.terminate({ spawnToken: TOKEN });
    expect([pid, child.pid].map(isAlive)).toEqual([false, false]);
  });
});

describe("an agent that ended while no server ran", () => {
  /** Its server is gone, then it ends with all that is in its group. */
  async function leave(): Promise<{ pidFile: string; pid: number; tool: number }> {
    const [before, notes] = [open(), new Notes()];
    const child = agent(before, WAYS["in a session of its own"](tool(notes, "tool")));
    const pid = await notes.pid("tool");
    before.registry.close();
    process.kill(-child.pid, "SIGKILL");
    await gone(child.pid);
    return { pidFile: before.pidFile, pid: child.pid, tool: pid };
  }

  it("has its tools ended by the next one, and its exit told once", async () => {
    const left = await leave();
    const { registry, exits } = openTree({ pidFilePath: left.pidFile });
    registry.cleanupOrphans();
    await gone(left.tool);
    await waitFor("an empty file", () => rows(left.pidFile).length === 0);
    expect(exits).toMatchObject([{ pid: left.pid, spawnToken: TOKEN }]);
  });

  it("leaves its tools alone without the option", async () => {
    const left = await leave();
    const { registry, exits } = open({ pidFilePath: left.pidFile });
    registry.cleanupOrphans();
    await waitFor("the exit", () => exits.length > 0);
    await holdsFor(150, "the tool lives", () => isAlive(left.tool));
  });
});

describe("an agent that ends by itself", () => {
  it.each([
    "in a session of its own",
    "forked twice, in a session of its own",
    "in the agent's group",
  ])("has its tools ended (%s), and its exit told once, at once", async (way) => {
    const [opened, notes] = [openTree(), new Notes()];
    const child = agent(opened, WAYS[way](tool(notes, "tool")));
    const pid = await notes.pid("tool");
    process.kill(child.pid, "SIGKILL");
    await waitFor("the exit", () => opened.exits.length > 0);
    expect(opened.exits).toMatchObject([{ pid: child.pid, signal: "SIGKILL" }]);
    await gone(pid);
    await waitFor("an empty file", () => rows(opened.pidFile).length === 0);
    expect(opened.exits).toHaveLength(1);
  });

  it("and has left nobody is forgotten as ever", async () => {
    const opened = openTree();
    const child = agent(opened, "");
    process.kill(child.pid, "SIGKILL");
    await waitFor("the exit", () => opened.exits.length > 0);
    await waitFor("an empty registry", () => opened.registry.entries().length === 0);
    await waitFor("an empty file", () => rows(opened.pidFile).length === 0); // it may take 20 ms
  });

  it("has them ended by its name, after its exit was told", async () => {
    const [opened, notes] = [open({ killGraceMs: 300 }), new Notes()];
    const child = agent(opened, WAYS["in a session of its own"](tool(notes, "tool")));
    const pid = await notes.pid("tool");
    opened.registry.linkByToken(TOKEN, "s");
    process.kill(-child.pid, "SIGKILL");
    await waitFor("the exit", () => opened.exits.length > 0);
    const result = await opened.registry.terminate("s", { tree: true });
    expect(result).toMatchObject({ outcome: "exited", pid: child.pid, processes: 1 });
    expect(isAlive(pid)).toBe(false);
    expect((await opened.registry.terminate("s", { tree: true })).outcome).toBe("already-gone");
    expect(opened.exits).toHaveLength(1);
  });

  it("leaves its tools alone without the option", async () => {
    const [opened, notes] = [open(), new Notes()];
    const child = agent(opened, WAYS["in a session of its own"](tool(notes, "tool")));
    const pid = await notes.pid("tool");
    process.kill(child.pid, "SIGKILL");
    await waitFor("the exit", () => opened.exits.length > 0);
    await holdsFor(150, "the tool lives", () => isAlive(pid));
  });
});

describe.runIf(isRoot)("an agent of another user, under root's server", () => {
  /** It starts a tool that only its mark names, of its own user. */
  const run = (opened: Opened, script: string): Child => {
    const env = { ...process.env, ...opened.registry.spawnEnv(TOKEN) };
    const child = start(["sh", "-c", script], { env, uid: plainUser, gid: plainUser });
    opened.registry.register(child.pid, CWD, child, TOKEN);
    return child;
  };
  it("leaves nothing that it starts while it ends", async () => {
    const [opened, notes] = [openTree({ killGraceMs: 2000 }), new Notes(theirFolder())];
    // The tool ignores SIGTERM, which may come before it has noted its pid.
    const script = `trap "" TERM; ${WAYS["in a session of its own"](tool(notes, "tool"))}`;
    run(
      opened,
      `trap '${script} exit 0' TERM; ${notes.note("agent")}; while :; do sleep 0.05; done`,
    );
    await notes.pid("agent");
    const ended = opened.registry.terminate({ spawnToken: TOKEN });
    const pid = await notes.pid("tool");
    await ended;
    expect(isAlive(pid)).toBe(false);
  });

  it("leaves nothing when it crashes", async () => {
    const [opened, notes] = [openTree(), new Notes(theirFolder())];
    const script = WAYS["in a session of its own"](tool(notes, "tool"));
    const child = run(opened, `${script}\nsleep 300`);
    const pid = await notes.pid("tool");
    process.kill(-child.pid, "SIGKILL");
    await gone(pid);
  });
});

describe("whoever is no member lives", () => {
  it("a bystander of the same name, and a process with another file's mark", async () => {
    const [opened, notes] = [openTree(), new Notes()];
    const elsewhere = open();
    agent(opened, WAYS["in a session of its own"](tool(notes, "tool")), { token: "short" });
    await notes.pid("tool");
    const bystander = start(["sleep", "300"]);
    const other = start(["sleep", "300"], {
      env: { ...process.env, ...elsewhere.registry.spawnEnv("short") },
    });
    await opened.registry.terminate({ spawnToken: "short" });
    await holdsFor(150, "both live", () => isAlive(bystander.pid) && isAlive(other.pid));
  });

  it("a neighbour's agent and its tools, even where an agent has started that neighbour", async () => {
    const [opened, notes] = [openTree(), new Notes()];
    agent(
      opened,
      WAYS["in a session of its own"](
        tool(notes, "inner", WAYS["in a session of its own"](tool(notes, "innertool"))),
      ),
    );
    const inner = await notes.pid("inner");
    const innerTool = await notes.pid("innertool");
    opened.registry.register(inner, CWD, bare(), "inner-token-of-another");
    await waitFor("both entries", () => opened.registry.entries().length === 2);
    await opened.registry.terminate({ spawnToken: TOKEN });
    await holdsFor(
      150,
      "the neighbour and its tool live",
      () => isAlive(inner) && isAlive(innerTool),
    );
    await opened.registry.terminate({ pid: inner });
    await Promise.all([gone(inner), gone(innerTool)]);
  });

  /** A server that an agent has started, as a tool, with an agent of its own. */
  async function innerServer(
    opened: Opened,
    pidFilePath: string,
  ): Promise<{ server: number; inner: number; daemon: number }> {
    const notes = new Notes();
    const script = `${WAYS["forked twice, in a session of its own"](tool(notes, "daemon"))}; exec sleep 300`;
    const code = `
      const { createHeadlessPidRegistry } = require(${JSON.stringify(ROOT)});
      const { spawn } = require("node:child_process"), fs = require("node:fs");
      const registry = createHeadlessPidRegistry({ pidFilePath: ${JSON.stringify(pidFilePath)} });
      const env = { ...process.env, ...registry.spawnEnv("inner-${TOKEN}") };
      const child = spawn("sh", ["-c", process.env.SCRIPT], { detached: true, stdio: "ignore", env });
      registry.register(child.pid, "/inner", child, "inner-${TOKEN}");
      const note = (name, pid) => {
        const file = ${JSON.stringify(notes.folder)} + "/" + name;
        fs.writeFileSync(file + ".new", String(pid));
        fs.renameSync(file + ".new", file);
      };
      note("inner", child.pid);
      note("server", process.pid);
      setInterval(() => {}, 1e6);`;
    // The inner agent's tools have inherited the outer agent's token, too.
    const env = { NODE: process.execPath, CODE: code, SCRIPT: script, OUTER: TOKEN };
    agent(opened, `setsid "$NODE" -e "$CODE" &`, { env });
    const [server, inner] = [await notes.pid("server"), await notes.pid("inner")];
    return { server, inner, daemon: await notes.pid("daemon") };
  }

  it("a living server of the same pid file inside the tree, and its agents", async () => {
    const opened = openTree();
    const { server, inner, daemon } = await innerServer(opened, opened.pidFile);
    await opened.registry.terminate({ spawnToken: TOKEN });
    const all = [server, inner, daemon];
    await holdsFor(200, "server, agent and its tool live", () => all.every(isAlive));
    for (const pid of all) process.kill(pid, "SIGKILL");
  });

  it("but a server on another file is a tool, and so are its agents", async () => {
    const opened = openTree();
    const { server, inner, daemon } = await innerServer(opened, newPidFile());
    await opened.registry.terminate({ spawnToken: TOKEN });
    await Promise.all([server, inner, daemon].map(gone));
  });
});

describe("a session that we descend from", () => {
  it("is not ours to end, and nobody of it is signalled", async () => {
    const opened = openTree({ killGraceMs: 100 });
    const sibling = start(["sleep", "300"]);
    for (const pid of [process.pid, process.ppid]) {
      opened.registry.register(pid, CWD, bare(), `token-${pid}-of-ours`);
      expect((await opened.registry.terminate({ pid })).outcome).toBe("not-ours");
      expect(opened.registry.killByToken(`token-${pid}-of-ours`)).toBe(false);
    }
    opened.registry.killAll();
    await holdsFor(150, "our child lives", () => isAlive(sibling.pid));
  });

  it("has given us its mark, which proves nothing about our own agents", async () => {
    const notes = new Notes();
    // A server that was started with the mark of TOKEN; it registers two agents, one under that token.
    const code = `
      const { createHeadlessPidRegistry } = require(${JSON.stringify(ROOT)});
      const { spawn } = require("node:child_process"), fs = require("node:fs");
      const registry = createHeadlessPidRegistry({ pidFilePath: ${JSON.stringify(join(notes.folder, "pids.json"))}, tree: true, killGraceMs: 100 });
      const run = () => spawn("sleep", ["300"], { detached: true, stdio: "ignore" });
      const [one, two] = [run(), run()];
      registry.register(one.pid, "/a", one, ${JSON.stringify(TOKEN)});
      registry.register(two.pid, "/a", two, "other-${TOKEN}");
      const free = run();
      registry.terminate({ spawnToken: ${JSON.stringify(TOKEN)} }).then(({ outcome }) => {
        console.log(JSON.stringify({ outcome, one: one.pid, two: two.pid, free: free.pid }));
        setTimeout(() => { two.kill("SIGKILL"); free.kill("SIGKILL"); process.exit(); }, 400);
      });`;
    const { line } = await startTalking([process.execPath, "-e", code], {
      env: { ...process.env, ANY: TOKEN },
    });
    const { outcome, one, two, free } = JSON.parse(line) as {
      outcome: string;
      one: number;
      two: number;
      free: number;
    };
    expect(outcome).toBe("exited");
    expect([one, two, free].map(isAlive)).toEqual([false, true, true]);
  });
});

it("ends twenty agents with six tools each in one call", async () => {
  const [opened, notes] = [openTree({ killGraceMs: 2000 }), new Notes()];
  const script = (n: number): string =>
    Object.values(WAYS)
      .map((way, i) => way(tool(notes, `tool-${n}-${i}`)))
      .join("\n");
  for (let n = 0; n < 20; n++) agent(opened, script(n), { token: `token-of-session-${n}` });
  await waitFor("all tools", () => notes.all("tool-").length === 120, 20_000);
  const tools = notes.all("tool-");
  const results = await opened.registry.shutdown();
  expect(results.map((it) => it.outcome)).toEqual(Array(20).fill("exited"));
  expect(tools.filter(isAlive)).toEqual([]);
}, 30_000);
