// A hundred agents end at the same time, and their server is told of all in one turn of its loop.
import { statSync } from "node:fs";
import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { interleave } from "../rounds.mjs";
import { end, pause } from "../stage.mjs";
import { fillWithAgents, makers, writesOf } from "../subjects.mjs";

const EXITS = 100;
const LIVE = 100; // that stay
const ROUNDS = 15;

const hasEnded = (pid) => / Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));

/** Ended, but Node has not heard of it: the loop is not let go. */
function killUnheard(agents) {
  for (const agent of agents) agent.kill("SIGKILL");
  while (!agents.every(({ pid }) => hasEnded(pid)));
}

async function timeBurst(registry, agents, countWrites) {
  fillWithAgents(registry, agents);
  await readFile("/dev/null"); // what follows comes before the loop's turn ends
  killUnheard(agents);
  const before = countWrites();
  const start = performance.now();
  for (const agent of agents) agent.emit("exit", null, "SIGKILL");
  await new Promise((resolve) => setImmediate(resolve));
  const took = (performance.now() - start) * 1e3;
  const writes = countWrites() - before;
  for (const agent of agents) agent.removeAllListeners("exit");
  while (agents.some(({ signalCode }) => signalCode === null)) await pause(1);
  return { took, writes };
}

export async function measureBurst(stage, floor) {
  const stay = await stage.spawnAgents(LIVE);
  const file = stage.file("burst-package.json");
  const ours = makers.package({ pidFilePath: file });
  const theirs = makers.baseline({ pidFilePath: stage.file("burst-baseline.json") });
  for (const registry of [ours, theirs]) fillWithAgents(registry, stay);
  const bytes = statSync(file).size * 2;
  const row = Math.round(bytes / (LIVE + EXITS));
  const bursts = await interleave(ROUNDS, {
    package: async () => timeBurst(ours, await stage.spawnAgents(EXITS), () => writesOf(file)),
    baseline: async () => timeBurst(theirs, await stage.spawnAgents(EXITS), theirs.writes),
    floor: async () => ({
      took: await floor.ask("exits", stage.file("burst-floor.json"), bytes, row, EXITS),
    }),
  });
  ours.close();
  await end(stay);
  const times = Object.fromEntries(
    Object.entries(bursts).map(([kind, all]) => [kind, all.map(({ took }) => took)]),
  );
  const writes = Math.max(...bursts.package.map((it) => it.writes));
  const name = `${EXITS} exits in one turn`;
  return [{ name, live: LIVE, unit: "µs", times, writes, wants: { faster: 15, writes: 2 } }];
}
