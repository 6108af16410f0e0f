/**
 * npm run check:kernels [-- <kernel image>...]: what depends on the kernel (the native tests, a server's story, the
 * demo) on the kernels of Debian 12, each in a virtual machine without hardware support and without a disk. Kernels of
 * one's own are named on the command line. The last line says what passed, or SKIP and why.
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import path from "node:path";
import { buildNative, nativeFolder } from "./native.mjs";
import { installSystemPackages, root, run, runs, setup } from "./setup.mjs";

const KERNELS = ["linux-image-cloud-amd64", "linux-image-6.12-cloud-amd64"]; // 6.1 and 6.12
const PATIENCE_MS = 30 * 60_000; // emulated instructions are a tenth as fast
const MEMORY = "2G";
const PACKAGE = ["dist", "package.json", "index.d.ts", "examples", "test/system"];

const needs = [
  { has: () => runs("qemu-system-x86_64", "--version"), apt: "qemu-system-x86" },
  { has: () => existsSync("/bin/busybox") && isStatic("/bin/busybox"), apt: "busybox-static" },
];

const folder = path.join(root, "build", "kernels");
const machine = path.join(folder, "root");
const archive = path.join(folder, "root.cpio");

const output = (command, ...args) =>
  execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });

/* --- kernels ---------------------------------------------------------------------------------- */

/** The package with the image of a kernel, which a package without a version depends on. */
function packageOf(name) {
  const found = /^Depends: (linux-image-\S+)/m.exec(
    output("apt-cache", "show", "--no-all-versions", name),
  );
  if (!found) throw new Error(`apt knows no kernel of the name ${name}`);
  return found[1];
}

const imageIn = (place) => {
  const boot = path.join(place, "boot");
  const name = existsSync(boot) && readdirSync(boot).find((it) => it.startsWith("vmlinuz-"));
  return name ? path.join(boot, name) : undefined;
};

/** Downloads and unpacks it; nothing is installed. Returns the image. */
function fetchKernel(name) {
  const packageName = packageOf(name);
  const place = path.join(folder, packageName);
  if (!imageIn(place)) {
    const download = path.join(folder, "download");
    rmSync(download, { recursive: true, force: true });
    mkdirSync(download, { recursive: true });
    run("apt-get", ["download", "-qq", "-o", "APT::Sandbox::User=root", packageName], {
      cwd: download,
    });
    run("dpkg-deb", ["-x", path.join(download, readdirSync(download)[0]), place]);
    rmSync(download, { recursive: true });
  }
  return imageIn(place);
}

/* --- the machine ------------------------------------------------------------------------------ */

function isStatic(program) {
  return !/=>/.test(spawnSync("ldd", [program], { encoding: "utf8" }).stdout);
}

/** The shared libraries of a program, and the one that loads them. */
function librariesOf(program) {
  return output("ldd", program)
    .split("\n")
    .flatMap((line) => /(\/\S+) \(/.exec(line)?.[1] ?? []);
}

function copy(file, place) {
  cpSync(file, path.join(machine, place), { recursive: true, dereference: true });
}

/** A root folder with node, the built package and the test programs, packed for the kernel. */
function makeMachine() {
  rmSync(machine, { recursive: true, force: true });
  for (const name of ["dev", "proc", "sys", "tmp", "root", "etc"])
    mkdirSync(path.join(machine, name), { recursive: true });
  const programs = readdirSync(nativeFolder).filter((name) => name.endsWith("_tests"));
  for (const name of programs) copy(path.join(nativeFolder, name), `package/build/native/${name}`);
  for (const name of PACKAGE) copy(path.join(root, name), `package/${name}`);
  const addon = "build/Release/headless_pid_registry.node";
  copy(path.join(root, addon), `package/${addon}`);
  copy("/bin/busybox", "bin/busybox");
  for (const name of output("/bin/busybox", "--list")
    .split("\n")
    .filter((it) => it && it !== "busybox"))
    symlinkSync("busybox", path.join(machine, "bin", name));
  copy(process.execPath, "bin/node");
  rmSync(path.join(machine, "bin", "sleep")); // busybox does not know itself under another title
  copy("/bin/sleep", "bin/sleep");
  copy(path.join(root, "test", "kernels", "init.sh"), "init");
  chmodSync(path.join(machine, "init"), 0o755);
  const loaded = [
    process.execPath,
    "/bin/sleep",
    path.join(root, addon),
    ...programs.map((name) => path.join(nativeFolder, name)),
  ];
  for (const library of new Set(loaded.flatMap(librariesOf))) copy(library, library);
  run("sh", ["-c", `find . | busybox cpio -o -H newc > "$1"`, "sh", archive], { cwd: machine });
}

/** Boots it and shows what it says. Resolves to all of that. */
function boot(image) {
  const child = spawn(
    "qemu-system-x86_64",
    [
      "-accel",
      "tcg",
      "-cpu",
      "max",
      "-smp",
      "1",
      "-m",
      MEMORY,
      "-no-reboot",
      "-nic",
      "none",
      "-display",
      "none",
      "-monitor",
      "none",
      "-serial",
      "stdio",
      "-kernel",
      image,
      "-initrd",
      archive,
      "-append",
      "console=ttyS0 quiet panic=-1 no_timer_check",
    ],
    { stdio: ["ignore", "pipe", "inherit"], timeout: PATIENCE_MS, killSignal: "SIGKILL" },
  );
  let said = "";
  child.stdout.on("data", (data) => {
    process.stdout.write(data);
    said += data;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve(said.replaceAll("\r", "")));
  });
}

/* --- the proof -------------------------------------------------------------------------------- */

const sum = (said, pattern) =>
  [...said.matchAll(pattern)].reduce((total, it) => total + Number(it[1]), 0);

async function check(image) {
  const name = path.basename(image).replace("vmlinuz-", "Linux ");
  console.log(`=== ${name}`);
  const said = await boot(image);
  const passed = sum(said, /\[ {2}PASSED {2}\] (\d+) test/g);
  const skipped = sum(said, /\[ {2}SKIPPED \] (\d+) test/g);
  const kept = /^kernels: status 0$/m.test(said) && passed > 0;
  return {
    kept,
    text: `${kept ? "ok   " : "FAIL "} ${name}: ${passed} native tests (${skipped} skipped), the story, the demo`,
  };
}

function prepare() {
  setup();
  installSystemPackages(needs);
  buildNative();
  mkdirSync(folder, { recursive: true });
  const named = process.argv.slice(2);
  const images = named.length ? named.map((it) => path.resolve(it)) : KERNELS.map(fetchKernel);
  makeMachine();
  return images;
}

if (process.platform !== "linux" || process.arch !== "x64") {
  console.log("SKIP  kernels: PROVE NOTHING HERE, need Linux on x64");
} else {
  const results = [];
  for (const image of prepare()) results.push(await check(image));
  for (const { text } of results) console.log(text);
  process.exitCode = results.every(({ kept }) => kept) ? 0 : 1;
}
