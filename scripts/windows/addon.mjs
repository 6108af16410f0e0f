/** The addon for Windows, by mingw-w64: what binding.gyp says of win, for another compiler. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { root } from "../setup.mjs";
import { folder } from "./machine.mjs";

const tools = "x86_64-w64-mingw32";
const objects = path.join(folder, "addon");
const headers = path.join(root, "node_modules", "node-api-headers");

function run(command, args) {
  const done = spawnSync(command, args, { cwd: root, encoding: "utf8" });
  if (done.status === 0) return done.stdout;
  throw new Error(`${command} ${args.join(" ")}\n${done.stderr}${done.error ?? ""}`);
}

/** The target's own settings and those of its condition for Windows. */
function target(sources) {
  const [it] = JSON.parse(readFileSync(path.join(root, "binding.gyp"), "utf8")).targets;
  const [, windows] = it.conditions.find(([condition]) => condition === "OS=='win'");
  return {
    sources: [...it.sources, ...windows.sources, path.join(sources, "cjson", "cJSON.c")],
    includes: it.include_dirs,
    foreign: [path.join(root, "node_modules", "node-addon-api"), path.join(headers, "include"), sources],
    defines: [...it.defines, ...windows.defines],
    libraries: windows.libraries,
  };
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

function compile(source, index, { includes, foreign, defines }) {
  const object = path.join(objects, `${index}-${path.basename(source)}.o`);
  const ours = source.startsWith("src/");
  const isC = source.endsWith(".c");
  run(`${tools}-${isC ? "gcc" : "g++"}-posix`, [
    ...(isC ? ["-std=gnu11"] : ["-std=c++17", "-fno-exceptions"]),
    ...(ours ? ["-Wall", "-Wextra", "-Werror"] : []),
    "-O2", "-DNDEBUG", "-DNAPI_DISABLE_CPP_EXCEPTIONS", "-D__USE_MINGW_ANSI_STDIO=1",
    ...defines.map((define) => `-D${define}`),
    ...includes.map((include) => `-I${include}`),
    ...foreign.flatMap((name) => ["-isystem", name]),
    "-c", source, "-o", object,
  ]);
  return object;
}

/** Only what Node asks for is to be seen from outside. */
function checkExports(binary) {
  const listing = run(`${tools}-objdump`, ["-p", binary]);
  const [table] = (listing.split("[Ordinal/Name Pointer] Table")[1] ?? "").split("\n\n");
  const names = [...table.matchAll(/\[ *\d+\][^\n]*?(\w+)$/gm)].map(([, name]) => name);
  const strangers = names.filter((name) => !/^(napi_register_module|node_api_module)_/.test(name));
  if (names.length === 0 || strangers.length > 0)
    throw new Error(`the addon exports ${names.join(", ") || "nothing"}`);
  const libraries = [...listing.matchAll(/DLL Name: (\S+)/g)].map(([, name]) => name);
  const own = libraries.filter((name) => /^lib/i.test(name));
  if (own.length > 0) throw new Error(`the addon needs ${own.join(", ")}`);
}

/** Builds it and lays out a package around it, as npm would install it. Returns the folder. */
export function buildAddon(sources) {
  const packageFolder = path.join(folder, "package");
  const binary = path.join(packageFolder, "prebuilds", "win32-x64", "headless-pid-registry.node");
  const it = target(sources);
  rmSync(packageFolder, { recursive: true, force: true });
  mkdirSync(objects, { recursive: true });
  mkdirSync(path.dirname(binary), { recursive: true });
  const files = it.sources.map((source, index) => compile(source, index, it));
  const link = ["-shared", "-static", "-s", "-o", binary, ...files, ...importLibraries()];
  run(`${tools}-g++-posix`, [...link, ...it.libraries]);
  checkExports(binary);
  for (const name of ["dist", "package.json", path.join("node_modules", "node-gyp-build")])
    cpSync(path.join(root, name), path.join(packageFolder, name), { recursive: true });
  return packageFolder;
}
