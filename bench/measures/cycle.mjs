// What one agent costs over its life: its registration and its exit, each with the file.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { statSync } from "node:fs";
import { interleave } from "../rounds.mjs";
import { end } from "../stage.mjs";
import { fillWithAgents, folderOf, makers } from "../subjects.mjs";

const SIZES = [
  { live: 10, rounds: 300, faster: 4 },
  { live: 100, rounds: 300, faster: 8 },
  { live: 1000, rounds: 200, faster: 25 },
];

/** The child is real and so is its exit; only the registry's own share of both is timed. */
async function timeCycle(registry, stage) {
  const [child] = await stage.spawnAgents(1);
  const token = randomUUID();
  const start = performance.now();
  registry.register(child.pid, folderOf(0), child, token);
  let took = performance.now() - start;
  let exitStart;
  child.prependListener("exit", () => (exitStart = performance.now()));
  child.on("exit", () => (took += performance.now() - exitStart));
  child.kill("SIGKILL");
  await once(child, "exit");
  return took * 1e3;
}

/** The same story, so that the floor too begins each half after a wait, with cold caches. */
async function timeFloor(floor, stage, bytes) {
  const [child] = await stage.spawnAgents(1);
  const file = stage.file("floor.json");
  const first = await floor.ask("register", child.pid, file, bytes.with);
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
  return first + (await floor.ask("exit", file, bytes.without));
}

async function measureAt({ live, rounds, faster }, stage, floor) {
  const agents = await stage.spawnAgents(live);
  const files = { package: stage.file("package.json"), baseline: stage.file("baseline.json") };
  const registries = {};
  for (const name of Object.keys(makers)) {
    registries[name] = makers[name]({ pidFilePath: files[name] });
    fillWithAgents(registries[name], agents);
  }
  const without = statSync(files.package).size;
  const bytes = { without, with: Math.round((without * (live + 1)) / live) };
  const times = await interleave(rounds, {
    package: () => timeCycle(registries.package, stage),
    baseline: () => timeCycle(registries.baseline, stage),
    floor: () => timeFloor(floor, stage, bytes),
  });
  registries.package.close();
  await end(agents);
  return { name: "register + exit", live, unit: "µs", times, faster, overFloor: 1.5 };
}

export async function measureCycles(stage, floor) {
  const rows = [];
  for (const size of SIZES) rows.push(await measureAt(size, stage, floor));
  return rows;
}
