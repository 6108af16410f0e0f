// What requiring the package costs a server that starts, measured in fresh processes.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { interleave } from "../rounds.mjs";
import { root } from "../../scripts/setup.mjs";

const ROUNDS = 30;

const script = `
  const start = performance.now();
  require(${JSON.stringify(root)});
  console.log((performance.now() - start) * 1e3);`;

export async function measureLoad() {
  const times = await interleave(ROUNDS, {
    package: async () =>
      Number((await promisify(execFile)(process.execPath, ["-e", script])).stdout),
  });
  return [{ name: "require()", live: 0, unit: "µs", times, wants: { median: 2000 } }];
}
