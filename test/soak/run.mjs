import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { read, signal, Witness } from "../../examples/demo/processes.mjs";
import { waitFor } from "../../examples/demo/wait.mjs";
import { descriptorsOf, MemoryLog } from "./measure.mjs";
import { Choice } from "../fixtures/random.mjs";
import { KILLED, ServerProcess } from "./server-process.mjs";

const MARK = "HPR_SOAK";
const SESSION = "HPR_SOAK_SESSION=";
const SESSIONS_MAX = 16;
const PAUSE_MAX_MS = 40;
const END_LIMIT_MS = 10_000;
/** Compiled code and what else a running server goes on to learn; a leak grows with the sessions. */
const HEAP_SLACK_BYTES = 1024 * 1024;
const HEAP_BYTES_PER_SESSION = 100;

/** One run: its folders, its servers and what it has seen. */
export class Soak {
  #id = randomUUID();
  #home = mkdtempSync("/tmp/hpr-soak-"); // a socket's path must not get longer than 107 bytes
  #choice;
  #witness = new Witness(`${MARK}=${this.#id}`);
  #names = 0;
  /** Sessions whose registration the driver saw return. */
  #promised = new Set();
  #counts = { started: 0, killed: 0, crashed: 0, servers: 0, lost: 0 };

  constructor(seed) {
    this.#choice = new Choice(seed);
    this.sessionsDir = path.join(this.#home, "sessions");
    this.pidFile = path.join(this.#home, "pids.json");
    mkdirSync(this.sessionsDir, { mode: 0o700 });
  }

  async #startServer() {
    this.#counts.servers++;
    const env = { ...process.env, HOME: this.#home, [MARK]: this.#id };
    const server = await ServerProcess.start([this.sessionsDir, this.pidFile], env);
    await server.call("clean");
    return server;
  }

  /* --- what happens ----------------------------------------------------------------------- */

  async #startSession(server) {
    const name = `s${++this.#names}`;
    const agent = this.#choice.chance(0.3) ? "stubborn" : "plain";
    const kept = this.#choice.chance(0.4);
    const tier = this.#choice.of(["token", "token", "pid", "cwd"]);
    if ((await server.call("start", { name, agent, kept })) === KILLED) return;
    this.#counts.started++;
    this.#promised.add(name);
    if (this.#choice.chance(0.8)) await server.call("link", { name, tier });
  }

  async #endSession(server) {
    this.#counts.killed++;
    const rank = this.#choice.below(1000);
    await server.call(this.#choice.of(["kill", "kill", "terminate"]), { rank });
  }

  /** Any process of a session dies, or hangs, without anybody having asked. */
  #crashAny() {
    const pids = this.#witness.marked().filter((pid) => sessionOf(pid));
    if (pids.length === 0) return;
    this.#counts.crashed++;
    signal(this.#choice.of(pids), this.#choice.chance(0.3) ? "SIGSTOP" : "SIGKILL");
  }

  /** One that dies, with a command under way or after ending all its sessions. */
  async #replace(mortal) {
    if (this.#choice.chance(0.2)) await mortal.call("shutDown");
    const underWay = this.#choice.chance(0.6) ? this.#startSession(mortal) : undefined;
    if (this.#choice.chance(0.5)) await pause(this.#choice.below(PAUSE_MAX_MS));
    await Promise.all([mortal.kill(), underWay]);
    return this.#startServer();
  }

  async #act(server) {
    const full = this.#witness.marked().length > SESSIONS_MAX * 2;
    const kind = full ? 5 : this.#choice.below(10);
    if (kind < 4) await this.#startSession(server);
    else if (kind < 7) await this.#endSession(server);
    else if (kind < 8) await server.call("write", { rank: this.#choice.below(1000) });
    else if (kind < 9) await server.call("clean");
    else this.#crashAny();
  }

  /* --- what must be ----------------------------------------------------------------------- */

  /** Alive, and neither part of an entry nor in the group of one. */
  async #unknown(server) {
    const entries = await server.call("entries");
    const known = new Set([server.pid]);
    for (const { pid, piPid, keeperPid } of entries) known.add(pid).add(piPid).add(keeperPid);
    const isKnown = (pid) => known.has(pid) || known.has(groupOf(pid));
    return this.#witness.marked().filter((pid) => !isKnown(pid));
  }

  /**
   * A server that dies between spawn() and register() leaves a child of which nobody was told; no
   * registry can know it. Those of kept sessions are found by their record all the same.
   */
  #endTheUnregistered(pids) {
    for (const pid of pids) {
      const name = sessionOf(pid);
      if (!name || this.#promised.has(name)) continue;
      this.#counts.lost++;
      signal(pid, "SIGKILL");
    }
  }

  async #expectNothingUnknown(server) {
    await server.call("clean");
    this.#endTheUnregistered(await this.#unknown(server));
    let left = [];
    const isOver = async () => (left = await this.#unknown(server)).length === 0;
    await waitFor("every process to be known", isOver, END_LIMIT_MS).catch((error) => {
      const names = left.map((pid) => `${pid} of ${sessionOf(pid)}`);
      throw new Error(`${error.message}: ${names.join(", ")}`);
    });
  }

  async #expectNothingLeft(server) {
    const isOver = async () => {
      await server.call("terminateAll");
      return this.#witness.marked().every((pid) => pid === server.pid);
    };
    await waitFor("every process to end", isOver, END_LIMIT_MS);
    const isEmpty = () => JSON.parse(readFileSync(this.pidFile, "utf8")).entries.length === 0;
    await waitFor("an empty pid file", isEmpty, END_LIMIT_MS);
  }

  async #expectNoMoreDescriptors(pid, before) {
    let now = [];
    const isOver = () => (now = descriptorsOf(pid)).length <= before.length;
    await waitFor("the descriptors", isOver, END_LIMIT_MS).catch(() => {
      throw new Error(`the server had ${before.join(" ")} open and has ${now.join(" ")}`);
    });
    return now.length;
  }

  async #expectNoMoreHeap(server, before) {
    const now = await server.call("heap");
    const limit = before + HEAP_SLACK_BYTES + HEAP_BYTES_PER_SESSION * this.#counts.started;
    if (now > limit) throw new Error(`the server's heap grew from ${before} to ${now} bytes`);
    return now;
  }

  /* --- the whole -------------------------------------------------------------------------- */

  /**
   * A session of each kind, and one of a server that dies, so that what is opened once (a watching
   * thread and its descriptors) is open before it is counted.
   */
  async #warmUp(server) {
    const mortal = await this.#startServer();
    for (const kept of [false, true])
      await server.call("start", { name: `warm-${kept}`, agent: "plain", kept });
    await mortal.call("start", { name: "warm", agent: "plain" });
    await mortal.kill();
    await server.call("clean");
    await this.#expectNothingLeft(server);
  }

  async run(seconds) {
    const steady = await this.#startServer();
    await this.#warmUp(steady);
    const before = descriptorsOf(steady.pid);
    const heapBefore = await steady.call("heap");
    const memory = new MemoryLog(steady.pid);
    let mortal = await this.#startServer();
    const endMs = performance.now() + seconds * 1000;
    while (performance.now() < endMs) {
      if (this.#choice.chance(0.1)) mortal = await this.#replace(mortal);
      else await this.#act(this.#choice.of([steady, mortal]));
      await pause(this.#choice.below(PAUSE_MAX_MS));
    }
    memory.stop();
    await mortal.kill();
    await this.#expectNothingUnknown(steady);
    await this.#expectNothingLeft(steady);
    const descriptors = [before.length, await this.#expectNoMoreDescriptors(steady.pid, before)];
    const heap = [heapBefore, await this.#expectNoMoreHeap(steady, heapBefore)];
    return { ...this.#counts, ...(await steady.call("told")), descriptors, heap, memory };
  }

  async close() {
    await this.#witness.sweep();
    rmSync(this.#home, { recursive: true, force: true });
  }
}

/* --- what the system tells --------------------------------------------------------------------- */

/** The session that a process was started for; a server has none. */
function sessionOf(pid) {
  const entries = read(`/proc/${pid}/environ`).split("\0");
  return entries.find((it) => it.startsWith(SESSION))?.slice(SESSION.length);
}

function groupOf(pid) {
  const stat = read(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]);
}
