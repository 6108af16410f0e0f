import { execFile } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";
import { describe, expect, it, vi } from "vitest";
import { createHeadlessPidRegistry } from "../dist/index.js";
import type { HeadlessExit, HeadlessPidRegistry, HeadlessWarning } from "../lib/types.js";
import { bare, deadPid, fixture, sleeper, stray } from "./fixtures/processes.js";
import {
  codes,
  newPidFile,
  open,
  pids,
  rows,
  takeOver,
  writePidFile,
} from "./fixtures/registry.js";
import { waitFor } from "./fixtures/wait.js";

const run = promisify(execFile);
const [P, Q, R] = [deadPid(1), deadPid(2), deadPid(3)];

/** Registers a process that is told to be gone later. */
function add(registry: HeadlessPidRegistry, pid: number): () => void {
  const proc = bare();
  registry.register(pid, "/a", proc);
  return () => void proc.emit("exit", 0, null);
}

describe("on and off", () => {
  it("return the registry and call the listener until it is taken off", () => {
    const { registry } = open();
    const seen: number[] = [];
    const listener = (exit: HeadlessExit) => seen.push(exit.pid);
    expect(registry.on("exit", listener)).toBe(registry);
    add(registry, P)();
    expect(registry.off("exit", listener)).toBe(registry);
    add(registry, Q)();
    expect(seen).toEqual([P]);
  });

  it("call several listeners in order", () => {
    const { registry } = open();
    const seen: string[] = [];
    registry.on("exit", () => seen.push("one"));
    registry.on("exit", () => seen.push("two"));
    add(registry, P)();
    expect(seen).toEqual(["one", "two"]);
  });

  it("accept to take off what was never on", () => {
    const { registry } = open();
    expect(registry.off("exit", () => {})).toBe(registry);
  });

  it("refuse what is no event or no listener", () => {
    const { registry } = open();
    expect(() => registry.on("exit", undefined as never)).toThrow(TypeError);
    expect(() => registry.on("exit", "listener" as never)).toThrow(TypeError);
  });
});

describe("an exit listener", () => {
  it("is not needed for an ended process to be known by its names", async () => {
    using registry = createHeadlessPidRegistry({ pidFilePath: newPidFile() });
    const child = sleeper();
    registry.register(child.pid, "/a", child, "t");
    registry.linkByToken("t", "s");
    child.kill("SIGKILL");
    await waitFor("its exit to be told", () => registry.stats().exits === 1);
    const gone = { outcome: "already-gone" };
    for (const name of ["s", { spawnToken: "t" }, { pid: child.pid }])
      expect(await registry.terminate(name)).toEqual(gone);
  });

  it("sees a registry and a file that know already", () => {
    const { registry, pidFile } = open();
    const leave = add(registry, P);
    add(registry, Q);
    let seen: unknown;
    registry.on("exit", () => (seen = [registry.size(), pids(pidFile)]));
    leave();
    expect(seen).toEqual([1, [Q]]);
  });

  it("may register, link, remove and cause the next exit", () => {
    const opened = open();
    const { registry } = opened;
    const [leaveP, leaveQ] = [add(registry, P), add(registry, Q)];
    registry.on("exit", ({ pid }) => {
      if (pid !== P) return;
      registry.register(R, "/r", bare(), "r");
      expect(registry.linkByToken("r", "s")).toBe(true);
      leaveQ();
      registry.remove(R);
      registry.cleanupOrphans();
    });
    leaveP();
    expect(opened.exits.map((exit) => exit.pid)).toEqual([P, Q]);
    expect(registry.size()).toBe(0);
    expect(rows(opened.pidFile)).toEqual([]);
  });

  it("may close the registry", () => {
    const { registry, pidFile } = open();
    const leave = add(registry, P);
    add(registry, Q);
    registry.on("exit", () => registry.close());
    leave();
    expect(() => registry.size()).toThrow(expect.objectContaining({ code: "HPR_ECLOSED" }));
    expect(pids(pidFile)).toEqual([Q]);
  });

  it("may register the same pid again", () => {
    const { registry, pidFile } = open();
    const leave = add(registry, P);
    registry.on("exit", () => {
      if (registry.size() === 0) registry.register(P, "/again", bare());
    });
    leave();
    expect(rows(pidFile)).toMatchObject([{ pid: P, cwd: "/again" }]);
  });

  it("that throws corrupts nothing", async () => {
    const { stdout } = await run(process.execPath, [fixture("throwing.mjs"), newPidFile()]);
    expect(JSON.parse(stdout)).toEqual({ size: 1, pids: [R], later: [Q], linked: true });
  });
});

describe("warnings", () => {
  const damaged = () => {
    const pidFile = newPidFile();
    writePidFile(pidFile, '{"entries":[');
    return pidFile;
  };

  it("have a stable code and a sentence that names the file", () => {
    const opened = takeOver(damaged());
    expect(codes(opened)).toEqual(["HPR_ECORRUPT"]);
    expect(opened.warnings[0].message).toContain(opened.pidFile);
  });

  it("are the process's own, with their code, while nobody listens", async () => {
    const warned = once(process, "warning");
    const registry = createHeadlessPidRegistry({ pidFilePath: damaged() });
    registry.cleanupOrphans();
    registry.close();
    const [warning] = await warned;
    expect(warning).toMatchObject({ name: "HeadlessPidWarning", code: "HPR_ECORRUPT" });
  });

  it("go to the listener alone if there is one, and may re-enter", () => {
    const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
    try {
      const opened = open({ pidFilePath: damaged() });
      const seen: HeadlessWarning[] = [];
      opened.registry.on("warning", (warning) => {
        seen.push(warning);
        opened.registry.register(P, "/a", bare());
      });
      opened.registry.cleanupOrphans();
      expect(warn).not.toHaveBeenCalled();
      expect(seen).toHaveLength(1);
      expect(pids(opened.pidFile)).toEqual([P]);
    } finally {
      warn.mockRestore();
    }
  });
});

describe("close", () => {
  const calls: [string, (registry: HeadlessPidRegistry) => unknown][] = [
    ["register", (r) => r.register(P, "/a", bare())],
    ["linkByToken", (r) => r.linkByToken("t", "s")],
    ["linkByPid", (r) => r.linkByPid("s", P)],
    ["linkSession", (r) => r.linkSession("s", "/a")],
    ["getPid", (r) => r.getPid("s")],
    ["killBySessionId", (r) => r.killBySessionId("s")],
    ["killByToken", (r) => r.killByToken("t")],
    ["remove", (r) => r.remove(P)],
    ["killAll", (r) => r.killAll()],
    ["size", (r) => r.size()],
    ["cleanupOrphans", (r) => r.cleanupOrphans()],
    ["setKeeperWriter", (r) => r.setKeeperWriter(null)],
    ["entries", (r) => r.entries()],
    ["on", (r) => r.on("exit", () => {})],
    ["off", (r) => r.off("exit", () => {})],
    // Whether it throws or rejects is all the same to who awaits it.
    ["terminate", async (r) => r.terminate("s")],
  ];

  it.each(calls)("makes %s fail with a clear error", async (_, call) => {
    const { registry } = open();
    registry.close();
    const error = await (async () => call(registry))().then(
      () => undefined,
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ code: "HPR_ECLOSED" });
  });

  it("makes the keeper methods do nothing", async () => {
    const discoverExistingKeepers = vi.fn(async () => []);
    const writeRpcToSockPath = vi.fn(async () => true);
    const { registry } = open({ keeperManager: { discoverExistingKeepers, writeRpcToSockPath } });
    registry.close();
    expect(await registry.writeRpc("s", "line")).toBe(false);
    expect(await registry.cleanupKeeperOrphans()).toBeUndefined();
    expect(discoverExistingKeepers).not.toHaveBeenCalled();
    expect(writeRpcToSockPath).not.toHaveBeenCalled();
  });

  it("may be called twice, and is what a using declaration calls", () => {
    const [one, two] = [open().registry, open().registry];
    one.close();
    one.close();
    one[Symbol.dispose]();
    two[Symbol.dispose]();
    for (const registry of [one, two])
      expect(() => registry.size()).toThrow(expect.objectContaining({ code: "HPR_ECLOSED" }));
  });

  it("sends no signals and leaves the file as it is", () => {
    const { registry, pidFile } = open();
    const child = sleeper();
    registry.register(child.pid, "/a", child);
    const before = rows(pidFile);
    registry.close();
    expect(rows(pidFile)).toEqual(before);
    expect(child.killed || child.exitCode !== null).toBe(false);
  });

  it("makes later exits of its children mean nothing", async () => {
    const { registry, pidFile, exits } = open();
    const [leave, child] = [add(registry, P), sleeper()];
    registry.register(child.pid, "/a", child);
    registry.close();
    leave();
    child.kill("SIGKILL");
    await waitFor("the child's exit", () => child.signalCode !== null);
    expect(exits).toEqual([]);
    expect(pids(pidFile)).toEqual([P, child.pid]);
  });
});

describe("a closed registry", () => {
  it("leaves no descriptor, no thread and no memory behind", async () => {
    const argv = ["--expose-gc", fixture("released.mjs"), newPidFile()];
    const { stdout } = await run(process.execPath, argv);
    expect(JSON.parse(stdout)).toEqual({ descriptors: 0, threads: 0, reachable: 0 });
  });
});

describe("the event loop", () => {
  it("is not kept alive by anything", async () => {
    const orphan = await stray();
    const argv = [fixture("leaves.mjs"), newPidFile(), String(orphan)];
    const { stdout } = await run(process.execPath, argv, { timeout: 60_000 });
    expect(stdout).toBe("reclaimed 1, tracking 2\n");
  });
});
