/**
 * cJSON and uthash as sources, for binaries that must not need them installed and for compilers
 * that do not look into this system's folders. cJSON is Debian's source package, its security
 * patches applied; uthash is headers only. Both land in build/, and never in a commit.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { installNpmPackages, root, run } from "./setup.mjs";

const folder = path.join(root, "build", "sources");
const APT = "/etc/apt";
const DESCRIPTION = "third-party.json";

/** The system's own package sources, asked for sources in place of binaries. */
function sourceLists() {
  const lists = [path.join(APT, "sources.list")];
  const parts = path.join(APT, "sources.list.d");
  if (existsSync(parts)) lists.push(...readdirSync(parts).map((name) => path.join(parts, name)));
  const text = (suffix) =>
    lists
      .filter((file) => file.endsWith(suffix) && existsSync(file))
      .map((file) => readFileSync(file, "utf8"))
      .join("\n\n");
  return {
    "all.sources": text(".sources").replace(/^Types:.*$/gm, "Types: deb-src"),
    "all.list": text(".list").replace(/^deb /gm, "deb-src "),
  };
}

/** apt-get with lists of its own: the system's are left as they are. */
function aptGet(args) {
  const apt = path.join(folder, "apt");
  const options = {
    "Dir::Etc::sourcelist": "/dev/null",
    "Dir::Etc::sourceparts": path.join(apt, "parts"),
    "Dir::State::lists": path.join(apt, "lists"),
  };
  mkdirSync(path.join(apt, "lists", "partial"), { recursive: true });
  mkdirSync(path.join(apt, "parts"), { recursive: true });
  for (const [name, text] of Object.entries(sourceLists()))
    writeFileSync(path.join(apt, "parts", name), text);
  const flags = Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  run("apt-get", [...flags, "-qq", ...args], { cwd: folder });
}

function fetchCjson() {
  aptGet(["update"]);
  aptGet(["source", "cjson"]);
  return readdirSync(folder).find((name) => /^cjson-[\d.]+$/.test(name)) ?? "";
}

const firstMatch = (file, pattern) => pattern.exec(readFileSync(file, "utf8"))?.[1].trim();

/** What a binary contains besides our own code, for its licences and its bill of materials. */
function describe(source) {
  const header = path.join(folder, "uthash.h");
  return [
    {
      name: "cJSON",
      version: firstMatch(path.join(source, "debian", "changelog"), /^cjson \((.+?)\)/),
      licence: "MIT",
      text: readFileSync(path.join(source, "LICENSE"), "utf8"),
    },
    {
      name: "uthash",
      version: firstMatch(header, /UTHASH_VERSION (\S+)/),
      licence: "BSD-1-Clause",
      text: firstMatch(header, /\/\*(.+?)\*\//s),
    },
  ];
}

/**
 * A folder for the compiler: uthash.h, utlist.h, cjson/cJSON.h and .c, and a description of them in
 * third-party.json. Ends the script if they cannot be had. HPR_SOURCES names one that was made
 * elsewhere, for systems without apt-get.
 */
export function fetchSources() {
  if (process.env.HPR_SOURCES) return path.resolve(root, process.env.HPR_SOURCES);
  if (existsSync(path.join(folder, DESCRIPTION))) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.join(folder, "cjson"), { recursive: true });
  const source = path.join(folder, fetchCjson());
  for (const name of ["uthash.h", "utlist.h"])
    copyFileSync(path.join("/usr/include", name), path.join(folder, name));
  for (const name of ["cJSON.h", "cJSON.c"])
    copyFileSync(path.join(source, name), path.join(folder, "cjson", name));
  writeFileSync(path.join(folder, DESCRIPTION), JSON.stringify(describe(source), null, 2));
  return folder;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  installNpmPackages();
  console.log(fetchSources());
}
