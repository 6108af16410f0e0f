import { describe, expect, it, vi } from "vitest";
import { createHeadlessPidRegistry, createKeeperWriter } from "../dist/index.js";
import type { HeadlessPidRegistry } from "../lib/types.js";
import { bare, deadPid, isAlive, sleeper } from "./fixtures/processes.js";
import { codes, newPidFile, open, rows } from "./fixtures/registry.js";

// biome-ignore lint/suspicious/noExplicitAny: the tests hand over what no type allows
type Any = any;

const P = deadPid(1);
const BAD_PIDS = [
  undefined,
  null,
  Number.NaN,
  Infinity,
  -Infinity,
  2.5,
  "1234",
  "",
  true,
  [7],
  {},
  0,
  -0,
  1,
  -1,
  -1234,
  2 ** 31,
  2 ** 32 + 5,
  2 ** 53,
  5n,
  Symbol("pid"),
];
const BAD_TEXTS = [undefined, null, 5, Number.NaN, true, {}, [], ["x"], Symbol("text"), () => "x"];
const shown = (value: unknown): string => (typeof value === "bigint" ? `${value}n` : String(value));
const titled = (values: readonly unknown[]): [string, unknown][] =>
  values.map((value) => [`${typeof value} ${Array.isArray(value) ? "[]" : shown(value)}`, value]);

/** A registry with something to lose; the call must throw, name the argument and change nothing. */
function expectRefused(
  argument: string,
  call: (registry: HeadlessPidRegistry & Any) => unknown,
): void {
  const { registry, pidFile } = open();
  const child = sleeper();
  registry.register(child.pid, "/a", child, "t", {
    keeperPid: child.pid,
    keeperSockPath: "/k.sock",
  });
  registry.register(P, "/b", bare(), "u");
  registry.linkByToken("t", "s");
  const [entries, file] = [registry.entries(), rows(pidFile)];
  let error: unknown;
  try {
    call(registry);
  } catch (reason) {
    error = reason;
  }
  expect(error instanceof TypeError || error instanceof RangeError, String(error)).toBe(true);
  expect((error as { code?: unknown }).code).toBe(
    error instanceof RangeError ? "ERR_OUT_OF_RANGE" : "ERR_INVALID_ARG_TYPE",
  );
  expect((error as Error).message).toContain(argument);
  expect(registry.entries()).toEqual(entries);
  expect(rows(pidFile)).toEqual(file);
  expect(isAlive(child.pid)).toBe(true);
}

/** The same registry; the call answers as if it had been asked for nobody, and changes nothing. */
function expectNobody(
  answer: false | undefined,
  call: (registry: HeadlessPidRegistry & Any) => unknown,
): void {
  const opened = open();
  const { registry, pidFile } = opened;
  const child = sleeper();
  registry.register(child.pid, "/a", child, "t", {
    keeperPid: child.pid,
    keeperSockPath: "/k.sock",
  });
  registry.register(P, "", bare(), "u");
  registry.linkByToken("t", "s");
  const [entries, file] = [registry.entries(), rows(pidFile)];
  expect(call(registry)).toBe(answer);
  expect(registry.entries()).toEqual(entries);
  expect(rows(pidFile)).toEqual(file);
  expect(codes(opened)).toEqual([]);
  expect(isAlive(child.pid)).toBe(true);
}

describe.each(titled(BAD_PIDS))("a pid that is %s", (_, pid) => {
  it("is refused by register", () => expectRefused("pid", (r) => r.register(pid, "/a", bare())));
  it("is nobody's for linkByPid", () => expectNobody(false, (r) => r.linkByPid("x", pid)));
  it("is nobody's for remove", () => expectNobody(undefined, (r) => r.remove(pid)));
  it("is ignored beside a token", () => {
    const { registry } = open();
    registry.register(P, "/a", bare(), "t", { keeperPid: P, keeperSockPath: "/k.sock" });
    expect(registry.linkByToken("t", "s", pid as Any)).toBe(true);
    expect(registry.getPid("s")).toBe(P);
    expect(registry.linkByToken("t", "s", pid as Any)).toBe(true);
    expect(registry.entries()).toMatchObject([{ pid: P, sessionId: "s", linkedBy: "token" }]);
    expect(registry.entries()[0].piPid).toBeUndefined();
  });
  it("is refused by terminate", async () => {
    const { registry } = open();
    await expect(registry.terminate({ pid } as Any)).rejects.toSatisfy(
      (e: unknown) => e instanceof TypeError || e instanceof RangeError,
    );
  });

  if (pid !== undefined && pid !== null) {
    it("is refused as a keeper's", () =>
      expectRefused("keeperPid", (r) =>
        r.register(P, "/a", bare(), "t", { keeperPid: pid, keeperSockPath: "/k" }),
      ));
  }
});

describe.each([undefined, null])("an argument that is %s", (absent) => {
  it("is accepted where the original's callers pass it", () => {
    const { registry, pidFile } = open();
    const keeperOpts = { keeperPid: absent, keeperSockPath: absent } as Any;
    registry.register(P, "/a", bare(), absent as Any, keeperOpts);
    for (const field of ["spawnToken", "keeperPid", "keeperSockPath"])
      expect(rows(pidFile)[0]).not.toHaveProperty(field);
    registry.register(P, "/a", bare(), "t", { keeperPid: P, keeperSockPath: "/k.sock" });
    expect(registry.linkByToken("t", "s", absent as Any)).toBe(true);
    expect(registry.getPid("s")).toBe(P);
  });
});

describe.each(titled(BAD_TEXTS))("a text that is %s", (_, text) => {
  it("is refused wherever one is needed", () => {
    expectRefused("cwd", (r) => r.register(P, text, bare()));
  });

  it("is nobody's name", () => {
    expectNobody(false, (r) => r.linkByToken("t", text));
    expectNobody(false, (r) => r.linkByToken(text, "x"));
    expectNobody(false, (r) => r.linkByPid(text, P));
    expectNobody(false, (r) => r.linkSession(text, "/a"));
    expectNobody(false, (r) => r.linkSession("x", text));
    expectNobody(undefined, (r) => r.getPid(text));
    expectNobody(false, (r) => r.killBySessionId(text));
    expectNobody(false, (r) => r.killByToken(text));
  });

  it("is refused by terminate, by name", async () => {
    const { registry } = open();
    for (const name of ["sessionId", "spawnToken"]) {
      const error = await registry
        .terminate({ [name]: text } as Any)
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({
        code: "ERR_INVALID_ARG_TYPE",
        message: expect.stringContaining(name),
      });
    }
    if (typeof text !== "object")
      await expect(registry.terminate(text as Any)).rejects.toBeInstanceOf(TypeError);
  });

  if (text !== undefined && text !== null) {
    it("is refused where one may be left out", () => {
      expectRefused("spawnToken", (r) => r.register(P, "/a", bare(), text));
      expectRefused("keeperSockPath", (r) =>
        r.register(P, "/a", bare(), "t", { keeperPid: P, keeperSockPath: text }),
      );
    });
  }
});

describe("something that is no ChildProcess", () => {
  it.each(titled([undefined, null, 5, {}, "child", { on: 5 }]))("(%s) is refused", (_, proc) =>
    expectRefused("proc", (r) => r.register(P, "/a", proc)),
  );
});

describe("a socket path that nothing can listen on", () => {
  // Not refused: a process that runs must be tracked, whatever is wrong with its keeper's socket.
  it.each(["", "relative.sock", `/${"k".repeat(107)}`, `/${"ä".repeat(54)}`])(
    "(%s) is never connected to",
    async (keeperSockPath) => {
      const { registry } = open();
      const writeRpcToSockPath = vi.fn(async () => true);
      registry.setKeeperWriter({ writeRpcToSockPath, discoverExistingKeepers: async () => [] });
      registry.register(P, "/a", bare(), "t", { keeperPid: P, keeperSockPath });
      registry.linkByToken("t", "s");
      expect(await registry.writeRpc("s", "line")).toBe(false);
      expect(writeRpcToSockPath).not.toHaveBeenCalled();
    },
  );
});

describe("options that are no object", () => {
  it.each([
    ["pidFilePath", { pidFilePath: 5 }],
    ["pidFilePath", { pidFilePath: "" }],
    ["pidFilePath", { pidFilePath: "/a\0b" }],
    ["auditFile", { auditFile: "/a\0b" }],
    ["killGraceMs", { killGraceMs: -1 }],
    ["killGraceMs", { killGraceMs: 2 ** 31 }],
    ["killGraceMs", { killGraceMs: Number.NaN }],
    ["killGraceMs", { killGraceMs: "2000" }],
    ["killGraceMs", { killGraceMs: true }],
    ["keeperManager", { keeperManager: 5 }],
    ["adoptKeepers", { adoptKeepers: "yes" }],
    ["guard", { guard: 0 }],
  ])("(%s of %j) are refused", (argument, options) => {
    const create = () =>
      createHeadlessPidRegistry({ pidFilePath: newPidFile(), ...options } as Any);
    expect(create).toThrow(argument);
    expect(create).toThrow(
      expect.toSatisfy((e: unknown) => e instanceof TypeError || e instanceof RangeError),
    );
  });

  it.each([0, 1, 2 ** 31 - 1, false as const, undefined])(
    "do not include a killGraceMs of %j",
    (killGraceMs) => {
      expect(open({ killGraceMs }).registry.size()).toBe(0);
    },
  );
});

it("takes null for an option that was not given", async () => {
  const none = {
    pidFilePath: newPidFile(),
    killGraceMs: null,
    keeperManager: null,
    adoptKeepers: null,
    guard: null,
  };
  const registry = createHeadlessPidRegistry(none);
  const options = { graceMs: null, signal: null, tree: null, abort: null };
  expect(await registry.terminate("nobody", options as Any)).toEqual({ outcome: "not-found" });
  registry.close();
  createKeeperWriter(null);
  createKeeperWriter({ sessionsDir: null, onWarning: null } as Any);
  createHeadlessPidRegistry(null).close(); // opens nothing before the first call
});

describe("text that C cannot hold", () => {
  it.each(["a\0b", "\0", "a\ud800b", "\udc00", "\ud83d"])(
    "(%j) is refused or nobody's name, never cut",
    (text) => {
      const { registry, pidFile } = open();
      registry.register(P, "/plain", bare(), "a");
      expect(registry.linkByToken("a", "a")).toBe(true);
      expect(() => registry.register(deadPid(2), text, bare(), "t")).toThrow(TypeError);
      expect(() => registry.register(deadPid(3), "/c", bare(), text)).toThrow(TypeError);
      expect(registry.linkByPid(text, P)).toBe(false);
      expect(registry.linkByToken(text, "x")).toBe(false);
      expect(registry.linkSession(text, "/plain")).toBe(false);
      expect(registry.getPid(text)).toBeUndefined();
      expect(registry.killBySessionId(text)).toBe(false);
      expect(registry.killByToken(text)).toBe(false);
      expect(registry.getPid("a")).toBe(P);
      expect(rows(pidFile)).toHaveLength(1);
    },
  );
});

describe("text that is long", () => {
  it("is kept whole", () => {
    const { registry, pidFile } = open();
    const long = "ä".repeat(512 * 1024);
    registry.register(P, `/${long}`, bare(), long);
    expect(registry.linkByToken(long, long)).toBe(true);
    expect(registry.getPid(long)).toBe(P);
    expect(rows(pidFile)[0]).toMatchObject({ cwd: `/${long}`, spawnToken: long });
  });
});

describe("names that objects have of their own", () => {
  it.each(["__proto__", "constructor", "toString", "hasOwnProperty"])(
    "(%s) are names like any other",
    (name) => {
      const { registry } = open();
      expect(registry.getPid(name)).toBeUndefined();
      registry.register(P, name, bare(), name);
      expect(registry.linkByToken(name, name)).toBe(true);
      expect(registry.getPid(name)).toBe(P);
      expect(registry.killBySessionId(name)).toBe(false);
    },
  );
});
