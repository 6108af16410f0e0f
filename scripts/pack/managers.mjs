/**
 * The package by every package manager, with scripts allowed and without a compiler: first as new,
 * then from the lockfile, as a build server does it.
 */
import { rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fetch, fetchNode, makeProject, pass, play } from "./workspace.mjs";

const NAME = "headless-pid-registry";
const quiet = ["--no-audit", "--no-fund"];

/** `cli`: in node_modules. `files`: what else the project has. `run`: how it starts Node. */
/** @type {Record<string, any>[]} */
const MANAGERS = [
  ...[10, 11, 12].map((major) => ({
    packages: [`npm@${major}`],
    cli: "npm/bin/npm-cli.js",
    install: ["install", ...quiet],
    again: ["ci", ...quiet],
  })),
  ...[9, 10, 11].map((major) => ({
    packages: [`pnpm@${major}`],
    cli: `pnpm/bin/pnpm.${major > 10 ? "mjs" : "cjs"}`,
    install: ["install", "--no-frozen-lockfile"],
    again: ["install", "--frozen-lockfile"],
    node: major > 10 ? "22" : undefined, // it runs on no older one
    files: { "pnpm-workspace.yaml": "packages: [.]\ndangerouslyAllowAllBuilds: true\n" },
  })),
  {
    packages: ["yarn@1"],
    cli: "yarn/bin/yarn.js",
    install: ["install"],
    again: ["install", "--frozen-lockfile"],
  },
  ...["node-modules", "pnp"].map((linker) => ({
    packages: ["@yarnpkg/cli-dist@4"],
    cli: "@yarnpkg/cli-dist/bin/yarn.js",
    named: linker,
    install: ["install"],
    again: ["install", "--immutable"],
    run: ["node"],
    files: {
      ".yarnrc.yml": `nodeLinker: ${linker}\nenableScripts: true\nenableTelemetry: false\nenableGlobalCache: false\n`,
      "yarn.lock": "",
    },
  })),
];

/** @param {Record<string, any>} manager */
function check(tarball, manager) {
  const { packages, cli, named = "", node, install, again, run, files = {} } = manager;
  const [what] = packages;
  const name = [what.replace("@yarnpkg/cli-dist", "yarn").replace("@", " "), named]
    .join(" ")
    .trim();
  const runtime = node ? fetchNode(node) : process.execPath;
  const command = [runtime, path.join(fetch(name.replaceAll(" ", "-"), ...packages), cli)];
  const project = makeProject(name, { dependencies: { [NAME]: `file:${tarball}` } });
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(project, file), text);
  play(`${name}: install`, project, [...command, ...install]);
  rmSync(path.join(project, "node_modules"), { recursive: true, force: true });
  play(`${name}: from the lockfile`, project, [...command, ...again]);
  const starts = run ? [...command, ...run] : [runtime];
  play(`${name}: lives`, project, [...starts, path.join("pack", "by-require.cjs")]);
  pass(`${name} installs it, from its lockfile as well, with scripts and without a compiler`);
}

export function checkManagers(tarball) {
  for (const manager of MANAGERS) check(tarball, manager);
}
