import { lstat, readdir, readFile, unlink } from "node:fs/promises";
import path from "node:path";
import { listProcesses, type ProcessFacts } from "../binding.js";
import type { DiscoveredKeeper } from "../types.js";
import { Refusal } from "../reports.js";
import { isListening, isOurs } from "./socket.js";

/** A process that started later than this after its pid was written down is another one. */
const SLACK_MS = 5000;
const PID_FILE_MAX_BYTES = 64;
const WRITABLE_BY_OTHERS = 0o022;

/** What a keeper leaves beside its socket: its pid. */
interface Sidecar {
  sessionId: string;
  file: string;
  sockPath: string;
  /** When the file was written, in milliseconds since 1970. */
  writtenAt: number;
  pid: number;
}

/** The session of a pid file and its socket; undefined for any other name. */
function parseName(folder: string, name: string): Pick<Sidecar, "sessionId" | "sockPath"> | undefined {
  if (process.platform === "win32") {
    const sessionId = /^pi-rpc-(.+)\.pid$/.exec(name)?.[1];
    return sessionId ? { sessionId, sockPath: `\\\\.\\pipe\\pi-rpc-${sessionId}` } : undefined;
  }
  const sessionId = /^(.+)\.rpc\.sock\.pid$/.exec(name)?.[1];
  return sessionId ? { sessionId, sockPath: path.join(folder, `${sessionId}.rpc.sock`) } : undefined;
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
  return { ...parsed, file, writtenAt: info.mtimeMs, pid };
}

/** A process that the system hides from us may yet be there. */
function isFree(pid: number): boolean {
  try {
    process.kill(pid, 0); // asks, and signals nothing
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}

/** `unknown` is a reason to leave everything as it is. */
function judge(sidecar: Sidecar, holder: ProcessFacts | undefined): "alive" | "dead" | "unknown" {
  if (!holder) return isFree(sidecar.pid) ? "dead" : "unknown";
  const another = !holder.ours || holder.startedAt > sidecar.writtenAt + SLACK_MS;
  return another ? "dead" : "alive";
}

/** A keeper that came in the meantime has written the file anew, or listens. */
async function removeStale({ file, sockPath, writtenAt }: Sidecar): Promise<void> {
  if ((await lstat(file)).mtimeMs !== writtenAt || (await isListening(sockPath))) return;
  const socket = process.platform === "win32" ? undefined : await lstat(sockPath).catch(() => undefined);
  if (socket?.isSocket() && isOurs(socket)) await unlink(sockPath);
  await unlink(file);
}

/** Which of its children is the agent cannot be told if it has several. */
function onlyChildOf(pid: number, processes: readonly ProcessFacts[]): number | undefined {
  const children = processes.filter((it) => it.parentPid === pid);
  return children.length === 1 ? children[0].pid : undefined;
}

function describe(sidecar: Sidecar, holder: ProcessFacts, piPid?: number): DiscoveredKeeper {
  return {
    sessionId: sidecar.sessionId,
    keeperPid: sidecar.pid,
    sockPath: sidecar.sockPath,
    ...(piPid !== undefined && { piPid }),
    recordedAt: sidecar.writtenAt,
    startedAt: holder.startedAt,
    ...(holder.cwd !== undefined && { cwd: holder.cwd }),
  };
}

/** In a folder that others may write to, a pid file proves nothing. */
async function checkFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const info = await lstat(folder);
  if (!info.isDirectory() || !isOurs(info) || (info.mode & WRITABLE_BY_OTHERS) !== 0)
    throw new Refusal("HPR_EUNSAFE", "it is not a folder of our own that only we may write to");
}

async function lookAt(folder: string, name: string): Promise<DiscoveredKeeper | undefined> {
  const sidecar = await readSidecar(folder, name);
  if (!sidecar) return undefined;
  const processes = listProcesses(); // after the file was read: a keeper of it is among them
  const holder = processes.find((it) => it.pid === sidecar.pid);
  const verdict = judge(sidecar, holder);
  if (verdict === "dead") await removeStale(sidecar);
  if (verdict !== "alive" || !holder) return undefined;
  return describe(sidecar, holder, onlyChildOf(sidecar.pid, processes));
}

/** Files come and go while we look; one that is gone is no failure. */
function unlessGone(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  return undefined;
}

/** The keepers that have left their pids in a folder and live. A folder that is missing is empty. */
export async function discoverKeepers(folder: string): Promise<DiscoveredKeeper[]> {
  const names = await readdir(folder).catch(unlessGone);
  if (!names) return [];
  await checkFolder(folder);
  const found: DiscoveredKeeper[] = [];
  for (const name of names) {
    const keeper = await lookAt(folder, name).catch(unlessGone);
    if (keeper) found.push(keeper);
  }
  return found;
}
