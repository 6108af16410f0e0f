/**
 * npm run torture [-- ENDINGS [SEED]]: environments that end in any way at any moment, 1000 of them,
 * where `npm test` tries a few.
 */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { root, setup } from "./setup.mjs";

const [endings = "1000", seed] = process.argv.slice(2);
const vitest = path.join(root, "node_modules", "vitest", "vitest.mjs");

setup();
const env = { ...process.env, HPR_ENDINGS: endings, ...(seed && { HPR_SEED: seed }) };
const args = [vitest, "run", "--reporter=verbose", "test/torture.test.ts"];
process.exitCode =
  spawnSync(process.execPath, args, { cwd: root, stdio: "inherit", env }).status ?? 1;
