import { lstat, readdir, readFile, stat, unlink } from "node:fs/promises";
import path from "node:path";
import { listProcesses, type ProcessFacts } from "../binding.js";
import type { DiscoveredKeeper } from "../types.js";
import { failure } from "../failure.js";
import { isShared, type Look, lookAt, rememberLook } from "./look.js";

/** A process that started later than this after its pid was written down is another one. */
const SLACK_MS = 5000;
const PID_FILE_MAX_BYTES = 64;
const WRITABLE_BY_OTHERS = 0o022;
/** Files and sockets that are looked at beside each other. */
const AT_ONCE = 16;

/** True if the file is our user's own; on Windows the folder's access list says so. */
function isOurs(info: { uid: number }): boolean {
  const user = process.geteuid?.();
  return user === undefined || info.uid === user;
}

/** What a keeper leaves beside its socket: its pid. */
interface Sidecar {
  sessionId: string;
  file: string;
  sockPath: string;
  /** When the file was written, in milliseconds since 1970. */
  writtenAt: number;
  pid: number;
  /** At its socket, after the file was read. */
  look: Look;
}

/** The session of a pid file and its socket; undefined for any other name. */
function parseName(
  folder: string,
  name: string,
): Pick<Sidecar, "sessionId" | "sockPath"> | undefined {
  if (process.platform === "win32") {
    const sessionId = /^pi-rpc-(.+)\.pid$/.exec(name)?.[1];
    return sessionId ? { sessionId, sockPath: `\\\\.\\pipe\\pi-rpc-${sessionId}` } : undefined;
  }
  const sessionId = /^(.+)\.rpc\.sock\.pid$/.exec(name)?.[1];
  return sessionId
    ? { sessionId, sockPath: path.join(folder, `${sessionId}.rpc.sock`) }
    : undefined;
}

/** Undefined for whatever no keeper of ours can have written, or has not finished writing. */
async function readSidecar(folder: string, name: string): Promise<Sidecar | undefined> {
  const parsed = parseName(folder, name);
  if (!parsed) return undefined;
  const file = path.join(folder, name);
  const info = await lstat(file);
  if (!info.isFile() || !isOurs(info) || info.size > PID_FILE_MAX_BYTES) return undefined;
  const text = await readFile(file, "utf8");
  const pid = /^\s*\d{1,10}\s*$/.test(text) ? Number(text) : 0;
  if (pid < 2 || pid > 2 ** 31 - 1) return undefined;
  const look = await lookAt(parsed.sockPath, info.mtimeMs);
  return { ...parsed, file, writtenAt: info.mtimeMs, pid, look };
}

/** A process that the system hides from us may yet be there. */
function isFree(pid: number): boolean {
  try {
    process.kill(pid, 0); // only asks: signal 0 is none
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** `unknown` is a reason to leave everything as it is. */
function judge(sidecar: Sidecar, holder: ProcessFacts | undefined): "alive" | "dead" | "unknown" {
  if (!holder) return isFree(sidecar.pid) ? "dead" : "unknown";
  if (sidecar.look.listener?.pid === sidecar.pid) return "alive";
  const another = !holder.ours || holder.startedAt > sidecar.writtenAt + SLACK_MS;
  return another ? "dead" : "alive";
}

/** A keeper that came in the meantime has written the file anew, or listens. */
async function removeStale({ file, sockPath, writtenAt }: Sidecar): Promise<void> {
  if ((await lstat(file)).mtimeMs !== writtenAt || (await lookAt(sockPath)).code !== "HPR_ENOENT")
    return;
  const socket =
    process.platform === "win32" ? undefined : await lstat(sockPath).catch(() => undefined);
  if (socket?.isSocket() && isOurs(socket)) await unlink(sockPath);
  await unlink(file);
}

/** Which of its children is the agent cannot be told if it has several. */
function onlyChildOf(pid: number, processes: readonly ProcessFacts[]): number | undefined {
  const children = processes.filter((it) => it.parentPid === pid);
  return children.length === 1 ? children[0].pid : undefined;
}

function describe(sidecar: Sidecar, holder: ProcessFacts, piPid?: number): DiscoveredKeeper {
  const keeper = {
    sessionId: sidecar.sessionId,
    keeperPid: sidecar.pid,
    sockPath: sidecar.sockPath,
    ...(piPid !== undefined && { piPid }),
    proved: sidecar.look.listener?.pid === sidecar.pid,
    recordedAt: sidecar.writtenAt,
    startedAt: holder.startedAt,
    ...(holder.cwd !== undefined && { cwd: holder.cwd }),
  };
  rememberLook(keeper, sidecar.look);
  return keeper;
}

/** In a folder that others may write to, a pid file proves nothing. */
async function checkFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const info = await stat(folder); // through a link: what is there must be ours
  if (!info.isDirectory() || !isOurs(info) || (info.mode & WRITABLE_BY_OTHERS) !== 0)
    throw failure("HPR_EUNSAFE", "it must be a folder of your own that nobody else may write to");
}

/** Files come and go while we look; one that is gone is no failure. */
function unlessGone(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  return undefined;
}

async function readSidecars(folder: string, names: readonly string[]): Promise<Sidecar[]> {
  const sidecars: Sidecar[] = [];
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const some = names.slice(at, at + AT_ONCE);
    const read = await Promise.all(some.map((name) => readSidecar(folder, name).catch(unlessGone)));
    sidecars.push(...read.filter((it) => it !== undefined));
  }
  return sidecars;
}

/**
 * The keepers that have left their pids in a folder and live. A folder that is missing is empty.
 * What dead ones have left is removed, unless they may live on another host.
 */
export async function discoverKeepers(folder: string): Promise<DiscoveredKeeper[]> {
  const shared = await isShared(folder);
  const names = await readdir(folder).catch(unlessGone);
  if (!names) return [];
  await checkFolder(folder);
  const sidecars = await readSidecars(folder, names);
  // After the files were read: their keepers are among them.
  const processes = sidecars.length > 0 ? listProcesses() : [];
  const holders = new Map(processes.map((it) => [it.pid, it]));
  const found: DiscoveredKeeper[] = [];
  for (const sidecar of sidecars) {
    const holder = holders.get(sidecar.pid);
    const verdict = judge(sidecar, holder);
    if (verdict === "alive" && holder)
      found.push(describe(sidecar, holder, onlyChildOf(sidecar.pid, processes)));
    if (verdict === "dead" && !shared) await removeStale(sidecar).catch(unlessGone);
  }
  return found;
}
