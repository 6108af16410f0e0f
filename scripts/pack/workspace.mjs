/** Where the checks of the package happen: a folder outside of the repository, and what is needed there. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fetchPackages } from "../npm-packages.mjs";
import { root } from "../setup.mjs";

export const home = mkdtempSync(path.join(os.tmpdir(), "hpr-pack-check-"));
const bin = path.join(home, "bin");
const PATIENCE_MS = 300_000;

export let passed = 0;

export function pass(what) {
  passed++;
  console.log(`pack: ${what}`);
}

export function fail(what) {
  throw new Error(`pack: ${what}`);
}

/** Installs tools of others, where git does not see them; returns their folder node_modules. */
export const fetch = (name, ...packages) =>
  fetchPackages(path.join(root, "build", "pack-tools", name), ...packages);

/** A Node of that major version. */
export function fetchNode(major) {
  const name = `node-linux-${process.arch}`;
  return path.join(fetch(`node-${major}`, `${name}@${major}`), name, "bin", "node");
}

const registry = spawnSync("npm", ["config", "get", "registry"], {
  encoding: "utf8",
}).stdout.trim();

/** How this machine reaches the network. */
const network = Object.fromEntries(
  Object.entries(process.env).filter(([name]) =>
    /^(NODE_EXTRA_CA_CERTS|SSL_CERT_\w+|(https?|no)_proxy)$/i.test(name),
  ),
);

/** No compiler, no Python, none of the caller's own modules: node and a shell. */
export const bare = {
  ...network,
  HOME: home,
  TMPDIR: home,
  PATH: bin,
  npm_config_registry: registry,
  YARN_REGISTRY: registry,
  YARN_NPM_REGISTRY_SERVER: registry,
};

export function prepareHome() {
  mkdirSync(bin);
  symlinkSync(process.execPath, path.join(bin, "node"));
  symlinkSync("/bin/sh", path.join(bin, "sh"));
}

export const removeHome = () => rmSync(home, { recursive: true, force: true });

/** A project's folder, which has the scripts of test/pack in "pack". Its name has all that names may have. */
export function makeProject(name, manifest = {}) {
  const project = path.join(home, `ein Projekt für Ωmega ${name}`);
  mkdirSync(project);
  writeFileSync(path.join(project, "package.json"), JSON.stringify({ private: true, ...manifest }));
  cpSync(path.join(root, "test", "pack"), path.join(project, "pack"), { recursive: true });
  return project;
}

/**
 * Runs a program in a project; what it says on stdout.
 * @param {{ env?: NodeJS.ProcessEnv, input?: string }} options
 */
export function play(what, cwd, command, options = {}) {
  const { env, input } = options;
  const [program, ...args] = command;
  const done = spawnSync(program, args, {
    cwd,
    env: { ...bare, ...env },
    encoding: "utf8",
    timeout: PATIENCE_MS,
    input,
  });
  if (done.status !== 0) fail(`${what}: ${done.error?.message ?? ""}${done.stdout}${done.stderr}`);
  return done.stdout;
}

/** A project in which npm has installed the package. */
export function installByNpm(name, tarball, ...packages) {
  const project = makeProject(name);
  const npm = spawnSync("npm", ["root", "-g"], { encoding: "utf8" }).stdout.trim();
  const cli = path.join(npm, "npm", "bin", "npm-cli.js");
  const args = ["install", "--no-audit", "--no-fund", tarball, ...packages];
  play("npm install", project, [process.execPath, cli, ...args]);
  return project;
}
