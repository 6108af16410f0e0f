/**
 * npm run pack:check [-- PART …]: what a user gets. Packs the package, looks at what is in it, and
 * installs, bundles and runs it in empty projects. Ends with 1 if anything is not as promised; what
 * cannot run here says SKIP. PART: contents, tools, nodes, managers, bundlers, source, others.
 *
 * The binaries are built for it by cross compilers; --here builds this system's alone, --as-is takes
 * those in prebuilds/, and --tarball FILE a package that is there already.
 */
import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { root, run, runs, setup } from "../setup.mjs";
import { checkBundlers } from "./bundles.mjs";
import { checkContents } from "./contents.mjs";
import { checkManagers } from "./managers.mjs";
import { checkArm64, checkMusl } from "./others.mjs";
import {
  bare,
  fail,
  fetch,
  fetchNode,
  home,
  installByNpm,
  pass,
  passed,
  play,
  prepareHome,
  removeHome,
} from "./workspace.mjs";

const NAME = "headless-pid-registry";
const NODES = ["20", "22", "24", "26"];
const ATTW = "@arethetypeswrong/cli@0.18.5";
const PUBLINT = "publint@0.3.25";

const packageIn = (project) => path.join(project, "node_modules", NAME);

function pack() {
  if (!values["as-is"]) {
    rmSync(path.join(root, "prebuilds"), { recursive: true, force: true });
    run(process.execPath, ["scripts/prebuild.mjs", "--cross", ...(values.here ? ["--here"] : [])]);
  }
  const args = ["pack", "--json", "--pack-destination", home];
  const { status, stdout, stderr } = spawnSync("npm", args, { cwd: root, encoding: "utf8" });
  if (status !== 0) fail(stderr);
  return path.join(home, JSON.parse(stdout.slice(stdout.indexOf("[")))[0].filename);
}

function checkTools(tarball) {
  const bin = path.join(fetch("lint", ATTW, PUBLINT), ".bin");
  run(path.join(bin, "publint"), [tarball, "--strict"]);
  pass("publint is content");
  run(path.join(bin, "attw"), [tarball]);
  pass("attw: the types are right for every resolution");
}

/* --- as installed ----------------------------------------------------------------------------- */

function checkNodes(tarball) {
  const project = installByNpm("nodes", tarball);
  for (const major of NODES) {
    const node = fetchNode(major);
    for (const script of ["by-require.cjs", "by-import.mjs", "in-worker.cjs"])
      play(`${script} on Node ${major}`, project, [node, path.join("pack", script)]);
    pass(`lives on Node ${major}: by require, by import, in a worker`);
  }
  checkStory(project);
  checkTypes(project);
  checkCommand(project);
  checkMissingBinary(project);
}

/** All that the package can do, with real children. */
function checkStory(project) {
  const story = path.join(root, "test", "system", "lifecycle.mjs");
  const said = play("the story", project, [process.execPath, story, packageIn(project)]);
  const steps = /^(\d+) steps passed$/m.exec(said)?.[1];
  if (!steps) fail(said);
  pass(`the story of a server: ${steps} steps`);
}

function checkTypes(project) {
  const tsc = path.join(root, "node_modules", "typescript", "bin", "tsc");
  const types = ["--typeRoots", path.join(root, "node_modules", "@types"), "--types", "node"];
  const common = ["--ignoreConfig", "--noEmit", "--strict", "--target", "es2022", ...types];
  const consumers = ["consumer.ts", "consumer-async.ts"];
  for (const it of consumers)
    cpSync(path.join(root, "test", "fixtures", it), path.join(project, it));
  for (const [module, resolution] of [
    ["node16", "node16"],
    ["esnext", "bundler"],
  ]) {
    const how = ["--module", module, "--moduleResolution", resolution];
    run(process.execPath, [tsc, ...common, ...how, ...consumers], { cwd: project });
    pass(`the types are found by moduleResolution ${resolution}`);
  }
}

/** A package with one program runs by its own name, which no stranger can take. */
function checkCommand(project) {
  const { bin } = JSON.parse(readFileSync(path.join(packageIn(project), "package.json"), "utf8"));
  for (const name of [NAME, "headless-pids"]) {
    const command = path.join(packageIn(project), bin[name]);
    const said = play(name, project, [process.execPath, command, "list"]);
    if (!said.includes("no entries")) fail(`${name} list says ${said}`);
    pass(`${name} runs`);
  }
}

function checkMissingBinary(project) {
  rmSync(path.join(packageIn(project), "prebuilds"), { recursive: true });
  const args = ["-e", `require("${NAME}")`];
  const { stderr } = spawnSync(process.execPath, args, {
    cwd: project,
    env: bare,
    encoding: "utf8",
  });
  const says = [`no binary for ${process.platform}-${process.arch}`, "prebuilds", "npm install"];
  if (!says.every((text) => stderr.includes(text))) fail(`without a binary: ${stderr}`);
  pass("without a binary it says where it looked and what to do");
}

/** What that message says to do, with this machine's compiler. */
function checkSource(tarball) {
  if (!runs("c++", "--version")) return console.log("pack: SKIP: the source: no compiler here");
  const project = installByNpm("source", tarball);
  rmSync(path.join(packageIn(project), "prebuilds"), { recursive: true });
  const native = path.join(packageIn(project), "native");
  run("npm", ["install", "--prefix", native], { cwd: project });
  play("built from source", project, [process.execPath, path.join("pack", "by-require.cjs")]);
  pass("lives when it is built from native/");
}

function checkOthers(tarball) {
  const project = installByNpm("others", tarball);
  checkMusl(project);
  checkArm64(project);
}

const PARTS = {
  contents: checkContents,
  tools: checkTools,
  nodes: checkNodes,
  managers: checkManagers,
  bundlers: checkBundlers,
  source: checkSource,
  others: checkOthers,
};

setup();
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { "as-is": { type: "boolean" }, here: { type: "boolean" }, tarball: { type: "string" } },
});
try {
  prepareHome();
  const tarball = values.tarball ? path.resolve(values.tarball) : pack();
  for (const [name, check] of Object.entries(PARTS))
    if (positionals.length === 0 || positionals.includes(name)) await check(tarball);
  console.log(`pack: ${passed} checks passed`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  removeHome();
}
