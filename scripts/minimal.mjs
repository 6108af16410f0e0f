/**
 * npm run check:minimal: `npm test` as it is in a container of Debian's fewest packages: no machine id, no ps, no
 * python, no compiler, no right to make namespaces or mounts; once as root with the capabilities that Docker gives,
 * once as a user whose id has no name. What needs more is skipped, loudly, and everything else passes.
 */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { buildNative } from "./native.mjs";
import { installSystemPackages, root, run, runs, setup } from "./setup.mjs";

const needs = [
  { has: () => runs("debootstrap", "--version"), apt: "debootstrap" },
  { has: () => runs("setpriv", "--version") && runs("unshare", "--version"), apt: "util-linux" },
];

/** As Docker leaves them to root. */
const CAPABILITIES = [
  "chown",
  "dac_override",
  "fowner",
  "fsetid",
  "kill",
  "setgid",
  "setuid",
  "setpcap",
].concat(["net_bind_service", "net_raw", "sys_chroot", "mknod", "audit_write", "setfcap"]);
const WHO = { root: "0:0", "a user without a name": "4321:4321" };

const folder = path.join(root, "build", "minimal");
const debian = path.join(folder, "root");
const inside = path.join(debian, "package");

/** $0: the new root, then what runs in it. Its mounts are its own, and end with it; it has an init that reaps. */
const ENTER = `
mount -t proc proc "$0/proc" && mount --bind "$0/proc/sys" "$0/proc/sys" && mount -o remount,ro,bind "$0/proc/sys" &&
mount --rbind /dev "$0/dev" && mount -t tmpfs -o mode=1777 tmpfs "$0/tmp" || exit 1
"$@" & wait $!`;

/* --- the container ---------------------------------------------------------------------------- */

/** The release that this machine runs, so that what was built here runs there; undefined: it is no Debian. */
function release() {
  const text = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  return /^ID=debian$/m.test(text) ? /^VERSION_CODENAME=(\S+)$/m.exec(text)?.[1] : undefined;
}

function lack() {
  if (process.platform !== "linux" || !release()) return "Debian";
  return process.getuid?.() === 0 ? undefined : "root, who makes the container";
}

function makeDebian() {
  const complete = path.join(folder, `root-of-${release()}`);
  if (existsSync(complete)) return;
  rmSync(debian, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  run("debootstrap", ["--variant=minbase", release(), debian]);
  rmSync(path.join(debian, "etc", "machine-id"), { force: true });
  mkdirSync(complete);
}

/** Shared libraries that a program needs and that are not there. */
function copyLibraries(program) {
  const { stdout } = spawnSync("ldd", [program], { encoding: "utf8" });
  for (const [, library] of stdout.matchAll(/(\/\S+) \(/g)) {
    const copy = path.join(debian, library);
    if (!existsSync(copy)) cpSync(library, copy, { dereference: true });
  }
}

function copyPackage() {
  rmSync(inside, { recursive: true, force: true });
  for (const name of readdirSync(root).filter((it) => !["build", ".git"].includes(it)))
    cpSync(path.join(root, name), path.join(inside, name), {
      recursive: true,
      verbatimSymlinks: true,
    });
  const native = path.join("build", "native");
  const programs = ["native_tests", "core_tests", "fault_tests", "sim", "refuse"].map((it) =>
    path.join(native, it),
  );
  for (const name of [...programs, path.join("build", "Release", "headless_pid_registry.node")]) {
    cpSync(path.join(root, name), path.join(inside, name));
    copyLibraries(path.join(root, name));
  }
  cpSync(process.execPath, path.join(debian, "usr", "bin", "node"), { dereference: true });
  copyLibraries(process.execPath);
}

/* --- the tests -------------------------------------------------------------------------------- */

/** Whether all passed. The package is its user's: npm writes in node_modules, too. */
function test([who, ids]) {
  console.log(`=== as ${who}`);
  run("chown", ["-R", ids, inside]);
  const kept = CAPABILITIES.map((it) => `+${it}`).join();
  const command = ["node", "/package/scripts/test.mjs", "--built"];
  const { status } = spawnSync(
    "unshare",
    [
      "--mount",
      "--pid",
      "--fork",
      "--kill-child",
      "sh",
      "-c",
      ENTER,
      debian,
      "setpriv",
      `--bounding-set=-all,${kept}`,
      "--inh-caps=-all",
      "chroot",
      `--userspec=${ids}`,
      debian,
      "env",
      "-i",
      "PATH=/usr/bin:/bin",
      "HOME=/tmp",
      "TMPDIR=/tmp",
      ...command,
    ],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  console.log(`${status === 0 ? "ok   " : "FAIL "} as ${who}`);
  return status === 0;
}

const missing = lack();
if (missing) {
  console.log(`SKIP  minimal: PROVES NOTHING HERE, needs ${missing}`);
} else {
  setup();
  installSystemPackages(needs);
  buildNative();
  makeDebian();
  copyPackage();
  process.exitCode = Object.entries(WHO).map(test).every(Boolean) ? 0 : 1;
}
