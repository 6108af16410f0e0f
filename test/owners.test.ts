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
  newPidFile,
  open,
  type Opened,
  owned,
  pids,
  rows,
  takeOver,
  temporaryFolder,
} from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";
import { holdsFor, waitFor, within } from "./fixtures/wait.js";

/** What is promised is 2 s; a busy machine may take its time. */
const ADOPTED_MS = 6000;
/** Long enough for two looks at the owners. */
const TWO_LOOKS_MS = 2300;

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
    const two = takeOver(one.pidFile);
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
    const opened = takeOver(pidFilePath);
    const late = await Server.start({ pidFilePath });
    const { pid } = await late.spawn();
    await holdsFor(TWO_LOOKS_MS, "it is the late one's", () => opened.registry.size() === 0);
    await late.crash();
    await adopted(opened, pid);
  });

  it("are adopted when it came and died between two looks", async () => {
    const pidFilePath = newPidFile();
    const opened = takeOver(pidFilePath);
    const late = await Server.start({ pidFilePath });
    const { pid } = await late.spawn();
    await late.crash();
    await adopted(opened, pid);
  });

  it("are adopted when its registry is closed and its process lives", async () => {
    const pidFilePath = newPidFile();
    const opened = takeOver(pidFilePath);
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
    const other = takeOver(pidFilePath);
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
