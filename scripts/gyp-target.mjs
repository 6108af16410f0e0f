/** What binding.gyp says, for compilers that are none of node-gyp's. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { root } from "./setup.mjs";

/** The sources, defines and libraries of an OS as gyp names it; the file is JSON and stays it. */
export function gypTarget(os) {
  const [target] = JSON.parse(readFileSync(path.join(root, "binding.gyp"), "utf8")).targets;
  const [, own] = target.conditions.find(([condition]) => condition === `OS=='${os}'`);
  return {
    sources: [...target.sources, ...own.sources],
    defines: [...target.defines, ...(own.defines ?? [])],
    libraries: own.libraries ?? [],
  };
}
