import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { createHeadlessPidRegistry } from "../dist/index.js";
import type { HeadlessAuditLine, HeadlessPidRegistryOptions } from "../lib/types.js";
import { bare, deadPid, gone, ROOT, sleeper, stray, stubborn } from "./fixtures/processes.js";
import { codes, editRows, newPidFile, open, temporaryFolder } from "./fixtures/registry.js";
import { Server } from "./fixtures/server.js";
import { waitFor } from "./fixtures/wait.js";

function openAudited(options: HeadlessPidRegistryOptions = {}) {
  const auditFile = options.auditFile ?? join(temporaryFolder(), "audit.jsonl");
  return { ...open({ ...options, auditFile }), auditFile };
}

const linesOf = (file: string): HeadlessAuditLine[] =>
  existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as HeadlessAuditLine)
    : [];

describe("the audit file", () => {
  it("says who ended whom, why and how it went, without tokens", async () => {
    const { registry, pidFile, auditFile } = openAudited();
    const child = sleeper();
    registry.register(child, { cwd: "/a", spawnToken: "secret", goalId: "g" });
    registry.linkByToken("secret", "s");
    const before = Date.now();
    await registry.terminate("s", { signal: "SIGINT" });
    expect(linesOf(auditFile)).toEqual([
      {
        time: expect.any(String),
        by: { pid: process.pid, uid: process.getuid!() },
        pidFile,
        pid: child.pid,
        cwd: "/a",
        sessionId: "s",
        goalId: "g",
        why: "terminate",
        signal: "SIGINT",
        outcome: "exited",
        processes: 1,
      },
    ]);
    const { time } = linesOf(auditFile)[0];
    expect(new Date(time).toISOString()).toBe(time);
    expect(Date.parse(time)).toBeGreaterThanOrEqual(before);
    expect(readFileSync(auditFile, "utf8")).not.toContain("secret");
    expect(statSync(auditFile).mode & 0o777).toBe(0o600);
  });

  it("has a line for each way of ending", async () => {
    const { registry, auditFile } = openAudited({ killGraceMs: 50 });
    const children = [sleeper(), await stubborn(), sleeper()];
    for (const [n, child] of children.entries()) {
      registry.register(child, { cwd: "/a", spawnToken: `t${n}` });
      registry.linkByToken(`t${n}`, `s${n}`);
    }
    registry.killBySessionId("s0");
    registry.killByToken("t1");
    await waitFor("two lines", () => linesOf(auditFile).length === 2);
    registry.killAll();
    await waitFor("three lines", () => linesOf(auditFile).length === 3);
    const last = sleeper();
    registry.register(last, { cwd: "/a" });
    await registry.shutdown();
    const told = linesOf(auditFile).map(({ pid, why, outcome }) => [pid, why, outcome]);
    expect(told).toEqual([
      [children[0].pid, "kill", "exited"],
      [children[1].pid, "kill", "killed"],
      [children[2].pid, "kill-all", "exited"],
      [last.pid, "shutdown", "exited"],
    ]);
  });

  it("has none for those that end by themselves, are removed or were gone", async () => {
    const { registry, exits, auditFile } = openAudited();
    const [child, removed] = [sleeper(), sleeper()];
    registry.register(child, { cwd: "/a" });
    registry.register(removed, { cwd: "/a" });
    registry.register(deadPid(1), "/a", bare());
    child.kill("SIGKILL");
    registry.remove(removed.pid);
    await registry.terminate({ pid: deadPid(1) });
    await waitFor("the exit", () => exits.length === 1);
    registry.close();
    expect(linesOf(auditFile)).toEqual([]);
  });

  it("names what was refused", async () => {
    const { registry, auditFile } = openAudited();
    const pid = await stray();
    registry.register(pid, "/a", bare());
    await registry.terminate({ pid });
    expect(linesOf(auditFile)).toMatchObject([{ pid, outcome: "not-ours" }]);
  });

  it.each([
    ["orphan", { orphans: "end" as const }, false],
    ["resumed", {}, true],
  ])("names an end for the reason %s", async (why, options, begun) => {
    const pidFilePath = newPidFile();
    const server = await Server.start({ pidFilePath, killGraceMs: false });
    const { pid } = await server.spawn({ token: "t" });
    await server.call("linkByToken", "t", "s");
    server.child.kill("SIGSTOP");
    if (begun) editRows(pidFilePath, (row) => void (row.terminating = true));
    await server.crash();
    const { registry, auditFile } = openAudited({ pidFilePath, ...options });
    registry.cleanupOrphans();
    await gone(pid);
    await waitFor("the line", () => linesOf(auditFile).length === 1);
    expect(linesOf(auditFile)).toMatchObject([{ pid, sessionId: "s", why, outcome: "exited" }]);
  });

  it("has a line for what was not seen to end before the registry was closed", async () => {
    const { registry, auditFile } = openAudited({ killGraceMs: false });
    const child = await stubborn();
    registry.register(child, { cwd: "/a" });
    registry.killAll();
    expect(linesOf(auditFile)).toEqual([]);
    registry.close();
    expect(linesOf(auditFile)).toMatchObject([
      { pid: child.pid, why: "kill-all", outcome: "unknown", processes: 1 },
    ]);
  });

  it.each(["before", "in", "never"])(
    "has one line for each when the program ends with killAll (registered its listener %s)",
    (when) => {
      const [pidFile, auditFile] = [newPidFile(), join(temporaryFolder(), "audit.jsonl")];
      const script = `
        const { spawn } = require("node:child_process");
        const { createHeadlessPidRegistry } = require(${JSON.stringify(ROOT)});
        const [pidFilePath, auditFile, when] = process.argv.slice(1);
        let registry;
        const end = () => registry.killAll();
        if (when === "before") process.on("exit", end);
        registry = createHeadlessPidRegistry({ pidFilePath, auditFile });
        if (when === "in") process.on("exit", end);
        for (let i = 0; i < 2; i++) {
          const child = spawn("sleep", ["300"], { detached: true, stdio: "ignore" });
          registry.register(child, { cwd: "/a" });
        }
        if (when === "never") end();
        process.exit();`;
      execFileSync(process.execPath, ["-e", script, pidFile, auditFile, when]);
      expect(linesOf(auditFile)).toMatchObject([
        { why: "kill-all", outcome: "unknown" },
        { why: "kill-all", outcome: "unknown" },
      ]);
    },
  );

  it("can be rotated", async () => {
    const { registry, auditFile } = openAudited();
    for (const name of ["one", "two"]) {
      const child = sleeper();
      registry.register(child, { cwd: `/${name}` });
      await registry.terminate({ pid: child.pid });
      if (name === "one") renameSync(auditFile, `${auditFile}.1`);
    }
    expect(linesOf(`${auditFile}.1`)).toMatchObject([{ cwd: "/one" }]);
    expect(linesOf(auditFile)).toMatchObject([{ cwd: "/two" }]);
  });

  it("that cannot be written is told once, and then again when it has worked meanwhile", async () => {
    const opened = openAudited();
    const { registry, auditFile } = opened;
    const end = async (): Promise<void> => {
      const child = sleeper();
      registry.register(child, { cwd: "/a" });
      expect(await registry.terminate({ pid: child.pid })).toMatchObject({ outcome: "exited" });
    };
    renameSync(dirname(auditFile), `${dirname(auditFile)}-away`);
    await end();
    await end();
    expect(codes(opened)).toEqual(["HPR_ENOENT"]);
    expect(opened.warnings[0].message).toContain(auditFile);
    mkdirSync(dirname(auditFile));
    await end();
    renameSync(dirname(auditFile), `${dirname(auditFile)}-away-too`);
    await end();
    expect(codes(opened)).toEqual(["HPR_ENOENT", "HPR_ENOENT"]);
  });

  it.each<[string, (file: string) => void]>([
    ["a link", (file) => symlinkSync(`${file}.elsewhere`, file)],
    ["a pipe", (file) => execFileSync("mkfifo", [file])],
    ["a device", (file) => symlinkSync("/dev/null", file)],
  ])("is never %s", async (_, make) => {
    const auditFile = join(temporaryFolder(), "audit.jsonl");
    writeFileSync(`${auditFile}.elsewhere`, "");
    make(auditFile);
    const opened = openAudited({ auditFile });
    const child = sleeper();
    opened.registry.register(child, { cwd: "/a" });
    await opened.registry.terminate({ pid: child.pid });
    expect(codes(opened)).toEqual(["HPR_EUNSAFE"]);
    expect(readFileSync(`${auditFile}.elsewhere`, "utf8")).toBe("");
  });

  it("keeps the mode that it was given by others", async () => {
    const { registry, auditFile } = openAudited();
    writeFileSync(auditFile, "");
    chmodSync(auditFile, 0o640);
    const child = sleeper();
    registry.register(child, { cwd: "/a" });
    await registry.terminate({ pid: child.pid });
    expect(statSync(auditFile).mode & 0o777).toBe(0o640);
    expect(linesOf(auditFile)).toHaveLength(1);
  });

  it("is another file than the pid file, and a path", () => {
    const pidFilePath = newPidFile();
    const create = (auditFile: unknown) => () =>
      createHeadlessPidRegistry({ pidFilePath, auditFile: auditFile as string });
    expect(create(pidFilePath)).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARG_VALUE" }));
    expect(create(5)).toThrow(expect.objectContaining({ code: "ERR_INVALID_ARG_TYPE" }));
    expect(create("")).toThrow(/auditFile/);
  });

  it("costs no listener of the process for each registry", () => {
    const before = process.listenerCount("exit");
    const registries = Array.from({ length: 20 }, () => openAudited().registry);
    expect(process.listenerCount("exit")).toBeLessThanOrEqual(before + 1);
    for (const registry of registries) registry.close();
    expect(process.listenerCount("exit")).toBe(before);
  });
});
