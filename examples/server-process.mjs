import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { waitFor } from "./wait.mjs";

const SCRIPT = fileURLToPath(new URL("server.mjs", import.meta.url));

/** A running server.mjs, seen from the process that started it. */
export class ServerProcess {
  exits = [];
  warnings = [];
  #ready = false;
  #waiting = new Map();
  #nextId = 0;
  #process;
  #ended;

  constructor(args, env) {
    // A server's stdout would mix with the demo's.
    const stdio = ["ignore", "ignore", "inherit", "ipc"];
    this.#process = fork(SCRIPT, args, { env, stdio });
    this.#process.on("message", (message) => this.#receive(message));
    this.#ended = once(this.#process, "exit");
    this.#process.on("exit", () => this.#rejectAll());
  }

  static async start(args, env) {
    const server = new ServerProcess(args, env);
    await waitFor("the server to start", () => server.#ready || server.#process.exitCode !== null);
    if (!server.#ready) throw new Error("the server did not start");
    return server;
  }

  get pid() {
    return this.#process.pid;
  }

  /** Resolves to the command's result; rejects if it failed, or with the server's end. */
  call(command, argument) {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { command, resolve, reject });
      this.#process.send({ id, command, argument }, (error) => error && this.#rejectAll());
    });
  }

  exitOf(pid) {
    return this.exits.find(({ exit }) => exit.pid === pid);
  }

  /** Resolves to the signal that ended it. */
  async kill() {
    this.#process.kill("SIGKILL");
    const [, signal] = await this.#ended;
    return signal;
  }

  /** Resolves to the exit status. */
  async close() {
    this.call("close").catch(() => {}); // the server's end is its answer
    const [code] = await this.#ended;
    return code;
  }

  #receive({ id, result, error, event, exit, atMs, warning }) {
    if (event === "ready") this.#ready = true;
    else if (event === "exit") this.exits.push({ exit, atMs });
    else if (event === "warning") this.warnings.push(warning);
    else this.#answer(id, result, error);
  }

  #answer(id, result, error) {
    const { command, resolve, reject } = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(`the server's ${command} failed: ${error}`));
  }

  #rejectAll() {
    for (const { command, reject } of this.#waiting.values())
      reject(new Error(`the server ended during ${command}`));
    this.#waiting.clear();
  }
}
