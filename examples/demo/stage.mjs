import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { Witness } from "./processes.mjs";
import { Roster } from "./roster.mjs";
import { ServerProcess } from "./server-process.mjs";

const MARK = "HEADLESS_PID_REGISTRY_DEMO";
/** A socket's path must not get longer than 107 bytes. */
const TEMP_FOLDER_MAX_BYTES = 60;
/** Long enough to watch the stubborn one being waited for. */
export const GRACE_MS = 1000;

/** Where a play happens: a home folder of its own and the servers and processes in it. */
export class Stage {
  #closed = false;
  #env;

  constructor() {
    const id = randomUUID();
    const isShort = Buffer.byteLength(os.tmpdir()) <= TEMP_FOLDER_MAX_BYTES;
    this.home = mkdtempSync(path.join(isShort ? os.tmpdir() : "/tmp", "headless-demo-"));
    this.runFolder = this.#makeFolder("run");
    this.project = this.#makeFolder("project");
    this.pidFile = path.join(this.home, ".pi", "dashboard", "headless-pids.json");
    this.witness = new Witness(`${MARK}=${id}`);
    this.roster = new Roster((pid) => this.witness.isAlive(pid));
    this.#env = environment(this.home, id);
  }

  async startServer() {
    if (this.#closed) throw new Error("the play has ended");
    const args = [this.runFolder, this.pidFile, String(GRACE_MS)];
    const server = await ServerProcess.start(args, this.#env);
    this.witness.remember(server.pid);
    return server;
  }

  /** The entries in the pid file. */
  recorded() {
    return JSON.parse(readFileSync(this.pidFile, "utf8")).entries;
  }

  /** What the sessions have written, for whoever must find out why a play failed. */
  logs() {
    const names = readdirSync(this.runFolder).filter((name) => name.endsWith(".log"));
    const texts = names.map((name) => readFileSync(path.join(this.runFolder, name), "utf8"));
    return names.map((name, i) => `${name}: ${texts[i].trim()}`).join("\n");
  }

  async close() {
    this.#closed = true;
    await this.witness.sweep();
    rmSync(this.home, { recursive: true, force: true });
  }

  #makeFolder(name) {
    const folder = path.join(this.home, name);
    mkdirSync(folder, { mode: 0o700 });
    return folder;
  }
}

/** pi is kept off the network and out of the folders that the user has named for it. */
function environment(home, id) {
  /** @type {NodeJS.ProcessEnv} */
  const env = { ...process.env, HOME: home, PI_OFFLINE: "1", [MARK]: id };
  delete env.PI_CODING_AGENT_DIR;
  delete env.PI_CODING_AGENT_SESSION_DIR;
  if (env.PI_BIN?.includes(path.sep)) env.PI_BIN = path.resolve(env.PI_BIN);
  return env;
}
