import { setTimeout as pause } from "node:timers/promises";
import { failure } from "../failure.js";
import { checkName } from "./look.js";
import { CLOSING_MS, type Connection, open } from "./socket.js";

/** Before the second and the third attempt. */
const PAUSES_MS = [0, 50, 150];

interface Line {
  text: string;
  resolve(written: boolean): void;
  reject(error: unknown): void;
}

/**
 * The lines for one socket, in the order of their calls. They share a connection, because what two
 * connections hold is read in any order; it is closed when the keeper has read all of them.
 */
class Lines {
  readonly #waiting: Line[] = [];
  #connection: Connection | undefined;
  #runs = false;
  /** The last connection, as long as the keeper may be at its lines. */
  #closing: Promise<void> | undefined;

  constructor(private readonly sockPath: string) {}

  add(text: string): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text, resolve, reject });
      if (!this.#runs) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#runs = true;
    for (let line: Line | undefined; (line = this.#waiting.shift()); )
      await this.#write(line.text).then(line.resolve, line.reject);
    this.#runs = false;
    await this.#rest();
  }

  /**
   * Only connecting is tried again, and where the keeper of an earlier line has gone: a line of
   * which a part was sent might arrive twice.
   */
  async #write(text: string): Promise<boolean> {
    checkName(this.sockPath);
    const bytes = Buffer.from(text);
    if (this.#connection && !this.#connection.isOver && (await this.#send(bytes))) return true;
    this.#connection = undefined;
    if (this.#closing) await Promise.race([this.#closing, pause(CLOSING_MS)]);
    for (const delay of PAUSES_MS) {
      if (delay > 0) await pause(delay);
      this.#connection = await open(this.sockPath);
      if (this.#connection) return this.#send(bytes);
    }
    return false;
  }

  async #send(bytes: Buffer): Promise<boolean> {
    const connection = this.#connection as Connection;
    this.#connection = undefined;
    if (!(await connection.send(bytes))) return false;
    this.#connection = connection;
    return true;
  }

  async #rest(): Promise<void> {
    const connection = this.#connection;
    await connection?.idle();
    if (this.#runs || this.#connection !== connection) return;
    this.#connection = undefined;
    const closing = connection?.close();
    if (closing) this.#closing = closing;
    await closing;
    if (this.#closing === closing) this.#closing = undefined;
    if (!this.#runs && !this.#connection && !this.#closing) all.delete(this.sockPath);
  }
}

const all = new Map<string, Lines>();

/**
 * Writes one line, after those that were given before.
 * @throws an Error with a code for a path that is not written to, a line that would arrive as two, or a keeper
 * that has stopped reading in the middle of it
 */
export async function writeLine(sockPath: string, line: string): Promise<boolean> {
  const text = line.replace(/[\r\n]+$/, "");
  if (text.includes("\n")) throw failure("HPR_EINVAL", "the line contains a newline");
  const lines = all.get(sockPath) ?? new Lines(sockPath);
  all.set(sockPath, lines);
  return lines.add(`${text}\n`);
}
