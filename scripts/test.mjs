/**
 * Runs the test runners beside each other and ends with one line that sums them up.
 * `--built`: the native programs are there already.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { buildNative, nativeFolder } from "./native.mjs";
import { root } from "./setup.mjs";

const SIM_STORIES = "1000"; // each seed tells three; 13 s of one processor, however busy that is
const MEMORY = "/dev/shm";
const MEMORY_BYTES = 512 * 1024 * 1024;

const results = mkdtempSync(path.join(os.tmpdir(), "hpr-results-"));
const total = { passed: 0, failed: 0, skipped: 0 };
/** @type {NodeJS.ProcessEnv} */
const env = { ...process.env, TMPDIR: process.env.TMPDIR ?? memoryFolder() ?? os.tmpdir() };

/** Whether programs can be started from a folder: containers mount their memory with noexec. */
function canRunFrom(folder) {
  const inside = mkdtempSync(path.join(folder, "hpr-probe-"));
  const program = path.join(inside, "program");
  writeFileSync(program, "#!/bin/sh\n", { mode: 0o755 });
  const { status } = spawnSync(program);
  rmSync(inside, { recursive: true });
  return status === 0;
}

/** Most of the time would be spent waiting for a disk. TMPDIR in the environment chooses one. */
function memoryFolder() {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    return bavail * bsize > MEMORY_BYTES && canRunFrom(MEMORY) ? MEMORY : undefined;
  } catch {
    return undefined; // no such folder, or not ours to write in
  }
}

/** Whether it succeeded. Its output is shown when it ends, so that none is mixed with another's. */
function show(command, args) {
  const child = spawn(command, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => output.push(data));
  return new Promise((resolve) => {
    child.on("error", (error) => output.push(Buffer.from(`${command}: ${error.message}\n`)));
    child.on("close", (code) => {
      process.stdout.write(Buffer.concat(output));
      resolve(code === 0);
    });
  });
}

function report(name) {
  try {
    return JSON.parse(readFileSync(path.join(results, name), "utf8"));
  } catch (error) {
    console.error(`no report ${name}: ${error.message}`);
    return undefined;
  }
}

/** Google Test: every test program that CMake built, with a report of its own. */
async function runNative() {
  const programs = readdirSync(nativeFolder).filter((name) => name.endsWith("_tests"));
  if (programs.length === 0) total.failed++;
  for (const name of programs) {
    const file = path.join(results, `${name}.json`);
    const ended = await show(path.join(nativeFolder, name), [
      "--gtest_brief=1",
      `--gtest_output=json:${file}`,
    ]);
    const cases = report(`${name}.json`)?.testsuites.flatMap((suite) => suite.testsuite) ?? [];
    const failed = cases.filter((it) => it.failures).length;
    const skipped = cases.filter((it) => it.result === "SKIPPED").length;
    total.failed += failed || (ended ? 0 : 1); // one that crashed before it could report
    total.skipped += skipped;
    total.passed += cases.length - failed - skipped;
  }
}

/** The simulator: one test, which says how many steps it tried. */
async function runSimulator() {
  const kept = await show(path.join(nativeFolder, "sim"), ["--seeds", SIM_STORIES]);
  total[kept ? "passed" : "failed"]++;
}

/** vitest: the public API. */
async function runPublic() {
  const file = path.join(results, "vitest.json");
  const vitest = path.join(root, "node_modules", "vitest", "vitest.mjs");
  const ended = await show(process.execPath, [
    vitest,
    "run",
    "--reporter=default",
    "--reporter=./scripts/skip-reporter.mjs",
    "--reporter=json",
    `--outputFile.json=${file}`,
  ]);
  const found = report("vitest.json") ?? {};
  total.passed += found.numPassedTests ?? 0;
  total.failed += found.numFailedTests || (ended ? 0 : 1);
  total.skipped += (found.numPendingTests ?? 0) + (found.numTodoTests ?? 0);
}

/** Containers, hosts, system call filters and reused pids: where the machine allows them. */
async function runContainers() {
  const file = path.join(results, "containers.json");
  env.HPR_REPORT = file;
  const ended = await show(process.execPath, [path.join(root, "scripts", "containers.mjs")]);
  const found = report("containers.json") ?? {};
  total.passed += found.passed ?? 0;
  total.failed += found.failed || (ended ? 0 : 1);
  total.skipped += found.skipped ?? 0;
}

if (!process.argv.includes("--built")) buildNative();
await Promise.all([runNative(), runSimulator(), runPublic(), runContainers()]);
rmSync(results, { recursive: true });
const skipped = total.skipped ? `, ${total.skipped} skipped` : "";
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = total.failed || !total.passed ? 1 : 0;
