// Entries that are not what a registry writes, in a file that is.
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it, vi } from "vitest";
import { badEntries, badPids, noEntries, withPid } from "./corpus/bad-entries.mjs";
import { bare, deadPid, gone, isAlive, sleeper, start, statOf } from "./fixtures/processes.js";
import {
  ago,
  codes,
  DAY_MS,
  editRows,
  newPidFile,
  open,
  type Opened,
  pids,
  type Row,
  rows,
  takeOver,
  writePidFile,
} from "./fixtures/registry.js";
import { holdsFor } from "./fixtures/wait.js";

/** In another file the lock of a registry of this process proves nothing. */
const DEAD_OWNER = { pid: deadPid(9), id: "0123456789abcdef" };

/**
 * A bystander that any mistake would kill: its row has its true identity, so that the registry may
 * signal it, and asks for its end. And a neighbour, which must be reclaimed whatever else is there.
 */
function bait(): { bystander: number; row: Row; neighbour: number; neighbourText: string } {
  const before = open();
  const [bystander, neighbour] = [sleeper(), sleeper()];
  before.registry.register(bystander.pid, "/bystander", bystander);
  before.registry.register(neighbour.pid, "/neighbour", neighbour);
  before.registry.close();
  const [row, other] = rows(before.pidFile);
  for (const it of [row, other]) it.owner = DEAD_OWNER;
  return {
    bystander: bystander.pid,
    row: { ...row, terminating: true, spawnedAt: ago(8 * DAY_MS) },
    neighbour: neighbour.pid,
    neighbourText: JSON.stringify(other),
  };
}

/** The bystander's row as it was before anybody asked for its end. */
function calm({ terminating: _terminating, ...row }: Row): Row {
  return row;
}

function clean(...texts: string[]): Opened {
  const pidFilePath = newPidFile();
  writePidFile(pidFilePath, `{"entries":[${texts.join(",\n")}]}`);
  const opened = takeOver(pidFilePath, { killGraceMs: 10 });
  return opened;
}

const aliveFor = (pid: number, ms = 60) => holdsFor(ms, `${pid} lives`, () => isAlive(pid));

it("the bait is deadly when nothing is wrong with it", async () => {
  const { bystander, row } = bait();
  clean(JSON.stringify(row));
  await gone(bystander);
});

describe("an entry with a bad pid", () => {
  it.each(badPids)("(%s) is kept to the letter, reported, and never acted on", async (_, make) => {
    const { bystander, row, neighbour, neighbourText } = bait();
    const text = withPid(JSON.stringify(row), bystander, make(bystander));
    const opened = clean(text, neighbourText);
    expect(readFileSync(opened.pidFile, "utf8")).toContain(text);
    expect(opened.registry.entries()).toMatchObject([{ pid: neighbour, cwd: "/neighbour" }]);
    expect(codes(opened)).toEqual(["HPR_EINVAL"]);
    opened.registry.register(deadPid(1), "/b", bare());
    expect(readFileSync(opened.pidFile, "utf8")).toContain(text);
    await aliveFor(bystander);
  });

  it.each(badEntries)("or %s is kept to the letter", async (_, edit) => {
    const { bystander, row, neighbour, neighbourText } = bait();
    const sound = JSON.stringify(row);
    const text = edit(sound, bystander);
    expect(text).not.toBe(sound);
    const opened = clean(text, neighbourText);
    expect(readFileSync(opened.pidFile, "utf8")).toContain(text);
    expect(opened.registry.entries()).toMatchObject([{ pid: neighbour }]);
    expect(codes(opened)).toEqual(["HPR_EINVAL"]);
    await aliveFor(bystander);
  });

  it.each(noEntries)("or %s instead of an entry is kept", (text) => {
    const { neighbour, neighbourText } = bait();
    const opened = clean(text, neighbourText, text);
    expect(opened.registry.entries()).toMatchObject([{ pid: neighbour }]);
    expect(JSON.parse(readFileSync(opened.pidFile, "utf8")).refused).toEqual([
      JSON.parse(text),
      JSON.parse(text),
    ]);
  });
});

describe("an entry with a pid that is not ours to signal", () => {
  it.each([
    ["this very process", () => process.pid],
    ["its parent", () => process.ppid],
    ["its group", () => statOf(process.pid)!.group],
  ])("(%s) is never signalled", async (_, pid) => {
    const led = isAlive(pid());
    const child = sleeper(); // nobody's, though a descendant of all three
    for (const entry of [
      {},
      { terminating: true },
      { spawnedAt: ago(8 * DAY_MS) },
      { keeperPid: pid(), keeperSockPath: "/k" },
    ]) {
      const opened = clean(
        JSON.stringify({ pid: pid(), cwd: "/a", spawnedAt: ago(0), spawnToken: "t", ...entry }),
      );
      expect(opened.registry.killByToken("t")).toBe(false);
      opened.registry.killAll();
    }
    // Whoever led our group may have gone before, as the shell of a command in the background does.
    await aliveFor(led ? pid() : process.pid, 150);
    await aliveFor(child.pid, 0);
  });

  it("(a thread's number) is no process", async () => {
    const bystander = start([process.execPath, "-e", "setInterval(()=>{},1e6)"]);
    const threads = () => readdirSync(`/proc/${bystander.pid}/task`).map(Number);
    await vi.waitFor(() => expect(threads().length).toBeGreaterThan(1), 10_000);
    const thread = threads().find((number) => number !== bystander.pid)!;
    const opened = clean(
      JSON.stringify({ pid: thread, cwd: "/a", spawnedAt: ago(0), terminating: true }),
    );
    expect(opened.registry.size()).toBe(0);
    await aliveFor(bystander.pid, 100);
    expect(threads()).toContain(thread);
  });

  it("(a kernel thread) is kept and never signalled", ({ skip }) => {
    const KERNEL_THREAD = 2;
    if (!/^Kthread:\s*1/m.test(kernelStatus(KERNEL_THREAD)))
      skip("no kernel thread is visible here");
    const entry = { pid: KERNEL_THREAD, cwd: "/a", spawnedAt: ago(0), spawnToken: "t" };
    const opened = clean(JSON.stringify(entry));
    expect(pids(opened.pidFile)).toEqual([KERNEL_THREAD]);
    expect(opened.registry.entries()).toMatchObject([{ pid: KERNEL_THREAD, kin: false }]);
    expect(opened.registry.killByToken("t")).toBe(false);
  });

  function kernelStatus(pid: number): string {
    try {
      return readFileSync(`/proc/${pid}/status`, "utf8");
    } catch {
      return "";
    }
  }
});

describe("an entry whose time is no time", () => {
  it.each([
    ["missing", undefined],
    ["garbage", "yesterday"],
    ["empty", ""],
    ["0", 0],
    ["a number of seconds", 1_700_000_000],
    ["a number of milliseconds", 1_700_000_000_000],
    ["1970", "1970-01-01T00:00:00.000Z"],
    ["seconds taken for milliseconds", "1970-01-20T16:13:20.000Z"],
    ["the 30th of February", "2026-02-30T00:00:00.000Z"],
    ["the year 9999", "9999-12-31T23:59:59.999Z"],
    ["in the future", ago(-3 * DAY_MS)],
    ["null", null],
    ["an object", {}],
  ])("(%s) is not killed for its age", async (_, spawnedAt) => {
    const { bystander, row, neighbour, neighbourText } = bait();
    const opened = clean(JSON.stringify({ ...calm(row), spawnedAt }), neighbourText);
    expect(pids(opened.pidFile)).toEqual([bystander, neighbour]);
    expect(opened.registry.entries().map((entry) => entry.pid)).toContain(neighbour);
    await aliveFor(bystander);
  });

  it.each([undefined, "yesterday", 0])(
    "(%j) and that has no identity is kept and not trusted",
    async (spawnedAt) => {
      const { bystander, neighbourText } = bait();
      const opened = clean(
        JSON.stringify({ pid: bystander, cwd: process.cwd(), spawnedAt, spawnToken: "t" }),
        neighbourText,
      );
      expect(opened.registry.entries()).toContainEqual(
        expect.objectContaining({ pid: bystander, kin: false }),
      );
      expect(codes(opened)).toEqual(["HPR_ENOTKIN"]);
      opened.registry.killAll();
      expect(pids(opened.pidFile)).toContain(bystander);
      expect(opened.registry.killByToken("t")).toBe(false);
      await aliveFor(bystander);
    },
  );
});

describe("an entry with unusual text", () => {
  it("may have a folder and a token of a megabyte", () => {
    const { bystander, row } = bait();
    const long = "x".repeat(1024 * 1024);
    const opened = clean(
      JSON.stringify({ ...calm(row), spawnedAt: ago(0), cwd: `/${long}`, spawnToken: long }),
    );
    expect(opened.registry.linkByToken(long, "s")).toBe(true);
    expect(opened.registry.getPid("s")).toBe(bystander);
  });

  it("with an empty token matches no token", () => {
    const { row } = bait();
    const opened = clean(JSON.stringify({ ...calm(row), spawnedAt: ago(0), spawnToken: "" }));
    expect(opened.registry.size()).toBe(1);
    expect(opened.registry.linkByToken("", "s")).toBe(false);
    expect(opened.registry.killByToken("")).toBe(false);
  });

  it.each([
    ["relative", "keeper.sock", false],
    ["too long", `/${"k".repeat(107)}`, false],
    ["too long in UTF-8", `/${"ä".repeat(54)}`, false],
    ["of 107 bytes", `/${"k".repeat(106)}`, true],
  ])("with a socket that is %s connects where one can be", async (_, keeperSockPath, connects) => {
    const { bystander, row } = bait();
    const opened = clean(
      JSON.stringify({ ...calm(row), spawnedAt: ago(0), keeperPid: bystander, keeperSockPath }),
    );
    const writeRpcToSockPath = vi.fn(async () => true);
    opened.registry.setKeeperWriter({
      writeRpcToSockPath,
      discoverExistingKeepers: async () => [],
    });
    opened.registry.linkByPid("s", bystander);
    expect(await opened.registry.writeRpc("s", "line")).toBe(connects);
    expect(writeRpcToSockPath.mock.calls).toEqual(connects ? [[keeperSockPath, "line"]] : []);
  });
});

describe("the same pid twice", () => {
  it("is tracked once", async () => {
    const { bystander, row } = bait();
    const text = JSON.stringify({ ...calm(row), spawnedAt: ago(0) });
    const opened = clean(text, text);
    expect(opened.registry.size()).toBe(1);
    opened.registry.cleanupOrphans();
    expect(pids(opened.pidFile)).toEqual([bystander]);
    await aliveFor(bystander);
  });
});

describe("a row that was edited while it was not ours", () => {
  it("is judged anew by the next registry only", () => {
    const { neighbour, neighbourText } = bait();
    const opened = clean(neighbourText);
    editRows(opened.pidFile, (row) => void (row.cwd = "/edited"));
    opened.registry.register(deadPid(1), "/b", bare());
    expect(rows(opened.pidFile)).toMatchObject([
      { pid: neighbour, cwd: "/neighbour" },
      { cwd: "/b" },
    ]);
  });
});
