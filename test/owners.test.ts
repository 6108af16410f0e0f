// Who owns an entry: a registry that lives, and nobody else.
import { once } from "node:events";
import {
  copyFileSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, it, onTestFinished } from "vitest";
import { packageAround } from "../scripts/package-around.mjs";
import { container, noNamespace } from "./fixtures/namespace.js";
import {
  bare,
  deadPid,
  fixture,
  isAlive,
  ROOT,
  sleeper,
  startTalking,
  type Child,
} from "./fixtures/processes.js";
import {
  codes,
  newPidFile,
  open,
  pids,
  rows,
  temporaryFolder,
  type Opened,
} from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";
import { holdsFor, waitFor, within } from "./fixtures/wait.js";

/** What is promised is 2 s; a busy machine may take its time. */
const ADOPTED_MS = 6000;
/** Long enough for two looks at the owners. */
const TWO_LOOKS_MS = 2300;

const owned = (opened: Opened): number[] =>
  opened.registry
    .entries()
    .map((entry) => entry.pid)
    .sort();

function openAndClean(pidFilePath: string): Opened {
  const opened = open({ pidFilePath });
  opened.registry.cleanupOrphans();
  return opened;
}

function agentOf(opened: Opened): Child {
  const child = sleeper();
  opened.registry.register(child.pid, "/a", child);
  return child;
}

const adopted = (opened: Opened, ...expected: number[]): Promise<void> =>
  waitFor(`${expected} adopted`, () => owned(opened).join() === expected.sort().join(), ADOPTED_MS);

describe("two registries of one process", () => {
  it("leave each other's entries alone, until one is closed", async () => {
    const one = open();
    const child = agentOf(one);
    const two = openAndClean(one.pidFile);
    await holdsFor(
      TWO_LOOKS_MS,
      "it is the first one's",
      () => two.registry.size() === 0 && one.registry.size() === 1,
    );
    two.registry.cleanupOrphans();
    expect([owned(one), owned(two)]).toEqual([[child.pid], []]);
    one.registry.close();
    await adopted(two, child.pid);
    expect(pids(one.pidFile)).toEqual([child.pid]);
    expect(isAlive(child.pid)).toBe(true);
  });

  it("of two copies of the package leave each other's entries alone", async () => {
    const { registry: one, pidFile } = open();
    const child = sleeper();
    one.register(child.pid, "/a", child);
    const binary = join(ROOT, "build", "Release", "headless_pid_registry.node");
    const folder = packageAround(
      binary,
      `${process.platform}-${process.arch}`,
      join(temporaryFolder(), "copy"),
    );
    const copy = createRequire(import.meta.url)(
      join(folder, "dist", "index.js"),
    ) as typeof import("../lib/index.js");
    const two = copy.createHeadlessPidRegistry({ pidFilePath: pidFile });
    onTestFinished(() => two.close());
    two.cleanupOrphans();
    await holdsFor(TWO_LOOKS_MS, "it is the first one's", () => two.size() === 0);
    one.close();
    await waitFor("it is the copy's", () => two.size() === 1, ADOPTED_MS);
  });

  it("of a module that was loaded again leave each other's entries alone", async () => {
    const opened = open();
    const child = agentOf(opened);
    const require = createRequire(import.meta.url);
    for (const file of Object.keys(require.cache))
      if (file.startsWith(join(ROOT, "dist"))) delete require.cache[file];
    const again = require(join(ROOT, "dist", "index.js")) as typeof import("../lib/index.js");
    const next = again.createHeadlessPidRegistry({ pidFilePath: opened.pidFile });
    onTestFinished(() => next.close());
    next.cleanupOrphans();
    await holdsFor(
      TWO_LOOKS_MS,
      "it is the first one's",
      () => next.size() === 0 && owned(opened)[0] === child.pid,
    );
    opened.registry.close();
    await waitFor("it is the new one's", () => next.size() === 1, ADOPTED_MS);
  });
});

describe("four workers with 15 agents each", () => {
  const pidsOf = async (worker: Worker): Promise<number[]> => {
    const answer = once(worker, "message");
    worker.postMessage("");
    return ((await within("its answer", answer)) as [number[]])[0];
  };

  it("keep them, and have them adopted when they end", async () => {
    const pidFile = newPidFile();
    const workers = await Promise.all(
      [1, 2, 3, 4].map(async () => {
        const worker = new Worker(fixture("owner-worker.mjs"), {
          workerData: { pidFile, agents: 15 },
        });
        await within("its agents", once(worker, "message"));
        return worker;
      }),
    );
    const before = await Promise.all(workers.map(pidsOf));
    expect(before.map((it) => it.length)).toEqual([15, 15, 15, 15]);
    await holdsFor(TWO_LOOKS_MS, "60 rows", () => pids(pidFile).length === 60);
    expect(await Promise.all(workers.map(pidsOf))).toEqual(before);
    await within("its end", workers[0].terminate());
    const count = async (): Promise<number> =>
      (await Promise.all(workers.slice(1).map(pidsOf))).flat().length;
    const end = Date.now() + ADOPTED_MS;
    while ((await count()) < 60 && Date.now() < end);
    const after = (await Promise.all(workers.slice(1).map(pidsOf))).flat();
    expect(after.sort()).toEqual(before.flat().sort());
    await within("their end", Promise.all(workers.map((it) => it.terminate())));
  });
});

describe("another server's entries", () => {
  it("are adopted when that one came late, and died", async () => {
    const pidFilePath = newPidFile();
    const opened = openAndClean(pidFilePath);
    const late = await Server.start({ pidFilePath });
    const { pid } = await late.spawn();
    await holdsFor(TWO_LOOKS_MS, "it is the late one's", () => opened.registry.size() === 0);
    await late.crash();
    await adopted(opened, pid);
  });

  it("are adopted when it came and died between two looks", async () => {
    const pidFilePath = newPidFile();
    const opened = openAndClean(pidFilePath);
    const late = await Server.start({ pidFilePath });
    const { pid } = await late.spawn();
    await late.crash();
    await adopted(opened, pid);
  });

  it("are adopted when its registry is closed and its process lives", async () => {
    const pidFilePath = newPidFile();
    const opened = openAndClean(pidFilePath);
    const other = await Server.start({ pidFilePath });
    const { pid } = await other.spawn();
    await other.call("close");
    await adopted(opened, pid);
    expect(isAlive(other.child.pid)).toBe(true);
  });

  it("stay its own while it spawns a thousand children", async () => {
    const pidFilePath = newPidFile();
    const owner = await Server.start({ pidFilePath });
    const { pid } = await owner.spawn();
    const other = openAndClean(pidFilePath);
    for (let i = 0; i < 50; i++) {
      await owner.spawnMany(20);
      if (i % 10 === 0) expect(owned(other)).toEqual([]);
    }
    await holdsFor(TWO_LOOKS_MS, "it is its own", () => owned(other).length === 0);
    expect(await owner.call("size")).toBe(1);
    const names = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
    expect(names.filter((name) => name.startsWith(pidFilePath))).toEqual([]);
  });
});

describe("the file of the owners' locks", () => {
  const accidents: Array<[string, (file: string) => void]> = [
    ["deleted", (file) => rmSync(file)],
    [
      "replaced by an empty one",
      (file) => (rmSync(file), writeFileSync(file, "", { mode: 0o600 })),
    ],
    ["emptied", (file) => truncateSync(file)],
    [
      "restored from a copy",
      (file) => (copyFileSync(file, `${file}.copy`), renameSync(`${file}.copy`, file)),
    ],
  ];

  it.each(accidents)("that is %s makes nobody an orphan", async (_, happen) => {
    const opened = open();
    const agent = agentOf(opened);
    const other = await Server.start({ pidFilePath: opened.pidFile });
    await other.call("cleanupOrphans");
    const before = rows(opened.pidFile)[0].owner as { file?: string };
    happen(`${opened.pidFile}.owners`);
    await other.call("cleanupOrphans");
    expect(await other.call("size")).toBe(0);
    await waitFor(
      "another lock",
      () => (rows(opened.pidFile)[0].owner as { file?: string }).file !== before.file,
    );
    await other.call("cleanupOrphans");
    expect([await other.call("size"), owned(opened)]).toEqual([0, [agent.pid]]);
    opened.registry.close();
    const end = Date.now() + ADOPTED_MS;
    while ((await other.call("size")) !== 1 && Date.now() < end);
    expect(await other.call("size"), "and the new lock counts").toBe(1);
  });

  it("is no file that others can plant", () => {
    const pidFilePath = newPidFile();
    const opened = open({ pidFilePath });
    opened.registry.register(deadPid(1), "/a", bare());
    expect(readFileSync(`${pidFilePath}.owners`, "latin1")).toMatch(
      /^[0-9a-f]{16} [0-9a-f]{16}\n$/,
    );
  });
});

/** Its process 1 is an init, and the server a child of that. */
const behindInit = [...container, "sh", "-c", '"$@"; exit', "sh"];

describe.skipIf(noNamespace)(`a server that is process 1 of its container${noNamespace}`, () => {
  const start = (pidFilePath: string): Promise<Server> =>
    Server.start({ pidFilePath }, undefined, container);

  it("reads its own rows", async () => {
    const pidFilePath = newPidFile();
    const server = await start(pidFilePath);
    await server.spawn({ token: "t" });
    expect(rows(pidFilePath)[0].owner).toMatchObject({ pid: 1, init: expect.any(String) });
    await server.call("cleanupOrphans");
    expect([await server.call("size"), await server.warnings()]).toEqual([1, []]);
    expect(await server.call("killByToken", "t")).toBe(true);
    await waitFor("its row is gone", () => rows(pidFilePath).length === 0);
    await server.crash();
  });

  it("leaves no rows behind in ten restarts", async () => {
    const pidFilePath = newPidFile();
    for (let i = 0; i < 10; i++) {
      const server = await start(pidFilePath);
      await server.call("cleanupOrphans");
      // At once, unless the container before is still ending.
      await waitFor(
        `no row at restart ${i}`,
        () => i === 0 || rows(pidFilePath).length === 0,
        ADOPTED_MS,
      );
      await server.spawn();
      expect(rows(pidFilePath)).toHaveLength(1);
      await server.crash();
    }
  });

  it("keeps its rows while it lives, and loses them to a neighbour when it has ended", async () => {
    const pidFilePath = newPidFile();
    const server = await start(pidFilePath);
    await server.spawn();
    const opened = openAndClean(pidFilePath);
    await holdsFor(TWO_LOOKS_MS, "its row stays", () => rows(pidFilePath).length === 1);
    expect(codes(opened)).toEqual([]);
    await server.crash();
    await waitFor("its row is dropped", () => rows(pidFilePath).length === 0, ADOPTED_MS);
    expect(opened.registry.size()).toBe(0);
  });

  it("keeps the rows of a registry that it has closed", async () => {
    const pidFilePath = newPidFile();
    const server = await start(pidFilePath);
    await server.spawn();
    await server.call("close");
    const opened = openAndClean(pidFilePath);
    expect(codes(opened)).toEqual(["HPR_EFOREIGN"]);
    expect(rows(pidFilePath)).toHaveLength(1);
    await server.crash();
    await waitFor("its row is dropped", () => rows(pidFilePath).length === 0, ADOPTED_MS);
  });

  it("behind an init leaves rows that nobody can judge", async () => {
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath }, undefined, behindInit);
    await server.spawn();
    await server.crash();
    const opened = openAndClean(pidFilePath);
    await waitFor(
      "it is dead, and its row another's",
      () => codes(opened).join() === "HPR_EFOREIGN",
    );
    expect(rows(pidFilePath)).toHaveLength(1);
  });
});

describe("what readers would refuse", () => {
  it.each([
    [
      "a token",
      (registry: Opened["registry"], text: string) =>
        registry.register(deadPid(2), "/a", bare(), text),
    ],
    [
      "a folder",
      (registry: Opened["registry"], text: string) => registry.register(deadPid(2), text, bare()),
    ],
  ])("is a RangeError: %s of 17 MB", (_, register) => {
    const opened = open();
    opened.registry.register(deadPid(1), "/a", bare());
    const before = readFileSync(opened.pidFile, "utf8");
    const thrown = expect(() => register(opened.registry, "x".repeat(17 * 1024 * 1024)));
    thrown.toThrow(expect.objectContaining({ name: "RangeError", code: "ERR_OUT_OF_RANGE" }));
    expect([owned(opened), readFileSync(opened.pidFile, "utf8"), codes(opened)]).toEqual([
      [deadPid(1)],
      before,
      [],
    ]);
    opened.registry.register(deadPid(3), "/a", bare());
    expect(pids(opened.pidFile)).toEqual([deadPid(1), deadPid(3)]);
  });

  it("is no session: a text of 17 MB", () => {
    const opened = open();
    opened.registry.register(deadPid(1), "/a", bare(), "t");
    expect(opened.registry.linkByToken("t", "s".repeat(17 * 1024 * 1024))).toBe(false);
    expect(opened.registry.linkByToken("t", "s")).toBe(true);
    expect([rows(opened.pidFile).length, codes(opened)]).toEqual([1, []]);
  });

  it("is a RangeError: one row too many", () => {
    const opened = open();
    const cwd = `/${"x".repeat(1024 * 1024)}`;
    let count = 0;
    const fill = () => {
      for (; count < 40; count++) opened.registry.register(deadPid(count), cwd, bare());
    };
    expect(fill).toThrow(RangeError);
    expect(pids(opened.pidFile)).toHaveLength(count);
    expect(opened.registry.size()).toBe(count);
    expect(codes(opened)).toEqual([]);
    const next = open({ pidFilePath: opened.pidFile });
    next.registry.cleanupOrphans();
    expect(codes(next)).toEqual([]);
  });
});

describe("eight writers on one slow core", () => {
  it("have all their entries on disk when their calls have returned, and none starves", async () => {
    const pidFile = newPidFile();
    const writers = await Promise.all(
      [1, 2, 3, 4, 5, 6, 7, 8].map((number) =>
        startTalking(
          [
            "taskset",
            "-c",
            "0",
            process.execPath,
            fixture("registrar.mjs"),
            pidFile,
            String(deadPid(1000 * number)),
            "50",
          ],
          {
            stdio: ["pipe", "pipe", "inherit"],
          },
        ),
      ),
    );
    for (const { child } of writers) child.stdin!.write("go\n");
    await waitFor(
      "all have finished",
      () => writers.every(({ lines }) => lines.length === 51),
      60_000,
    );
    const answers = writers.flatMap(({ lines }) =>
      lines.slice(1).map((line) => JSON.parse(line) as { written: boolean; ms: number }),
    );
    expect(answers.filter(({ written }) => !written)).toEqual([]);
    expect(new Set(pids(pidFile)).size).toBe(400);
    // Measured: a fifth of a second at most.
    expect(Math.max(...answers.map(({ ms }) => ms))).toBeLessThan(2000);
  });
});
