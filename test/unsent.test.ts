// What could not be had or sent at one moment is tried again until it succeeds.
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Agents, SAVE } from "./fixtures/agents.js";
import { runToEnd } from "./fixtures/cli.js";
import { fixture, ROOT } from "./fixtures/processes.js";
import { newPidFile, rows, takeOver } from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";
import { asPlainUser, isRoot, theirFolder, unreachable } from "./fixtures/users.js";
import { waitFor } from "./fixtures/wait.js";

const theirPidFile = (): string => join(theirFolder(), "p.json");

interface Short {
  answer?: boolean;
  known: number;
  state?: string;
  told: boolean[];
  size: number;
  left: number;
  codes: string[];
}

async function short(
  limit: string,
  act: string,
  dies: string,
  pidFile: string,
  under: string[],
  orphan = 0,
): Promise<Short> {
  const argv = [
    ...under,
    process.execPath,
    fixture("short.mjs"),
    limit,
    act,
    dies,
    pidFile,
    String(orphan),
  ];
  const ran = await runToEnd(argv, { HOME: tmpdir() });
  expect(ran.code, ran.err).toBe(0);
  return JSON.parse(ran.out) as Short;
}

const sum = ({ known, told, size, left }: Short): object => ({ known, told, size, left });
const TOLD = { known: 1, told: [true], size: 0, left: 0 };

// Root has no such limit.
describe.skipIf(unreachable())(
  `at the limit of threads${unreachable() ? ` (${unreachable()})` : ""}`,
  () => {
    describe.each(["dies before", "dies after"])("which is lifted when the process %s", (dies) => {
      it.each(["silent", "child"])(
        "the exit of one that is registered is told: %s",
        async (act) => {
          const told = await short("threads", act, dies, theirPidFile(), asPlainUser);
          expect(sum(told)).toEqual(TOLD);
          expect(told.codes).toEqual(["HPR_EUNWATCHED"]);
        },
      );

      it("the exit of one that is adopted is told", async () => {
        const pidFile = theirPidFile();
        const script = `import("${ROOT}dist/index.js").then(({ createHeadlessPidRegistry }) => {
        const child = require("child_process").spawn("sleep", ["60"], { detached: true, stdio: "ignore" });
        createHeadlessPidRegistry({ pidFilePath: process.argv[1] }).register(child.pid, "/a", child, "t");
        process.stdout.write(String(child.pid), () => process.kill(process.pid, "SIGKILL"));
      })`;
        const first = await runToEnd([...asPlainUser, process.execPath, "-e", script, pidFile], {
          HOME: tmpdir(),
        });
        const told = await short("threads", "adopt", dies, pidFile, asPlainUser, Number(first.out));
        expect(sum(told)).toEqual(TOLD);
        expect(told.codes).toEqual(["HPR_EUNWATCHED"]);
      });
    });
  },
);

describe("without a free descriptor", () => {
  it.each(["silent", "child"])("the exit of one that is registered is told: %s", async (act) => {
    const pidFile = newPidFile();
    const told = await short("descriptors", act, "dies after", pidFile, []);
    expect(sum(told)).toEqual(TOLD);
    expect(new Set(told.codes).size).toBe(told.codes.length); // each lack is told once
    expect(existsSync(pidFile) ? rows(pidFile) : []).toEqual([]);
  });

  it("a kill answers whether it was sent, and is sent when there is one", async () => {
    const pidFile = newPidFile();
    const { answer, state, ...told } = await short("descriptors", "kill", "is ended", pidFile, []);
    expect(answer).toBeTypeOf("boolean");
    expect(state).toBe("terminating");
    expect(sum(told)).toEqual({ ...TOLD, known: 0 });
    expect(rows(pidFile)).toEqual([]);
  });
});

const needsRoot = isRoot ? "" : " (needs root: the child has to become another user)";

describe.skipIf(!isRoot)(`a child that is another user for its first moments${needsRoot}`, () => {
  const withoutKill = ["setpriv", "--bounding-set=-kill"];
  const run = async (how: string) => {
    const agents = new Agents();
    const pidFile = newPidFile();
    const agent = agents.argv("agent", { atTerm: SAVE });
    const ran = await runToEnd([
      ...withoutKill,
      process.execPath,
      fixture("first-moments.mjs"),
      how,
      pidFile,
      ...agent,
    ]);
    expect(ran.out, ran.err).not.toBe("");
    return { agents, pidFile, seen: JSON.parse(ran.out) as Record<string, unknown> };
  };

  it("is an ending one at once, and is asked once when it can be", async () => {
    const { agents, pidFile, seen } = await run("kill");
    expect(seen).toMatchObject({
      answer: false,
      again: false,
      meanwhile: [0, null, false, false],
      states: ["terminating"],
      sent: [],
      told: [[true, 0]],
    });
    expect([agents.asked("agent"), agents.notes("agent", "saved").length]).toEqual([1, 1]);
    expect(rows(pidFile)).toEqual([]);
  });

  it.each(["terminate", "shutdown"])("%s waits for its end", async (how) => {
    const { agents, seen } = await run(how);
    expect(seen).toMatchObject({ outcome: "exited", states: ["terminating"], told: [[true, 0]] });
    expect([agents.asked("agent"), agents.notes("agent", "saved").length]).toEqual([1, 1]);
  });

  it("killAll asks it too", async () => {
    const { agents, seen } = await run("killAll");
    expect(seen).toMatchObject({ meanwhile: [0, null, false, false], told: [[true, 0]] });
    expect(agents.asked("agent")).toBe(1);
  });

  it("is no more to be asked when it has gone by itself", async () => {
    const { agents, pidFile, seen } = await run("leaves");
    expect(seen).toMatchObject({ answer: false, told: [[true, 3]] });
    expect(agents.asked("agent")).toBe(0);
    expect(rows(pidFile)).toEqual([]);
  });

  it("is asked by the next server if the first had no chance", async () => {
    const { agents, pidFile, seen } = await run("crash");
    expect(seen).toEqual({ answer: false, terminating: true, sent: [] });
    await agents.up("agent");
    const next = takeOver(pidFile, { killGraceMs: 20_000 });
    expect(next.registry.entries()).toMatchObject([{ state: "terminating" }]);
    await waitFor("an empty file", () => rows(pidFile).length === 0);
    expect([agents.asked("agent"), agents.notes("agent", "saved").length]).toEqual([1, 1]);
  });
});

describe("a server with few descriptors", () => {
  it("asks each of many orphans once", async () => {
    const agents = new Agents();
    const pidFilePath = newPidFile();
    const first = await Server.start({ pidFilePath });
    const names = Array.from({ length: 12 }, (_, n) => `agent${n}`);
    for (const name of names) await first.spawn({ argv: agents.argv(name), token: name });
    await agents.up(...names);
    await first.crash();
    const next = await Server.start({ pidFilePath }, 40);
    await next.call("cleanupOrphans");
    await next.call("killAll");
    await agents.gone(...names);
    expect(names.map((name) => agents.asked(name))).toEqual(names.map(() => 1));
  });
});
