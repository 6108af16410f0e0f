/** A package around one binary, as npm would install it. */
import { cpSync, mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { root } from "./setup.mjs";

/** Lays it out in a folder of its own, which is made anew. `system` is "<platform>-<arch>". */
export function packageAround(binary, system, folder) {
  const prebuilds = path.join(folder, "prebuilds", system);
  const libc = system.startsWith("linux-") ? ".glibc" : "";
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(prebuilds, { recursive: true });
  cpSync(binary, path.join(prebuilds, `headless-pid-registry${libc}.node`));
  for (const name of ["dist", "package.json"])
    cpSync(path.join(root, name), path.join(folder, name), { recursive: true });
  return folder;
}
