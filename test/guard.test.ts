import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { fixture, isAlive, sleeper } from "./fixtures/processes.js";
import { ago, newPidFile, open, pids, temporaryFolder, writePidFile } from "./fixtures/registry.js";
import { holdsFor } from "./fixtures/wait.js";

const METHODS = ["killAll", "cleanupOrphans", "cleanupKeeperOrphans"] as const;

interface Told {
  warnings: string[];
  discovered: number;
  size: number;
}

/** A file with one live orphan in it, and its exact bytes. */
function orphanFile(): { pidFile: string; before: string } {
  const pidFile = newPidFile();
  writePidFile(pidFile, [{ pid: sleeper().pid, cwd: "/a", spawnedAt: ago(0) }]);
  return { pidFile, before: readFileSync(pidFile, "utf8") };
}

/** Calls one guarded method in a process with its own environment; undefined unsets a variable. */
function call(method: string, pidFile: string, changes: NodeJS.ProcessEnv): Told {
  const env = Object.fromEntries(
    Object.entries({ ...process.env, ...changes }).filter(([, value]) => value !== undefined),
  );
  const argv = [fixture("guarded.mjs"), pidFile, method];
  return JSON.parse(execFileSync(process.execPath, argv, { env, encoding: "utf8" })) as Told;
}

describe.each(METHODS)("%s under vitest", (method) => {
  it.each([
    ["unset", undefined],
    ["empty", ""],
    ["the account's real home", userInfo().homedir],
  ])("does nothing and says so while HOME is %s", (_, HOME) => {
    const { pidFile, before } = orphanFile();
    const told = call(method, pidFile, { VITEST: "true", HOME });
    expect(told.warnings).toHaveLength(1);
    expect(told.warnings[0]).toContain(method);
    expect(told.warnings[0]).not.toContain("\n");
    expect(told).toMatchObject({ discovered: 0, size: 0 });
    expect(readFileSync(pidFile, "utf8")).toBe(before);
  });

  it("works with a home of its own", () => {
    const { pidFile } = orphanFile();
    const told = call(method, pidFile, { VITEST: "true", HOME: temporaryFolder() });
    expect(told.warnings).toEqual([]);
    expect(told.size).toBe(method === "cleanupOrphans" ? 1 : 0);
    expect(told.discovered).toBe(method === "cleanupKeeperOrphans" ? 1 : 0);
  });

  it.each([undefined, "", "1", "TRUE"])("works without HOME if VITEST is %j", (VITEST) => {
    const { pidFile } = orphanFile();
    const told = call(method, pidFile, { VITEST, HOME: undefined });
    expect(told.warnings).toEqual([]);
    expect(told.size).toBe(method === "cleanupOrphans" ? 1 : 0);
    expect(told.discovered).toBe(method === "cleanupKeeperOrphans" ? 1 : 0);
  });
});

describe("the guard in this very process", () => {
  it("is asked at every call, and spares what is tracked", async () => {
    const { registry, pidFile } = open({ killGraceMs: 10 });
    const child = sleeper();
    registry.register(child.pid, "/a", child, "t");
    const HOME = process.env.HOME;
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    onTestFinished(() => {
      process.env.HOME = HOME;
      warn.mockRestore();
    });
    process.env.HOME = "";
    registry.killAll();
    expect(warn).toHaveBeenCalledTimes(1);
    expect(registry.size()).toBe(1);
    expect(pids(pidFile)).toEqual([child.pid]);
    await holdsFor(100, "the child lives", () => isAlive(child.pid));
    process.env.HOME = HOME;
    registry.killAll();
    expect(warn).toHaveBeenCalledTimes(1);
    expect(registry.size()).toBe(0);
  });

  it("guards no other method", () => {
    const { registry } = open();
    const child = sleeper();
    registry.register(child.pid, "/a", child);
    const HOME = process.env.HOME;
    onTestFinished(() => void (process.env.HOME = HOME));
    process.env.HOME = "";
    expect(registry.linkSession("s", "/a")).toBe(true);
    expect(registry.killBySessionId("s")).toBe(true);
  });
});
