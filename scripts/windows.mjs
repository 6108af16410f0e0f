/**
 * npm run check:windows: builds for Windows with mingw-w64 and runs it under Wine: the native tests,
 * then the addon in node.exe. The last line says what passed, or SKIP and why.
 */
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { checkBinary } from "./binary.mjs";
import { buildNative } from "./native.mjs";
import { packageAround } from "./package-around.mjs";
import { installSystemPackages, root, setup } from "./setup.mjs";
import { fetchSources } from "./sources.mjs";
import { buildWindows, folder } from "./windows/addon.mjs";
import { fetchNode, needs, prepareWine, seenByWine, wine } from "./windows/machine.mjs";

const NODES = [20, 22];
const PATIENCE_MS = 600_000;
/** The C library of Windows knows no time before 1970, so that it cannot judge ours. */
const UNANSWERABLE = "*AgreesWithTheSystem*";

const passed = [];
const failures = [];

/** Runs a program with its output in a file, which is shown. */
function runToFile(name, program, args) {
  const file = path.join(folder, `${name}.log`);
  const output = openSync(file, "w");
  const done = wine(program, args, { stdio: ["ignore", output, output], timeout: PATIENCE_MS });
  closeSync(output);
  const text = readFileSync(file, "utf8").replaceAll("\r", "");
  if (done.status !== 0) failures.push(name);
  process.stdout.write(text);
  return text;
}

function buildTests(sources) {
  const source = path.join(root, "test", "native", "windows");
  const built = path.join(folder, "native");
  const toolchain = path.join(source, "toolchain.cmake");
  buildNative(
    [],
    built,
    [`-DHPR_SOURCES=${sources}`, `-DCMAKE_TOOLCHAIN_FILE=${toolchain}`],
    source,
  );
  return path.join(built, "windows_tests.exe");
}

function checkNative(sources) {
  const report = path.join(folder, "native.json");
  rmSync(report, { force: true });
  const name = "native tests";
  const filter = `--gtest_filter=-${UNANSWERABLE}`;
  runToFile(name, buildTests(sources), [
    "--gtest_brief=1",
    filter,
    `--gtest_output=json:${seenByWine(report)}`,
  ]);
  // A program that is killed under Wine may end with status 0: it is the report that counts.
  const told = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")).testsuites : [];
  const cases = told.flatMap((it) => it.testsuite);
  const ran = cases.filter((it) => it.status === "RUN");
  const skipped = ran.filter((it) => it.result === "SKIPPED").length;
  const failed = ran.filter((it) => it.failures).length;
  if ((failed > 0 || ran.length === 0) && !failures.includes(name)) failures.push(name);
  passed.push(`${ran.length - skipped - failed} native tests (${skipped} skipped)`);
}

function checkAddon(sources) {
  const binary = buildWindows(sources);
  checkBinary(binary, "win32");
  const installed = packageAround(binary, "win32-x64", path.join(folder, "package"));
  for (const major of NODES) {
    const name = `lifecycle in Node ${major}`;
    const story = path.join(root, "test", "system", "lifecycle.mjs");
    const text = runToFile(name, fetchNode(major), [seenByWine(story), seenByWine(installed)]);
    const count = /^(\d+) steps passed$/m.exec(text)?.[1];
    if (count) passed.push(`${count} steps of the addon in ${/^v\S+/m.exec(text)?.[0]}`);
    else if (!failures.includes(name)) failures.push(name);
  }
}

function main() {
  setup();
  if (process.platform !== "linux" || process.arch !== "x64")
    return console.log("SKIP: check:windows: Wine runs programs of this processor's kind alone");
  installSystemPackages(needs);
  mkdirSync(folder, { recursive: true });
  if (!prepareWine()) return console.log("SKIP: check:windows: Wine does not start here");
  const sources = fetchSources();
  checkNative(sources);
  checkAddon(sources);
  const sum = failures.length > 0 ? `FAILED: ${failures.join(", ")}; ` : "";
  console.log(`check:windows: ${sum}passed: ${passed.join(", ")}`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

main();
