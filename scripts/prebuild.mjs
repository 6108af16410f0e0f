/**
 * npm run prebuild: the binary that the npm package brings for this system, in prebuilds/.
 * npm run prebuild -- --cross: those of all systems, by cross compilers; with --here this one's
 * alone, for older systems too. They serve to check the package; what is released is built by each
 * system's own compiler, in .github/workflows/release.yml.
 *
 * A binary is refused that needs more than every supported system has, or shows more than Node
 * asks for.
 */
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { GLIBC_MAX, checkBinary } from "./binary.mjs";
import { buildDarwin } from "./darwin.mjs";
import { installNpmPackages, nodeGyp, root } from "./setup.mjs";
import { fetchSources } from "./sources.mjs";
import { buildWindows } from "./windows/addon.mjs";
import { fetchZig } from "./zig.mjs";

const NAME = "headless-pid-registry";
const LINK = "junction"; // what Windows lets everybody make; elsewhere it means nothing
const work = path.join(root, "build", "prebuild");
const out = path.join(root, "prebuilds");

const CROSS = [
  { platform: "linux", arch: "x64", libc: "glibc", triple: `x86_64-linux-gnu.2.${GLIBC_MAX}` },
  { platform: "linux", arch: "x64", libc: "musl", triple: "x86_64-linux-musl" },
  { platform: "linux", arch: "arm64", libc: "glibc", triple: `aarch64-linux-gnu.2.${GLIBC_MAX}` },
  { platform: "linux", arch: "arm64", libc: "musl", triple: "aarch64-linux-musl" },
  { platform: "darwin", arch: "x64", cross: (sources) => buildDarwin("x64", sources) },
  { platform: "darwin", arch: "arm64", cross: (sources) => buildDarwin("arm64", sources) },
  { platform: "win32", arch: "x64", cross: buildWindows },
];

/** This system; the two C libraries of Linux are told apart by the file's name. */
function thisSystem() {
  const { platform, arch } = process;
  if (platform !== "linux") return { platform, arch };
  const { header } = /** @type {any} */ (process.report.getReport());
  return { platform, arch, libc: header.glibcVersionRuntime ? "glibc" : "musl" };
}

function compilers({ triple }) {
  if (!triple) return {};
  const zig = fetchZig();
  const target = `-target ${triple}`;
  return {
    CC: `${zig} cc ${target}`,
    CXX: `${zig} c++ ${target}`,
    AR: `${zig} ar`,
    LINK: `${zig} c++ ${target}`,
  };
}

/** Without what apt-get needed, and what only tests do. */
function isWanted(file) {
  return !/sources[\\/](apt|googletest|cjson[-_].*)$/.test(file);
}

/** In a folder of its own, so that a developer's build stays what it is. */
function build(target, sources) {
  const folder = path.join(
    work,
    [target.platform, target.arch, target.libc].filter(Boolean).join("-"),
  );
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const part of ["src", "binding.gyp", "package.json"])
    cpSync(path.join(root, part), path.join(folder, part), { recursive: true });
  cpSync(sources, path.join(folder, "sources"), { recursive: true, filter: isWanted });
  symlinkSync(path.join(root, "node_modules"), path.join(folder, "node_modules"), LINK);
  const env = { ...process.env, ...compilers(target) };
  nodeGyp(["rebuild", `--arch=${target.arch}`, "--jobs=max"], { cwd: folder, env }, [
    "-Dhpr_sources=sources",
  ]);
  return path.join(folder, "build", "Release", "headless_pid_registry.node");
}

function prebuild(target, sources) {
  const file = target.cross ? target.cross(sources) : build(target, sources);
  checkBinary(file, target.platform);
  const folder = path.join(out, `${target.platform}-${target.arch}`);
  mkdirSync(folder, { recursive: true });
  const to = path.join(folder, [NAME, target.libc, "node"].filter(Boolean).join("."));
  copyFileSync(file, to);
  console.log(`${path.relative(root, to)}: ${(readFileSync(to).length / 1024).toFixed(0)} KiB`);
}

/** Of those that cross compilers make, this system's: it runs on older systems than this. */
function thisCross() {
  const { platform, arch, libc } = thisSystem();
  return CROSS.filter((it) => it.platform === platform && it.arch === arch && it.libc === libc);
}

function chooseTargets({ cross = false, here = false }) {
  if (cross) return here ? thisCross() : CROSS;
  return [thisSystem()];
}

const { values } = parseArgs({
  options: { cross: { type: "boolean" }, here: { type: "boolean" } },
});
installNpmPackages();
try {
  const sources = fetchSources();
  for (const target of chooseTargets(values)) prebuild(target, sources);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
