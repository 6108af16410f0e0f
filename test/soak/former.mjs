/** Version 0.1, which was never published, built from this repository's own history as it was then. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { root, run } from "../../scripts/setup.mjs";

const LAST_OF_0_1 = "31d8b12a0da8a0b4d50b744cb6a16816494a176d";

const folder = path.join(root, "build", "former", LAST_OF_0_1.slice(0, 7));

function isInHistory() {
  const asked = ["cat-file", "-e", `${LAST_OF_0_1}^{commit}`];
  return spawnSync("git", asked, { cwd: root, stdio: "ignore" }).status === 0;
}

function build() {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const input = execFileSync("git", ["archive", LAST_OF_0_1], {
    cwd: root,
    maxBuffer: 256 * 1024 * 1024,
  });
  run("tar", ["-x", "-C", folder], { input });
  run(process.execPath, [path.join(folder, "scripts", "setup.mjs")], { cwd: folder });
}

/** Its folder, as a package; undefined in a clone that does not go back so far. */
export function makeFormer() {
  if (!isInHistory()) return undefined;
  if (!existsSync(path.join(folder, "dist", "index.js"))) build();
  return folder;
}
