import { lstat } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Refusal } from "../reports.js";

/** Before the second and the third attempt. */
const PAUSES_MS = [0, 50, 150];
const ATTEMPT_MS = 350;

/** sun_path, less its NUL: unix(7) on Linux, unix(4) on macOS. */
const PATH_MAX_BYTES = process.platform === "darwin" ? 103 : 107;
const PIPES = "\\\\.\\pipe\\";

/** True if the file is our user's own; on Windows the folder's access list says so. */
export const isOurs = (info: { uid: number }): boolean => {
  const user = process.geteuid?.();
  return user === undefined || info.uid === user;
};

function checkName(sockPath: string): void {
  if (process.platform === "win32") {
    if (!sockPath.startsWith(PIPES))
      throw new Refusal("HPR_EINVAL", `a keeper's pipe is named ${PIPES}…`);
    return;
  }
  if (!path.isAbsolute(sockPath)) throw new Refusal("HPR_EINVAL", "the socket's path is relative");
  if (Buffer.byteLength(sockPath) > PATH_MAX_BYTES)
    throw new Refusal("HPR_EINVAL", `the socket's path is longer than ${PATH_MAX_BYTES} bytes`);
}

/** A socket that is not there yet is no reason to refuse: its keeper may be starting. */
async function checkSocket(sockPath: string): Promise<void> {
  if (process.platform === "win32") return;
  const info = await lstat(sockPath).catch(() => undefined);
  if (!info) return;
  if (!info.isSocket()) throw new Refusal("HPR_EUNSAFE", "that is no socket");
  if (!isOurs(info)) throw new Refusal("HPR_EUNSAFE", "the socket is another user's");
}

/** A connection, or undefined if nobody accepted it in time. */
function open(sockPath: string): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect(sockPath);
    const deadline = setTimeout(() => socket.destroy(), ATTEMPT_MS);
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => resolve(undefined));
    socket.on("connect", () => {
      clearTimeout(deadline);
      resolve(socket);
    });
  });
}

/** Resolves when the kernel has taken all of it, which is the keeper's to read from then on. */
function send(socket: Socket, text: string): Promise<boolean> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => socket.destroy(), ATTEMPT_MS);
    socket.on("close", () => {
      clearTimeout(deadline);
      resolve(socket.writableFinished);
    });
    socket.on("finish", () => resolve(true));
    socket.resume(); // what the keeper says is not for us, and unread it would hold back "close"
    socket.end(text);
  });
}

/** True if a process listens there. */
export async function isListening(sockPath: string): Promise<boolean> {
  const socket = await open(sockPath);
  socket?.destroy();
  return socket !== undefined;
}

/**
 * Writes one line. Only connecting is tried again: a line of which a part was sent might arrive
 * twice.
 * @throws Refusal for a path that is not written to, or a line that would arrive as two
 */
export async function writeLine(sockPath: string, line: string): Promise<boolean> {
  const text = line.replace(/[\r\n]+$/, "");
  if (text.includes("\n")) throw new Refusal("HPR_EINVAL", "a line with a newline inside is two");
  checkName(sockPath);
  for (const delay of PAUSES_MS) {
    if (delay > 0) await pause(delay);
    await checkSocket(sockPath);
    const socket = await open(sockPath);
    if (socket) return send(socket, `${text}\n`);
  }
  return false;
}
