/**
 * npm run lint: clang-format, clang-tidy and cppcheck over C and C++, Biome over TypeScript and
 * JavaScript, and the compiler's eye on the tests' types. Each tool says for itself what it found;
 * the last line is the sum.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { configureNative } from "./native.mjs";
import { installSystemPackages, nodeGyp, root, runs, setup } from "./setup.mjs";
import { fetchSources } from "./sources.mjs";
import { compiler } from "./windows/addon.mjs";
import { macHeaders } from "./zig.mjs";

const tools = [
  { has: () => runs("clang-format", "--version"), apt: "clang-format", brew: "clang-format" },
  { has: () => runs("clang-tidy", "--version"), apt: "clang-tidy", brew: "llvm" },
  { has: () => runs("cppcheck", "--version"), apt: "cppcheck", brew: "cppcheck" },
  compiler,
];

/** Findings that are none, where the line itself cannot say so: other people's macros. */
const known = [
  // utlist: a list's tail points to NULL, a head that is taken out alone has no neighbours.
  ["src/core/index.c", "clang-analyzer-core.NullDereference"],
  // uthash: what HASH_ITER goes to next is not what was freed.
  ["src/platform/held.c", "clang-analyzer-unix.Malloc"],
  ["src/platform/linux/watch.c", "clang-analyzer-unix.Malloc"],
  ["src/platform/darwin/watch.c", "clang-analyzer-unix.Malloc"],
  ["src/platform/windows/watch.c", "clang-analyzer-core.NullDereference"],
  // Two files: hpr_error_last is never 0.
  ["src/platform/windows/token.c", "clang-analyzer-core.NullDereference"],
  ["src/platform/windows/wide.c", "clang-analyzer-unix.cstring.NullArg"],
  ["src/platform/windows/wide.c", "clang-analyzer-core.NullDereference"],
  // A HANDLE is a pointer, and hpr_connection, hpr_file and hpr_handle are numbers that hold one;
  // rand_s wants to be asked for.
  ["src/platform/windows/connection.c", "performance-no-int-to-ptr"],
  ["src/platform/windows/file.c", "performance-no-int-to-ptr"],
  ["src/platform/windows/system.c", "performance-no-int-to-ptr"],
  ["src/platform/windows/watch.c", "performance-no-int-to-ptr"],
  ["src/platform/windows/self.c", "bugprone-reserved-identifier"],
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
  check("clang-format", "clang-format", [
    "--dry-run",
    "--Werror",
    ...sources("*.c", "*.cc", "*.h"),
  ]);
}

/** One text for each finding, with the lines that explain it. */
function findings(output) {
  const all = output.split(/^(?=\S+:\d+:\d+: (?:warning|error): )/m).filter((it) => it.trim());
  return all.filter((it) => !known.some(([file, name]) => it.includes(file) && it.includes(name)));
}

/** `before` and `behind` the file: the options that say how it is compiled. */
function tidy(file, before, behind = []) {
  const args = ["--quiet", `--header-filter=^${root}/(src|test)/`, ...before, file, ...behind];
  return new Promise((resolve) => {
    const child = spawn("clang-tidy", args, { cwd: root, stdio: ["ignore", "pipe", "ignore"] });
    let output = "";
    child.stdout.on("data", (data) => (output += data));
    child.on("error", (error) => resolve([error.message]));
    child.on("close", (status) =>
      resolve(status === 0 || output ? findings(output) : [`${file}: ${status}`]),
    );
  });
}

/* Compiled by other compilers, whose headers tell what there is. */
const elsewhere = [":!src/platform/darwin", ":!src/platform/windows", ":!test/native/windows"];

function foreign() {
  if (process.platform !== "linux" || process.arch !== "x64") return [];
  const vendor = ["-Isrc", "-isystem", fetchSources()];
  const mac = ["-target", "x86_64-apple-macos11", "-std=c11", ...vendor, "-isystem", macHeaders()];
  const win = ["-target", "x86_64-w64-mingw32", "-std=gnu11", "-D_WIN32_WINNT=0x0A00", ...vendor];
  return [
    ...sources("src/platform/darwin/*.c").map((file) => [file, [], ["--", ...mac]]),
    ...sources("src/platform/windows/*.c").map((file) => [file, [], ["--", ...win]]),
  ];
}

/** As many at a time as there are processors. */
async function tidyAll() {
  const ours = sources("src/*.c", "src/*.cc", ...elsewhere).map((file) => [
    file,
    ["-p", path.join(root, "build", "Release")],
  ]);
  // The analyzer walks through Google Test's macros for a minute a file, and finds nothing there.
  // In a test a string more is no loss, a constant that cannot be made may end the program, and a
  // story is a long table.
  const less =
    "--checks=-clang-analyzer-*,-performance-inefficient-*,-cert-err58-cpp,-readability-function-size";
  const theirs = sources("test/native/*.cc", "test/sim/*.cc", ...elsewhere).map((file) => [
    file,
    ["-p", folder, less],
  ]);
  const waiting = [...foreign(), ...ours, ...theirs];
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
function cppcheck(name, ...what) {
  const lists = ["utlist.h", "uthash.h"].map((it) =>
    path.join(includeFolder("UTHASH_INCLUDE"), it),
  );
  const memory = path.join(folder, `cppcheck-${name}`);
  mkdirSync(memory, { recursive: true });
  check("cppcheck", "cppcheck", [
    ...what,
    `--cppcheck-build-dir=${memory}`,
    "--enable=warning,style,performance,portability",
    "--error-exitcode=1",
    "--inline-suppr",
    "--quiet",
    "-j2",
    "-DHASH_NONFATAL_OOM=1",
    ...lists.flatMap((list) => [`--include=${list}`, `--suppress=*:${list}`]),
    "--suppress=*:*node-addon-api*",
    "--suppress=constParameterCallback", // who calls it says what it is given
    "--suppress=unusedStructMember", // the lists' macros use prev and next, the kernel fills the rest
  ]);
}

/** Layers are enforced by include roots, which a path upwards would step around. */
function includes() {
  const upward = spawnSync("git", ["grep", "-nE", '#include "\\.\\./', "--", "src"], {
    cwd: root,
    encoding: "utf8",
  });
  if (upward.status === 1) return;
  failures.push("includes");
  console.error(`an include names the folder above:\n${upward.stdout}${upward.stderr}`);
}

function types() {
  const tsc = path.join(root, "node_modules", "typescript", "bin", "tsc");
  check("tsc", process.execPath, [tsc, "-p", path.join(root, "test")]);
}

function biome() {
  const program = path.join(root, "node_modules", "@biomejs", "biome", "bin", "biome");
  check("biome", process.execPath, [program, "check", "--error-on-warnings"]);
}

setup();
installSystemPackages(tools);
describeCompilation();
format();
includes();
types();
biome();
cppcheck("here", `--project=${path.join(root, "build", "Release", "compile_commands.json")}`);
cppcheck("elsewhere", "-Isrc", "src/platform/darwin", "src/platform/windows");
await tidyAll();
for (const name of failures) console.error(`failed: ${name}`);
console.log(
  failures.length === 0 ? "lint: nothing to complain about" : `lint: ${failures.length} failed`,
);
process.exitCode = failures.length ? 1 : 0;
