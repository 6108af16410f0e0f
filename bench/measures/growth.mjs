// What a change costs when more and more entries are there, up to the most that the file can hold.
import { interleave, ratio } from "../rounds.mjs";
import { end } from "../stage.mjs";
import { deadPid, folderOf, makers } from "../subjects.mjs";
import { timeWarm } from "./cycle.mjs";
import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";

const SIZES = [10, 100, 1000, 10_000, 100_000];
const ROUNDS = 20;
const PATIENCE_MS = 60_000; // to fill one registry

/** How many entries it has taken, and why no more; undefined: all. */
function fill(registry, count) {
  const start = performance.now();
  for (let i = 0; i < count; i++) {
    if (performance.now() - start > PATIENCE_MS) return `${i} in ${PATIENCE_MS / 1000} s`;
    try {
      registry.register(deadPid(i), folderOf(i), new EventEmitter(), randomUUID());
    } catch (error) {
      if (error.code !== "ERR_OUT_OF_RANGE") throw error;
      return `${i}: the file's limit of 16 MiB refuses more`;
    }
  }
  return undefined;
}

export async function measureGrowth(stage) {
  const [agent] = await stage.spawnAgents(1);
  const registries = SIZES.map((live) =>
    makers.package({ pidFilePath: stage.file(`growth-${live}.json`) }),
  );
  const ends = SIZES.map((live, i) => fill(registries[i], live));
  const filled = registries.filter((_, i) => !ends[i]);
  const times = await interleave(
    ROUNDS,
    Object.fromEntries(filled.map((it, i) => [SIZES[i], () => timeWarm(it, agent)])),
  );
  for (const registry of registries) registry.close();
  await end([agent]);
  return SIZES.map((live, i) => ({
    name: "growth of a change",
    live,
    unit: "µs",
    times: { package: times[live] ?? [] },
    ...(times[live] && i > 0 && { growth: ratio(times[live], times[SIZES[0]]) }),
    ...(ends[i] && { note: ends[i] }),
    ...(live === 10_000 && { wants: { growth: 1.5 } }),
  }));
}
