// How long a server with a thousand agents is deaf to everything else while agents come and go.
import { once } from "node:events";
import { setImmediate as turn } from "node:timers/promises";
import { interleave } from "../rounds.mjs";
import { end } from "../stage.mjs";
import { closeAll, fillWithAgents, folderOf, openAll } from "../subjects.mjs";

const LIVE = 1000;
const COME_AND_GO = 20;
const ROUNDS = 15;

/** The longest time between two turns of the loop, which never sleeps meanwhile. */
function watchLoop() {
  let [longest, last, watching] = [0, performance.now(), true];
  const look = () => {
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    if (watching) setImmediate(look);
  };
  setImmediate(look);
  return () => {
    watching = false;
    return longest * 1e3;
  };
}

async function timeLongest(registry, stage) {
  const agents = await stage.spawnAgents(COME_AND_GO);
  const stop = watchLoop();
  for (const agent of agents) {
    await turn();
    registry?.register(agent.pid, folderOf(0), agent);
    await turn();
    agent.kill("SIGKILL");
    await once(agent, "exit");
  }
  return stop();
}

export async function measureBlock(stage) {
  const agents = await stage.spawnAgents(LIVE);
  const registries = openAll(stage, "block");
  for (const registry of Object.values(registries)) fillWithAgents(registry, agents);
  const times = await interleave(ROUNDS, {
    package: () => timeLongest(registries.package, stage),
    baseline: () => timeLongest(registries.baseline, stage),
    floor: () => timeLongest(undefined, stage), // Node's own
  });
  closeAll(registries);
  await end(agents);
  return [{ name: "longest block of the event loop", live: LIVE, unit: "µs", times }];
}
