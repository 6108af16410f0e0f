// One look for all that a session has started, among the processes of everybody else.
import { interleave } from "../rounds.mjs";
import { end } from "../stage.mjs";
import { folderOf, makers } from "../subjects.mjs";

const CROWDS = [
  { others: 500, rounds: 30 },
  { others: 5000, rounds: 10 },
];

/** The signal leaves before the call returns, and so does the look that it needs. */
function timeLook(agent, stage) {
  const registry = makers.package({ pidFilePath: stage.file("tree.json"), killGraceMs: false });
  registry.register(agent.pid, folderOf(0), agent);
  const start = performance.now();
  registry.terminate({ pid: agent.pid }, { tree: true });
  const took = performance.now() - start;
  registry.close();
  return took * 1e3;
}

export async function measureTree(stage, floor) {
  const [agent] = await stage.spawnAgents(1, "deaf");
  const rows = [];
  for (const { others, rounds } of CROWDS) {
    const [crowd] = await stage.spawnAgents(1, "crowd", others);
    const times = await interleave(rounds, {
      package: () => timeLook(agent, stage),
      floor: () => floor.ask("look"),
    });
    process.kill(-crowd.pid, "SIGKILL");
    rows.push({ name: `a look for a tree, ${others} others`, live: 1, unit: "µs", times });
  }
  await end([agent]);
  return rows;
}
