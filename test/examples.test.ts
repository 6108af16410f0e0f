import { type ChildProcess, execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { exited, gone, isAlive, ROOT, startTalking } from "./fixtures/processes.js";
import { temporaryFolder } from "./fixtures/registry.js";
import { waitFor } from "./fixtures/wait.js";

const example = (name: string): string => join(ROOT, "examples", `${name}.mjs`);

/** Runs an example to its end, in a folder; what it printed. */
async function run(cwd: string, name: string, ...args: string[]): Promise<string> {
  const options = { cwd, timeout: 60_000 };
  return (await promisify(execFile)(process.execPath, [example(name), ...args], options)).stdout;
}

/** A running examples/server.mjs. */
async function serve(cwd: string): Promise<{ server: ChildProcess; url: string; said: string[] }> {
  const argv = [process.execPath, example("server"), "0"];
  const { child, line, lines } = await startTalking(argv, { cwd });
  return { server: child, url: line, said: lines };
}

const ask = async <T>(url: string, method = "GET"): Promise<T> =>
  (await fetch(url, { method })).json() as Promise<T>;

async function crash(server: ChildProcess): Promise<void> {
  server.kill("SIGKILL");
  await exited(server);
}

describe("examples/server.mjs", () => {
  it("takes its agents over after a crash, and ends them", async () => {
    const cwd = temporaryFolder();
    const first = await serve(cwd);
    const { pid } = await ask<{ pid: number }>(first.url, "POST");
    await crash(first.server);
    expect(isAlive(pid)).toBe(true);

    const second = await serve(cwd);
    expect(await ask(second.url)).toMatchObject([{ pid, state: "live", kin: true }]);
    expect(await ask(`${second.url}/${pid}`, "DELETE")).toMatchObject({ pid, outcome: "exited" });
    expect(isAlive(pid)).toBe(false);
    await waitFor("the exit to be told", () => second.said.includes(`agent ${pid} is gone`));
    await crash(second.server);
  });
});

describe("examples/keepers.mjs", () => {
  it("finds the keeper of the call before", async () => {
    const cwd = temporaryFolder();
    const first = await run(cwd, "keepers", "one", '{"id":1,"type":"get_state"}');
    await run(cwd, "keepers", "one", '{"id":2,"type":"get_state"}');
    const answers = (): unknown[] =>
      readFileSync(join(cwd, "sessions", "one.rpc.sock.log"), "utf8")
        .split("\n")
        .filter((line) => line.includes('"response"'))
        .map((line) => JSON.parse(line));
    await waitFor("both answers", () => answers().length === 2);
    const [, keeper] = /^pid (\d+) has got the line\n$/.exec(first) ?? [];
    expect(await run(cwd, "clean-up", "agents.json")).toContain(`pid ${keeper}: exited`);
    await gone(Number(keeper));
  });
});

describe("examples/clean-up.mjs", () => {
  it("ends what a dead server has left, and leaves a living server's agents alone", async () => {
    const cwd = temporaryFolder();
    const [dead, living] = [await serve(cwd), await serve(cwd)];
    const left = await ask<{ pid: number }>(dead.url, "POST");
    const kept = await ask<{ pid: number }>(living.url, "POST");
    living.server.kill("SIGSTOP"); // else it would take over what the other one leaves
    await crash(dead.server);
    const said = await run(cwd, "clean-up", "agents.json");
    expect(said).toContain(`pid ${left.pid}: exited`);
    expect(said).toMatch(new RegExp(`^pid ${kept.pid} in .* was left alone$`, "m"));
    expect([isAlive(left.pid), isAlive(kept.pid)]).toEqual([false, true]);
    living.server.kill("SIGCONT");
    await crash(living.server);
  });
});
