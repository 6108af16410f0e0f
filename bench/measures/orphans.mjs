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

function floorFile(left, stage) {
  const bytes = statSync(left.files.package).size;
  return [stage.file("heir-floor.json"), bytes, Math.round(bytes / LIVE)];
}

async function measureStart(left, stage, floor) {
  const times = await interleave(ROUNDS, {
    package: () => timeStart("package", left, stage),
    baseline: () => timeStart("baseline", left, stage),
    floor: () => floor.ask("orphans", ...floorFile(left, stage), ...left.pids),
  });
  const wants = { faster: 0.5, overFloor: 1.6 }; // it verifies; the original does not
  return { name: "cleanupOrphans", live: LIVE, unit: "µs", times, wants };
}

/** As the agents' log has it, in microseconds. */
function clock() {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + nanoseconds / 1e3;
}

/** From the agent's own last clock reading to the event, which comes when the file is written. */
async function measureExits(left, stage, floor) {
  const registry = succeed("package", left, stage);
  const told = new Map();
  registry.on("exit", ({ pid }) => told.set(pid, clock()));
  registry.cleanupOrphans();
  const pids = left.pids.values();
  const since = (pid, at) => at - stage.endings().get(pid) / 1e3;
  const times = await interleave(ROUNDS, {
    package: async () => {
      const { value: pid } = pids.next();
      process.kill(pid, "SIGTERM");
      while (!told.has(pid)) await pause(1);
      return since(pid, told.get(pid));
    },
    floor: async () => {
      const [agent] = await stage.spawnAgents(1);
      const told = await floor.ask("removal", ...floorFile(left, stage), agent.pid);
      return since(agent.pid, told);
    },
  });
  registry.close();
  const wants = { overFloor: 1.5 };
  return { name: "exit to removal, reclaimed", live: LIVE, unit: "µs", times, wants, never: true };
}

export async function measureOrphans(stage, floor) {
  const left = await abandon(stage);
  try {
    return [await measureStart(left, stage, floor), await measureExits(left, stage, floor)];
  } finally {
    const ended = stage.endings();
    for (const pid of left.pids) if (!ended.has(pid)) process.kill(pid, "SIGTERM");
  }
}
