/**
 * Makes a fresh checkout ready: system packages, npm packages, the native build and dist/.
 * What is there already is not touched; nothing is asked.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync, rmSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");

/** What a build or a test needs, how to see that it is there, and where it comes from. */
export const needs = [
  {
    has: () => runs("c++", "--version") && runs("make", "--version"),
    apt: "build-essential",
    brew: "",
  },
  { has: () => runs("python3", "--version"), apt: "python3", brew: "python" },
  { has: () => runs("cmake", "--version"), apt: "cmake", brew: "cmake" },
  { has: () => finds("cjson/cJSON.h"), apt: "libcjson-dev", brew: "cjson" },
  { has: () => finds("uthash.h"), apt: "uthash-dev", brew: "uthash" },
  { has: () => finds("gtest/gtest.h"), apt: "libgtest-dev", brew: "googletest" },
];

/** Whether a command is there and works. */
export function runs(command, ...args) {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}

/** Whether the compiler finds it; to compile gtest.h would take a second. */
function finds(header) {
  const input = `#if !__has_include(<${header}>)\n#error\n#endif\n`;
  const args = ["-std=c++17", "-x", "c++", "-E", "-"];
  return spawnSync("c++", args, { input, stdio: ["pipe", "ignore", "ignore"] }).status === 0;
}

/**
 * Runs a command; its output is shown only if it fails, and then the advice.
 * @param {import("node:child_process").SpawnSyncOptions & { advice?: string }} options
 */
export function run(command, args, options = {}) {
  const { advice, ...others } = options;
  const done = spawnSync(command, args, { cwd: root, encoding: "utf8", ...others });
  if (done.status === 0) return;
  process.stderr.write(`${done.stdout ?? ""}${done.stderr ?? ""}`);
  fail(
    advice ??
      `${[command, ...args].join(" ")} failed${done.error ? `: ${done.error.message}` : ""}`,
  );
}

function fail(line) {
  console.error(`setup: ${line}`);
  process.exit(1);
}

/**
 * Installs what is missing of a list like `needs`.
 * @param {{ has(): boolean, apt: string, brew?: string }[]} list
 */
export function installSystemPackages(list = needs) {
  const missing = list.filter((need) => !need.has());
  if (missing.length === 0) return;
  const apt = missing.map((need) => need.apt).join(" ");
  const brew = missing
    .map((need) => need.brew)
    .filter(Boolean)
    .join(" ");
  const advice = `please install first: sudo apt-get install ${apt} (Debian) or brew install ${brew} (macOS)`;
  if (runs("brew", "--version")) {
    run("brew", ["install", ...brew.split(" ")], { advice });
  } else if (runs("apt-get", "--version") && process.getuid?.() === 0) {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    const install = ["install", "-y", "-qq", "--no-install-recommends", ...apt.split(" ")];
    for (const args of [["update", "-qq"], install])
      run("flock", [fileURLToPath(import.meta.url), "apt-get", ...args], { env, advice }); // one at a time
  } else {
    fail(advice);
  }
}

export function installNpmPackages() {
  const installed = path.join(root, "node_modules", ".package-lock.json");
  const wanted = path.join(root, "package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(wanted).mtimeMs) return;
  run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
}

/** The folder above include/node, if this Node's own headers are installed beside it. */
export function headersFolder() {
  const folder = path.resolve(path.dirname(process.execPath), "..");
  const header = path.join(folder, "include", "node", "node_version.h");
  if (!existsSync(header)) return undefined;
  const major = /define NODE_MAJOR_VERSION (\d+)/.exec(readFileSync(header, "utf8"))?.[1];
  return major === process.versions.node.split(".")[0] ? folder : undefined;
}

/**
 * node-gyp, told where the headers are if they are here: then it downloads nothing.
 * `generator`: arguments for gyp itself.
 */
export function nodeGyp(args, options = {}, generator = []) {
  const headers = headersFolder();
  const gyp = path.join(root, "node_modules", "node-gyp", "bin", "node-gyp.js");
  const nodedir = headers ? [`--nodedir=${headers}`] : [];
  run(process.execPath, [gyp, ...args, ...nodedir, "--", ...generator], options);
}

/** dist/: the declarations by TypeScript, the programs by rolldown.config.mjs, the manual. */
export function buildScripts() {
  const tool = (...file) => path.join(root, "node_modules", ...file);
  rmSync(path.join(root, "dist"), { recursive: true, force: true }); // chunks come and go
  run(process.execPath, [tool("typescript", "bin", "tsc"), "-p", root]);
  run(process.execPath, [tool("typescript", "bin", "tsc"), "-p", path.join(root, "lib", "cli")]);
  run(process.execPath, [tool("rolldown", "bin", "cli.mjs"), "-c", "rolldown.config.mjs"]);
  run(process.execPath, [path.join(root, "scripts", "manual.mjs")]);
}

function build() {
  nodeGyp(["configure", "build", "--jobs=max"]);
  buildScripts();
}

function checkPermission() {
  try {
    accessSync(root, constants.W_OK);
  } catch {
    fail(`${root} is not ours to write in: please make a clone of your own`);
  }
}

/** HPR_READY in the environment: whoever calls has seen to it, and others may be using it. */
export function setup() {
  if (process.env.HPR_READY) return;
  checkPermission();
  installSystemPackages();
  installNpmPackages();
  build();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setup();
