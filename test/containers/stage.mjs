/** What a scenario has at hand inside of its container. Everything that it starts ends with it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createHeadlessPidRegistry } from "../../dist/index.js";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const ANSWER_MS = 15_000,
  STEP_MS = 5;

export const folder = process.argv[3];
export const file = `${folder}/pids.json`;

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export async function until(what, holds, ms = 10_000) {
  for (const end = Date.now() + ms; !(await holds()); await pause(STEP_MS))
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
}

export function check(what, holds) {
  if (!holds) throw new Error(`not so: ${what}`);
}

export const rows = (from = file) => JSON.parse(readFileSync(from, "utf8")).entries;
export const writeRows = (entries, to = file) =>
  writeFileSync(to, JSON.stringify({ entries }), { mode: 0o600 });

/* --- processes ------------------------------------------------------------------------------ */

/** State and start, which together with the pid say who it is; undefined: nobody. */
function look(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0], start: fields[19] };
  } catch {
    return undefined;
  }
}
export const isAlive = (pid) => !["Z", "X", undefined].includes(look(pid)?.state);
export const isFree = (pid) => look(pid) === undefined;
export const gone = (pid) => until(`${pid} is gone`, () => !isAlive(pid));

export const start = (argv, options = {}) =>
  spawn(argv[0], argv.slice(1), { detached: true, stdio: "ignore", ...options });
export const SLEEP = ["sleep", "120"];

/** Starts it with that pid, as happens by itself where pids are few. */
export function startAs(pid, argv = SLEEP, options = {}) {
  for (let tries = 0; tries < 500; tries++) {
    writeFileSync("/proc/sys/kernel/ns_last_pid", String(pid - 1));
    const child = start(argv, options);
    if (child.pid === pid) return { pid, start: look(pid)?.start, lives: () => isAlive(pid) };
    child.kill("SIGKILL");
  }
  throw new Error(`pid ${pid} could not be had`);
}

/** Kills a process that is no child of ours, and returns when its pid is free. */
export async function free(pid) {
  process.kill(pid, "SIGKILL");
  await until(`pid ${pid} is free`, () => isFree(pid));
}

/* --- servers -------------------------------------------------------------------------------- */

export function open(options = {}) {
  const registry = createHeadlessPidRegistry({ pidFilePath: file, killGraceMs: 50, ...options });
  const warnings = [];
  registry.on("warning", (warning) => warnings.push(warning.code)).on("exit", () => {});
  return { registry, warnings };
}

/** A server in a process of its own; `under` is a command that starts it. */
export class Server {
  #lines = [];

  constructor(under = [], pidFilePath = file) {
    const argv = [
      ...under,
      process.execPath,
      path("../fixtures/server.mjs"),
      JSON.stringify({ pidFilePath, killGraceMs: 50 }),
    ];
    this.child = spawn(argv[0], argv.slice(1), {
      detached: true,
      stdio: ["pipe", "pipe", "inherit"],
    });
    createInterface({ input: this.child.stdout }).on("line", (line) => this.#lines.push(line));
  }

  async #ask(request) {
    this.child.stdin.write(`${JSON.stringify(request)}\n`);
    await until(
      `the server's answer to ${JSON.stringify(request)}`,
      () => this.#lines.length > 0,
      ANSWER_MS,
    );
    return JSON.parse(this.#lines.shift()).value;
  }

  spawn(request = {}) {
    return this.#ask({ operation: "spawn", argv: SLEEP, cwd: process.cwd(), ...request });
  }
  call(method, ...args) {
    return this.#ask({ operation: "call", method, args });
  }
  async codes() {
    return (await this.#ask({ operation: "warnings" })).map((warning) => warning.code);
  }
  async crash() {
    this.child.kill("SIGKILL");
    await once(this.child, "exit"); // a zombie's threads may hold its locks a moment longer
  }
}

/* --- hosts ---------------------------------------------------------------------------------- */

/** A command that starts what follows on a "host" with that boot id and machine id (NULL: ours). */
export function host(bootId, machineId) {
  const [boot, machine] = [`${folder}/boot-${bootId}`, `${folder}/machine-${machineId}`];
  if (!existsSync(boot)) writeFileSync(boot, bootId === "none" ? "" : `${bootId}\n`);
  if (machineId) writeFileSync(machine, `${machineId}\n`);
  const script =
    'mount --bind "$0" /proc/sys/kernel/random/boot_id && { [ -z "$1" ] || [ ! -e /etc/machine-id ] || ' +
    'mount --bind "$1" /etc/machine-id; } && shift && exec "$@"';
  return ["unshare", "-m", "sh", "-c", script, boot, machineId ? machine : ""];
}

export async function mountShared() {
  const at = `${folder}/shared`;
  mkdirSync(at);
  const server = start([process.execPath, path("shared-folder.mjs"), at], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let up = false;
  server.stdout?.once("data", () => (up = true));
  await until("the shared folder is mounted", () => up);
  mkdirSync(`${at}/home`, { mode: 0o700 });
  return `${at}/home/pids.json`;
}
