/** npm run sim -- [--seeds N] [--first SEED] [--steps N] [--seconds N] [--trace]: test/sim/main.cc. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { buildNative, nativeFolder } from "./native.mjs";
import { installSystemPackages } from "./setup.mjs";

installSystemPackages();
buildNative("sim");
const sim = spawnSync(path.join(nativeFolder, "sim"), process.argv.slice(2), { stdio: "inherit" });
process.exitCode = sim.status ?? 1;
