import { failure } from "./failure.js";
import { loadBinary } from "./find-binary.js";
import type {
  HeadlessEndReason,
  HeadlessExit,
  HeadlessLink,
  HeadlessSignal,
  HeadlessSnapshot,
  HeadlessStats,
  PidFileEntry,
  TerminateOutcome,
} from "./types.js";

/** As the native side tells it: fields are text. */
type Told<T> = Omit<T, "fields"> & { fields?: string };

/** What the native registry asks of its embedder; none of these may throw. */
export interface Host {
  /** Makes the errors that the native registry throws. */
  failure: typeof failure;
  /** One timer, which replaces the one before and calls `timerFired`; -1: none. */
  wakeIn(delayMs: number): void;
  /** `lookAtOwners` is to be called once a second from now on. */
  lookEachSecond(): unknown;
  /** How did the child of that ticket end? `childExited` answers. */
  statusWanted(ticket: number): void;
  /** `toldExit` tells the rest, as long as this runs. */
  exited(ticket: number): void;
  /** `pid` 0 and `file` "" stand for none. */
  warned(code: string, text: string, pid: number, file: string): void;
  /** `code` "" stands for delivered. */
  signalled(pid: number, signal: string, code: string): void;
  terminated(
    request: number,
    outcome: TerminateOutcome,
    entry: Partial<Told<HeadlessExit>> & { processes?: number },
  ): void;
  /** An end was brought about, or was refused; absent: nobody wants to know. */
  ended?(
    exit: Told<HeadlessExit>,
    reason: HeadlessEndReason,
    outcome: TerminateOutcome,
    signal: HeadlessSignal,
    processes: number,
  ): void;
}

/** The class in src/addon/registry_object.h. */
export interface NativeRegistry {
  announce(spawnToken: string): void;
  register(
    pid: number,
    cwd: string,
    spawnToken: string | undefined,
    keeperPid: number | undefined,
    keeperSockPath: string | undefined,
    statusExpected: boolean,
    goalId: string | undefined,
    fields: string | undefined,
  ): number;
  /**
   * `mayWait`: the file may be written by `flush`, or by the next write. `ignored`: nobody wants to
   * hear of it, `Host.exited` neither.
   */
  childExited(
    ticket: number,
    code: number | null,
    signal: string | null,
    mayWait: boolean,
    ignored: boolean,
  ): void;
  /** Undefined: its entry has gone. */
  registeredPid(ticket: number): number | undefined;
  flush(): void;
  /** The same when the program is about to end: it takes nothing over any more. */
  writeLast(): void;
  /** The exit that `Host.exited` is being told of. */
  toldExit(): Told<HeadlessExit>;
  timerFired(): void;
  lookAtOwners(): void;
  remove(pid: number): void;
  /** What the link rests on now; "": there is none. */
  linkByToken(spawnToken: string, sessionId: string, pid?: number): HeadlessLink | "";
  linkByPid(sessionId: string, pid: number): HeadlessLink | "";
  linkSession(sessionId: string, cwd: string): HeadlessLink | "";
  getPid(sessionId: string): number | undefined;
  getGoalId(sessionId: string): string | undefined;
  killBySessionId(sessionId: string): boolean;
  killByToken(spawnToken: string): boolean;
  terminate(
    request: number,
    signal: string,
    graceMs: number,
    sessionId: string | undefined,
    spawnToken: string | undefined,
    pid: number | undefined,
    tree: boolean,
  ): void;
  killAll(): void;
  /** How many answers come, under that request and the next ones. */
  shutdown(firstRequest: number, graceMs: number, tree: boolean): number;
  /** Whether the event loop lives as long as the registry. */
  keepAlive(wanted: boolean): void;
  cleanupOrphans(): void;
  /** Whether it matters who listens on that keeper's socket. */
  wantsListener(keeperPid: number, adopts: boolean): boolean;
  /** False: it is not proved that the keeper listens there. */
  attachKeeper(
    keeperPid: number,
    sockPath: string,
    piPid: number | undefined,
    listener: ArrayBuffer | undefined,
  ): boolean;
  adoptKeeper(
    keeperPid: number,
    sockPath: string,
    cwd: string,
    recordedAt: number | undefined,
    startedAt: number | undefined,
    piPid: number | undefined,
    listener: ArrayBuffer | undefined,
  ): void;
  socketOf(sessionId: string): string | undefined;
  size(): number;
  /** How many processes carry the token of a session that has ended; `undefined` once it is closed. */
  countMarked(token: string): number | undefined;
  stats(): HeadlessStats;
  /** Tells `ended` of the ends that are under way, as unknown. */
  reportEnds(): void;
  entries(): Array<Told<HeadlessSnapshot>>;
  /** hpr_board of src/core/registry.h. */
  readonly board: ArrayBuffer;
  /** Of a guest, once: the file's entries, judged. Throws an Error with a `code`. */
  borrow(): NativeLook;
  /** Of a guest: each proof of the entries that have that pid. */
  explain(pid: number): Testimony[];
  /** Of a guest: drops what is gone with its server; how many entries that were. */
  tidy(): number;
  /** Of a guest: drops the entries that `canForget`; how many. */
  forget(): number;
  close(): void;
}

/** An entry of the file and what is true of it; `sessionId` is the last that it was linked to. */
export interface Borrowed extends Told<HeadlessSnapshot> {
  /** Of the process `standsFor`, as in src/platform/process.h. */
  verdict: "same" | "group" | "gone" | "stranger" | "foreign" | "unknown";
  /** The registered pid or, where that process is gone and pi is not, pi's. */
  standsFor: number;
  /** `terminate` knows it by the pid `standsFor`. */
  canEnd: boolean;
  /** Processes that carry its token though it has gone; `terminate` with `tree` ends them. */
  leftovers: number;
  /** Another host's, pid namespace's or user's, and its owner is not proved to live. */
  canForget: boolean;
  owner: "unnamed" | "gone" | "alive" | "elsewhere";
  ownerPid?: number;
}

export interface NativeLook {
  entries: Borrowed[];
  /** The texts of entries that are not valid. */
  refused: string[];
  damaged: boolean;
}

/** One proof of one of an entry's processes, as in src/platform/process.h (`explain`). */
export interface Testimony {
  /** Which one of the `entries` that `borrow` returns. */
  row: number;
  about: "registered" | "agent" | "keeper" | "owner";
  pid: number;
  proof: string;
  said: string;
}

/** What src/addon/pidfile_reader.h returns; times in milliseconds since 1970. */
export interface NativePidFile {
  entries: Array<Told<PidFileEntry>>;
  refused: string[];
  damaged: boolean;
}

/** What src/platform/survey.h tells of a process; never a proof of who it is. */
export interface ProcessFacts {
  pid: number;
  parentPid?: number;
  /** The number of its process group. */
  group: number;
  /** Runs as our user. */
  ours: boolean;
  /** Milliseconds since 1970, exact to 10. */
  startedAt: number;
  cpuMs: number;
  residentBytes: number;
  /** Any bytes that it likes: to be made harmless before it is shown. */
  command: string;
  cwd?: string;
}

/** A process that provably listens on a socket. */
export interface Listener {
  pid: number;
  /** Who it is, for the native side. */
  identity: ArrayBuffer;
}

interface Binding {
  Registry: new (
    pidFilePath: string,
    killGraceMs: number,
    host: Host,
    guest?: boolean,
    tree?: boolean,
    endOrphans?: boolean,
    orphanMaxAgeMs?: number,
  ) => NativeRegistry;
  readPidFile(path: string): NativePidFile;
  listProcesses(): ProcessFacts[];
  /** src/addon/keeper_sockets.h. */
  connectToKeeper(
    sockPath: string,
    recordedAt: number | undefined,
    keep: boolean,
    told: (code: string, connection: number | undefined, listener: Listener | undefined) => void,
  ): boolean;
  isSharedFolder(folder: string, told: (shared: boolean) => void): boolean;
  unreadBytes(connection: number): number | undefined;
}

/** What the functions are called on makes their errors. */
const binding = { ...(loadBinary() as Binding), failure };

export const { Registry } = binding;
export const readPidFile = (file: string): NativePidFile => binding.readPidFile(file);
export const listProcesses = (): ProcessFacts[] => binding.listProcesses();
export const connectToKeeper: Binding["connectToKeeper"] = (...args) =>
  binding.connectToKeeper(...args);
export const unreadBytes = (connection: number): number | undefined =>
  binding.unreadBytes(connection);
export const isSharedFolder: Binding["isSharedFolder"] = (...args) =>
  binding.isSharedFolder(...args);
