import { randomUUID } from "node:crypto";
import { symlinkSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  bare,
  deadPid,
  exited,
  gone,
  isAlive,
  sleeper,
  statOf,
  stray,
  type Child,
} from "./fixtures/processes.js";
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
  temporaryFolder,
  writePidFile,
} from "./fixtures/registry.js";
import { holdsFor, waitFor } from "./fixtures/wait.js";

const MINUTE_MS = 60_000;

/** A file as a server of ours left it, with one row for each child. */
function leftBy(...children: Child[]): string {
  const { registry, pidFile } = open();
  for (const child of children) registry.register(child.pid, "/a", child, `t-${child.pid}`);
  registry.close();
  return pidFile;
}

const eightDaysOld = (row: Row): void => void (row.spawnedAt = ago(8 * DAY_MS));

describe("identity in the file", () => {
  it("is recorded for the process, its pi, and the server that keeps it", () => {
    const { registry, pidFile } = open();
    const child = sleeper();
    registry.register(child.pid, "/a", child, "t", { keeperPid: child.pid, keeperSockPath: "/k" });
    registry.linkByToken("t", "s", process.pid);
    const [row] = rows(pidFile);
    expect(row.identity).toMatchObject({ boot: expect.any(String), birth: expect.any(String) });
    expect(row.piIdentity).toMatchObject({ boot: row.identity!.boot, birth: expect.any(String) });
    expect(row.owner).toMatchObject({ pid: process.pid, boot: row.identity!.boot });
  });

  it("differs between processes", () => {
    const [one, two] = rows(leftBy(sleeper(), sleeper()));
    expect(one.identity!.boot).toBe(two.identity!.boot);
    expect(one.identity).not.toEqual(two.identity);
  });
});

describe("after a reboot", () => {
  it("everything recorded is gone, and nothing is signalled", async () => {
    const children = [sleeper(), sleeper()];
    const pidFilePath = leftBy(...children);
    editRows(pidFilePath, eightDaysOld);
    editRows(pidFilePath, rebooted);
    const { registry } = takeOver(pidFilePath, { killGraceMs: 10 });
    expect(registry.size()).toBe(0);
    expect(rows(pidFilePath)).toEqual([]);
    await holdsFor(150, "the innocent live", () => children.every((child) => isAlive(child.pid)));
  });

  it("what was terminating is gone too", async () => {
    const child = sleeper();
    const pidFilePath = leftBy(child);
    editRows(pidFilePath, (row) => void (row.terminating = true));
    editRows(pidFilePath, rebooted);
    open({ pidFilePath, killGraceMs: 10 }).registry.cleanupOrphans();
    expect(rows(pidFilePath)).toEqual([]);
    await holdsFor(150, "the innocent lives", () => isAlive(child.pid));
  });
});

describe("a reused pid", () => {
  it("is a stranger's: dropped, not signalled", async () => {
    const [ours, stranger] = await bornApart();
    const pidFilePath = leftBy(ours, stranger);
    ours.kill("SIGKILL");
    await exited(ours);
    // As if the kernel had given our child's pid to the stranger.
    const [was, other] = rows(pidFilePath);
    const recycled = { ...was, pid: other.pid, spawnedAt: ago(8 * DAY_MS) };
    for (const state of [{}, { terminating: true }, { spawnedAt: ago(MINUTE_MS) }]) {
      writePidFile(pidFilePath, [{ ...recycled, ...state }]);
      const { registry } = takeOver(pidFilePath, { killGraceMs: 10 });
      expect(registry.entries()).toEqual([]);
      expect(rows(pidFilePath)).toEqual([]);
    }
    await holdsFor(150, "the stranger lives", () => isAlive(stranger.pid));
  });

  it("is a stranger's under a keeper too", async () => {
    const [pi, stranger] = await bornApart();
    const child = sleeper();
    const pidFilePath = leftBy(child, pi, stranger);
    pi.kill("SIGKILL");
    await exited(pi);
    const [keeperRow, piRow] = rows(pidFilePath);
    const kept = {
      ...keeperRow,
      piPid: stranger.pid,
      piIdentity: piRow.identity,
      keeperPid: child.pid,
      keeperSockPath: "/k.sock",
    };
    writePidFile(pidFilePath, [kept]);
    const { registry } = takeOver(pidFilePath, { killGraceMs: 10 });
    expect(registry.linkByToken(`t-${child.pid}`, "s")).toBe(true);
    expect(registry.killBySessionId("s")).toBe(true);
    await gone(child.pid);
    await holdsFor(300, "the stranger lives", () => isAlive(stranger.pid));
  });

  it("that was free when it was recorded stays a stranger's", async () => {
    const child = sleeper();
    const { registry, pidFile } = open();
    registry.register(deadPid(1), "/a", bare());
    registry.close();
    editRows(pidFile, (row) => void (row.pid = child.pid));
    editRows(pidFile, eightDaysOld);
    open({ pidFilePath: pidFile, killGraceMs: 10 }).registry.cleanupOrphans();
    expect(rows(pidFile)).toEqual([]);
    await holdsFor(150, "the child lives", () => isAlive(child.pid));
  });

  it("is not taken for a living owner", async () => {
    const [child, owner] = [sleeper(), sleeper()];
    const pidFilePath = leftBy(child, owner);
    owner.kill("SIGKILL");
    await exited(owner);
    // A server that is gone, and whose pid another process has now: our parent, here.
    const [row, ownerRow] = rows(pidFilePath);
    writePidFile(pidFilePath, [
      { ...row, owner: { ...ownerRow.identity, pid: process.ppid, id: "0123456789abcdef" } },
    ]);
    const { registry } = takeOver(pidFilePath);
    expect(registry.entries()).toMatchObject([{ pid: child.pid }]);
  });
});

describe("an entry of the original module", () => {
  const cwd = process.cwd();
  const legacy = (pid: number, ageMs: number) => ({ pid, cwd, spawnedAt: ago(ageMs) });
  const LONG_TOKEN = "0123456789abcdef-token";

  function judged(entry: object): Opened {
    const pidFilePath = newPidFile();
    writePidFile(pidFilePath, [entry]);
    const opened = takeOver(pidFilePath, { killGraceMs: 10 });
    return opened;
  }

  it("is reclaimed if its process started then and works there", () => {
    const child = sleeper();
    const opened = judged(legacy(child.pid, 0));
    expect(opened.registry.entries()).toMatchObject([{ pid: child.pid, cwd, kin: true }]);
    expect(codes(opened)).toEqual([]);
  });

  it("is reclaimed if its folder has two names", () => {
    const folder = temporaryFolder();
    const link = `${folder}-link`;
    symlinkSync(folder, link);
    const child = sleeper({ cwd: link });
    const opened = judged({ ...legacy(child.pid, 0), cwd: link });
    expect(opened.registry.entries()).toMatchObject([{ pid: child.pid, kin: true }]);
  });

  it.each([
    ["a long token in any variable", LONG_TOKEN, { ANY_VARIABLE: LONG_TOKEN }],
    ["a short token in the dashboard's variable", "t-7", { PI_DASHBOARD_SPAWN_TOKEN: "t-7" }],
  ])(
    "is reclaimed if its process carries %s, whenever it started and wherever it works",
    (_, spawnToken, mark) => {
      const child = sleeper({ cwd: "/", env: { ...process.env, ...mark } });
      const opened = judged({ ...legacy(child.pid, 8 * DAY_MS), spawnToken });
      expect(opened.registry.entries()).toMatchObject([{ pid: child.pid, kin: true }]);
      expect(codes(opened)).toEqual([]);
    },
  );

  it.each([
    ["too late, in the same folder", cwd, 60_000],
    ["too early", cwd, -20_000],
    ["then, in another folder", "/", 0],
  ])(
    "is kept, not trusted, and gone with its process if that started %s",
    async (_, folder, ageMs) => {
      const child = sleeper({ cwd: folder });
      const opened = judged({ ...legacy(child.pid, ageMs), spawnToken: "t" });
      expect(opened.registry.entries()).toMatchObject([{ pid: child.pid, kin: false }]);
      expect(codes(opened)).toEqual(["HPR_ENOTKIN"]);
      opened.registry.killAll();
      await holdsFor(100, "the innocent lives", () => isAlive(child.pid));
      expect(pids(opened.pidFile)).toEqual([child.pid]);
      child.kill("SIGKILL");
      await waitFor("its entry is gone", () => pids(opened.pidFile).length === 0);
    },
  );

  it("is killed like any other then", async () => {
    const child = sleeper();
    const pidFilePath = newPidFile();
    writePidFile(pidFilePath, [legacy(child.pid, 0)]);
    const { registry } = takeOver(pidFilePath);
    registry.linkByPid("s", child.pid);
    expect(registry.killBySessionId("s")).toBe(true);
    await gone(child.pid);
  });

  it("keeps every field of the original", () => {
    const child = sleeper();
    const pidFilePath = newPidFile();
    const entry = {
      ...legacy(child.pid, 0),
      spawnToken: "t",
      piPid: process.pid,
      keeperPid: child.pid,
      keeperSockPath: "/k.sock",
    };
    writePidFile(pidFilePath, [entry]);
    const { registry } = takeOver(pidFilePath);
    expect(rows(pidFilePath)).toMatchObject([entry]);
    expect(registry.linkByPid("s", process.pid)).toBe(true);
    expect(registry.getPid("s")).toBe(process.pid);
  });

  it.each([MINUTE_MS, 60 * MINUTE_MS, 6 * DAY_MS, 8 * DAY_MS])(
    "is dropped, unsignalled, if its process started later and works elsewhere (%i ms)",
    async (ageMs) => {
      const child = sleeper({ cwd: "/" });
      const pidFilePath = newPidFile();
      writePidFile(pidFilePath, [legacy(child.pid, ageMs)]);
      const { registry } = takeOver(pidFilePath, { killGraceMs: 10 });
      expect(registry.size()).toBe(0);
      expect(rows(pidFilePath)).toEqual([]);
      await holdsFor(100, "the innocent lives", () => isAlive(child.pid));
    },
  );

  it("is dropped if there is no such process", () => {
    const pidFilePath = newPidFile();
    writePidFile(pidFilePath, [legacy(deadPid(1), 0)]);
    const opened = takeOver(pidFilePath);
    expect(rows(pidFilePath)).toEqual([]);
    expect(codes(opened)).toEqual([]);
  });

  it("of a process that this server never started is reclaimed after a restart", async () => {
    const pid = await stray();
    const pidFilePath = newPidFile();
    writePidFile(pidFilePath, [legacy(pid, 0)]);
    const { registry } = takeOver(pidFilePath);
    expect(registry.linkByPid("s", pid)).toBe(true);
    expect(registry.killBySessionId("s")).toBe(true);
    await gone(pid);
  });
});

/** The boot is a random id, and behind a + the time of the boot. */
function rebooted(row: Row): void {
  const time = /\+.*$/.exec(row.identity!.boot!)?.[0] ?? "";
  row.identity!.boot = row.owner!.boot = randomUUID() + time;
}

/** Two children whose start times differ even where the kernel's ticks are coarse. */
async function bornApart(): Promise<[Child, Child]> {
  const first = sleeper();
  const ticks = () => statOf(first.pid)!.startTicks;
  let second = sleeper();
  await waitFor("a later tick", () => {
    if (statOf(second.pid)!.startTicks !== ticks()) return true;
    second.kill("SIGKILL");
    second = sleeper();
    return false;
  });
  return [first, second];
}
