// A server that stops asks a thousand agents to end. Here they take the signal and stay, so that all
// can be asked again.
import { interleave } from "../rounds.mjs";
import { end } from "../stage.mjs";
import { fillWithAgents, makers } from "../subjects.mjs";

const LIVE = 1000;
const ROUNDS = 10;

function timeKillAll(make, options, agents) {
  const registry = make({ killGraceMs: false, ...options });
  fillWithAgents(registry, agents);
  const start = performance.now();
  registry.killAll();
  const took = performance.now() - start;
  registry.close?.();
  for (const agent of agents) agent.removeAllListeners("exit");
  return took * 1e3;
}

export async function measureKillAll(stage, floor) {
  const agents = await stage.spawnAgents(LIVE, "deaf");
  const file = (kind) => ({ pidFilePath: stage.file(`killall-${kind}.json`) });
  const { tree, ...times } = await interleave(ROUNDS, {
    package: () => timeKillAll(makers.package, file("package"), agents),
    tree: () => timeKillAll(makers.package, { ...file("tree"), tree: true }, agents),
    baseline: () => timeKillAll(makers.baseline, file("baseline"), agents),
    floor: () => floor.ask("kill", ...agents.map(({ pid }) => pid)),
  });
  await end(agents);
  const row = (name, of, wants) => ({ name, live: LIVE, unit: "µs", times: of, wants });
  return [
    row("killAll", times, { median: 25_000, overFloor: 1.5 }),
    row("killAll with tree", { package: tree }),
  ];
}
