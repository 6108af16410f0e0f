import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { say } from "./table.mjs";
import { inTime, waitFor } from "./wait.mjs";

const SCRIPT = fileURLToPath(new URL("server.mjs", import.meta.url));

/** A running server.mjs, seen from the process that started it. */
export class ServerProcess {
  exits = [];
  #ready = false;
  #hasEnded = false;
  #waiting = new Map();
  #nextId = 0;
  #process;
  #ended;

  constructor(args, env) {
    // A server's stdout would mix with the play's.
    /** @type {import("node:child_process").StdioOptions} */
    const stdio = ["ignore", "ignore", "inherit", "ipc"];
    this.#process = fork(SCRIPT, args, { env, stdio });
    this.#process.on("message", (message) => this.#receive(message));
    this.#ended = once(this.#process, "exit");
    this.#process.on("exit", () => this.#end());
  }

  static async start(args, env) {
    const server = new ServerProcess(args, env);
    await waitFor("the server to start", () => server.#ready || server.#hasEnded);
    if (!server.#ready) throw new Error("the server did not start");
    return server;
  }

  get pid() {
    return this.#process.pid;
  }

  /** Resolves to the command's result; rejects if it failed, took too long or the server ended. */
  call(command, argument) {
    const id = this.#nextId++;
    const answer = new Promise((resolve, reject) => {
      this.#waiting.set(id, { command, resolve, reject });
      this.#process.send({ id, command, argument }, (error) => error && this.#end());
    });
    return inTime(`the server's ${command}`, answer);
  }

  exitOf(pid) {
    return this.exits.find(({ exit }) => exit.pid === pid);
  }

  /** Resolves to the signal that ended it. */
  async kill() {
    this.#process.kill("SIGKILL");
    const [, signal] = await inTime("the server's end", this.#ended);
    return signal;
  }

  /** Resolves to the exit status. */
  async close() {
    this.#process.disconnect();
    const [code] = await inTime("the server's end", this.#ended);
    return code;
  }

  #receive({ id, result, error, event, exit, atMs, warning }) {
    if (event === "ready") this.#ready = true;
    else if (event === "exit") this.exits.push({ exit, atMs });
    else if (event === "warning") say(`warning: ${warning.message} (${warning.code})`);
    else this.#answer(id, result, error);
  }

  #answer(id, result, error) {
    const { command, resolve, reject } = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(`the server's ${command} failed: ${error}`));
  }

  #end() {
    this.#hasEnded = true;
    for (const { command, reject } of this.#waiting.values())
      reject(new Error(`the server ended during ${command}`));
    this.#waiting.clear();
  }
}
