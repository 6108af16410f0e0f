import type { ChildProcess } from "node:child_process";
import { EventEmitter } from "node:events";
import { existsSync, mkdirSync, readdirSync, statSync, unlinkSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { createHeadlessPidRegistry, keeperOptsFromSpawnResult } from "../dist/index.js";
import { bare, deadPid } from "./fixtures/processes.js";
import { codes, newPidFile, open, pids, rows, temporaryFolder } from "./fixtures/registry.js";

const [P, Q, R] = [deadPid(1), deadPid(2), deadPid(3)];
const permissions = (path: string): number => statSync(path).mode & 0o777;

describe("register", () => {
  it("touches no file before there is something to write", () => {
    const { registry, pidFile } = open();
    expect(registry.size()).toBe(0);
    expect(existsSync(dirname(pidFile))).toBe(false);
  });

  it("has written the entry when it returns", () => {
    const { registry, pidFile } = open();
    const before = Date.now();
    registry.register(P, "/a", bare(), "token-1");
    const after = Date.now();
    expect(registry.size()).toBe(1);
    const [row] = rows(pidFile);
    expect(row).toMatchObject({ pid: P, cwd: "/a", spawnToken: "token-1" });
    expect(row.spawnedAt).toBe(new Date(row.spawnedAt).toISOString());
    expect(Date.parse(row.spawnedAt)).toBeGreaterThanOrEqual(before);
    expect(Date.parse(row.spawnedAt)).toBeLessThanOrEqual(after);
  });

  it("writes the original module's fields, and no absent ones", () => {
    const { registry, pidFile } = open();
    registry.register(P, "/a", bare());
    const keeperSockPath = "/run/keeper.sock";
    registry.register(Q, "/b", bare(), "t", { keeperPid: Q, keeperSockPath });
    const [plain, kept] = rows(pidFile);
    const original = ["pid", "cwd", "spawnedAt", "spawnToken", "keeperPid", "keeperSockPath"];
    expect(Object.keys(plain).slice(0, 3)).toEqual(original.slice(0, 3));
    expect(Object.keys(kept).slice(0, 6)).toEqual(original);
    for (const field of ["spawnToken", "piPid", "keeperPid", "keeperSockPath", "terminating"])
      expect(plain).not.toHaveProperty(field);
    expect(kept).toMatchObject({ pid: Q, spawnToken: "t", keeperPid: Q, keeperSockPath });
  });

  it("takes what has no method but on for a child, as the original does", () => {
    const { registry, pidFile } = open();
    const listeners: Array<(code: number) => void> = [];
    const on = (_event: string, listener: (code: number) => void) => listeners.push(listener);
    const mock = { on } as unknown as ChildProcess;
    registry.register(P, "/a", mock);
    registry.register(P, "/b", mock);
    expect(listeners).toHaveLength(1);
    registry.register(Q, "/a", { on: () => {} } as unknown as ChildProcess);
    listeners[0](0);
    expect(pids(pidFile)).toEqual([Q]);
    registry.remove(Q);
    expect(registry.size()).toBe(0);
    registry.close();
  });

  it.each<[string, (emitter: EventEmitter) => object]>([
    ["an emitter behind it", (it) => ({ on: it.on.bind(it), listeners: it.listeners.bind(it) })],
    ["what it inherits from", (it) => Object.create(it) as object],
    ["what it is a proxy of", (it) => new Proxy(Object.assign(it, { pid: P }), {})],
    ["a mock that answers nothing", (it) => ({ on: it.on.bind(it), listeners: () => undefined })],
  ])("hears an exit that is emitted by %s", (_, standIn) => {
    const { registry, pidFile } = open();
    const emitter = new EventEmitter();
    registry.register(P, "/a", standIn(emitter) as ChildProcess);
    registry.register(Q, "/a", bare());
    emitter.emit("exit", 0, null);
    expect(pids(pidFile)).toEqual([Q]);
  });

  it("counts an empty token as none", () => {
    const { registry, pidFile } = open();
    registry.register(P, "/a", bare(), "");
    expect(rows(pidFile)[0]).not.toHaveProperty("spawnToken");
    expect(registry.entries()[0].spawnToken).toBeUndefined();
  });

  it("keeps the order of registration in entries and file", () => {
    const { registry, pidFile } = open();
    for (const pid of [Q, P, R]) registry.register(pid, "/a", bare());
    expect(registry.entries().map((entry) => entry.pid)).toEqual([Q, P, R]);
    expect(pids(pidFile)).toEqual([Q, P, R]);
  });

  it("replaces a pid's content and keeps its place", () => {
    const { registry, pidFile } = open();
    for (const pid of [P, Q, R]) registry.register(pid, "/a", bare(), `old-${pid}`);
    registry.linkByPid("s", Q);
    registry.register(Q, "/b", bare(), "new");
    expect(registry.size()).toBe(3);
    expect(pids(pidFile)).toEqual([P, Q, R]);
    expect(rows(pidFile)[1]).toMatchObject({ cwd: "/b", spawnToken: "new" });
    expect(registry.getPid("s")).toBeUndefined();
    expect(registry.linkByToken(`old-${Q}`, "t")).toBe(false);
    expect(registry.linkByToken("new", "t")).toBe(true);
  });

  it("drops the keeper of a pid that is registered again without one", () => {
    const { registry, pidFile } = open();
    registry.register(P, "/a", bare(), "t", { keeperPid: P, keeperSockPath: "/k.sock" });
    registry.register(P, "/a", bare());
    expect(rows(pidFile)[0]).not.toHaveProperty("keeperPid");
    expect(rows(pidFile)[0]).not.toHaveProperty("keeperSockPath");
  });

  it("accepts this very process and a pid that nobody has", () => {
    const { registry, pidFile } = open();
    registry.register(process.pid, "/a", bare());
    registry.register(P, "/b", bare());
    expect(pids(pidFile)).toEqual([process.pid, P]);
  });

  it("notices the exit of an emitter", () => {
    const opened = open();
    const proc = bare();
    opened.registry.register(P, "/a", proc, "t");
    opened.registry.linkByToken("t", "s");
    proc.emit("exit", 3, null);
    expect(opened.registry.size()).toBe(0);
    expect(opened.registry.getPid("s")).toBeUndefined();
    expect(rows(opened.pidFile)).toEqual([]);
    expect(opened.exits).toMatchObject([{ pid: P, sessionId: "s", spawnToken: "t", code: 3 }]);
  });
});

describe("remove", () => {
  it("forgets an entry, in the file too", () => {
    const { registry, pidFile, exits } = open();
    registry.register(P, "/a", bare());
    registry.register(Q, "/a", bare());
    registry.remove(P);
    expect(registry.size()).toBe(1);
    expect(pids(pidFile)).toEqual([Q]);
    expect(exits).toEqual([]);
  });

  it("does not write for a pid that it does not know", () => {
    const { registry, pidFile } = open();
    registry.register(P, "/a", bare());
    const before = statSync(pidFile, { bigint: true });
    registry.remove(Q);
    const after = statSync(pidFile, { bigint: true });
    expect([after.ino, after.mtimeNs]).toEqual([before.ino, before.mtimeNs]);
  });

  it("ignores an exit that comes after it", () => {
    const { registry, pidFile } = open();
    const proc = bare();
    registry.register(P, "/a", proc);
    registry.remove(P);
    registry.register(P, "/b", bare());
    proc.emit("exit", 0, null);
    expect(rows(pidFile)).toMatchObject([{ pid: P, cwd: "/b" }]);
  });
});

describe("the pid file", () => {
  it("is private, in a private folder that is made when needed", () => {
    const { registry, pidFile } = open();
    registry.register(P, "/a", bare());
    expect(permissions(pidFile)).toBe(0o600);
    expect(permissions(dirname(pidFile))).toBe(0o700);
  });

  it("stays private whatever the umask", () => {
    const before = process.umask(0);
    onTestFinished(() => void process.umask(before));
    const { registry, pidFile } = open();
    registry.register(P, "/a", bare());
    registry.register(Q, "/a", bare());
    expect(permissions(pidFile)).toBe(0o600);
    expect(permissions(dirname(pidFile))).toBe(0o700);
  });

  it("leaves the mode of a folder alone that was there", () => {
    const folder = join(temporaryFolder(), "mine");
    mkdirSync(folder, { mode: 0o755 });
    open({ pidFilePath: join(folder, "p.json") }).registry.register(P, "/a", bare());
    expect(permissions(folder)).toBe(0o755);
  });

  it("leaves no temporary file behind", () => {
    const { registry, pidFile } = open();
    for (let i = 0; i < 20; i++) registry.register(deadPid(i), "/a", bare());
    const names = readdirSync(dirname(pidFile)).filter((name) => name.endsWith(".tmp"));
    expect(names).toEqual([]);
  });

  it("is whole JSON for a reader at any moment", () => {
    const { registry, pidFile } = open();
    for (let i = 0; i < 100; i++) {
      registry.register(deadPid(i), `/folder/${"x".repeat(i)}`, bare());
      expect(rows(pidFile)).toHaveLength(i + 1);
    }
  });

  it("takes a relative path from the folder of that moment", () => {
    const folder = temporaryFolder();
    const before = process.cwd();
    process.chdir(folder);
    const { registry } = open({ pidFilePath: "relative.json" });
    process.chdir(before);
    registry.register(P, "/a", bare());
    expect(pids(join(folder, "relative.json"))).toEqual([P]);
  });

  it("is in the home folder by default", () => {
    const registry = createHeadlessPidRegistry();
    onTestFinished(() => registry.close());
    registry.register(P, "/a", bare());
    expect(homedir()).toBe(process.env.HOME);
    expect(pids(join(homedir(), ".pi", "dashboard", "headless-pids.json"))).toEqual([P]);
  });

  it("keeps text of every alphabet and every escape", () => {
    const texts = [
      "äöü 漢字 🙂",
      'quote " backslash \\ slash /',
      "tab\tnewline\nbell\u0007",
      "\u2028",
    ];
    const { registry, pidFile } = open();
    texts.forEach((text, i) => registry.register(deadPid(i), text, bare(), text));
    expect(rows(pidFile).map((row) => row.cwd)).toEqual(texts);
    expect(rows(pidFile).map((row) => row.spawnToken)).toEqual(texts);
    expect(registry.entries().map((entry) => entry.cwd)).toEqual(texts);
  });

  it("comes back at the next change when somebody deleted it", () => {
    const opened = open({ pidFilePath: newPidFile() });
    opened.registry.register(P, "/a", bare());
    unlinkSync(opened.pidFile);
    opened.registry.register(Q, "/a", bare());
    expect(pids(opened.pidFile)).toEqual([P, Q]);
    expect(codes(opened)).toEqual([]);
  });
});

describe("keeperOptsFromSpawnResult", () => {
  it.each([
    [{}, undefined],
    [{ pid: 12 }, undefined],
    [{ keeperSockPath: "/k.sock" }, undefined],
    [{ pid: 12, keeperSockPath: "" }, undefined],
    [
      { pid: 12, keeperSockPath: "/k.sock" },
      { keeperPid: 12, keeperSockPath: "/k.sock" },
    ],
  ])("of %j is %j", (result, expected) => {
    expect(keeperOptsFromSpawnResult(result)).toEqual(expected);
  });
});
