/** Puts the real agent into this folder, where git does not see it. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));
const pi = `${folder}node_modules/.bin/pi`;
const LIMIT_MS = 5 * 60_000;

function npm(...args) {
  return spawnSync("npm", args, { cwd: folder, encoding: "utf8", timeout: LIMIT_MS });
}

/** The command, or undefined if the registry does not answer. */
export function installAgent() {
  if (existsSync(pi)) return pi;
  if (npm("ping", "--fetch-retries=0").status !== 0) return undefined;
  const { status, stderr } = npm("ci", "--ignore-scripts", "--no-audit", "--no-fund");
  if (status !== 0) throw new Error(`the agent cannot be installed:\n${stderr}`);
  return pi;
}
