import { execFile } from "node:child_process";
import { describe, expect, it } from "vitest";
import { fixture } from "./fixtures/processes.js";
import { newPidFile } from "./fixtures/registry.js";

/** Each way to end, and the status that the program or the worker has chosen. */
const WAYS: [how: string, status: number][] = [
  ["natural", 0],
  ["killAll", 0],
  ["close", 0],
  ["exit", 7],
  ["exitInListener", 7],
  ["throw", 1],
  ["throwInListener", 1],
  ["closeInListener", 0],
  ["closeInAnswer", 7],
  ["exitInWarning", 7],
  ["closeInWarning", 0],
  ["closeInTimer", 0],
  ["closeInHook", 0],
  ["endAllInTimer", 0],
];

/** What became of the program, and what it has said. */
function run(what: { how?: string; workers?: string[] }): Promise<unknown> {
  const argument = JSON.stringify({ ...what, pidFilePath: newPidFile() });
  const argv = ["--expose-gc", fixture("ending.mjs"), argument];
  return new Promise((resolve) => {
    execFile(process.execPath, argv, { timeout: 60_000 }, (error, stdout) =>
      resolve({ status: error?.code ?? 0, signal: error?.signal ?? null, stdout }),
    );
  });
}

describe("an environment that ends while watches fire", () => {
  it.each(WAYS)("(%s) has its own status, %i, and the last word", async (how, status) => {
    expect(await run({ how })).toEqual({ status, signal: null, stdout: "" });
  });

  it("leaves the server alive if it is a worker's", async () => {
    const ways: typeof WAYS = [...WAYS, ["terminated", 1]];
    const stdout = ways.map((it) => `${it.join(" ")}\n`).join("");
    expect(await run({ workers: ways.map(([how]) => how) })).toEqual({
      status: 0,
      signal: null,
      stdout,
    });
  });
});

describe("an open registry that nobody can reach any more", () => {
  it("is garbage, and so is its thread", async () => {
    expect(await run({ how: "dropped" })).toEqual({ status: 0, signal: null, stdout: "" });
  });
});
