/**
 * npm run lint: clang-format, clang-tidy and cppcheck over C and C++, Biome over TypeScript and
 * JavaScript, and the types of tests (test/tsconfig.json) and scripts (scripts/tsconfig.json). clang-tidy looks at what a change is about,
 * with -- --all at everything. Each tool says for itself what it found; the last line is the sum.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { findChanges } from "./changes.mjs";
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

const folder = path.join(root, "build", "native-lint");
const database = path.join(root, "build", "lint");
const failures = [];

/* --- what there is to look at --------------------------------------------------------------- */

function sources(...patterns) {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard", "--", ...patterns];
  const { stdout } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  const files = (stdout ?? "").split("\n").filter(Boolean);
  if (files.length === 0) throw new Error(`git names no ${patterns.join(", ")}`);
  return files;
}

/* Compiled by other compilers, whose headers tell what there is. */
function foreign() {
  if (process.platform !== "linux" || process.arch !== "x64") return [];
  const vendor = ["-Isrc", "-isystem", fetchSources()];
  const mac = ["-target", "x86_64-apple-macos11", "-std=c11", ...vendor, "-isystem", macHeaders()];
  const win = ["-target", "x86_64-w64-mingw32", "-std=gnu11", "-D_WIN32_WINNT=0x0A00", ...vendor];
  const entry = (flags) => (file) => ({
    directory: root,
    file,
    arguments: ["clang", ...flags, "-c", file],
  });
  return [
    ...sources("src/platform/darwin/*.c").map(entry(mac)),
    ...sources("src/platform/windows/*.c").map(entry(win)),
  ];
}

/** How each file is compiled: node-gyp tells it of src/, CMake of the tests, and we of other systems. */
function describeCompilation() {
  const read = (...where) =>
    JSON.parse(readFileSync(path.join(root, "build", ...where, "compile_commands.json"), "utf8"));
  nodeGyp(["configure"], {}, ["-f", "compile_commands_json"]);
  // Without extensions CMake writes the standard down, instead of relying on the compiler's own.
  configureNative(folder, ["-DCMAKE_CXX_EXTENSIONS=OFF"]);
  const all = [...read("Release"), ...read("native-lint"), ...foreign()];
  mkdirSync(database, { recursive: true });
  writeFileSync(path.join(database, "compile_commands.json"), JSON.stringify(all));
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

/** The sources among them, and those that include a header of them, through others too. */
function concerned(files) {
  const found = new Set(files);
  const texts = sources("src/*", "test/native/*", "test/sim/*").filter((it) =>
    /\.(c|cc|h)$/.test(it),
  );
  const included = new Map(
    texts.map((it) => [
      it,
      [...readFileSync(it, "utf8").matchAll(/#include "(.+)"/g)].map((m) => m[1]),
    ]),
  );
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    for (const [file, headers] of included)
      if (headers.some((header) => [...found].some((it) => it.endsWith(`/${header}`))))
        found.add(file);
  }
  return [...found].filter((it) => included.has(it) && /\.cc?$/.test(it));
}

/** Patterns of what clang-tidy looks at. Without a commit to compare with: src/, the tests weekly. */
function chooseFiles() {
  const everything = ["src/", "test/(native|sim)/"];
  if (process.argv.includes("--all")) return everything;
  const { since, files } = findChanges();
  if (files?.some((it) => /(^|\/)\.clang-tidy$|^scripts\/lint/.test(it))) return everything;
  const some = files ? concerned(files) : ["src/"];
  console.log(`lint: clang-tidy looks at ${files ? some.length : "src/"}, compared with ${since}`);
  return some;
}

function tidy() {
  const patterns = chooseFiles().map((it) => `^${root}/${it}`);
  if (patterns.length > 0)
    check("clang-tidy", "run-clang-tidy", ["-quiet", "-p", database, ...patterns]);
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
  for (const project of ["test", "scripts"])
    check(`types of ${project}`, process.execPath, [tsc, "-p", path.join(root, project)]);
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
check("planted bugs", process.execPath, [path.join("test", "sim", "mutants.mjs"), "--dry"]);
cppcheck("here", `--project=${path.join(root, "build", "Release", "compile_commands.json")}`);
cppcheck("elsewhere", "-Isrc", "src/platform/darwin", "src/platform/windows");
tidy();
for (const name of failures) console.error(`failed: ${name}`);
console.log(
  failures.length === 0 ? "lint: nothing to complain about" : `lint: ${failures.length} failed`,
);
process.exitCode = failures.length ? 1 : 0;
