/**
 * npm run bench -- [--only NAME] [--quick] [--docs]: this package against the original and against
 * the system calls that the work cannot avoid. A whole run is kept in bench/results; --docs writes
 * docs/performance.md from it. --quick: a tenth of the rounds, to see that all of it works.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { root, setup } from "../scripts/setup.mjs";
import { writeDocs } from "./docs.mjs";
import { describeMachine } from "./machine.mjs";
import { alternativesOf, captionOf, evaluate, tableOf } from "./report.mjs";
import { measureLess } from "./rounds.mjs";
import { buildPrograms, Floor, Stage } from "./stage.mjs";

const MEASURES = {
  cycle: async () => (await import("./measures/cycle.mjs")).measureCycles,
  growth: async () => (await import("./measures/growth.mjs")).measureGrowth,
  storm: async () => (await import("./measures/storm.mjs")).measureStorm,
  burst: async () => (await import("./measures/burst.mjs")).measureBurst,
  block: async () => (await import("./measures/block.mjs")).measureBlock,
  killall: async () => (await import("./measures/killall.mjs")).measureKillAll,
  orphans: async () => (await import("./measures/orphans.mjs")).measureOrphans,
  terminate: async () => (await import("./measures/terminate.mjs")).measureTerminate,
  tree: async () => (await import("./measures/tree.mjs")).measureTree,
  lookups: async () => (await import("./measures/lookups.mjs")).measureLookups,
  memory: async () => (await import("./measures/memory.mjs")).measureMemory,
  load: async () => (await import("./measures/load.mjs")).measureLoad,
};

async function measureAll(names) {
  const stage = new Stage();
  const floor = new Floor();
  const machine = describeMachine(root, stage.folder, values.quick ? "a tenth of all" : "all");
  const rows = [];
  try {
    for (const name of names) {
      console.error(`bench: ${name} …`);
      const measure = await MEASURES[name]();
      rows.push(...(await measure(stage, floor)).map(evaluate));
    }
  } finally {
    floor.close();
    stage.close();
  }
  return { machine, rows };
}

function keep(results) {
  const folder = path.join(root, "bench", "results");
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "results.json"), `${JSON.stringify(results, null, 1)}\n`);
}

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    quick: { type: "boolean" },
    docs: { type: "boolean" },
  },
});
if (values.only && !(values.only in MEASURES))
  throw new Error(`--only must be one of ${Object.keys(MEASURES).join(", ")}`);
if (values.quick) measureLess(0.1);
setup();
buildPrograms();
const results = await measureAll(values.only ? [values.only] : Object.keys(MEASURES));
const { machine, rows } = results;
console.log([tableOf(rows), alternativesOf(rows), captionOf(machine)].filter(Boolean).join("\n\n"));
if (!values.only && !values.quick) keep(results);
if (values.docs && !values.only) writeDocs(results);
process.exit(); // the leash is let go: whatever agent is left ends with it
