/** The addon for Windows, by mingw-w64. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import { crossBuild } from "../cross.mjs";
import { installSystemPackages, root, run, runs } from "../setup.mjs";

const tools = "x86_64-w64-mingw32";
const headers = path.join(root, "node_modules", "node-api-headers");

/** Everything that is fetched or made here; no part of it is ever committed. */
export const folder = path.join(root, "build", "windows");

/** As in setup.mjs. */
export const compiler = {
  has: () => runs(`${tools}-g++-posix`, "--version"),
  apt: "g++-mingw-w64-x86-64-posix",
  brew: "mingw-w64",
};

/** node.exe by its exports, which is what node_api.lib would be. */
function importLibraries() {
  const libraries = path.join(folder, "libraries");
  mkdirSync(libraries, { recursive: true });
  return ["js_native_api", "node_api"].map((name) => {
    const library = path.join(libraries, `lib${name}.a`);
    const definition = path.join(headers, "def", `${name}.def`);
    run(`${tools}-dlltool`, ["-d", definition, "-D", "node.exe", "-l", library]);
    return library;
  });
}

/** Returns the binary. `sources`: what scripts/sources.mjs has fetched. */
export function buildWindows(sources) {
  installSystemPackages([compiler]);
  return crossBuild(path.join(folder, "addon"), sources, {
    os: "win",
    compilers: { ".c": [`${tools}-gcc-posix`], ".cc": [`${tools}-g++-posix`] },
    headers: path.join(headers, "include"),
    languages: { ".c": ["-std=gnu11"] }, // else string.h is the standard's alone
    flags: ["-DNDEBUG", "-D__USE_MINGW_ANSI_STDIO=1"],
    link: ["-static", ...importLibraries()],
  });
}
