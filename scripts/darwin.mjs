/**
 * npm run check:darwin: compiles all that macOS would, warnings being errors, for both of its
 * processors, and links it as Node would load it. It cannot run here.
 */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { headersFolder, root, run, runs, setup } from "./setup.mjs";
import { fetchSources } from "./sources.mjs";
import { fetchZig } from "./zig.mjs";

const TRIPLES = ["x86_64-macos.11.0", "aarch64-macos.11.0"];
const WARNINGS = ["-Wall", "-Wextra", "-Werror"];
const C = ["-std=c11"];
const CXX = ["-std=c++17", "-fno-exceptions"];

/** What binding.gyp, which is JSON as long as we write it so, would compile there. */
function sourcesOf(system) {
  const { targets } = JSON.parse(readFileSync(path.join(root, "binding.gyp"), "utf8"));
  const [target] = targets;
  const here = target.conditions.find(([condition]) => condition === `OS=='${system}'`);
  return { sources: [...target.sources, ...here[1].sources], defines: target.defines };
}

function compile(zig, triple, folder, vendor) {
  const { sources, defines } = sourcesOf("mac");
  const includes = [
    ["-I", "src"],
    ["-isystem", vendor],
    ["-isystem", path.join("node_modules", "node-addon-api")],
    ["-isystem", path.join(headersFolder(), "include", "node")],
  ].flat();
  const macros = [...defines, "NODE_ADDON_API_DISABLE_CPP_EXCEPTIONS"].map((it) => `-D${it}`);
  return [...sources, path.join(vendor, "cjson", "cJSON.c")].map((file) => {
    const object = path.join(folder, `${file.replaceAll(/[^\w]/g, "_")}.o`);
    const how = file.endsWith(".cc") ? ["c++", ...CXX] : ["cc", ...C];
    const flags = ["-target", triple, "-O2", "-fPIC", ...WARNINGS, ...macros, ...includes];
    run(zig, [...how, ...flags, "-c", file, "-o", object]);
    return object;
  });
}

function check(zig, triple, vendor) {
  const folder = path.join(root, "build", "darwin", triple);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const objects = compile(zig, triple, folder, vendor);
  const binary = path.join(folder, "headless-pid-registry.node");
  run(zig, ["c++", "-target", triple, "-shared", "-undefined", "dynamic_lookup", "-o", binary, ...objects]);
  console.log(`darwin: ${objects.length} files compiled and linked for ${triple}`);
}

setup();
if (process.platform === "linux" && process.arch === "x64" && runs("npm", "ping", "--fetch-retries=0")) {
  const zig = fetchZig();
  const vendor = fetchSources();
  for (const triple of TRIPLES) check(zig, triple, vendor);
} else {
  console.log("darwin: SKIP: the cross compiler cannot be had here");
}
