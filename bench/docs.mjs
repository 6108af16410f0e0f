// docs/performance.md, its chart, and the lines on speed in README.md, from the figures of one run.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root } from "../scripts/setup.mjs";
import { chartOf } from "./chart.mjs";
import { alternativesOf, amount, captionOf, tableOf } from "./report.mjs";

const times = (value) => `${Number(value.toPrecision(2))} times`;

/** The three lines on speed, in both documents. */
function headlines(rows) {
  const find = (name, live) => rows.find((row) => row.name === name && row.live === live);
  const said = (row) =>
    `${amount(row.package.median, row.unit)} (p95 ${amount(row.package.p95, row.unit)})`;
  const cycle = find("register + exit", 1000);
  const burst = rows.find(({ writes }) => writes);
  const removal = find("exit to removal, reclaimed", 1000);
  return [
    `- With 1,000 agents alive, registering one and its exit take ${said(cycle)}, which is ${times(cycle.faster)} as fast as the original module.`,
    `- A hundred exits in one turn of the event loop are ${burst.writes} writes and take ${said(burst)}, ${times(burst.faster)} as fast.`,
    `- The exit of a process that an earlier server started is known after ${said(removal)}; the original never learns of it.`,
  ];
}

function limitsOf(rows) {
  const lines = rows.flatMap((row) =>
    row.targets
      .filter(({ limit }) => limit)
      .map(({ wanted, limit }) => `- ${row.name}, ${row.live} live, ${wanted}: ${limit}`),
  );
  return lines.length > 0 ? ["## Limits", lines.join("\n")] : [];
}

const INTRODUCTION = `# Performance

This page is written by \`npm run bench -- --docs\`; run it on your own machine.`;

const METHOD = `## How it is measured

Every figure is a median and a 95th percentile of one run, in which all subjects take turns, round by
round, so that whatever else the machine does hits them alike. A ratio is the median of the rounds'
own ratios, for p95 the ratio of the two.

- *This package* is what npm installs, with every promise kept: the file is written before a call
  returns, and each process is identified and watched.
- *Original* is the original module in plain JavaScript, unchanged.
- *Floor* is a program in C that makes only the system calls without which the promises cannot be kept
  (\`bench/floor.c\`): it knows in advance what it will find, and stores nothing.
- *register + exit* is cold: the child is spawned for it and really exits, as in a server. A loop that
  does nothing else is three to ten times faster, which is no server's case; that is *without a pause*.
- *better-sqlite3* (WAL, \`synchronous = OFF\`) and *lmdb* (\`noSync\`) hold one row for each agent and
  nothing else: they do not know whose process it is, or when it ends.`;

function putIntoReadme(lines) {
  const file = path.join(root, "README.md");
  const speed = /(?<=^## Speed\n\n)(- .*\n( {2}.*\n)*)+/m;
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace(speed, () => `${lines.join("\n")}\n`),
  );
}

export function writeDocs({ machine, rows }) {
  const folder = path.join(root, "docs");
  const caption = captionOf(machine);
  const others = alternativesOf(rows);
  const parts = [
    INTRODUCTION,
    headlines(rows).join("\n"),
    "![This package, the original module and the floor](performance.svg)",
    "## Figures",
    tableOf(rows),
    caption,
    ...limitsOf(rows),
    ...(others ? ["## What you might take instead", others] : []),
    METHOD,
  ];
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "performance.svg"), chartOf(rows, caption));
  writeFileSync(path.join(folder, "performance.md"), `${parts.join("\n\n")}\n`);
  putIntoReadme(headlines(rows));
}
