/**
 * npm run prebuild: the binary that the npm package brings for this system, in prebuilds/.
 * npm run prebuild -- --zig: all Linux binaries, by a cross compiler. That is a third party's
 * repack and serves to check the package; what is released is built by each system's own compiler,
 * in .github/workflows/release.yml.
 *
 * HPR_SOURCES names the folder that scripts/sources.mjs has made, where there is no apt-get to make it.
 *
 * A binary is refused that needs more than every supported system has, or shows more than Node
 * asks for.
 */
import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { installNpmPackages, nodeGyp, root } from "./setup.mjs";
import { fetchSources } from "./sources.mjs";
import { fetchZig } from "./zig.mjs";

const NAME = "headless-pid-registry";
const GLIBC_MAX = 28; // of 2.28: RHEL 8, Debian 10
const EXPORTS = ["napi_register_module_v1", "node_api_module_get_api_version_v1"];
const LIBRARIES = /^(libc|libm|libdl|libpthread|librt|ld-linux-x86-64|ld-linux-aarch64|ld-musl-\w+)\.so/;

const work = path.join(root, "build", "prebuild");
const out = path.join(root, "prebuilds");

const CROSS = [
  { platform: "linux", arch: "x64", libc: "glibc", triple: `x86_64-linux-gnu.2.${GLIBC_MAX}` },
  { platform: "linux", arch: "x64", libc: "musl", triple: "x86_64-linux-musl" },
  { platform: "linux", arch: "arm64", libc: "glibc", triple: `aarch64-linux-gnu.2.${GLIBC_MAX}` },
  { platform: "linux", arch: "arm64", libc: "musl", triple: "aarch64-linux-musl" },
];

/** This system; node-gyp-build tells the two C libraries of Linux apart by the file's name. */
function thisSystem() {
  const { platform, arch } = process;
  if (platform !== "linux") return { platform, arch };
  const { glibcVersionRuntime } = process.report.getReport().header;
  return { platform, arch, libc: glibcVersionRuntime ? "glibc" : "musl" };
}

function compilers({ triple }) {
  if (!triple) return {};
  const zig = fetchZig();
  const target = `-target ${triple}`;
  return { CC: `${zig} cc ${target}`, CXX: `${zig} c++ ${target}`, AR: `${zig} ar`, LINK: `${zig} c++ ${target}` };
}

/** Without what apt-get needed. */
function isWanted(file) {
  return !/sources\/(apt|cjson[-_].*)$/.test(file);
}

/** In a folder of its own, so that a developer's build stays what it is. */
function build(target, sources) {
  const folder = path.join(work, [target.platform, target.arch, target.libc].filter(Boolean).join("-"));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of ["src", "binding.gyp", "package.json"])
    cpSync(path.join(root, part), path.join(folder, part), { recursive: true });
  cpSync(sources, path.join(folder, "sources"), { recursive: true, filter: isWanted });
  symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"));
  const env = { ...process.env, ...compilers(target) };
  nodeGyp(["rebuild", `--arch=${target.arch}`, "--jobs=max"], { cwd: folder, env }, ["-Dhpr_sources=sources"]);
  return path.join(folder, "build", "Release", "headless_pid_registry.node");
}

/* --- what a binary may need and show ----------------------------------------------------------- */

function readelf(...args) {
  const { status, stdout, stderr } = spawnSync("readelf", ["-W", ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(`readelf: ${stderr}`);
  return stdout;
}

function check(what, found, isAllowed) {
  const refused = [...found].filter((it) => !isAllowed(it));
  if (refused.length > 0) throw new Error(`prebuild: ${what}: ${refused.join(", ")}`);
}

function checkElf(file) {
  const symbols = readelf("--dyn-syms", file).split("\n").map((line) => line.trim().split(/\s+/));
  const shown = symbols.filter((it) => /^\d+:$/.test(it[0]) && it[6] !== "UND" && it[4] !== "LOCAL");
  const names = new Set(shown.map((it) => it[7].split("@")[0]));
  check("shown", names, (name) => EXPORTS.includes(name));
  check("not shown", EXPORTS, (name) => names.has(name));
  const versions = new Set(readelf("-V", file).match(/GLIBC_2\.\d+/g));
  check("too new", versions, (it) => Number(it.split(".")[1]) <= GLIBC_MAX);
  const needed = readelf("-d", file).matchAll(/\(NEEDED\).*\[(.+)\]/g);
  check("needed", [...needed].map((it) => it[1]), (name) => LIBRARIES.test(name));
}

function prebuild(target, sources) {
  const file = build(target, sources);
  if (target.platform === "linux") checkElf(file);
  const folder = path.join(out, `${target.platform}-${target.arch}`);
  mkdirSync(folder, { recursive: true });
  const to = path.join(folder, [NAME, target.libc, "node"].filter(Boolean).join("."));
  copyFileSync(file, to);
  console.log(`${path.relative(root, to)}: ${(readFileSync(to).length / 1024).toFixed(0)} KiB`);
}

const { values } = parseArgs({ options: { zig: { type: "boolean" } } });
installNpmPackages();
try {
  const sources = process.env.HPR_SOURCES ?? fetchSources();
  for (const target of values.zig ? CROSS : [thisSystem()]) prebuild(target, sources);
  copyFileSync(path.join(sources, "LICENCES.txt"), path.join(out, "LICENCES.txt"));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
