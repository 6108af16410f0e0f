// What one agent costs over its life: its registration and its exit, each with the file. Cold: a
// server's own case, with a real child and real waits between. Warm: one after the other, so that
// what a disk makes the writer wait for shows too.
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { statSync } from "node:fs";
import { alternatives } from "../alternatives.mjs";
import { interleave } from "../rounds.mjs";
import { end } from "../stage.mjs";
import { closeAll, fillWithAgents, folderOf, openAll } from "../subjects.mjs";

const SIZES = [
  { live: 10, rounds: 300, cold: { faster: 5 }, warm: { faster: 10 } },
  { live: 100, rounds: 300, cold: { faster: 6.5 }, warm: {} },
  { live: 1000, rounds: 200, cold: { faster: 18 }, warm: { faster: 60 } },
];
const BOTH = { fasterP95: 10, overFloor: 1.5 };
const WARM_BLOCK = 20; // cycles without a pause
const WARM_ROUNDS = 30;

/** The child is real and so is its exit; only the registry's own share of both is timed. */
async function timeCold(registry, stage) {
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
async function timeColdFloor(floor, stage, file) {
  const [child] = await stage.spawnAgents(1);
  const first = await floor.ask("register", ...file, child.pid);
  const exit = once(child, "exit");
  child.kill("SIGKILL");
  await exit;
  return first + (await floor.ask("exit", ...file));
}

/** An agent that is registered and removed again and again, which writes as often as an exit. */
export function timeWarm(registry, agent) {
  const token = randomUUID();
  return Array.from({ length: WARM_BLOCK }, () => {
    const start = performance.now();
    registry.register(agent.pid, folderOf(0), agent, token);
    registry.remove(agent.pid);
    const took = (performance.now() - start) * 1e3;
    agent.removeAllListeners("exit");
    return took;
  });
}

const each = (registries, time) =>
  Object.fromEntries(Object.entries(registries).map(([kind, it]) => [kind, () => time(it)]));

async function measureAt({ live, rounds, cold, warm }, stage, floor, others) {
  const [spare, ...agents] = await stage.spawnAgents(live + 1);
  const registries = openAll(stage, `cycle-${live}`, others);
  for (const registry of Object.values(registries)) fillWithAgents(registry, agents);
  const bytes = statSync(stage.file(`cycle-${live}-package.json`)).size;
  const file = [stage.file(`cycle-${live}-floor.json`), bytes, Math.round(bytes / live)];
  const coldTimes = await interleave(rounds, {
    ...each(registries, (registry) => timeCold(registry, stage)),
    floor: () => timeColdFloor(floor, stage, file),
  });
  const warmTimes = await interleave(WARM_ROUNDS, {
    ...each(registries, (registry) => timeWarm(registry, spare)),
    floor: () => floor.askAll("cycles", ...file, spare.pid, WARM_BLOCK),
  });
  closeAll(registries);
  await end([spare, ...agents]);
  const row = (name, times, wants) => ({ name, live, unit: "µs", times, wants });
  return [
    row("register + exit", coldTimes, { ...cold, ...BOTH }),
    row("register + remove, without a pause", warmTimes, { ...warm, ...BOTH }),
  ];
}

export async function measureCycles(stage, floor) {
  const others = alternatives();
  const rows = [];
  for (const size of SIZES) rows.push(...(await measureAt(size, stage, floor, others)));
  return rows;
}
