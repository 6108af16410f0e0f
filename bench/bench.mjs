/**
 * npm run bench -- [--only NAME] [--docs]: this package against the original and against the
 * system calls that the work cannot avoid. A whole run is kept in bench/results; --docs puts its
 * figures into docs/performance.md too.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { root, setup } from "../scripts/setup.mjs";
import { chartOf } from "./chart.mjs";
import { describeMachine } from "./machine.mjs";
import { captionOf, evaluate, tableOf } from "./report.mjs";
import { Floor, Stage, buildPrograms } from "./stage.mjs";

const MEASURES = {
  cycle: async () => (await import("./measures/cycle.mjs")).measureCycles,
  lookups: async () => (await import("./measures/lookups.mjs")).measureLookups,
  orphans: async () => (await import("./measures/orphans.mjs")).measureOrphans,
  storm: async () => (await import("./measures/storm.mjs")).measureStorm,
  terminate: async () => (await import("./measures/terminate.mjs")).measureTerminate,
  memory: async () => (await import("./measures/memory.mjs")).measureMemory,
  load: async () => (await import("./measures/load.mjs")).measureLoad,
};

async function measureAll(names) {
  const stage = new Stage();
  const floor = new Floor();
  const machine = describeMachine(root, stage.folder);
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

function keep(results, table, caption) {
  const folder = path.join(root, "bench", "results");
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "results.json"), `${JSON.stringify(results, null, 1)}\n`);
  writeFileSync(path.join(folder, "results.svg"), chartOf(results.rows, caption));
  writeFileSync(path.join(folder, "results.md"), `${table}\n\n${caption}\n`);
}

function putIntoDocs(table, caption) {
  const file = path.join(root, "docs", "performance.md");
  const [begin, end] = ["<!-- bench -->\n", "<!-- /bench -->"];
  const text = readFileSync(file, "utf8");
  const [before, rest] = text.split(begin);
  const after = rest.slice(rest.indexOf(end));
  writeFileSync(file, `${before}${begin}${table}\n\n${caption}\n${after}`);
}

const { values } = parseArgs({
  options: { only: { type: "string" }, docs: { type: "boolean" } },
});
if (values.only && !(values.only in MEASURES))
  throw new Error(`--only must be one of ${Object.keys(MEASURES).join(", ")}`);
setup();
buildPrograms();
const results = await measureAll(values.only ? [values.only] : Object.keys(MEASURES));
const [table, caption] = [tableOf(results.rows), captionOf(results.machine)];
console.log(`${table}\n\n${caption}`);
if (!values.only) keep(results, table, caption);
if (values.docs && !values.only) putIntoDocs(table, caption);
process.exit(); // the leash is let go: whatever agent is left ends with it
