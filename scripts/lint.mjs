/**
 * npm run lint: clang-format, clang-tidy and cppcheck over C and C++, and the compiler's eye on the
 * tests' types. Each tool says for itself what it found; the last line is the sum.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { configureNative } from "./native.mjs";
import { installSystemPackages, nodeGyp, root, runs, setup } from "./setup.mjs";

const tools = [
  { has: () => runs("clang-format", "--version"), apt: "clang-format", brew: "clang-format" },
  { has: () => runs("clang-tidy", "--version"), apt: "clang-tidy", brew: "llvm" },
  { has: () => runs("cppcheck", "--version"), apt: "cppcheck", brew: "cppcheck" },
];

/** Findings that are none, where the line itself cannot say so: other people's macros. */
const known = [
  // utlist: a list's tail points to NULL, a head that is taken out alone has no neighbours.
  ["src/core/index.c", "clang-analyzer-core.NullDereference"],
  // Two files: hpr_row_write answers 0 only with a text.
  ["src/core/entry.c", "clang-analyzer-core.NonNullParamChecker"],
  // errno is never 0 after a failure.
  ["src/platform/linux/pidfd.c", "clang-analyzer-core.CallAndMessage"],
  // uthash: what HASH_ITER goes to next is not what was freed.
  ["src/platform/linux/watch.c", "clang-analyzer-unix.Malloc"],
];

const folder = path.join(root, "build", "native-lint");
const failures = [];

/* --- what there is to look at --------------------------------------------------------------- */

function sources(...patterns) {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "--", ...patterns];
  const { stdout } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  const files = (stdout ?? "").split("\n").filter(Boolean);
  if (files.length === 0) throw new Error(`git names no ${patterns.join(", ")}`);
  return files;
}

/** How each file is compiled: node-gyp tells it of src/, CMake of the tests. */
function describeCompilation() {
  nodeGyp(["configure"], {}, ["-f", "compile_commands_json"]);
  // Without extensions CMake writes the standard down, instead of relying on the compiler's own.
  configureNative(folder, ["-DCMAKE_CXX_EXTENSIONS=OFF"]);
}

/* --- the tools ------------------------------------------------------------------------------ */

function check(name, command, args) {
  const done = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  if (done.status === 0) return;
  failures.push(name);
  console.error(`${done.stdout ?? ""}${done.stderr ?? ""}${done.error ?? ""}`.trim());
}

function format() {
  check("clang-format", "clang-format", ["--dry-run", "--Werror", ...sources("*.c", "*.cc", "*.h")]);
}

/** One text for each finding, with the lines that explain it. */
function findings(output) {
  const all = output.split(/^(?=\S+:\d+:\d+: (?:warning|error): )/m).filter((it) => it.trim());
  return all.filter((it) => !known.some(([file, name]) => it.includes(file) && it.includes(name)));
}

function tidy(file, database, ...options) {
  const args = ["--quiet", "-p", database, `--header-filter=^${root}/(src|test)/`, ...options, file];
  return new Promise((resolve) => {
    const child = spawn("clang-tidy", args, { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.on("error", (error) => resolve([error.message]));
    child.on("close", (status) => resolve(status === 0 || output ? findings(output) : [`${file}: ${status}`]));
  });
}

/** Compiled by another compiler: npm run check:windows. */
const elsewhere = [":!src/platform/windows", ":!test/native/windows"];

/** As many at a time as there are processors. */
async function tidyAll() {
  const ours = sources("src/*.c", "src/*.cc", ...elsewhere).map((file) => [file, path.join(root, "build", "Release")]);
  // The analyzer walks through Google Test's macros for a minute a file, and finds nothing there.
  // In a test a string more is no loss, a constant that cannot be made may end the program, and a
  // story is a long table.
  const less =
    "--checks=-clang-analyzer-*,-performance-inefficient-*,-cert-err58-cpp,-readability-function-size";
  const theirs = sources("test/native/*.cc", "test/sim/*.cc", ...elsewhere).map((file) => [file, folder, less]);
  const waiting = [...ours, ...theirs];
  const found = new Set();
  const work = async () => {
    for (let next; (next = waiting.shift()); ) for (const it of await tidy(...next)) found.add(it);
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, work));
  for (const it of found) console.error(it);
  if (found.size > 0) failures.push("clang-tidy");
}

/** Where CMake found a header's folder. */
function includeFolder(name) {
  const cache = readFileSync(path.join(folder, "CMakeCache.txt"), "utf8");
  return new RegExp(`^${name}:PATH=(.*)$`, "m").exec(cache)?.[1] ?? "";
}

/** It reads no system headers, but without the lists' macros it understands nothing. */
function cppcheck() {
  const lists = ["utlist.h", "uthash.h"].map((name) => path.join(includeFolder("UTHASH_INCLUDE"), name));
  const memory = path.join(folder, "cppcheck");
  mkdirSync(memory, { recursive: true });
  check("cppcheck", "cppcheck", [
    `--project=${path.join(root, "build", "Release", "compile_commands.json")}`,
    `--cppcheck-build-dir=${memory}`,
    "--enable=warning,style,performance,portability",
    "--error-exitcode=1",
    "--inline-suppr",
    "--quiet",
    "-j2",
    "-DHASH_NONFATAL_OOM=1",
    ...lists.flatMap((list) => [`--include=${list}`, `--suppress=*:${list}`]),
    "--suppress=*:*node-addon-api*",
    "--suppress=unusedStructMember", // the lists' macros use prev and next, the kernel fills the rest
  ]);
}

function types() {
  const tsc = path.join(root, "node_modules", "typescript", "bin", "tsc");
  check("tsc", process.execPath, [tsc, "-p", path.join(root, "test")]);
}

setup();
installSystemPackages(tools);
describeCompilation();
format();
types();
cppcheck();
await tidyAll();
for (const name of failures) console.error(`failed: ${name}`);
console.log(failures.length === 0 ? "lint: nothing to complain about" : `lint: ${failures.length} failed`);
process.exitCode = failures.length ? 1 : 0;
