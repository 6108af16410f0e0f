// A server died and left a thousand agents: what its successor's start costs, and when it learns
// of their ends.
import { execFile } from "node:child_process";
import { copyFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { interleave } from "../rounds.mjs";
import { pause } from "../stage.mjs";
import { makers } from "../subjects.mjs";

const LIVE = 1000;
const ROUNDS = 60;
const ENDED = 500; // of them, one by one

const server = fileURLToPath(new URL("../server.mjs", import.meta.url));

/** Agents whose server is dead, and the files that it has left. */
async function abandon(stage) {
  const files = { package: stage.file("left.json"), baseline: stage.file("left-baseline.json") };
  const words = [files.package, files.baseline, stage.log, stage.leash, LIVE];
  const { stdout } = await promisify(execFile)(process.execPath, [server, ...words]);
  const pids = JSON.parse(stdout);
  await stage.ready(pids);
  return { files, pids };
}

/** A registry of a server that has just started, over a copy of what the dead one has left. */
function succeed(name, left, stage) {
  const file = stage.file(`heir-${name}.json`);
  copyFileSync(left.files[name], file);
  return makers[name]({ pidFilePath: file });
}

function timeStart(name, left, stage) {
  const registry = succeed(name, left, stage);
  const start = performance.now();
  registry.cleanupOrphans();
  const took = performance.now() - start;
  if (registry.size() !== LIVE) throw new Error(`${name} took over ${registry.size()} of ${LIVE}`);
  registry.close?.();
  return took * 1e3;
}

async function measureStart(left, stage, floor) {
  const bytes = statSync(left.files.package).size;
  const times = await interleave(ROUNDS, {
    package: () => timeStart("package", left, stage),
    baseline: () => timeStart("baseline", left, stage),
    floor: () => floor.ask("orphans", stage.file("heir-package.json"), bytes, ...left.pids),
  });
  return { name: "cleanupOrphans", live: LIVE, unit: "µs", times, faster: 5 };
}

/** From the agent's own last clock reading to the event, which comes when the file is written. */
async function measureExits(left, stage) {
  const registry = succeed("package", left, stage);
  const seen = new Map();
  registry.on("exit", ({ pid }) => seen.set(pid, Number(process.hrtime.bigint())));
  registry.cleanupOrphans();
  const ended = left.pids.slice(0, ENDED);
  for (const pid of ended) {
    process.kill(pid, "SIGTERM");
    while (!seen.has(pid)) await pause(1);
  }
  const endings = stage.endings();
  const times = { package: ended.map((pid) => (seen.get(pid) - endings.get(pid)) / 1e3) };
  registry.close();
  const limits = { median: 2000, p99: 10_000 };
  return { name: "exit to removal, reclaimed", live: LIVE, unit: "µs", times, limits, never: true };
}

export async function measureOrphans(stage, floor) {
  const left = await abandon(stage);
  try {
    return [await measureStart(left, stage, floor), await measureExits(left, stage)];
  } finally {
    const ended = stage.endings();
    for (const pid of left.pids) if (!ended.has(pid)) process.kill(pid, "SIGTERM");
  }
}
