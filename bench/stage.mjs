// What the benchmarks play on: a folder on a real disk, the C programs, and processes to register.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { root, run } from "../scripts/setup.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
const build = path.join(root, "build", "bench");
export const floorProgram = path.join(build, "floor");
export const agentProgram = path.join(build, "agent");
export const mallocLibrary = path.join(build, "malloc.so");

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export function buildPrograms() {
  mkdirSync(build, { recursive: true });
  for (const program of [floorProgram, agentProgram]) {
    const source = path.join(here, `${path.basename(program)}.c`);
    run("cc", ["-O2", "-Wall", "-Wextra", "-o", program, source]);
  }
  run("cc", ["-O2", "-shared", "-fPIC", "-o", mallocLibrary, path.join(here, "malloc.c")]);
}

/** A folder in the checkout, not in /tmp, which is memory on many systems. */
export class Stage {
  constructor() {
    this.folder = mkdtempSync(path.join(build, "run-"));
    this.log = this.file("log");
    this.leash = this.file("leash");
    run("mkfifo", [this.leash]);
    openSync(this.leash, constants.O_RDWR); // until we end: then so do the agents
  }

  file(name) {
    return path.join(this.folder, name);
  }

  /**
   * Starts agents, each a group leader as a server would start it, and waits until all are ready.
   * `words`: what agent.c can do besides.
   */
  async spawnAgents(count, ...words) {
    const agents = [];
    for (let i = 0; i < count; i++) {
      const argv = [this.log, this.leash, ...words];
      agents.push(spawn(agentProgram, argv, { detached: true, stdio: "ignore" }));
    }
    await this.ready(agents.map((agent) => agent.pid));
    return agents;
  }

  /** Waits until these agents, whoever started them, can take a signal. */
  async ready(pids) {
    const wanted = new Set(pids);
    for (let waiting = true; waiting; ) {
      const ready = this.#lines().filter(([pid, time]) => time === 0 && wanted.has(pid));
      waiting = new Set(ready.map(([pid]) => pid)).size < wanted.size;
      if (waiting) await pause(5);
    }
  }

  /** When agents ended, in nanoseconds of the clock that process.hrtime reads: a Map by pid. */
  endings() {
    return new Map(this.#lines().flatMap(([pid, time]) => (time === 0 ? [] : [[pid, time]])));
  }

  #lines() {
    let text = "";
    try {
      text = readFileSync(this.log, "utf8");
    } catch {} // no agent has come so far
    const lines = text.split("\n").filter(Boolean);
    return lines.map((line) => line.split(" ").map(Number));
  }

  close() {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The floor, a process that takes a line and answers with nanoseconds. */
export class Floor {
  #process = spawn(floorProgram, { stdio: ["pipe", "pipe", "inherit"] });
  #answers = createInterface(this.#process.stdout);

  /** Microseconds. */
  async ask(...words) {
    return (await this.askAll(...words))[0];
  }

  async askAll(...words) {
    const answer = once(this.#answers, "line");
    this.#process.stdin.write(`${words.join(" ")}\n`);
    const times = (await answer)[0].split(" ").map((nanoseconds) => Number(nanoseconds) / 1e3);
    if (!times.every((it) => it > 0)) throw new Error(`the floor did not understand: ${words[0]}`);
    return times;
  }

  close() {
    this.#process.stdin.end();
  }
}

/** Their registries are not told: they are no part of what comes next. */
export async function end(agents) {
  for (const agent of agents) agent.removeAllListeners("exit");
  const exits = agents.map((agent) => once(agent, "exit"));
  for (const agent of agents) agent.kill("SIGKILL");
  await Promise.all(exits);
}
