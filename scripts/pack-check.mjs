/**
 * npm run pack:check: what a user gets. Packs the package, looks at what is in it, installs it into
 * an empty project without scripts and without a compiler, and runs a session's life there on every
 * supported Node. Ends with 1 if anything is not as promised; what cannot run here says SKIP.
 * The binaries are built for it by cross compilers; -- --as-is looks at those in prebuilds/.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { fetchPackages } from "./npm-packages.mjs";
import { checkArm64, checkMusl } from "./pack-others.mjs";
import { root, run, setup } from "./setup.mjs";

const NODES = ["20", "22", "24", "26"];
const ATTW = "@arethetypeswrong/cli@0.18.5";
const PUBLINT = "publint@0.3.25";
const PACKED_MAX_KIB = 1600;
const UNPACKED_MAX_KIB = 4500;
const CONTENTS = [
  /^package\.json$/,
  /^(README|CHANGELOG)\.md$/,
  /^LICENSE$/,
  /^index\.d\.ts$/,
  /^binding\.gyp$/,
  /^dist\/[\w/-]+\.(js|d\.ts)$/,
  /^dist\/cli\/([a-z]+\.licences\.txt|schema\.json|headless-pids\.1)$/,
  /^src\/[\w/-]+\.(c|cc|h|map)$/,
  /^prebuilds\/[a-z0-9]+-[a-z0-9]+\/headless-pid-registry(\.glibc|\.musl)?\.node$/,
  /^prebuilds\/LICENCES\.txt$/,
];

const tools = path.join(root, "build", "pack-tools");
const home = mkdtempSync(path.join(os.tmpdir(), "hpr-pack-check-"));
/** Spaces and letters that take several bytes. */
const project = path.join(home, "ein Projekt für Ωmega");
let passed = 0;

function pass(what) {
  passed++;
  console.log(`pack: ${what}`);
}

function fail(what) {
  throw new Error(`pack: ${what}`);
}

const fetch = (name, ...packages) => fetchPackages(path.join(tools, name), ...packages);

/* --- the tarball ------------------------------------------------------------------------------ */

function pack() {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", home];
  const { status, stdout, stderr } = spawnSync("npm", args, { cwd: root, encoding: "utf8" });
  if (status !== 0) fail(stderr);
  const [{ filename, files, size, unpackedSize }] = JSON.parse(stdout);
  for (const { path: name } of files)
    if (!CONTENTS.some((it) => it.test(name))) fail(`${name} does not belong into the package`);
  if (size > PACKED_MAX_KIB * 1024 || unpackedSize > UNPACKED_MAX_KIB * 1024)
    fail(`${size} bytes packed, ${unpackedSize} unpacked`);
  pass(
    `${files.length} files, ${(size / 1024).toFixed(0)} KiB packed, ${(unpackedSize / 1024).toFixed(0)} KiB unpacked`,
  );
  for (const { path: name } of files.filter((it) => it.path.startsWith("prebuilds/")))
    console.log(`      ${name}`);
  return path.join(home, filename);
}

function checkTools(tarball) {
  const bin = path.join(fetch("lint", ATTW, PUBLINT), ".bin");
  run(path.join(bin, "publint"), [tarball, "--strict"]);
  pass("publint is content");
  run(path.join(bin, "attw"), [tarball]);
  pass("attw: the types are right for every resolution");
}

/* --- an empty project ------------------------------------------------------------------------- */

/** Neither compilers nor the caller's own modules; npm needs its node and a shell. */
const bare = { HOME: home, TMPDIR: home, PATH: path.join(home, "bin") };

function install(tarball) {
  mkdirSync(project);
  mkdirSync(bare.PATH);
  writeFileSync(path.join(project, "package.json"), '{ "private": true }');
  cpSync(path.join(root, "test", "pack"), path.join(project, "pack"), { recursive: true });
  cpSync(path.join(root, "test", "fixtures", "consumer.ts"), path.join(project, "consumer.ts"));
  const npm = spawnSync("npm", ["root", "-g"], { encoding: "utf8" }).stdout.trim();
  const cli = path.join(npm, "npm", "bin", "npm-cli.js");
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund"];
  run(process.execPath, [cli, "install", ...flags, tarball], { cwd: project, env: bare });
  const installed = readdirSync(path.join(project, "node_modules")).filter(
    (it) => !it.startsWith("."),
  );
  pass(
    `installs without scripts, with ${installed.filter((it) => it !== "headless-pid-registry").join(", ")}`,
  );
}

function play(node, script, what) {
  const done = spawnSync(node, [path.join("pack", script)], {
    cwd: project,
    env: bare,
    encoding: "utf8",
    timeout: 60_000,
  });
  if (done.status !== 0) fail(`${what}: ${done.error?.message ?? done.stderr}`);
}

function checkNodes() {
  for (const major of NODES) {
    const node = path.join(
      fetch(`node-${major}`, `node-linux-${process.arch}@${major}`),
      `node-linux-${process.arch}`,
      "bin",
      "node",
    );
    const version = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim();
    for (const script of ["by-require.cjs", "by-import.mjs", "in-worker.cjs"])
      play(node, script, `${script} on Node ${version}`);
    pass(`lives on Node ${version}: by require, by import, in a worker`);
  }
}

/** All that the package can do, with real children. */
function checkStory() {
  const story = path.join(root, "test", "system", "lifecycle.mjs");
  const installed = path.join(project, "node_modules", "headless-pid-registry");
  const { status, stdout } = spawnSync(process.execPath, [story, installed], {
    env: bare,
    encoding: "utf8",
    timeout: 120_000,
  });
  const steps = /^(\d+) steps passed$/m.exec(stdout)?.[1];
  if (status !== 0 || !steps) fail(stdout);
  pass(`the story of a server: ${steps} steps`);
}

function checkTypes() {
  const tsc = path.join(root, "node_modules", "typescript", "bin", "tsc");
  const types = ["--typeRoots", path.join(root, "node_modules", "@types"), "--types", "node"];
  const resolutions = [
    ["node16", "node16"],
    ["esnext", "bundler"],
  ];
  for (const [module, resolution] of resolutions) {
    const how = ["--module", module, "--moduleResolution", resolution, "--target", "es2022"];
    run(
      process.execPath,
      [tsc, "--ignoreConfig", "--noEmit", "--strict", ...how, ...types, "consumer.ts"],
      { cwd: project },
    );
    pass(`the types are found by moduleResolution ${resolution}`);
  }
}

function checkCommand() {
  const bin = path.join(project, "node_modules", "headless-pid-registry", "dist", "cli", "main.js");
  const { stdout } = spawnSync(process.execPath, [bin, "list"], { env: bare, encoding: "utf8" });
  if (!stdout.includes("no entries")) fail(`headless-pids list says ${stdout}`);
  pass("headless-pids runs");
}

function checkMissingBinary() {
  rmSync(path.join(project, "node_modules", "headless-pid-registry", "prebuilds"), {
    recursive: true,
  });
  const args = ["-e", 'require("headless-pid-registry")'];
  const { stderr } = spawnSync(process.execPath, args, {
    cwd: project,
    env: bare,
    encoding: "utf8",
  });
  const says = [`no binary for ${process.platform}-${process.arch}`, "npx node-gyp rebuild"];
  if (!says.every((text) => stderr.includes(text))) fail(`without a binary: ${stderr}`);
  pass("without a binary it says what to do");
}

setup();
const { values } = parseArgs({ options: { "as-is": { type: "boolean" } } });
if (!values["as-is"]) {
  rmSync(path.join(root, "prebuilds"), { recursive: true, force: true });
  run(process.execPath, ["scripts/prebuild.mjs", "--cross"]);
}
try {
  const tarball = pack();
  checkTools(tarball);
  install(tarball);
  checkNodes();
  checkStory();
  checkTypes();
  checkCommand();
  checkMusl({ pass, project });
  checkArm64({ pass, fetch, project, env: bare });
  checkMissingBinary();
  console.log(`pack: ${passed} checks passed`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(home, { recursive: true });
}
