// A server that dies between spawn and register: the file names the token, the process carries it.
import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import { announced, dyingServer } from "./fixtures/announced.js";
import { gone, ROOT, start, startTalking } from "./fixtures/processes.js";
import { codes, newPidFile, open, rows, takeOver, temporaryFolder } from "./fixtures/registry.js";
import { holdsFor } from "./fixtures/wait.js";

/** A long token counts in every run of these tests. */
const RUN = randomUUID();

/** A server that spawns with a token's mark, says the pid, and is killed before it registers. */
async function spawningServer(
  pidFilePath: string,
  token: string,
  { command = ["sleep", "300"], register = false } = {},
): Promise<number> {
  const options = { cwd: temporaryFolder() };
  const pid = await dyingServer(
    pidFilePath,
    `const child = start(${JSON.stringify(token)}, ${JSON.stringify(command)}, ${JSON.stringify(options)});
     if (${register}) registry.register(child.pid, "/a", child, ${JSON.stringify(token)});
     say(child.pid);`,
  );
  return pid as number;
}

describe("an announced token", () => {
  it("stands in the file until its process is registered, where the original does not look", () => {
    const { registry, pidFile } = open();
    registry.spawnEnv("one");
    registry.spawnEnv("one");
    registry.spawnEnv("two");
    expect(rows(pidFile)).toEqual([]);
    expect(announced(pidFile)).toMatchObject([
      { spawnToken: "one", owner: { pid: process.pid } },
      { spawnToken: "two", owner: { pid: process.pid } },
    ]);
    const child = start(["sleep", "300"]);
    registry.register(child.pid, "/a", child, "one");
    expect(announced(pidFile)).toMatchObject([{ spawnToken: "two" }]);
    expect(rows(pidFile)).toMatchObject([{ pid: child.pid, spawnToken: "one" }]);
  });

  it("that would not fit into the file with all others is refused, and entries are written on", () => {
    const { registry, pidFile } = open();
    const announceAll = () => {
      for (let i = 0; i < 40; i++) registry.spawnEnv(`${i}`.padEnd(2 ** 19, "x"));
    };
    expect(announceAll).toThrow(RangeError);
    const child = start(["sleep", "300"]);
    registry.register(child.pid, "/a", child, "t");
    expect(rows(pidFile)).toMatchObject([{ pid: child.pid }]);
  });

  it("of another registry that lives stays, whatever is written", () => {
    const { registry, pidFile } = open();
    registry.spawnEnv("theirs");
    const other = takeOver(pidFile);
    const child = start(["sleep", "300"]);
    other.registry.register(child.pid, "/a", child, "ours");
    other.registry.spawnEnv("also ours");
    expect(
      announced(pidFile)
        .map((it) => it.spawnToken)
        .sort(),
    ).toEqual(["also ours", "theirs"]);
  });

  it.each(["a-short-one", "a-token-that-is-long-enough"])(
    "of a dead server leads to its child (%s)",
    async (token) => {
      const pidFilePath = newPidFile();
      const pid = await spawningServer(pidFilePath, token);
      const opened = takeOver(pidFilePath, { killGraceMs: 500 });
      expect(opened.registry.entries()).toMatchObject([
        { pid, spawnToken: token, kin: true, state: "live" },
      ]);
      expect(opened.registry.entries()[0].cwd).toContain(process.env.HOME);
      expect(rows(pidFilePath)).toMatchObject([
        { pid, spawnToken: token, identity: { birth: expect.any(String) } },
      ]);
      expect(announced(pidFilePath)).toEqual([]);
      expect(opened.registry.linkByToken(token, "s")).toBe(true);
      expect(opened.registry.getPid("s")).toBe(pid);
      expect((await opened.registry.terminate("s")).outcome).toBe("exited");
      await gone(pid);
      expect(codes(opened)).toEqual([]);
    },
  );

  it("leads to the topmost of those who carry it", async () => {
    const pidFilePath = newPidFile();
    const pid = await spawningServer(pidFilePath, `token-of-the-family-${RUN}`, {
      command: ["sh", "-c", "sleep 300 & setsid sleep 300 & wait"],
    });
    const { registry } = takeOver(pidFilePath, { killGraceMs: 500, tree: true });
    expect(registry.entries()).toMatchObject([{ pid }]);
    await registry.terminate({ pid });
  });

  it("of a dead server is dropped when nobody carries it", async () => {
    const pidFilePath = newPidFile();
    const pid = await spawningServer(pidFilePath, "token-of-nobody", { command: ["true"] });
    await gone(pid);
    const { registry } = takeOver(pidFilePath);
    expect(registry.entries()).toEqual([]);
    expect(announced(pidFilePath)).toEqual([]);
  });

  it("that was registered once makes no agent of what its session left behind", async () => {
    const pidFilePath = newPidFile();
    const pid = await spawningServer(pidFilePath, `token-of-a-known-one-${RUN}`, {
      register: true,
      command: ["sh", "-c", "setsid sleep 300 & sleep 0.3; exit 0"],
    });
    await gone(pid);
    const { registry } = takeOver(pidFilePath);
    await holdsFor(100, "nobody is adopted", () =>
      registry.entries().every((it) => it.pid === pid),
    );
    expect(registry.size()).toBe(0);
  });

  it("of another file is nobody's here", async () => {
    const pid = await spawningServer(newPidFile(), "short");
    const pidFilePath = newPidFile();
    await spawningServer(pidFilePath, "short", { command: ["true"] });
    const { registry } = takeOver(pidFilePath);
    expect(registry.entries()).toEqual([]);
    process.kill(pid, "SIGKILL");
  });

  it("that we carry ourselves adopts nobody", async () => {
    const pidFilePath = newPidFile();
    await spawningServer(pidFilePath, `token-that-we-carry-too-${RUN}`, { command: ["true"] });
    const code = `
      const { createHeadlessPidRegistry } = require(${JSON.stringify(ROOT)});
      const { spawn } = require("node:child_process");
      const child = spawn("sleep", ["300"], { detached: true, stdio: "ignore" });
      const registry = createHeadlessPidRegistry({ pidFilePath: ${JSON.stringify(pidFilePath)} });
      registry.cleanupOrphans();
      console.log(registry.entries().length);
      child.kill("SIGKILL");`;
    const { line } = await startTalking([process.execPath, "-e", code], {
      env: { ...process.env, ANY: `token-that-we-carry-too-${RUN}` },
    });
    expect(line).toBe("0");
  });
});
