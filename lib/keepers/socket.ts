import type { Socket } from "node:net";
import { unreadBytes } from "../binding.js";
import { failure } from "../failure.js";
import { lookAt } from "./look.js";

/** Loaded when it is needed: it takes longer than all the rest of the package. */
const net = (): Promise<typeof import("node:net")> => import("node:net");

const PIECE_BYTES = 16 * 1024;
const STALLED_MS = 5000;
const PROGRESS_CHECK_MS = 250;
const PIPE_MS = 350;

/** When nothing is to be written: the keeper may be behind, and lines must not overtake each other. */
const IDLE_MS = 100;
/** The same where the system does not tell what was read. */
const IDLE_UNTOLD_MS = 1000;
/** For a keeper that was given all, and told so, to close its side. */
export const CLOSING_MS = 1000;

/** The names of pipes are no file system's: nothing can hang there. */
async function openPipe(name: string): Promise<Socket | undefined> {
  const { connect } = await net();
  return new Promise((resolve) => {
    const socket = connect({ path: name, allowHalfOpen: true });
    const deadline = setTimeout(() => socket.destroy(), PIPE_MS);
    const gone = (): void => resolve(undefined);
    socket.on("error", () => {}); // "close" follows
    socket.on("close", gone);
    socket.on("connect", () => {
      clearTimeout(deadline);
      socket.off("close", gone);
      resolve(socket);
    });
  });
}

/**
 * A connection to a keeper, or undefined if nobody accepted it in time.
 * @throws an Error with a code for what is no socket of ours
 */
export async function open(sockPath: string): Promise<Connection | undefined> {
  if (process.platform === "win32") {
    const socket = await openPipe(sockPath);
    return socket && new Connection(socket);
  }
  const { code, connection } = await lookAt(sockPath, undefined, true);
  if (code === "HPR_EUNSAFE") throw failure("HPR_EUNSAFE", "it is not a socket");
  if (code === "HPR_EFOREIGN") throw failure("HPR_EUNSAFE", "the socket is another user's");
  if (connection === undefined) return undefined;
  const { Socket } = await net();
  return new Connection(
    new Socket({ fd: connection, allowHalfOpen: true, readable: true, writable: true }),
    connection,
  );
}

/** What is written here arrives in its order. */
export class Connection {
  readonly #socket: Socket;
  readonly #descriptor: number | undefined;

  constructor(socket: Socket, descriptor?: number) {
    this.#socket = socket;
    this.#descriptor = descriptor;
    socket.on("error", () => {}); // "close" follows
    socket.resume(); // what the keeper says is not for us, and unread it would hold back "close"
  }

  /** The keeper has closed its side: nothing more is to be written. */
  get isOver(): boolean {
    return this.#socket.destroyed || this.#socket.readableEnded;
  }

  #unread(): number | undefined {
    if (this.#descriptor === undefined || this.#socket.destroyed) return undefined;
    return unreadBytes(this.#descriptor);
  }

  /**
   * True when the kernel has taken all of it, which is the keeper's to read from then on; false if
   * the keeper is gone.
   * @throws an Error with a code if the keeper reads nothing any more; then the connection is over
   */
  async send(text: Buffer): Promise<boolean> {
    this.#socket.ref();
    try {
      for (let at = 0; at < text.length; at += PIECE_BYTES) {
        const piece = text.subarray(at, at + PIECE_BYTES);
        const sent = await this.#sendPiece(piece);
        if (sent === "gone") return false;
        if (sent === "stalled") throw stalled(at + piece.length, text.length);
      }
      return true;
    } finally {
      this.#socket.unref();
    }
  }

  #sendPiece(piece: Buffer): Promise<"sent" | "gone" | "stalled"> {
    const socket = this.#socket;
    return new Promise((resolve) => {
      let [unread, progressAt] = [this.#unread(), performance.now()];
      const check = setInterval(() => {
        const now = this.#unread();
        if (now !== unread) [unread, progressAt] = [now, performance.now()];
        if (performance.now() - progressAt >= STALLED_MS) finish("stalled");
      }, PROGRESS_CHECK_MS);
      const gone = (): void => finish("gone");
      const finish = (how: "sent" | "gone" | "stalled"): void => {
        clearInterval(check);
        socket.off("close", gone);
        if (how !== "sent") socket.destroy();
        resolve(how);
      };
      socket.on("close", gone);
      socket.write(piece, (error) => finish(error ? "gone" : "sent"));
    });
  }

  /** Resolves when the keeper has read all, or is gone. Does not keep the event loop alive. */
  async idle(): Promise<void> {
    const begun = performance.now();
    const isDone = (): boolean => {
      const unread = this.#unread();
      const enough = performance.now() - begun >= (unread === undefined ? IDLE_UNTOLD_MS : IDLE_MS);
      return this.isOver || (enough && !unread);
    };
    while (!isDone()) await new Promise((resolve) => setTimeout(resolve, IDLE_MS).unref());
  }

  /**
   * Resolves when the keeper has closed its side, which most do as soon as they have handled all,
   * or was given time to. Does not keep the event loop alive.
   */
  close(): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve) => {
      const limit = setTimeout(() => socket.destroy(), CLOSING_MS).unref();
      socket.on("close", () => {
        clearTimeout(limit);
        resolve();
      });
      socket.on("end", () => socket.destroy());
      socket.end();
      if (this.isOver) socket.destroy();
      if (socket.closed) resolve();
    });
  }
}

function stalled(bytes: number, of: number): Error {
  return failure(
    "HPR_EIO",
    `the keeper has read nothing for ${STALLED_MS / 1000} s and may have seen up to ${bytes} of a line's ${of} bytes; what follows goes by another connection`,
  );
}
