import { closeSync } from "node:fs";
import path from "node:path";
import { connectToKeeper, isSharedFolder, type Listener } from "../binding.js";
import { failure } from "../failure.js";

/** A keeper that does not accept is given up after 350 ms; a dead mount never answers. */
const LIMIT_MS = 500;

/** sun_path, less its NUL: unix(7) on Linux, unix(4) on macOS. */
const PATH_MAX_BYTES = process.platform === "darwin" ? 103 : 107;
const PIPES = "\\\\.\\pipe\\";

/** @throws an Error with a code for a path that nobody can listen on */
export function checkName(sockPath: string): void {
  if (process.platform === "win32") {
    if (!sockPath.startsWith(PIPES))
      throw failure("HPR_EINVAL", `a keeper's pipe is named ${PIPES}…`);
    return;
  }
  if (!path.isAbsolute(sockPath)) throw failure("HPR_EINVAL", "the socket's path is relative");
  if (Buffer.byteLength(sockPath) > PATH_MAX_BYTES)
    throw failure("HPR_EINVAL", `the socket's path is longer than ${PATH_MAX_BYTES} bytes`);
}

export interface Look {
  /** Empty: somebody listens. Else an `HPR_E…` code: `HPR_ENOENT` for nobody. */
  code: string;
  /** A descriptor, which is the caller's, if it was asked to keep one. */
  connection?: number;
  /** Who listens, if that is proved. */
  listener?: Listener;
}

/** Paths whose looks have not come back: one thread waits for each, and no more. */
const stuck = new Set<string>();

/** Waits for an answer that may never come; `onLate` gets one that nobody waits for any more. */
function askAbout<T>(
  name: string,
  ask: (told: (answer: T) => void) => boolean,
  onLate: (answer: T) => void = () => {},
): Promise<T | undefined> {
  if (stuck.has(name)) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const limit = setTimeout(() => {
      stuck.add(name);
      resolve(undefined);
    }, LIMIT_MS);
    const started = ask((answer) => {
      clearTimeout(limit);
      if (stuck.delete(name)) onLate(answer);
      else resolve(answer);
    });
    if (started) return;
    clearTimeout(limit);
    resolve(undefined);
  });
}

/**
 * Connects to a keeper's socket, elsewhere: a path may lie on a dead mount. `recordedAt`: when the
 * keeper's pid was written down; by default when the socket was made.
 */
export async function lookAt(sockPath: string, recordedAt?: number, keep = false): Promise<Look> {
  const answer = await askAbout<Look>(
    sockPath,
    (told) =>
      connectToKeeper(sockPath, recordedAt, keep, (code, connection, listener) =>
        told({ code, connection, listener }),
      ),
    ({ connection }) => connection !== undefined && closeSync(connection),
  );
  return answer ?? { code: "HPR_EBUSY" };
}

/**
 * Whether other hosts may write to a folder; true if it is not there.
 * @throws an Error with a code for one that does not answer
 */
export async function isShared(folder: string): Promise<boolean> {
  const shared = await askAbout<boolean>(folder, (told) => isSharedFolder(folder, told));
  if (shared === undefined) throw failure("HPR_EIO", "the folder does not answer");
  return shared;
}

/** What was seen at the sockets of keepers that we have found. */
const looks = new WeakMap<object, Look>();

export const rememberLook = (keeper: object, look: Look): unknown => looks.set(keeper, look);

/** Undefined: somebody else has found it, and we have not looked. */
export const lookOf = (keeper: object): Look | undefined => looks.get(keeper);
