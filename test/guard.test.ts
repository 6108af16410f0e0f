import { execFileSync } from "node:child_process";
import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fixture, sleeper } from "./fixtures/processes.js";
import { ago, newPidFile, temporaryFolder, writePidFile } from "./fixtures/registry.js";

const METHODS = ["killAll", "cleanupOrphans", "cleanupKeeperOrphans"] as const;

interface Told {
  /** What the first call, without a listener, printed. */
  printed: string[];
  /** What the second one told a listener. */
  told: { code: string; message: string }[];
  discovered: number;
  size: number;
}

const defaultFile = (home: string): string => join(home, ".pi", "dashboard", "headless-pids.json");

/** A home whose default pid file has one live orphan in it, and its exact bytes. */
function orphanHome(): { home: string; before: string } {
  const home = temporaryFolder();
  writePidFile(defaultFile(home), [{ pid: sleeper().pid, cwd: process.cwd(), spawnedAt: ago(0) }]);
  return { home, before: readFileSync(defaultFile(home), "utf8") };
}

/**
 * Calls one guarded method twice in a process whose account has that home, with an environment of
 * its own; undefined unsets a variable.
 */
function call(
  method: string,
  home: string,
  changes: NodeJS.ProcessEnv,
  options: object = {},
): Told {
  const env = Object.fromEntries(
    Object.entries({ ...process.env, ...changes }).filter(([, value]) => value !== undefined),
  );
  const argv = [fixture("guarded.mjs"), home, method, JSON.stringify(options)];
  return JSON.parse(execFileSync(process.execPath, argv, { env, encoding: "utf8" })) as Told;
}

/** It was free to act: it has adopted the orphan, or asked for keepers. */
function expectDone(method: string, done: Told): void {
  expect(done.printed).toEqual([]);
  expect(done.told).toEqual([]);
  expect(done.size).toBe(method === "cleanupOrphans" ? 1 : 0);
  expect(done.discovered).toBe(method === "cleanupKeeperOrphans" ? 2 : 0);
}

function linkTo(folder: string): string {
  const link = join(temporaryFolder(), "link");
  symlinkSync(folder, link);
  return link;
}

describe.each(METHODS)("%s under vitest", (method) => {
  it.each([
    ["unset", () => undefined],
    ["empty", () => ""],
    ["the account's real home", (home: string) => home],
    ["that with a slash behind it", (home: string) => `${home}/`],
    ["a link to that", linkTo],
  ])("leaves the default file alone and says so while HOME is %s", (_, homeOf) => {
    const { home, before } = orphanHome();
    const done = call(method, home, { VITEST: "true", HOME: homeOf(home) });
    expect(done.printed).toHaveLength(1);
    expect(done.printed[0]).toContain(method);
    expect(done.printed[0]).not.toContain("\n");
    expect(done.told).toMatchObject([
      { code: "HPR_EGUARD", message: expect.stringContaining(method) },
    ]);
    expect(done).toMatchObject({ discovered: 0, size: 0 });
    expect(readFileSync(defaultFile(home), "utf8")).toBe(before);
  });

  it("works for a file of one's own, whatever HOME is", () => {
    const pidFilePath = newPidFile();
    writePidFile(pidFilePath, [{ pid: sleeper().pid, cwd: process.cwd(), spawnedAt: ago(0) }]);
    expectDone(
      method,
      call(method, temporaryFolder(), { VITEST: "true", HOME: undefined }, { pidFilePath }),
    );
  });

  it("guards the default file under whatever name it is given", () => {
    const { home } = orphanHome();
    const pidFilePath = join(home, "x", "..", ".pi", "dashboard", "headless-pids.json");
    const done = call(method, home, { VITEST: "true", HOME: home }, { pidFilePath });
    expect(done.told).toMatchObject([{ code: "HPR_EGUARD" }]);
  });

  it("works where the guard is turned off", () => {
    const { home } = orphanHome();
    expectDone(method, call(method, home, { VITEST: "true", HOME: home }, { guard: false }));
  });

  it("works with a home of its own", () => {
    const { home } = orphanHome();
    expectDone(method, call(method, temporaryFolder(), { VITEST: "true", HOME: home }));
  });

  it.each([undefined, "", "1", "TRUE"])("works without HOME if VITEST is %j", (VITEST) => {
    const { home } = orphanHome();
    expectDone(method, call(method, home, { VITEST, HOME: undefined }));
  });
});
