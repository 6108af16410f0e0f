import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { inTime } from "../../examples/demo/wait.mjs";

const SCRIPT = fileURLToPath(new URL("server.mjs", import.meta.url));

/** What a command is answered with if its server was killed before it could answer. */
export const KILLED = Symbol("killed");

/** A running server, seen from the driver. */
export class ServerProcess {
  #waiting = new Map();
  #nextId = 0;
  #process;
  #ended;

  static async start(args, env, script = SCRIPT) {
    const server = new ServerProcess();
    /** @type {import("node:child_process").StdioOptions} */
    const stdio = ["ignore", "ignore", "inherit", "ipc"];
    server.#process = fork(script, args, { env, stdio, execArgv: ["--expose-gc"] });
    server.#ended = once(server.#process, "exit").then(() => server.#end());
    await inTime("the server to start", once(server.#process, "message"));
    server.#process.on("message", (answer) => server.#settle(answer));
    return server;
  }

  get pid() {
    return this.#process.pid;
  }

  /** Resolves to the result, or to KILLED. */
  call(command, argument) {
    const id = this.#nextId++;
    const answer = new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    this.#process.send({ id, command, argument }, () => {}); // a dead one is told of by its exit
    return inTime(`the server's ${command}`, answer, 20_000);
  }

  async kill() {
    this.#process.kill("SIGKILL");
    await inTime("the server's end", this.#ended);
  }

  #settle({ id, result, error }) {
    const { resolve, reject } = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(error));
  }

  #end() {
    for (const { resolve } of this.#waiting.values()) resolve(KILLED);
    this.#waiting.clear();
  }
}
