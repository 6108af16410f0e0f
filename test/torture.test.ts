import { execFile } from "node:child_process";
import { expect, it } from "vitest";
import { fixture } from "./fixtures/processes.js";
import { temporaryFolder } from "./fixtures/registry.js";

/** HPR_ENDINGS: how many environments end; HPR_SEED: what chooses how, to play a failure again. */
const ENDINGS = Number(process.env.HPR_ENDINGS ?? 60);
const SEED = Number(process.env.HPR_SEED ?? Date.now() % 1_000_000);
const WORKERS = 14; // in each program, which is an environment too
const BOUND_MS = 60_000;

function endOne(seed: number): Promise<unknown> {
  const argument = JSON.stringify({ seed, count: WORKERS, folder: temporaryFolder() });
  const argv = ["--expose-gc", fixture("torture.mjs"), argument];
  return new Promise((resolve) => {
    execFile(process.execPath, argv, { timeout: BOUND_MS }, (error, stdout, stderr) => {
      const status = error?.code ?? 0;
      const asSaid = stdout === `${status}\n` && !error?.signal;
      resolve(asSaid || { seed, status, signal: error?.signal, stdout, stderr });
    });
  });
}

const programs = Math.ceil(ENDINGS / (WORKERS + 1));
it(
  `${ENDINGS} environments end in any way at any moment (seed ${SEED})`,
  async () => {
    for (let i = 0; i < programs; i++) expect(await endOne(SEED + i)).toBe(true);
  },
  programs * BOUND_MS,
);
