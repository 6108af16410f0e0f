// From times to figures, and from figures to tables.
import { limits } from "./limits.mjs";
import { ratio, summarise } from "./rounds.mjs";

const amountOf = (row) => (value) => amount(value, row.unit);
const times = (value) => `${Number(value.toPrecision(3))}×`;

/** What can be wanted of a row: the figure, and how it is said. The first two at least. */
const WANTS = {
  faster: { of: (row) => row.faster, say: (it) => `≥ ${times(it)} the original` },
  fasterP95: { of: (row) => row.fasterP95, say: (it) => `≥ ${times(it)} its p95` },
  overFloor: { of: (row) => row.overFloor, say: (it) => `≤ ${times(it)} the floor` },
  growth: { of: (row) => row.growth, say: (it) => `≤ ${times(it)} of 10 live` },
  median: { of: (row) => row.package?.median, say: (it, row) => `≤ ${amountOf(row)(it)}` },
  writes: { of: (row) => row.writes, say: (it) => `≤ ${it} writes` },
};
const AT_LEAST = ["faster", "fasterP95"];

/** Nobody is faster than the floor. */
function limitOfFloor(row, name, wanted) {
  const reached = row.floorReaches?.[name];
  return reached < wanted
    ? `the floor itself reaches ${times(reached)} in the same run`
    : undefined;
}

/** `limit`: it cannot be met, because the floor does not, or for what bench/limits.mjs says. */
function judge(row, name, wanted) {
  const value = WANTS[name].of(row);
  const met = AT_LEAST.includes(name) ? value >= wanted : value <= wanted;
  const limit = limitOfFloor(row, name, wanted) ?? limits[`${row.name}, ${row.live}`]?.[name];
  const verdict = met ? "met" : limit ? "limit" : "missed";
  return { wanted: WANTS[name].say(wanted, row), value, verdict, ...(!met && limit && { limit }) };
}

/** A measured row with its figures, without the single rounds. */
export function evaluate({ times: all, wants = {}, ...row }) {
  const taken = Object.fromEntries(Object.entries(all).filter(([, list]) => list.length > 0));
  const { package: mine, baseline, floor } = taken;
  /** @type {Record<string, any>} */
  const figures = { ...row, rounds: mine?.length ?? 0, ...summarise(taken) };
  if (baseline) figures.faster = ratio(baseline, mine);
  if (baseline) figures.fasterP95 = figures.baseline.p95 / figures.package.p95;
  if (floor) figures.overFloor = ratio(mine, floor);
  if (baseline && floor)
    figures.floorReaches = {
      faster: ratio(baseline, floor),
      fasterP95: figures.baseline.p95 / figures.floor.p95,
    };
  const targets = Object.entries(wants).map(([name, it]) => judge(figures, name, it));
  return { ...figures, targets };
}

/** Three digits and a unit that suits. */
export function amount(value, unit) {
  const larger = { ns: "µs", µs: "ms", ms: "s" }[unit];
  if (larger && value >= 1000) return amount(value / 1000, larger);
  return `${Number(value.toPrecision(3))} ${unit}`;
}

const pair = (row, name) =>
  row[name] ? [row[name].median, row[name].p95].map(amountOf(row)).join(" / ") : "";
const ours = (row) =>
  row.note ?? pair(row, "package") + (row.writes ? `, ${row.writes} writes` : "");
const factors = (row) =>
  row.faster ? [row.faster, row.fasterP95].map(times).join(" / ") : row.never ? "never" : "";
const targets = (row) =>
  row.targets
    .map(({ verdict, wanted }) => `${verdict === "missed" ? "**missed**" : verdict}: ${wanted}`)
    .join("; ");

const MEASURES = [
  ["median / p95", (row) => row.name],
  ["live", (row) => row.live.toLocaleString("en")],
  ["this package", ours],
  ["original", (row) => pair(row, "baseline")],
  ["floor", (row) => pair(row, "floor")],
  ["original ÷ package", factors],
  ["package ÷ floor", (row) => (row.overFloor ? times(row.overFloor) : "")],
  ["growth", (row) => (row.growth ? times(row.growth) : "")],
  ["target", targets],
];

const ALTERNATIVES = [
  ["median / p95", (row) => row.name],
  ["live", (row) => row.live.toLocaleString("en")],
  ["this package", (row) => pair(row, "package")],
  ["better-sqlite3", (row) => pair(row, "sqlite")],
  ["lmdb", (row) => pair(row, "lmdb")],
];

/** Markdown, which reads as well in a terminal. */
function table(columns, rows) {
  const cells = [
    columns.map(([head]) => head),
    ...rows.map((row) => columns.map(([, it]) => it(row))),
  ];
  const widths = columns.map((_, i) => Math.max(...cells.map((line) => line[i].length)));
  const lines = cells.map((line) => `| ${line.map((it, i) => it.padEnd(widths[i])).join(" | ")} |`);
  lines.splice(1, 0, `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`);
  return lines.join("\n");
}

export const tableOf = (rows) => table(MEASURES, rows);
export const alternativesOf = (rows) => {
  const some = rows.filter((row) => row.sqlite || row.lmdb);
  return some.length > 0 ? table(ALTERNATIVES, some) : "";
};

export function captionOf(machine) {
  const { kernel, fileSystem, node, commit, date, load, rounds } = machine;
  return (
    `${machine.machine}; ${kernel}; ${fileSystem}; Node ${node}; ` +
    `commit ${commit}, ${date}, load ${load} at the start, ${rounds} rounds`
  );
}
