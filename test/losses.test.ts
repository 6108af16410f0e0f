// What users of the original module really lost, one test each.
import { describe, expect, it } from "vitest";
import {
  bare,
  deadPid,
  exited,
  gone,
  isAlive,
  keeper,
  sleeper,
  STUBBORN,
  stubborn,
} from "./fixtures/processes.js";
import {
  ago,
  DAY_MS,
  newPidFile,
  open,
  pids,
  restart,
  rows,
  takeOver,
  writePidFile,
} from "./fixtures/registry.js";
import { holdsFor, waitFor } from "./fixtures/wait.js";

describe("killAll", () => {
  it("keeps survivors in the file when the first exit comes after it", async () => {
    const { registry, pidFile } = open({ killGraceMs: false });
    const [meek, tough] = [sleeper(), await stubborn()];
    registry.register(meek.pid, "/a", meek);
    registry.register(tough.pid, "/a", tough, "t");
    registry.killAll();
    await exited(meek);
    await waitFor("the survivor alone", () => pids(pidFile).length === 1);
    expect(pids(pidFile)).toEqual([tough.pid]);
    registry.close();
    const next = takeOver(pidFile);
    expect(next.registry.linkByToken("t", "s")).toBe(true);
  });
});

describe("a linked session that reconnects", () => {
  it("is not given another session's entry by folder", () => {
    const { registry } = open();
    registry.register(deadPid(1), "/a", bare(), "one");
    registry.register(deadPid(2), "/a", bare(), "two");
    expect(registry.linkByToken("one", "s1")).toBe(true);
    // The bridge comes back and tries the tiers in order, as servers do.
    const linked =
      registry.linkByToken("one", "s1") ||
      registry.linkByPid("s1", deadPid(1)) ||
      registry.linkSession("s1", "/a");
    expect(linked).toBe(true);
    expect(registry.linkByToken("two", "s2")).toBe(true);
    expect([registry.getPid("s1"), registry.getPid("s2")]).toEqual([deadPid(1), deadPid(2)]);
  });
});

describe("a server's start", () => {
  it.each([
    "null",
    '{"entries":{}}',
    '{"entries":[{"pid":1073741825,"cwd":"/a","spawnedAt":"yesterday"}]}',
    '{"entries":[{"pid":1073741825,"cwd":"/a"}]}',
    '{"entries":[null]}',
  ])("does not fail for the file %s", (text) => {
    const pidFilePath = newPidFile();
    writePidFile(pidFilePath, text);
    const { registry } = open({ pidFilePath });
    expect(() => registry.cleanupOrphans()).not.toThrow();
    registry.register(deadPid(5), "/b", bare());
    expect(rows(pidFilePath).at(-1)).toMatchObject({ pid: deadPid(5) });
  });

  it("is not stopped by one bad entry from reclaiming the others", () => {
    const child = sleeper();
    const pidFilePath = newPidFile();
    writePidFile(pidFilePath, [
      { pid: deadPid(1), cwd: "/a", spawnedAt: "yesterday" },
      { pid: child.pid, cwd: "/a", spawnedAt: ago(0) },
    ]);
    const { registry } = takeOver(pidFilePath);
    expect(registry.entries()).toMatchObject([{ pid: child.pid }]);
  });
});

describe("a pid that is registered again", () => {
  it("is not removed by the older process's late exit", () => {
    const { registry, pidFile } = open();
    const older = bare();
    registry.register(deadPid(1), "/old", older);
    registry.remove(deadPid(1));
    registry.register(deadPid(1), "/new", bare(), "t");
    older.emit("exit", 0, null);
    expect(registry.linkByToken("t", "s")).toBe(true);
    expect(rows(pidFile)).toMatchObject([{ cwd: "/new" }]);
  });
});

describe("a reclaimed process", () => {
  it("is seen to die", async () => {
    const before = open();
    const child = sleeper();
    before.registry.register(child.pid, "/a", child);
    const { registry, pidFile, exits } = restart(before);
    expect(registry.size()).toBe(1);
    child.kill("SIGKILL");
    await waitFor("its exit event", () => exits.length === 1);
    expect(registry.size()).toBe(0);
    await waitFor("an empty file", () => rows(pidFile).length === 0);
  });
});

describe("an innocent process", () => {
  it("under an 8-day-old entry's pid is not killed", async () => {
    const innocent = sleeper();
    const pidFilePath = newPidFile();
    const entry = { pid: innocent.pid, cwd: "/a", spawnedAt: ago(8 * DAY_MS) };
    writePidFile(pidFilePath, [entry]);
    open({ pidFilePath, killGraceMs: 10 }).registry.cleanupOrphans();
    await holdsFor(200, "the innocent lives", () => isAlive(innocent.pid));
  });
});

describe("pi", () => {
  it("is not forgotten when its keeper is killed while it hangs", async () => {
    const { registry, pidFile } = open({ killGraceMs: 100 });
    const { keeper: child, pi } = await keeper({ pi: STUBBORN });
    const keeperOpts = { keeperPid: child.pid, keeperSockPath: "/k.sock" };
    registry.register(child.pid, "/a", child, "t", keeperOpts);
    registry.linkByToken("t", "s", pi);
    child.kill("SIGKILL");
    await exited(child);
    expect(registry.getPid("s")).toBe(pi);
    expect(rows(pidFile)).toHaveLength(1);
    expect(registry.killBySessionId("s")).toBe(true);
    await gone(pi);
  });

  it("that is wedged does not survive the kill unknown", async () => {
    const { registry, pidFile } = open({ killGraceMs: 150 });
    const wedged = await stubborn();
    registry.register(wedged.pid, "/a", wedged);
    registry.linkByPid("s", wedged.pid);
    expect(registry.killBySessionId("s")).toBe(true);
    expect(rows(pidFile)).toMatchObject([{ pid: wedged.pid, terminating: true }]);
    await gone(wedged.pid);
    await waitFor("an empty file", () => rows(pidFile).length === 0);
  });
});
