import { describe, expect, it, onTestFinished } from "vitest";
import { createHeadlessPidRegistry, type HeadlessPidRegistry } from "../dist/async.js";
import * as plain from "../dist/index.js";
import {
  bare,
  type Child,
  deadPid,
  isAlive,
  keeper,
  sleeper,
  stray,
  stubborn,
} from "./fixtures/processes.js";
import { ago, newPidFile, pids, writePidFile } from "./fixtures/registry.js";

// biome-ignore lint/suspicious/noExplicitAny: the tests hand over what no type allows
type Any = any;

function open(options: plain.HeadlessPidRegistryOptions = {}) {
  const pidFilePath = options.pidFilePath ?? newPidFile();
  const registry = createHeadlessPidRegistry({ ...options, pidFilePath });
  registry.on("warning", () => {});
  onTestFinished(() => registry.close());
  return { registry, pidFile: pidFilePath };
}

/** Each of both kills, of one entry that has a session and a token. */
const KILLS: [string, (registry: HeadlessPidRegistry) => Promise<boolean>][] = [
  ["killBySessionId", (registry) => registry.killBySessionId("s")],
  ["killByToken", (registry) => registry.killByToken("t")],
];

function add(registry: HeadlessPidRegistry, child: Child): void {
  registry.register(child, { cwd: "/a", spawnToken: "t" });
  registry.linkByToken("t", "s");
}

describe.each(KILLS)("%s of headless-pid-registry/async", (_, kill) => {
  it("resolves to true when the process is gone", async () => {
    const { registry, pidFile } = open();
    const child = sleeper();
    add(registry, child);
    const killed = kill(registry);
    expect(registry.getPid("s")).toBeUndefined();
    expect(registry.size()).toBe(0);
    expect(await killed).toBe(true);
    expect(isAlive(child.pid)).toBe(false);
    expect(pids(pidFile)).toEqual([]);
  });

  it("resolves to true when SIGKILL has ended it", async () => {
    const { registry } = open({ killGraceMs: 50 });
    const child = await stubborn();
    add(registry, child);
    expect(await kill(registry)).toBe(true);
    expect(isAlive(child.pid)).toBe(false);
  });

  it("resolves to true when a keeper and its pi are gone", async () => {
    const { registry } = open();
    const { keeper: sidecar, pi } = await keeper();
    const keeperOpts = { keeperPid: sidecar.pid, keeperSockPath: "/k.sock" };
    registry.register(sidecar.pid, "/a", sidecar, "t", keeperOpts, "g");
    registry.linkByToken("t", "s", pi);
    expect(await kill(registry)).toBe(true);
    expect([isAlive(sidecar.pid), isAlive(pi)]).toEqual([false, false]);
  });

  it("resolves to true for an entry whose process is gone, and to false when it is none", async () => {
    const { registry } = open();
    registry.register(deadPid(1), "/a", bare(), "t");
    registry.linkByToken("t", "s");
    expect(await kill(registry)).toBe(true);
    expect(await kill(registry)).toBe(false);
  });

  it("joins an ending that has begun", async () => {
    const { registry } = open({ killGraceMs: 100 });
    const child = await stubborn();
    add(registry, child);
    expect(await Promise.all([kill(registry), kill(registry)])).toEqual([true, true]);
  });

  it("resolves to false for a process that may not be signalled, which lives on", async () => {
    const { registry } = open();
    const pid = await stray();
    registry.register(pid, "/a", bare(), "t");
    registry.linkByToken("t", "s");
    expect(await kill(registry)).toBe(false);
    expect(isAlive(pid)).toBe(true);
  });

  it("rejects after close()", async () => {
    const { registry } = open();
    registry.close();
    await expect(kill(registry)).rejects.toMatchObject({ code: "HPR_ECLOSED" });
  });
});

describe("headless-pid-registry/async", () => {
  it.each([undefined, null, 5, "", "nobody", {}, Symbol("s"), "a\0b"])(
    "resolves to false for the name %s",
    async (name) => {
      const { registry } = open();
      add(registry, sleeper());
      expect(await registry.killBySessionId(name as Any)).toBe(false);
      expect(await registry.killByToken(name as Any)).toBe(false);
      expect(registry.size()).toBe(1);
    },
  );

  it("has a cleanupOrphans to wait for, which is done when it returns", async () => {
    const pidFilePath = newPidFile();
    const pid = await stray();
    const row = { pid, cwd: process.cwd(), spawnedAt: ago(0), spawnToken: "t" };
    writePidFile(pidFilePath, [row]);
    const { registry } = open({ pidFilePath });
    const cleaned = registry.cleanupOrphans();
    expect(registry.size()).toBe(1);
    expect(await cleaned).toBeUndefined();
    registry.close();
    await expect(registry.cleanupOrphans()).rejects.toMatchObject({ code: "HPR_ECLOSED" });
  });

  it("is a plain object of which each method is the same however it is called", async () => {
    const { registry } = open();
    expect(registry.on("exit", () => {})).toBe(registry);
    const { killByToken, register } = { ...registry };
    const child = sleeper();
    register(child, { cwd: "/a", spawnToken: "t" });
    expect(await killByToken("t")).toBe(true);
    expect(Object.keys(plain)).toEqual(
      expect.arrayContaining(["createKeeperWriter", "keeperOptsFromSpawnResult", "readPidFile"]),
    );
  });
});
