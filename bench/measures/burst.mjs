// A hundred agents end at the same time, and their server is told of all in one turn of its loop.
import { readFileSync, statSync } from "node:fs";
import { interleave } from "../rounds.mjs";
import { end } from "../stage.mjs";
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

/** From the moment when the loop goes on until it has gone round, and all exits are told. */
async function timeBurst(registry, stage, countWrites = () => 0) {
  const agents = await stage.spawnAgents(EXITS);
  if (registry) fillWithAgents(registry, agents);
  let left = EXITS;
  const allTold = new Promise((resolve) => {
    for (const agent of agents) agent.on("exit", () => --left === 0 && setImmediate(resolve));
  });
  killUnheard(agents);
  const before = countWrites();
  const start = performance.now();
  await allTold;
  return { took: (performance.now() - start) * 1e3, writes: countWrites() - before };
}

export async function measureBurst(stage, floor) {
  const stay = await stage.spawnAgents(LIVE);
  const file = stage.file("burst-package.json");
  const ours = makers.package({ pidFilePath: file });
  const theirs = makers.baseline({ pidFilePath: stage.file("burst-baseline.json") });
  for (const registry of [ours, theirs]) fillWithAgents(registry, stay);
  const bytes = statSync(file).size * 2;
  const words = [stage.file("burst-floor.json"), bytes, Math.round(bytes / (LIVE + EXITS)), EXITS];
  const bursts = await interleave(ROUNDS, {
    package: () => timeBurst(ours, stage, () => writesOf(file)),
    baseline: () => timeBurst(theirs, stage, theirs.writes),
    node: () => timeBurst(undefined, stage),
    floor: async () => ({ took: await floor.ask("exits", ...words) }),
  });
  ours.close();
  await end(stay);
  // Node's own share, which is the same for all, is taken away.
  const own = (kind) => bursts[kind].map(({ took }, i) => Math.max(1, took - bursts.node[i].took));
  const times = {
    package: own("package"),
    baseline: own("baseline"),
    floor: bursts.floor.map(({ took }) => took),
  };
  const writes = Math.max(...bursts.package.map((it) => it.writes));
  const name = `${EXITS} exits in one turn`;
  return [{ name, live: LIVE, unit: "µs", times, writes, wants: { faster: 15, writes: 2 } }];
}
