/** The addon for Windows, by mingw-w64: what binding.gyp says of win, for another compiler. */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { checkBinary } from "../binary.mjs";
import { gypTarget } from "../gyp-target.mjs";
import { installSystemPackages, root, runs } from "../setup.mjs";
import { folder } from "./machine.mjs";

const tools = "x86_64-w64-mingw32";
const objects = path.join(folder, "addon");
const headers = path.join(root, "node_modules", "node-api-headers");
const compiler = { has: () => runs(`${tools}-g++-posix`, "--version"), apt: "g++-mingw-w64-x86-64-posix", brew: "mingw-w64" };

function run(command, args) {
  const done = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  if (done.status !== 0) throw new Error(`${command} ${args.join(" ")}\n${done.stderr}${done.error ?? ""}`);
}

/** node.exe by its exports, which is what node_api.lib would be. */
function importLibraries() {
  return ["js_native_api", "node_api"].map((name) => {
    const library = path.join(objects, `lib${name}.a`);
    const definition = path.join(headers, "def", `${name}.def`);
    run(`${tools}-dlltool`, ["-d", definition, "-D", "node.exe", "-l", library]);
    return library;
  });
}

function compile(source, index, sources, defines) {
  const object = path.join(objects, `${index}-${path.basename(source)}.o`);
  const ours = source.startsWith("src/");
  const isC = source.endsWith(".c");
  const addonApi = path.join(root, "node_modules", "node-addon-api");
  const foreign = [addonApi, path.join(headers, "include"), sources];
  run(`${tools}-${isC ? "gcc" : "g++"}-posix`, [
    ...(isC ? ["-std=gnu11"] : ["-std=c++17", "-fno-exceptions"]),
    ...(ours ? ["-Wall", "-Wextra", "-Werror"] : []),
    "-O2", "-DNDEBUG", "-DNAPI_DISABLE_CPP_EXCEPTIONS", "-D__USE_MINGW_ANSI_STDIO=1",
    ...defines.map((define) => `-D${define}`),
    "-Isrc",
    ...foreign.flatMap((name) => ["-isystem", name]),
    "-c", source, "-o", object,
  ]);
  return object;
}

/** Returns the binary. `sources`: what scripts/sources.mjs has fetched. */
export function buildWindows(sources) {
  const binary = path.join(objects, "headless-pid-registry.node");
  const target = gypTarget("win");
  const files = [...target.sources, path.join(sources, "cjson", "cJSON.c")];
  installSystemPackages([compiler]);
  rmSync(objects, { recursive: true, force: true });
  mkdirSync(objects, { recursive: true });
  const compiled = files.map((file, index) => compile(file, index, sources, target.defines));
  const link = ["-shared", "-static", "-s", "-o", binary, ...compiled, ...importLibraries()];
  run(`${tools}-g++-posix`, [...link, ...target.libraries]);
  checkBinary(binary, "win32");
  return binary;
}
