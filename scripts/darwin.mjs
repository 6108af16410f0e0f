/**
 * npm run check:darwin: compiles all that macOS would, warnings being errors, for both of its
 * processors, and links it as Node would load it. It cannot run here.
 */
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { checkBinary } from "./binary.mjs";
import { gypTarget } from "./gyp-target.mjs";
import { headersFolder, root, run, runs, setup } from "./setup.mjs";
import { fetchSources } from "./sources.mjs";
import { fetchZig } from "./zig.mjs";

const TRIPLES = { x64: "x86_64-macos.11.0", arm64: "aarch64-macos.11.0" };
const FLAGS = ["-O2", "-fPIC", "-fvisibility=hidden", "-DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS"];
const WARNINGS = ["-Wall", "-Wextra", "-Werror"];
const C = ["-std=c11"];
const CXX = ["-std=c++17", "-fno-exceptions"];

/** Whether the cross compiler can be had. */
export function canBuildDarwin() {
  return process.platform === "linux" && process.arch === "x64" && runs("npm", "ping", "--fetch-retries=0");
}

function compile(file, triple, folder, includes, defines) {
  const object = path.join(folder, `${file.replaceAll(/[^\w]/g, "_")}.o`);
  const how = file.endsWith(".cc") ? ["c++", ...CXX] : ["cc", ...C];
  const flags = ["-target", triple, ...FLAGS, ...WARNINGS, ...defines.map((it) => `-D${it}`), ...includes];
  run(fetchZig(), [...how, ...flags, "-c", file, "-o", object]);
  return object;
}

/** Returns the binary. `sources`: what scripts/sources.mjs has fetched. */
export function buildDarwin(arch, sources) {
  const triple = TRIPLES[arch];
  const folder = path.join(root, "build", "darwin", arch);
  const binary = path.join(folder, "headless-pid-registry.node");
  const addonApi = path.join("node_modules", "node-addon-api");
  const node = path.join(headersFolder(), "include", "node");
  const includes = ["-I", "src", ...[sources, addonApi, node].flatMap((it) => ["-isystem", it])];
  const target = gypTarget("mac");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const files = [...target.sources, path.join(sources, "cjson", "cJSON.c")];
  const objects = files.map((file) => compile(file, triple, folder, includes, target.defines));
  const link = ["-target", triple, "-shared", "-s", "-undefined", "dynamic_lookup"];
  run(fetchZig(), ["c++", ...link, "-o", binary, ...objects]);
  checkBinary(binary, "darwin");
  return binary;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  setup();
  if (canBuildDarwin()) {
    const sources = fetchSources();
    for (const arch of Object.keys(TRIPLES)) {
      buildDarwin(arch, sources);
      console.log(`check:darwin: compiled and linked for ${TRIPLES[arch]}`);
    }
  } else {
    console.log("SKIP: check:darwin: the cross compiler cannot be had here");
  }
}
