import { describe, expect, it } from "vitest";
import {
  bare,
  deadPid,
  exited,
  family,
  gone,
  headlessFamily,
  isAlive,
  sleeper,
  start,
  stubborn,
} from "./fixtures/processes.js";
import { open, pids, rows } from "./fixtures/registry.js";
import { holdsFor, waitFor } from "./fixtures/wait.js";

describe("a child's exit", () => {
  it("removes its entry and no other, in the file too", async () => {
    const { registry, pidFile, exits } = open();
    const [one, two] = [sleeper(), sleeper()];
    registry.register(one.pid, "/a", one);
    registry.register(two.pid, "/a", two);
    one.kill("SIGKILL");
    await waitFor("the exit", () => exits.length === 1);
    expect(registry.size()).toBe(1);
    expect(pids(pidFile)).toEqual([two.pid]);
    expect(exits).toMatchObject([{ pid: one.pid, cwd: "/a", signal: "SIGKILL" }]);
    expect(exits[0].code).toBeUndefined();
  });

  it("tells the exit status", async () => {
    const { registry, exits } = open();
    const child = start(["sh", "-c", "read line; exit 7"], { stdio: ["pipe", "ignore", "ignore"] });
    registry.register(child.pid, "/a", child, "t");
    registry.linkByToken("t", "s");
    child.stdin!.end("\n");
    await waitFor("exit event", () => exits.length > 0);
    expect(exits).toMatchObject([{ pid: child.pid, code: 7, sessionId: "s", spawnToken: "t" }]);
    expect(exits[0].signal).toBeUndefined();
  });

  it("is told once", async () => {
    const { registry, exits } = open();
    const child = sleeper();
    registry.register(child.pid, "/a", child);
    child.kill("SIGKILL");
    await exited(child);
    await waitFor("exit event", () => exits.length > 0);
    await holdsFor(100, "a single exit event", () => exits.length === 1);
  });

  it("is noticed though its ChildProcess tells nothing", async () => {
    const { registry, pidFile, exits } = open();
    const child = sleeper();
    registry.register(child.pid, "/a", bare());
    child.kill("SIGKILL");
    await waitFor("exit event", () => exits.length > 0);
    await waitFor("an empty file", () => rows(pidFile).length === 0);
  });

  it("does not remove a newer entry of the same pid", async () => {
    const { registry, pidFile, exits } = open();
    const [older, newer] = [bare(), bare()];
    registry.register(deadPid(1), "/old", older);
    registry.register(deadPid(1), "/new", newer);
    older.emit("exit", 0, null);
    expect(rows(pidFile)).toMatchObject([{ cwd: "/new" }]);
    expect(exits).toEqual([]);
    await new Promise(setImmediate); // of two exits in one turn the second is written at its end
    newer.emit("exit", 0, null);
    expect(registry.size()).toBe(0);
    expect(rows(pidFile)).toEqual([]);
  });
});

describe("killBySessionId", () => {
  it("knows no session, no signal", () => {
    const { registry } = open();
    expect(registry.killBySessionId("nobody")).toBe(false);
    expect(registry.killBySessionId("")).toBe(false);
  });

  it("ends the process and tells that it did", async () => {
    const { registry, pidFile, exits } = open();
    const child = sleeper();
    registry.register(child.pid, "/a", child);
    registry.linkByPid("s", child.pid);
    expect(registry.killBySessionId("s")).toBe(true);
    expect(registry.size()).toBe(0);
    expect(registry.getPid("s")).toBeUndefined();
    await waitFor("exit event", () => exits.length > 0);
    expect(exits).toMatchObject([{ pid: child.pid, sessionId: "s", signal: "SIGTERM" }]);
    expect(rows(pidFile)).toEqual([]);
  });

  it("ends the whole group of a leader", async () => {
    const { registry } = open();
    const { leader, member } = await family();
    registry.register(leader.pid, "/a", leader);
    registry.linkByPid("s", leader.pid);
    expect(registry.killBySessionId("s")).toBe(true);
    await Promise.all([gone(leader.pid), gone(member)]);
  });

  it("signals a child that leads no group alone", async () => {
    const { registry } = open();
    const [target, sibling] = [sleeper({ detached: false }), sleeper({ detached: false })];
    registry.register(target.pid, "/a", target);
    registry.linkByPid("s", target.pid);
    expect(registry.killBySessionId("s")).toBe(true);
    await gone(target.pid);
    await holdsFor(100, "the sibling lives", () => isAlive(sibling.pid));
  });

  it("is false for a process that is gone, and forgets it", async () => {
    const { registry, pidFile } = open();
    registry.register(deadPid(1), "/a", bare());
    registry.linkByPid("s", deadPid(1));
    expect(registry.killBySessionId("s")).toBe(false);
    expect(registry.size()).toBe(0);
    expect(rows(pidFile)).toEqual([]);
  });

  it("wakes a stopped process", async () => {
    const { registry } = open({ killGraceMs: false });
    const child = sleeper();
    registry.register(child.pid, "/a", child);
    registry.linkByPid("s", child.pid);
    child.kill("SIGSTOP");
    expect(registry.killBySessionId("s")).toBe(true);
    await gone(child.pid);
  });

  it("never signals this very process", async () => {
    const { registry } = open({ killGraceMs: 10 });
    registry.register(process.pid, "/a", bare());
    registry.linkByPid("s", process.pid);
    expect(registry.getPid("s")).toBe(process.pid);
    expect(registry.killBySessionId("s")).toBe(false);
    expect(registry.getPid("s")).toBeUndefined();
    await holdsFor(100, "we live", () => isAlive(process.pid));
  });

  it("leaves the entries of others alone", async () => {
    const { registry, pidFile } = open();
    const [one, two] = [sleeper(), sleeper()];
    for (const child of [one, two]) registry.register(child.pid, "/a", child);
    registry.linkByPid("s1", one.pid);
    registry.linkByPid("s2", two.pid);
    registry.killBySessionId("s1");
    await gone(one.pid);
    await waitFor("only the other in the file", () => pids(pidFile).join() === String(two.pid));
    expect(registry.getPid("s2")).toBe(two.pid);
    expect(isAlive(two.pid)).toBe(true);
  });
});

describe("a process that ignores SIGTERM", () => {
  it("is terminating in the file, unknown to lookups, and then killed", async () => {
    const { registry, pidFile, exits } = open({ killGraceMs: 300 });
    const child = await stubborn();
    registry.register(child.pid, "/a", child, "t");
    registry.linkByToken("t", "s");
    expect(registry.killBySessionId("s")).toBe(true);
    expect(registry.size()).toBe(0);
    expect(registry.getPid("s")).toBeUndefined();
    expect(registry.linkByToken("t", "s2")).toBe(false);
    expect(registry.linkByPid("s2", child.pid)).toBe(false);
    expect(registry.linkSession("s2", "/a")).toBe(false);
    expect(registry.killBySessionId("s")).toBe(false);
    expect(rows(pidFile)).toMatchObject([{ pid: child.pid, terminating: true }]);
    expect(registry.entries()).toMatchObject([{ pid: child.pid, state: "terminating" }]);
    expect(isAlive(child.pid)).toBe(true);
    await waitFor("exit event", () => exits.length > 0);
    expect(exits).toMatchObject([{ pid: child.pid, signal: "SIGKILL", state: "terminating" }]);
    expect(rows(pidFile)).toEqual([]);
    expect(registry.entries()).toEqual([]);
  });

  it("is left to its own with killGraceMs false, and stays in the file", async () => {
    const { registry, pidFile } = open({ killGraceMs: false });
    const child = await stubborn();
    registry.register(child.pid, "/a", child);
    registry.linkByPid("s", child.pid);
    expect(registry.killBySessionId("s")).toBe(true);
    await holdsFor(400, "the child lives", () => isAlive(child.pid));
    expect(rows(pidFile)).toMatchObject([{ pid: child.pid, terminating: true }]);
    child.kill("SIGKILL");
    await waitFor("an empty file", () => rows(pidFile).length === 0);
  });

  it("stays in the file when it is removed meanwhile", async () => {
    const { registry, pidFile } = open({ killGraceMs: 300 });
    const child = await stubborn();
    registry.register(child.pid, "/a", child);
    registry.linkByPid("s", child.pid);
    registry.killBySessionId("s");
    registry.remove(child.pid);
    expect(rows(pidFile)).toMatchObject([{ pid: child.pid, terminating: true }]);
    await gone(child.pid);
    await waitFor("an empty file", () => rows(pidFile).length === 0);
  });
});

describe("a leader that is gone while its group is not", () => {
  it("stays a remainder until the group is empty", async () => {
    const { registry, pidFile } = open();
    const { leader, member } = await headlessFamily();
    registry.register(leader.pid, "/a", leader);
    leader.stdin!.end("\n");
    await exited(leader);
    expect(registry.size()).toBe(0);
    await holdsFor(100, "it is known", () => registry.entries()[0]?.state === "remainder");
    expect(pids(pidFile)).toEqual([leader.pid]);
    process.kill(member, "SIGKILL");
    await waitFor("an empty file", () => rows(pidFile).length === 0);
    expect(registry.entries()).toEqual([]);
  });

  it("is killed by its group", async () => {
    const { registry, pidFile } = open();
    const { leader, member } = await headlessFamily();
    registry.register(leader.pid, "/a", leader);
    registry.linkByPid("s", leader.pid);
    leader.stdin!.end("\n");
    await exited(leader);
    expect(registry.killBySessionId("s")).toBe(true);
    await gone(member);
    await waitFor("an empty file", () => rows(pidFile).length === 0);
  });

  it("is not done until the last member is, however stubborn", async () => {
    const { registry, pidFile } = open({ killGraceMs: 200 });
    const { leader, member } = await headlessFamily(`sh -c 'trap "" TERM; exec sleep 300'`);
    registry.register(leader.pid, "/a", leader);
    registry.linkByPid("s", leader.pid);
    expect(registry.killBySessionId("s")).toBe(true);
    await exited(leader);
    if (isAlive(member)) expect(pids(pidFile)).toEqual([leader.pid]);
    await gone(member);
    await waitFor("an empty file", () => rows(pidFile).length === 0);
  });
});

describe("killByToken", () => {
  it("ends an entry that no session is linked to", async () => {
    const { registry } = open();
    const [one, two] = [sleeper(), sleeper()];
    registry.register(one.pid, "/a", one, "one");
    registry.register(two.pid, "/a", two, "two");
    expect(registry.killByToken("three")).toBe(false);
    expect(registry.killByToken("")).toBe(false);
    expect(registry.killByToken("two")).toBe(true);
    expect(registry.size()).toBe(1);
    await gone(two.pid);
    expect(isAlive(one.pid)).toBe(true);
  });

  it("ends a linked one too", async () => {
    const { registry } = open();
    const child = sleeper();
    registry.register(child.pid, "/a", child, "one");
    registry.linkByToken("one", "s");
    expect(registry.killByToken("one")).toBe(true);
    expect(registry.getPid("s")).toBeUndefined();
    await gone(child.pid);
  });
});

describe("killAll", () => {
  it("ends all, forgets all, and leaves the file as it is", async () => {
    const { registry, pidFile } = open();
    const children = [sleeper(), sleeper(), sleeper()];
    for (const child of children) registry.register(child.pid, "/a", child);
    const before = rows(pidFile);
    registry.killAll();
    expect(registry.size()).toBe(0);
    expect(rows(pidFile)).toEqual(before);
    await Promise.all(children.map((child) => gone(child.pid)));
    await waitFor("an empty file", () => rows(pidFile).length === 0);
  });

  it("ends the stubborn as well", async () => {
    const { registry } = open({ killGraceMs: 100 });
    const child = await stubborn();
    registry.register(child.pid, "/a", child);
    registry.killAll();
    await gone(child.pid);
  });

  it("spares this process and what is gone", () => {
    const { registry } = open();
    registry.register(process.pid, "/a", bare());
    registry.register(deadPid(1), "/a", bare());
    registry.killAll();
    expect(registry.size()).toBe(0);
    expect(isAlive(process.pid)).toBe(true);
  });
});
