import { expect, it } from "vitest";
import { bare, isAlive, keeper, sleeper, stray, type Child } from "./fixtures/processes.js";
import { codes, open, restart, rows } from "./fixtures/registry.js";
import { holdsFor, waitFor } from "./fixtures/wait.js";

it("tracks a process that is no descendant, says so, and never signals it", async () => {
  const opened = open({ killGraceMs: 20 });
  const { registry } = opened;
  const pid = await stray();
  registry.register(pid, "/a", bare(), "t");
  expect(codes(opened)).toEqual(["HPR_ENOTKIN"]);
  expect(opened.warnings[0].message).toContain(String(pid));
  expect(registry.entries()).toMatchObject([{ pid, kin: false }]);
  expect(registry.linkByToken("t", "s")).toBe(true);
  expect(registry.getPid("s")).toBe(pid);
  expect(registry.killBySessionId("s")).toBe(false);
  expect(registry.size()).toBe(0);
  await holdsFor(150, "the stray lives", () => isAlive(pid));
});

it("spares it in killAll too", async () => {
  const { registry } = open({ killGraceMs: 20 });
  const pid = await stray();
  registry.register(pid, "/a", bare());
  registry.killAll();
  await holdsFor(150, "the stray lives", () => isAlive(pid));
});

it("spares it after a restart too", async () => {
  const before = open();
  const pid = await stray();
  before.registry.register(pid, "/a", bare(), "t");
  const { registry } = restart(before, { killGraceMs: 20 });
  expect(registry.entries()).toMatchObject([{ pid, kin: false }]);
  expect(registry.killByToken("t")).toBe(false);
  await holdsFor(150, "the stray lives", () => isAlive(pid));
});

it("notices when it goes by itself", async () => {
  const { registry, pidFile } = open();
  const pid = await stray();
  registry.register(pid, "/a", bare());
  process.kill(pid, "SIGKILL");
  await waitFor("an empty registry", () => registry.size() === 0);
  await waitFor("an empty file", () => rows(pidFile).length === 0);
});

it("notices when one that was reclaimed goes by itself", async () => {
  const before = open();
  const pid = await stray();
  before.registry.register(pid, "/a", bare());
  const { registry, pidFile } = restart(before);
  expect(registry.size()).toBe(1);
  process.kill(pid, "SIGKILL");
  await waitFor("an empty registry", () => registry.size() === 0);
  await waitFor("an empty file", () => rows(pidFile).length === 0);
});

it("keeps a pi pid that is no relative, says so once, and signals only the keeper", async () => {
  const opened = open({ killGraceMs: 20 });
  const pid = await stray();
  const child = registerKeeper(opened.registry, sleeper());
  expect(opened.registry.linkByToken("t", "s", pid)).toBe(true);
  expect(opened.registry.getPid("s")).toBe(pid);
  expect(rows(opened.pidFile)).toMatchObject([{ piPid: pid }]);
  expect(codes(opened)).toEqual(["HPR_ENOTKIN"]);
  expect(opened.warnings[0].message).toContain(String(pid));
  expect(opened.registry.killBySessionId("s")).toBe(true);
  await waitFor("the keeper is gone", () => !isAlive(child.pid));
  await holdsFor(300, "the stray lives", () => isAlive(pid));
});

it("does not take another entry's child, or ourselves, for pi", async () => {
  for (const pid of [sleeper().pid, process.pid, process.ppid]) {
    const opened = open({ killGraceMs: 20 });
    const child = registerKeeper(opened.registry, sleeper());
    opened.registry.linkByToken("t", "s", pid);
    expect(codes(opened)).toEqual(["HPR_ENOTKIN"]);
    opened.registry.killBySessionId("s");
    await waitFor("the keeper is gone", () => !isAlive(child.pid));
    await holdsFor(300, "the other lives", () => isAlive(pid));
  }
});

it("trusts the pi that its keeper runs, in the keeper's group or in its own", async () => {
  for (const ownGroup of [false, true]) {
    const opened = open();
    const { keeper: child, pi } = await keeper({ ownGroup });
    registerKeeper(opened.registry, child);
    opened.registry.linkByToken("t", "s", pi);
    expect(codes(opened)).toEqual([]);
    expect(opened.registry.getPid("s")).toBe(pi);
  }
});

function registerKeeper(registry: ReturnType<typeof open>["registry"], child: Child): Child {
  const keeperOpts = { keeperPid: child.pid, keeperSockPath: "/k.sock" };
  registry.register(child.pid, "/a", child, "t", keeperOpts);
  return child;
}
