import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readPidFile } from "../lib/index.js";
import { bare, deadPid } from "./fixtures/processes.js";
import { newPidFile, open, rows, takeOver, writePidFile } from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";

const P = deadPid(1);
const names = (file: string): number => readFileSync(file, "utf8").split('"sessionId"').length - 1;

describe("the session in the file", () => {
  it.each([
    ["linkByToken", "t", "s"],
    ["linkByPid", "s", P],
    ["linkSession", "s", "/a"],
  ])("is written by %s before it returns", (call, ...args) => {
    const { registry, pidFile } = open();
    registry.register(P, "/a", bare(), "t");
    expect(rows(pidFile)[0]).not.toHaveProperty("sessionId");
    (registry as unknown as Record<string, (...args: unknown[]) => boolean>)[call](...args);
    expect(rows(pidFile)[0]).toMatchObject({ sessionId: "s" });
    expect(readPidFile(pidFile).entries[0].sessionId).toBe("s");
  });

  it("links nothing after a restart, and stays until another session links", async () => {
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath });
    const { pid } = await server.spawn({ token: "t" });
    await server.call("linkByToken", "t", "first");
    await server.crash();
    const { registry } = takeOver(pidFilePath);
    expect(registry.getPid("first")).toBeUndefined();
    expect(registry.entries()[0].sessionId).toBeUndefined();
    expect(rows(pidFilePath)).toMatchObject([{ pid, sessionId: "first" }]);
    expect(registry.linkByPid("second", pid)).toBe(true);
    expect(rows(pidFilePath)).toMatchObject([{ pid, sessionId: "second" }]);
    expect(names(pidFilePath)).toBe(1);
    await registry.terminate("second");
  });

  it("must be a text", () => {
    const { registry, pidFile, warnings } = open();
    writePidFile(pidFile, [{ pid: P, cwd: "/a", sessionId: 7 }]);
    registry.cleanupOrphans();
    expect(warnings.map((it) => it.code)).toEqual(["HPR_EINVAL"]);
    expect(JSON.parse(readFileSync(pidFile, "utf8"))).toEqual({
      entries: [],
      refused: [{ pid: P, cwd: "/a", sessionId: 7 }],
    });
  });
});
