// The package against the model of the original, over random histories. A failing history is
// replayed with HPR_SEED (and HPR_STEPS) from the environment.
import { EventEmitter } from "node:events";
import { join } from "node:path";
import type { ChildProcess } from "node:child_process";
import { expect, it, onTestFinished } from "vitest";
import { createHeadlessPidRegistry } from "../dist/index.js";
import type { HeadlessPidRegistry, KeeperWriter } from "../lib/types.js";
import { createOriginal } from "./model/original.mjs";
import { deadPid, isAlive, stubborn } from "./fixtures/processes.js";
import { Choice } from "./fixtures/random.mjs";
import { rows, temporaryFolder, type Row } from "./fixtures/registry.js";

const STEPS = Number(process.env.HPR_STEPS ?? 600);
const SEEDS = process.env.HPR_SEED
  ? [Number(process.env.HPR_SEED)]
  : [1, 2, 3, 4, Date.now() % 2 ** 31];

const FIELDS = [
  "pid",
  "cwd",
  "spawnedAt",
  "spawnToken",
  "piPid",
  "keeperPid",
  "keeperSockPath",
  "terminating",
];
const SESSIONS = ["", "s1", "s2", "s3", "s4", "s5"];
const TOKENS = ["", "t1", "t2", "t3", "t4"];
const FOLDERS = ["/nowhere/a", "/nowhere/b", "/nowhere/c"];

/** A file's rows with the original's fields (and terminating) alone, in their order. */
const plain = (list: Row[]): object[] =>
  list.map((row) => Object.fromEntries(FIELDS.filter((f) => f in row).map((f) => [f, row[f]])));

const rowsOf = (pidFile: string): Row[] => {
  try {
    return rows(pidFile);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
};

type Model = ReturnType<typeof createOriginal>;

/** One history: both sides, what they share, and how a step is taken and compared. */
class History {
  readonly pidFile: string;
  private readonly modelFile: string;
  private emitters: { pid: number; process: EventEmitter }[] = [];
  private found: Awaited<ReturnType<KeeperWriter["discoverExistingKeepers"]>> = [];
  private registry!: HeadlessPidRegistry;
  private model!: Model;
  readonly log: string[] = [];
  readonly counts: Record<string, number> = {};

  constructor(
    private readonly choice: Choice,
    private readonly dead: readonly number[],
    private readonly living: readonly number[],
  ) {
    const folder = temporaryFolder();
    this.pidFile = join(folder, "package.json");
    this.modelFile = join(folder, "model.json");
    this.restart();
  }

  private anyPid(): number {
    return this.choice.of([...this.dead, ...this.living]);
  }

  close(): void {
    this.registry.close();
  }

  /* --- the steps; each returns what both sides answered --------------------------------------- */

  readonly steps: Record<
    string,
    [weight: number, step: () => [unknown, unknown] | Promise<[unknown, unknown]>]
  > = {
    register: [10, () => this.register()],
    linkByToken: [
      6,
      () => {
        const pi = this.choice.chance(0.5) ? this.choice.of(this.dead) : undefined;
        return this.both("linkByToken", this.choice.of(TOKENS), this.choice.of(SESSIONS), pi);
      },
    ],
    linkByPid: [6, () => this.both("linkByPid", this.choice.of(SESSIONS), this.anyPid())],
    linkSession: [
      6,
      () => this.both("linkSession", this.choice.of(SESSIONS), this.choice.of(FOLDERS)),
    ],
    exit: [4, () => this.exit()],
    remove: [3, () => this.both("remove", this.anyPid())],
    killBySessionId: [4, () => this.both("killBySessionId", this.choice.of(SESSIONS))],
    killAll: [1, () => this.both("killAll")],
    cleanupOrphans: [2, () => this.both("cleanupOrphans")],
    restart: [2, () => this.restart()],
    setKeeperWriter: [
      1,
      () => this.both("setKeeperWriter", this.choice.of([null, this.writer, this.writer])),
    ],
    cleanupKeeperOrphans: [2, () => this.keepers()],
    writeRpc: [2, () => this.both("writeRpc", this.choice.of(SESSIONS), "line")],
  };

  private readonly writer: KeeperWriter = {
    writeRpcToSockPath: async (path) => path.endsWith("1.sock"),
    discoverExistingKeepers: async () => this.found,
  };

  private both(method: string, ...args: unknown[]): [unknown, unknown] {
    this.log.push(`${method}(${args.map((a) => JSON.stringify(a)).join(", ")})`);
    const call = (side: object) =>
      (side as Record<string, (...a: unknown[]) => unknown>)[method](...args);
    return [call(this.registry), call(this.model)];
  }

  private register(): [unknown, unknown] {
    const pid = this.anyPid();
    const [token, cwd] = [
      this.choice.chance(0.2) ? undefined : this.choice.of(TOKENS),
      this.choice.of(FOLDERS),
    ];
    const kept = this.choice.chance(0.4);
    const keeperOpts = kept
      ? { keeperPid: pid, keeperSockPath: `/k/${this.choice.of([1, 2])}.sock` }
      : undefined;
    const process = new EventEmitter();
    const before = Date.now();
    const answers = this.both(
      "register",
      pid,
      cwd,
      process as unknown as ChildProcess,
      token,
      keeperOpts,
    );
    const at = this.registry.entries().find((entry) => entry.pid === pid)!.spawnedAt!;
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(Date.now());
    // From here on the two must agree to the letter.
    this.model.setSpawnedAt(pid, at);
    if (!this.living.includes(pid)) this.emitters.push({ pid, process });
    return answers;
  }

  /** Also of processes that are no longer, or no longer by this emitter, registered. */
  private exit(): [unknown, unknown] {
    const index = this.choice.below(this.emitters.length);
    const [gone] = this.emitters.splice(index, 1);
    this.log.push(`exit(${gone?.pid})`);
    gone?.process.emit("exit", 0, null);
    // Ours writes the first exit of a turn of the loop at once, and the others at its end.
    return [new Promise((turn) => setImmediate(turn)).then(() => undefined), undefined];
  }

  private restart(): [unknown, unknown] {
    this.log.push("restart()");
    this.registry?.close();
    // The model's old registry would go on hearing exits; a server that is gone does not.
    for (const { process } of this.emitters) process.removeAllListeners();
    this.emitters = [];
    this.registry = createHeadlessPidRegistry({ pidFilePath: this.pidFile, killGraceMs: false });
    this.registry.on("warning", () => {});
    this.model = createOriginal({
      file: this.modelFile,
      isAlive,
      canSignal: (pid: number) => pid !== process.pid,
    });
    return [undefined, undefined];
  }

  private async keepers(): Promise<[unknown, unknown]> {
    const count = this.choice.below(3);
    this.found = Array.from({ length: count }, () => ({
      sessionId: this.choice.of(SESSIONS),
      keeperPid: this.choice.of(this.dead), // one that lives would have to listen there
      sockPath: `/k/${this.choice.of([1, 2])}.sock`,
    }));
    this.log.push(`found ${JSON.stringify(this.found)}`);
    const [a, b] = this.both("cleanupKeeperOrphans");
    return [await a, await b];
  }

  private choose(): string {
    const total = Object.values(this.steps).reduce((sum, [weight]) => sum + weight, 0);
    let at = this.choice.next() * total;
    for (const [name, [weight]] of Object.entries(this.steps)) if ((at -= weight) < 0) return name;
    throw new Error("no step");
  }

  async step(): Promise<void> {
    const name = this.choose();
    this.counts[name] = (this.counts[name] ?? 0) + 1;
    const [answer, expected] = await this.steps[name][1]();
    expect(await answer, "the answer").toEqual(await expected);
    expect(this.registry.size(), "size()").toBe(this.model.size());
    for (const session of SESSIONS)
      expect(this.registry.getPid(session), `getPid(${session})`).toBe(this.model.getPid(session));
    expect(plain(rowsOf(this.pidFile)), "the file").toEqual(plain(this.model.rows() as Row[]));
  }
}

const dead = Array.from({ length: 8 }, (_, n) => deadPid(n));

async function compare(seed: number, living: readonly number[]): Promise<void> {
  const history = new History(new Choice(seed), dead, living);
  onTestFinished(() => history.close());
  for (let step = 0; step < STEPS; step++) {
    try {
      await history.step();
    } catch (error) {
      const last = history.log.slice(-12).join("\n  ");
      (error as Error).message =
        `HPR_SEED=${seed}, step ${step}, after\n  ${last}\n${(error as Error).message}`;
      throw error;
    }
  }
  console.log(`seed ${seed}: ${STEPS} steps, ${JSON.stringify(history.counts)}`);
}

it.each(SEEDS)("agrees with the original about processes that are gone (seed %i)", async (seed) => {
  await compare(seed, []);
});

it.each(SEEDS)("agrees with it about processes that live on, too (seed %i)", async (seed) => {
  // They ignore SIGTERM and nothing else is sent, so nothing depends on when somebody dies.
  const children = [await stubborn(), await stubborn()];
  await compare(seed, [...children.map((child) => child.pid), process.pid]);
});
