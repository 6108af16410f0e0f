/** Packages that a check needs and the project does not: in a folder that git does not see. */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { run } from "./setup.mjs";

/** Installs them unless that was done; returns the folder node_modules. */
export function fetchPackages(folder, ...packages) {
  const modules = path.join(folder, "node_modules");
  if (existsSync(modules)) return modules;
  const fresh = path.join(folder, `new-${process.pid}`);
  mkdirSync(fresh, { recursive: true });
  const flags = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund", "--force"]; // other systems' too
  run("npm", ["install", "--prefix", fresh, ...flags, ...packages]);
  if (!existsSync(modules)) renameSync(path.join(fresh, "node_modules"), modules); // else another was quicker
  rmSync(fresh, { recursive: true });
  return modules;
}
