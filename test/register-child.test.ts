import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import { bare, sleeper } from "./fixtures/processes.js";
import { open, rows } from "./fixtures/registry.js";
import { waitFor } from "./fixtures/wait.js";

// biome-ignore lint/suspicious/noExplicitAny: the tests hand over what no type allows
type Any = any;

describe("register(child, options)", () => {
  it("tracks the child as the five positions do", async () => {
    const { registry, pidFile, exits } = open();
    const child = sleeper();
    const keeper = { keeperPid: child.pid, keeperSockPath: "/k.sock" };
    registry.register(child, { cwd: "/a", spawnToken: "t", keeper });
    const named = rows(pidFile);
    registry.register(child.pid, "/a", child, "t", keeper);
    const { spawnedAt: _, spawnedBootMs: __, ...row } = named[0];
    expect(rows(pidFile)).toMatchObject([row]);
    expect(row).toMatchObject({ pid: child.pid, cwd: "/a", spawnToken: "t", ...keeper });
    expect(registry.linkByToken("t", "s")).toBe(true);
    child.kill("SIGKILL");
    await waitFor("the exit", () => exits.length === 1);
    expect(exits).toMatchObject([{ pid: child.pid, sessionId: "s", signal: "SIGKILL" }]);
  });

  it("takes null for what is not given", () => {
    const { registry, pidFile } = open();
    registry.register(sleeper(), { cwd: "/a", spawnToken: null, keeper: null });
    expect(rows(pidFile)[0]).not.toHaveProperty("spawnToken");
    expect(rows(pidFile)[0]).not.toHaveProperty("keeperPid");
  });

  it("says so if the child was not spawned, in both ways of calling", async () => {
    const { registry } = open();
    const child = spawn("/nonexistent/agent");
    const failed = new Promise((resolve) => child.once("error", resolve));
    const refused = expect.objectContaining({
      name: "TypeError",
      code: "ERR_INVALID_ARG_VALUE",
      message: "the child was not spawned; listen to its 'error' event",
    });
    expect(() => registry.register(child, { cwd: "/a" })).toThrow(refused);
    expect(() => registry.register(child.pid as Any, "/a", child)).toThrow(refused);
    expect(registry.size()).toBe(0);
    expect(await failed).toMatchObject({ code: "ENOENT" });
  });

  it.each([
    ["cwd", {}],
    ["cwd", undefined],
    ["cwd", { cwd: 5 }],
    ["spawnToken", { cwd: "/a", spawnToken: 5 }],
    ["keeper", { cwd: "/a", keeper: 5 }],
    ["keeperPid", { cwd: "/a", keeper: { keeperPid: "5" } }],
    ["keeperSockPath", { cwd: "/a", keeper: { keeperPid: 5, keeperSockPath: 5 } }],
  ])("refuses a bad %s", (name, options) => {
    const { registry } = open();
    expect(() => registry.register(sleeper(), options as Any)).toThrow(
      expect.objectContaining({
        code: "ERR_INVALID_ARG_TYPE",
        message: expect.stringContaining(name),
      }),
    );
    expect(registry.size()).toBe(0);
  });

  it.each([undefined, null, 5, "child", {}])("takes %j for no child", (child) => {
    const { registry } = open();
    expect(() => registry.register(child as Any, { cwd: "/a" } as Any)).toThrow(TypeError);
    expect(() => registry.register(Object.assign(bare(), { pid: 1 }), { cwd: "/a" })).toThrow(
      RangeError,
    );
  });
});
