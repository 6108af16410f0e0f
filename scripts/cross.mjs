/** The addon by compilers that are none of node-gyp's: all that binding.gyp names, as it names it. */
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { root, run } from "./setup.mjs";

const FLAGS = ["-O2", "-fvisibility=hidden", "-DNODE_ADDON_API_DISABLE_CPP_EXCEPTIONS"];
const WARNINGS = ["-Wall", "-Wextra", "-Werror"];
const LANGUAGES = { ".c": ["-std=c11"], ".cc": ["-std=c++17", "-fno-exceptions"] };

/** The sources, defines and libraries of an OS as gyp names it; binding.gyp is JSON and stays it. */
function gypTarget(os) {
  const [target] = JSON.parse(readFileSync(path.join(root, "binding.gyp"), "utf8")).targets;
  const [, own] = target.conditions.find(([condition]) => condition === `OS=='${os}'`);
  return {
    sources: [...target.sources, ...own.sources],
    defines: [...target.defines, ...(own.defines ?? [])],
    libraries: own.libraries ?? [],
  };
}

function compile(file, by, flags, folder) {
  const object = path.join(folder, `${file.replaceAll(/[^\w]/g, "_")}.o`);
  const language = path.extname(file);
  const [command, ...args] = by.compilers[language];
  run(command, [
    ...args,
    ...{ ...LANGUAGES, ...by.languages }[language],
    ...flags,
    "-c",
    file,
    "-o",
    object,
  ]);
  return object;
}

/**
 * Builds it in a folder, which is made anew, and returns the binary. `sources`: what sources.mjs has
 * fetched. `by`: `os` as gyp names it, `compilers` for .c and .cc, the folder of Node's `headers`,
 * and its own `flags`, `languages` that it wants otherwise, more `sources`, and what to `link`.
 */
export function crossBuild(folder, sources, by) {
  const binary = path.join(folder, "headless-pid-registry.node");
  const target = gypTarget(by.os);
  const foreign = [sources, path.join("node_modules", "node-addon-api"), by.headers];
  const includes = ["-Isrc", ...foreign.flatMap((it) => ["-isystem", it])];
  const defines = target.defines.map((it) => `-D${it}`);
  const flags = [...FLAGS, ...WARNINGS, ...defines, ...by.flags, ...includes];
  const files = [...target.sources, ...(by.sources ?? []), path.join(sources, "cjson", "cJSON.c")];
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const objects = files.map((file) => compile(file, by, flags, folder));
  const [command, ...args] = by.compilers[".cc"];
  run(command, [
    ...args,
    "-shared",
    "-s",
    "-o",
    binary,
    ...objects,
    ...by.link,
    ...target.libraries,
  ]);
  return binary;
}
