/**
 * npm run bench:cli: what a person waits for. How long the command takes to start against an empty
 * program of Node, and to list a file of 10,000 rows, a tenth of them of processes that live.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createHeadlessPidRegistry } from "../dist/index.js";

const ROUNDS = 21;
const ROWS = 10_000;
const LIVE = 1000;
const DEAD_FROM = 2 ** 30; // above all numbers that Linux gives out
const START_MAX = 1.3;
const LIST_MAX_MS = 1000;

const program = path.resolve(
  import.meta.dirname ?? path.dirname(process.argv[1]),
  "..",
  "dist/cli/main.js",
);

/** Of a program's wall time in milliseconds, in rounds in which each has its turn. */
function medians(all) {
  const times = all.map(() => []);
  for (let round = 0; round < ROUNDS; round++)
    for (const [at, args] of all.entries()) {
      const began = process.hrtime.bigint();
      const { status, stderr } = spawnSync(process.execPath, args, { maxBuffer: 2 ** 30 });
      times[at].push(Number(process.hrtime.bigint() - began) / 1e6);
      if (status !== 0) throw new Error(`${args.join(" ")}: ${stderr}`);
    }
  return times.map((it) => it.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]);
}

/** Rows of processes that live, and copies of one under numbers that nobody has. */
function stage(folder) {
  const pidFilePath = path.join(folder, "pids.json");
  const registry = createHeadlessPidRegistry({ pidFilePath });
  const children = Array.from({ length: LIVE }, (_, n) => {
    const child = spawn("sleep", ["600"], { stdio: "ignore" });
    registry.register(child.pid, `/work/project-${n}/packages/agent`, child, `token-${n}`);
    return child;
  });
  registry.close();
  const { entries } = JSON.parse(readFileSync(pidFilePath, "utf8"));
  for (let n = entries.length; n < ROWS; n++) entries.push({ ...entries[0], pid: DEAD_FROM + n });
  writeFileSync(pidFilePath, JSON.stringify({ entries }), { mode: 0o600 });
  return { pidFilePath, children };
}

function report(what, value, limit, unit) {
  const verdict = value <= limit ? "met" : "missed";
  console.log(`${what}: ${value.toFixed(2)}${unit} (${verdict}: at most ${limit}${unit})`);
}

const folder = mkdtempSync(path.join(tmpdir(), "hpr-bench-cli-"));
const { pidFilePath, children } = stage(folder);
try {
  const [empty, version, help] = medians([
    ["-e", "0"],
    [program, "--version"],
    [program, "list", "--help"],
  ]);
  report("headless-pids --version, against node -e 0", version / empty, START_MAX, "x");
  report("headless-pids list --help, against node -e 0", help / empty, START_MAX, "x");
  const [text, json] = medians([
    [program, "list", "--pid-file", pidFilePath],
    [program, "list", "--json", "--pid-file", pidFilePath],
  ]);
  report(`list of ${ROWS} rows, ${LIVE} of them live`, text, LIST_MAX_MS, " ms");
  report(`list --json of the same`, json, LIST_MAX_MS, " ms");
} finally {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true });
}
