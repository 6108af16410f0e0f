/** The package inside of what tracers and bundlers make, run where its source cannot be found. */
import { cpSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fetch, fetchNode, home, installByNpm, pass, play } from "./workspace.mjs";

const tools = () =>
  fetch("bundlers", "@vercel/nft@1", "@vercel/ncc@0.45", "webpack@5", "esbuild@0.28");
const packageIn = (project) => path.join(project, "node_modules", "headless-pid-registry");
const app = path.join("pack", "app.cjs");

const WEBPACK = `
const [, , webpack, out] = process.argv;
require(webpack)({
  target: "node", mode: "production", entry: "./pack/app.cjs", output: { path: out, filename: "app.js" },
}, (error, stats) => {
  if (!error && !stats.hasErrors() && !stats.hasWarnings()) return;
  console.error(error ?? stats.toString());
  process.exitCode = 1;
});`;

const TRACE = `
const [, , nft, out, ...entries] = process.argv;
const { cpSync } = require("node:fs");
require(nft).nodeFileTrace(entries, { base: process.cwd() }).then(({ fileList }) => {
  for (const file of fileList) cpSync(file, out + "/" + file, { verbatimSymlinks: true });
});`;

const node = (...args) => [process.execPath, ...args];

/** Each makes a program of the project in the folder \`out\` and returns what starts it. */
const WAYS = {
  esbuild(project, out, modules) {
    const program = path.join(out, "app.js");
    const esbuild = path.join(modules, "esbuild", "bin", "esbuild");
    const args = ["--bundle", "--platform=node", `--outfile=${program}`, app];
    play("esbuild", project, node(esbuild, ...args));
    cpSync(path.join(packageIn(project), "prebuilds"), path.join(out, "prebuilds"), {
      recursive: true,
    });
    return node(program);
  },
  webpack(project, out, modules) {
    play("webpack", project, node("-", path.join(modules, "webpack"), out), { input: WEBPACK });
    cpSync(path.join(packageIn(project), "prebuilds"), path.join(out, "prebuilds"), {
      recursive: true,
    });
    return node(path.join(out, "app.js"));
  },
  ncc(project, out, modules) {
    const ncc = path.join(modules, "@vercel", "ncc", "dist", "ncc", "cli.js");
    play("ncc", project, node(ncc, "build", app, "--out", out));
    return node(path.join(out, "index.cjs"));
  },
  "@vercel/nft (as Next.js does for output: standalone)"(project, out, modules) {
    const nft = path.join(modules, "@vercel", "nft");
    play("nft", project, node("-", nft, out, app), { input: TRACE });
    return node(path.join(out, app));
  },
  "a single executable, the binary beside it"(project, out, modules) {
    const newest = fetchNode("26");
    WAYS.esbuild(project, out, modules);
    const config = path.join(out, "sea.json");
    const program = path.join(out, "app");
    writeFileSync(
      config,
      JSON.stringify({
        main: path.join(out, "app.js"),
        output: program,
        disableExperimentalSEAWarning: true,
      }),
    );
    play("sea", project, [newest, "--build-sea", config]);
    return [program];
  },
};

function checkBundles(project) {
  const modules = tools();
  for (const [index, [name, make]] of Object.entries(WAYS).entries()) {
    const out = path.join(home, `made-${index}`);
    mkdirSync(out);
    const command = make(project, out, modules).map((it) => it);
    const away = path.join(home, `elsewhere-${index}`);
    renameSync(out, away);
    renameSync(project, `${project}.away`);
    play(
      name,
      away,
      command.map((it) => it.replace(out, away)),
    );
    renameSync(`${project}.away`, project);
    pass(`lives in what is made by ${name}`);
  }
}

/** Reads nothing but the package, what it needs and the script. */
function checkPermission(project) {
  for (const major of ["22", "26"]) {
    const allowed = ["node_modules/*", "pack/load.cjs"].map(
      (it) => `--allow-fs-read=${path.join(project, it)}`,
    );
    const flags = ["--permission", "--allow-addons", ...allowed];
    play(`--permission on Node ${major}`, project, [
      fetchNode(major),
      ...flags,
      path.join("pack", "load.cjs"),
    ]);
    pass(`loads under --permission on Node ${major}, which may read node_modules alone`);
  }
}

export function checkBundlers(tarball) {
  const project = installByNpm("bundlers", tarball);
  checkBundles(project);
  checkPermission(project);
}
