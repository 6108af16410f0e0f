/** Runs every test runner and ends with one line that sums them up. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { buildNative, nativeFolder } from "./native.mjs";
import { root } from "./setup.mjs";

const SIM_SECONDS = "15";

const results = mkdtempSync(path.join(os.tmpdir(), "hpr-results-"));
const total = { passed: 0, failed: 0, skipped: 0 };

function show(command, args, env = {}) {
  const options = { cwd: root, stdio: "inherit", env: { ...process.env, ...env } };
  return spawnSync(command, args, options).status === 0;
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
function runNative() {
  buildNative();
  const programs = readdirSync(nativeFolder).filter((name) => name.endsWith("_tests"));
  if (programs.length === 0) total.failed++;
  for (const name of programs) {
    const file = path.join(results, `${name}.json`);
    const ended = show(path.join(nativeFolder, name), ["--gtest_brief=1", `--gtest_output=json:${file}`]);
    const cases = report(`${name}.json`)?.testsuites.flatMap((suite) => suite.testsuite) ?? [];
    const failed = cases.filter((it) => it.failures).length;
    const skipped = cases.filter((it) => it.result === "SKIPPED").length;
    total.failed += failed || (ended ? 0 : 1); // one that crashed before it could report
    total.skipped += skipped;
    total.passed += cases.length - failed - skipped;
  }
}

/** The simulator: one test, which says how many steps it tried. */
function runSimulator() {
  const kept = show(path.join(nativeFolder, "sim"), ["--seeds", "100000", "--seconds", SIM_SECONDS]);
  total[kept ? "passed" : "failed"]++;
}

/** vitest: the public API. */
function runPublic() {
  const file = path.join(results, "vitest.json");
  const vitest = path.join(root, "node_modules", "vitest", "vitest.mjs");
  const ended = show(process.execPath, [
    vitest, "run", "--reporter=default", "--reporter=./scripts/skip-reporter.mjs",
    "--reporter=json", `--outputFile.json=${file}`,
  ]);
  const found = report("vitest.json") ?? {};
  total.passed += found.numPassedTests ?? 0;
  total.failed += found.numFailedTests || (ended ? 0 : 1);
  total.skipped += (found.numPendingTests ?? 0) + (found.numTodoTests ?? 0);
}

runNative();
runSimulator();
runPublic();
rmSync(results, { recursive: true });
const skipped = total.skipped ? `, ${total.skipped} skipped` : "";
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = total.failed || !total.passed ? 1 : 0;
