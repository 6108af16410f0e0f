// A thousand registrations one after the other: how long one of them can hold up the event loop.
import { randomUUID } from "node:crypto";
import { interleave } from "../rounds.mjs";
import { end } from "../stage.mjs";
import { folderOf, makers } from "../subjects.mjs";

const LIVE = 1000;
const ROUNDS = 12;

function timeStorm(name, agents, stage, round) {
  const registry = makers[name]({ pidFilePath: stage.file(`storm-${name}-${round}.json`) });
  const stormStart = performance.now();
  let longest = 0;
  agents.forEach((agent, i) => {
    const start = performance.now();
    registry.register(agent.pid, folderOf(i), agent, randomUUID());
    longest = Math.max(longest, performance.now() - start);
  });
  const whole = performance.now() - stormStart;
  registry.close?.();
  for (const agent of agents) agent.removeAllListeners("exit");
  return { longest: longest * 1e3, whole: whole * 1e3 };
}

export async function measureStorm(stage) {
  const agents = await stage.spawnAgents(LIVE);
  const storms = await interleave(ROUNDS, {
    package: (round) => timeStorm("package", agents, stage, round),
    baseline: (round) => timeStorm("baseline", agents, stage, round),
  });
  await end(agents);
  const of = (what) => ({
    package: storms.package.map((storm) => storm[what]),
    baseline: storms.baseline.map((storm) => storm[what]),
  });
  return [
    {
      name: "1000 registrations, longest one",
      live: LIVE,
      unit: "µs",
      times: of("longest"),
      faster: 1,
    },
    { name: "1000 registrations, all", live: LIVE, unit: "µs", times: of("whole") },
  ];
}
