// From times to figures, and from figures to a table.
import { ratio, summarise } from "./rounds.mjs";

/** One row's targets: what was wanted, what came, and whether that will do. */
function judge(row, figures) {
  const targets = [];
  const want = (wanted, value, met) => targets.push({ wanted, value, met });
  const { faster, most, overFloor, limits } = row;
  if (faster) want(`≥ ${faster}× the original`, figures.faster, figures.faster >= faster);
  if (overFloor)
    want(`≤ ${overFloor}× the floor`, figures.overFloor, figures.overFloor <= overFloor);
  if (most) want(`≤ ${most}× of 10 live`, row.growth, row.growth <= most);
  for (const [name, limit] of Object.entries(limits ?? {})) {
    const value = figures.package[name];
    want(`${name} < ${amount(limit, row.unit)}`, value, value < limit);
  }
  return targets;
}

/** A measured row with its figures, ratios first, without the single rounds. */
export function evaluate(row) {
  const { package: ours, baseline, floor } = row.times;
  const figures = summarise(row.times);
  if (baseline) figures.faster = ratio(baseline, ours);
  if (floor) figures.overFloor = ratio(ours, floor);
  const { name, live, unit, growth, never } = row;
  return {
    name,
    live,
    unit,
    rounds: ours.length,
    ...figures,
    ...(growth && { growth }),
    ...(never && { never }),
    targets: judge(row, figures),
  };
}

/** Three digits and a unit that suits. */
export function amount(value, unit) {
  const larger = { ns: "µs", µs: "ms", ms: "s" }[unit];
  if (larger && value >= 1000) return amount(value / 1000, larger);
  return `${Number(value.toPrecision(3))} ${unit}`;
}

const times = (value) => (value === undefined ? "" : `${Number(value.toPrecision(3))}×`);
const pair = (row, name) =>
  row[name] ? `${amount(row[name].median, row.unit)} / ${amount(row[name].p95, row.unit)}` : "";

const COLUMNS = [
  ["median / p95 of", (row) => row.name],
  ["live", (row) => row.live.toLocaleString("en")],
  ["original ÷ package", (row) => times(row.faster)],
  ["package ÷ floor", (row) => times(row.overFloor)],
  ["growth", (row) => times(row.growth)],
  ["package", (row) => pair(row, "package")],
  ["original", (row) => (row.never ? "never" : pair(row, "baseline"))],
  ["floor", (row) => pair(row, "floor")],
  [
    "target",
    (row) => row.targets.map((it) => `${it.met ? "met" : "**missed**"}: ${it.wanted}`).join("; "),
  ],
];

/** Markdown, which reads as well in a terminal. */
export function tableOf(rows) {
  const cells = [
    COLUMNS.map(([head]) => head),
    ...rows.map((row) => COLUMNS.map(([, it]) => it(row))),
  ];
  const widths = COLUMNS.map((_, i) => Math.max(...cells.map((line) => line[i].length)));
  const lines = cells.map((line) => `| ${line.map((it, i) => it.padEnd(widths[i])).join(" | ")} |`);
  lines.splice(1, 0, `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`);
  return lines.join("\n");
}

export function captionOf(machine) {
  const { kernel, fileSystem, node, commit, date, load } = machine;
  return (
    `${machine.machine}; ${kernel}; ${fileSystem}; Node ${node}; ` +
    `commit ${commit}, ${date}, load ${load} at the start`
  );
}
