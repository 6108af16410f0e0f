/**
 * npm run bench:cli: what a person waits for. How long the command takes to start against an empty
 * program of Node, and to list a file of 10,000 rows, a tenth of them of processes that live.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createHeadlessPidRegistry } from "../dist/index.js";
import { interleave, median, ratio } from "./rounds.mjs";

const ROUNDS = 21;
const ROWS = 10_000;
const LIVE = 1000;
const DEAD_FROM = 2 ** 30; // above all pids that Linux assigns
const START_MAX = 1.3;
const LIST_MAX_MS = 1000;

const program = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

/** The wall time of a program of Node in milliseconds. */
function timeOf(args) {
  const began = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, args, { maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(`${args.join(" ")}: ${stderr}`);
  return Number(process.hrtime.bigint() - began) / 1e6;
}

/** name → arguments, measured in turns. */
const measure = (subjects) =>
  interleave(
    ROUNDS,
    Object.fromEntries(Object.entries(subjects).map(([name, args]) => [name, () => timeOf(args)])),
  );

/** Rows of processes that live, and copies of one under pids that nobody has. */
function stage(folder) {
  const pidFilePath = path.join(folder, "pids.json");
  const registry = createHeadlessPidRegistry({ pidFilePath });
  const children = Array.from({ length: LIVE }, (_, n) => {
    const child = spawn("sleep", ["600"], { stdio: "ignore" });
    const cwd = `/work/project-${n}/packages/agent`;
    registry.register(child, { cwd, spawnToken: `token-${n}` });
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
  const start = await measure({
    empty: ["-e", "0"],
    version: [program, "--version"],
    help: [program, "list", "--help"],
  });
  for (const name of ["version", "help"])
    report(`${name}, against node -e 0`, ratio(start[name], start.empty), START_MAX, "x");
  const list = await measure({
    list: [program, "list", "--pid-file", pidFilePath],
    "list --json": [program, "list", "--json", "--pid-file", pidFilePath],
  });
  for (const [name, times] of Object.entries(list))
    report(`${name}, ${ROWS} rows, ${LIVE} of them live`, median(times), LIST_MAX_MS, " ms");
} finally {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true });
}
