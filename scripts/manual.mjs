/** What goes with the command line: the manual page, of the same texts as its help, and the schema. */
import { spawnSync } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const folder = path.join(root, "dist", "cli");

const { status, stdout, stderr } = spawnSync(
  process.execPath,
  [path.join(folder, "main.js"), "help", "--man"],
  { encoding: "utf8" },
);
if (status !== 0) throw new Error(`no manual: ${stderr}`);
writeFileSync(path.join(folder, "headless-pids.1"), stdout);
copyFileSync(path.join(root, "lib", "cli", "schema.json"), path.join(folder, "schema.json"));
