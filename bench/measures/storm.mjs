// A thousand registrations one after the other, and how long one of them can hold up the event loop.
import { randomUUID } from "node:crypto";
import { statSync } from "node:fs";
import { alternatives } from "../alternatives.mjs";
import { interleave } from "../rounds.mjs";
import { end } from "../stage.mjs";
import { folderOf, makers } from "../subjects.mjs";

const LIVE = 1000;
const ROUNDS = 12;

function timeStorm(make, agents, file) {
  const registry = make({ pidFilePath: file });
  const stormStart = performance.now();
  let longest = 0;
  agents.forEach((agent, i) => {
    const start = performance.now();
    registry.register(agent.pid, folderOf(i), agent, randomUUID());
    longest = Math.max(longest, performance.now() - start);
  });
  const whole = performance.now() - stormStart;
  registry.close?.();
  const bytes = statSync(file, { throwIfNoEntry: false })?.size;
  for (const agent of agents) agent.removeAllListeners("exit");
  return { longest: longest * 1e3, whole: whole * 1e3, bytes };
}

export async function measureStorm(stage, floor) {
  const agents = await stage.spawnAgents(LIVE);
  const file = (kind, round) => stage.file(`storm-${kind}-${round}.json`);
  const { bytes = 0 } = timeStorm(makers.package, agents, file("first", 0));
  const subjects = Object.entries({ ...makers, ...alternatives() }).map(([kind, make]) => [
    kind,
    (round) => timeStorm(make, agents, file(kind, round)),
  ]);
  const timeFloor = async () => {
    const pids = agents.map(({ pid }) => pid);
    const words = [stage.file("storm-floor.json"), bytes, Math.round(bytes / LIVE), ...pids];
    return { whole: await floor.ask("storm", ...words) };
  };
  const storms = await interleave(ROUNDS, { ...Object.fromEntries(subjects), floor: timeFloor });
  await end(agents);
  const of = (what, kinds = Object.keys(storms)) =>
    Object.fromEntries(kinds.map((kind) => [kind, storms[kind].map((storm) => storm[what])]));
  const row = (name, times, wants) => ({ name, live: LIVE, unit: "µs", times, wants });
  return [
    row("1000 registrations, all", of("whole"), { faster: 15, overFloor: 1.5 }),
    row("1000 registrations, longest one", of("longest", Object.keys(makers)), { faster: 1 }),
  ];
}
