import type { ChildProcess } from "node:child_process";
import type { KeeperWriter } from "./keeper-types.js";
import type { HeadlessStats, HeadlessWarning } from "./report-types.js";

export type * from "./keeper-types.js";
export type * from "./report-types.js";

/** One tracked process, in the shape that the original module named. */
export interface HeadlessEntry {
  pid: number;
  cwd: string;
  process: ChildProcess;
  sessionId?: string;
  /** Milliseconds since 1970. */
  spawnedAt: number;
  spawnToken?: string;
  piPid?: number;
  keeperPid?: number;
  keeperSockPath?: string;
}

/** Marks an entry as run by a keeper sidecar. */
export interface KeeperRegisterOptions {
  /** The keeper's pid, usually the pid that is registered; 2 to 2147483647. */
  keeperPid: number;
  /** The Unix socket that the keeper listens on: absolute, at most 107 bytes of UTF-8. */
  keeperSockPath: string;
}

/** The named arguments of {@link HeadlessPidRegistry.register}. */
export interface RegisterOptions {
  /** The folder it was started in. */
  cwd: string;
  /** A token that only this process was given; an empty one counts as none. */
  spawnToken?: string | null;
  /** Marks the child as a keeper sidecar. */
  keeper?: KeeperRegisterOptions | null;
  /** What it works for, in your own words: {@link HeadlessPidRegistry.getGoalId} returns it. */
  goalId?: string | null;
  /**
   * Plain JSON values under names of your own, kept in the entry's row over restarts and returned
   * by `entries()`, `exit` events and `readPidFile`. Members that are undefined are left out; at
   * most 31 levels of nesting, no NUL in strings. A string named `goalId` among them is the goal.
   */
  fields?: HeadlessFields | null;
}

/** A value of plain JSON. */
export type HeadlessValue =
  | null
  | boolean
  | number
  | string
  | HeadlessValue[]
  | { [name: string]: HeadlessValue | undefined };

/** What callers keep with an entry, under names of their own. */
export interface HeadlessFields {
  [name: string]: HeadlessValue | undefined;
}

/**
 * What the link between a session and its entry rests on. `"folder"` is a guess, and gives way to
 * all others; `"ancestor"` (the entry's process is the nearest ancestor of the reported pid, or
 * leads its group) gives way to `"pid"` and `"token"`.
 */
export type HeadlessLink = "token" | "pid" | "ancestor" | "folder";

/** The signals that the registry sends. */
export type HeadlessSignal = "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGQUIT" | "SIGKILL";

export type HeadlessState = "live" | "terminating" | "remainder";

/** What the registry and the pid file know of one tracked process. */
export interface HeadlessRecord {
  /** The registered one, or that of the agent which outlived it; 2 to 2147483647. */
  pid: number;
  cwd: string;
  /**
   * Milliseconds since 1970; `undefined` if the pid file does not say, or holds a time that no
   * server can have written.
   */
  spawnedAt?: number;
  spawnToken?: string;
  /** The session that holds it; in a file, the session that held it last. */
  sessionId?: string;
  /** As registered: see {@link RegisterOptions}. */
  goalId?: string;
  fields?: HeadlessFields;
  /** Of a keeper's entry: the agent's pid, where it was reported or found. */
  piPid?: number;
  /** The same for an entry without a keeper, if the agent is not the registered process itself. */
  agentPid?: number;
  keeperPid?: number;
  keeperSockPath?: string;
  /**
   * `"live"`: found by the lookups and counted by `size()`. `"terminating"`: asked to end, no
   * longer counted, and kept until its exit is seen. `"remainder"`: its processes have ended, which
   * was reported, and members of the groups that they led live on; found by no lookup.
   */
  state: HeadlessState;
}

/** A snapshot of one tracked process. */
export interface HeadlessSnapshot extends HeadlessRecord {
  /** Of an unlinked entry from an earlier server: the session that held it last. */
  lastSessionId?: string;
  /** What the link rests on; `undefined` while no session holds it. */
  linkedBy?: HeadlessLink;
  /**
   * Its current command line, in `entries()` only; `undefined` if it has ended, or the system does
   * not show it (Windows).
   */
  command?: string;
  /** False if it was not proved to be ours: then it is never signalled. */
  kin: boolean;
}

/** The argument of `exit`: the entry as it was, and how it ended where that is known. */
export interface HeadlessExit extends HeadlessSnapshot {
  /** The exit status; `undefined` unless it was this process's child and ended by itself. */
  code?: number;
  /** The signal that ended it; `undefined` unless it was this process's child. */
  signal?: NodeJS.Signals;
  /**
   * At least how many processes live on: those that carry its mark, or of the groups that it led (8 of
   * a group are recorded). `undefined`: none are known. With the option `tree` they are being ended.
   * Marks are looked for when this is read first, which takes milliseconds among hundreds of processes.
   */
  readonly leftovers?: number;
}

/** Names an entry: a session id, or one of these three. */
export type TerminateTarget =
  | string
  | { sessionId: string }
  | { spawnToken: string }
  | { pid: number };

export interface TerminateOptions {
  /**
   * Milliseconds between the first signal and SIGKILL, 0 to 2147483647, or `false` for no SIGKILL.
   * Default: the registry's `killGraceMs`.
   */
  graceMs?: number | false;
  /**
   * The first signal. Default: `"SIGTERM"`. On Windows each of them ends the process at once, and
   * its descendants with it.
   */
  signal?: HeadlessSignal;
  /**
   * Whether everything that the session has started ends too: see {@link
   * HeadlessPidRegistryOptions.tree}.
   */
  tree?: boolean;
  /** Stops the waiting, not the ending: the promise rejects with the signal's reason. */
  abort?: AbortSignal;
}

export interface ShutdownOptions {
  /** As in {@link TerminateOptions}. */
  graceMs?: number | false;
  tree?: boolean;
}

/**
 * - `exited`: it ended after the first signal.
 * - `killed`: it had to be sent SIGKILL.
 * - `already-gone`: the process had ended before; no signal was sent.
 * - `not-ours`: this registry may not signal it; no signal was sent.
 * - `not-found`: no entry answers to that name, and none that this registry remembers did.
 * - `unknown`: its identity could not be determined, or, with `tree`, whether anything of it is left
 *   (looked at for 60 s); or the registry was closed meanwhile.
 */
export type TerminateOutcome =
  | "exited"
  | "killed"
  | "already-gone"
  | "not-ours"
  | "not-found"
  | "unknown";

export interface TerminateResult {
  outcome: TerminateOutcome;
  /** The pid that the entry was registered under, if there was an entry. */
  pid?: number;
  /** The session that held it, if one did. */
  sessionId?: string;
  /** Exit status and signal, where this process was the parent and saw them in time. */
  code?: number;
  signal?: NodeJS.Signals;
  /** How many processes were signalled, if any: with `tree` all those of the session. */
  processes?: number;
}

/** `null` stands for an option that is not given. */
export interface HeadlessPidRegistryOptions {
  /**
   * The pid file. Default: `<home>/.pi/dashboard/headless-pids.json`. A relative path is resolved
   * at once, from the working directory.
   */
  pidFilePath?: string | null;
  /** May also be given later, with {@link HeadlessPidRegistry.setKeeperWriter}. */
  keeperManager?: KeeperWriter | null;
  /**
   * Whether `cleanupKeeperOrphans` makes an entry of a live keeper that no entry knows, because the
   * pid file was lost. It is signalled only if it provably listens on its socket; else its entry
   * has `kin: false`, with a warning, until a later call proves it. Default: false.
   */
  adoptKeepers?: boolean | null;
  /**
   * Milliseconds between SIGTERM and SIGKILL, 0 to 2147483647, or `false` for no SIGKILL.
   * Default: 2000.
   */
  killGraceMs?: number | false | null;
  /**
   * Whether everything that a session has started ends with it: its processes, their descendants,
   * the groups and sessions that any of them leads, and every process that carries the session's
   * token in the environment it was started with. Each is proved to be a member and signalled once,
   * by itself; after the grace time they are stopped, looked for again, and killed. Never ended are
   * other entries' processes, other servers of the same pid file, other users' processes, and our
   * own descendants; a session that this process descends from is `not-ours`. What an agent leaves
   * behind when it ends by itself is ended too. At most 4096 processes are asked at a time, further
   * ones when these have gone. Default: false.
   */
  tree?: boolean | null;
  /**
   * Under vitest with the account's real home folder, `killAll`, `cleanupOrphans` and
   * `cleanupKeeperOrphans` leave the default pid file alone and warn (`HPR_EGUARD`): a test that
   * forgot to set HOME must not end its developer's agents. False turns that off. Default: true.
   */
  guard?: boolean | null;
  /**
   * What happens to the entries of a server that has ended, at `cleanupOrphans` and, after that,
   * within 2 seconds: they are adopted, or ended as if by `terminate`. Entries that name no server
   * (the original module's), that are not proved to be ours, or that this process descends from are
   * adopted in any case. Default: `"adopt"`.
   */
  orphans?: "adopt" | "end" | null;
  /**
   * Orphans that are older are ended instead of adopted: milliseconds, 1 to 8640000000000000, or
   * `false` for none. Default: 604800000, 7 days.
   */
  orphanMaxAgeMs?: number | false | null;
  /**
   * A file that gets a line of JSON, a {@link HeadlessAuditLine}, for each end that the registry
   * brings about. It is readable by its owner alone, and opened anew for each line, so that it
   * can be rotated. A line that cannot be written is lost, with a warning. A relative path is
   * resolved at once. Default: none.
   */
  auditFile?: string | null;
}

/** One entry of a pid file, trusted or not; the process may be long gone. */
export interface PidFileEntry extends HeadlessRecord {
  /** The server process that keeps it; `undefined` in files of the original module. */
  ownerPid?: number;
}

/** What a pid file says at one moment. */
export interface PidFileContents {
  /** In the order of the file. */
  entries: PidFileEntry[];
  /** The JSON text of each entry that no registry acts on: without a valid pid, and so on. */
  refused: string[];
  /** The text is not what a registry writes; `entries` are those that could be read whole. */
  damaged: boolean;
}

/** Events of {@link HeadlessPidRegistry.on}. */
export interface HeadlessEvents {
  /**
   * A registered process has ended, and its agent too; `pid` is the registered one. Once for each
   * that was seen alive, including those that ended while no server ran (at `cleanupOrphans`). Not
   * for `remove`, nor when the same process is registered again.
   */
  exit: (exit: HeadlessExit) => void;
  /**
   * Without a listener the warning goes to `process.emitWarning` (`HPR_EGUARD`: `console.warn`).
   */
  warning: (warning: HeadlessWarning) => void;
}

/** `error` is accepted, because `events.once` asks for it, and never emitted. */
export type HeadlessEventName = keyof HeadlessEvents | "error";

export type HeadlessListener<E extends HeadlessEventName> = E extends keyof HeadlessEvents
  ? HeadlessEvents[E]
  : (error: Error) => void;

/**
 * Maps headless child processes to session ids and ends them. A plain object: its methods are bound
 * and can be passed around. `register`, `terminate`, `shutdown` and the options refuse arguments of
 * the wrong type or out of range with a `TypeError` or `RangeError` that names them; the others
 * answer a value that cannot be a name or a pid with `false` or `undefined`. After `close()` every
 * method throws an `Error` with `code: "HPR_ECLOSED"`, except `close`, `writeRpc` and
 * `cleanupKeeperOrphans`, which do nothing. `terminate` and `shutdown` reject where others throw.
 */
export interface HeadlessPidRegistry {
  /**
   * The environment variables that mark a process and all that it starts as this token's:
   * `spawn(command, { env: { ...process.env, ...registry.spawnEnv(token) } })`. By this mark all
   * processes of a session are found, whatever became of their groups and parents (see the option
   * `tree`). The file names the token until a process is registered with it: if this server dies
   * before that, the next one's `cleanupOrphans` adopts the process that was started with it.
   */
  spawnEnv(spawnToken: string): Record<string, string>;
  /**
   * Tracks a child of this process, by named arguments.
   * @throws TypeError with the code `ERR_INVALID_ARG_VALUE` for one that was not spawned: its
   *   `error` event says why
   */
  register(child: ChildProcess, options: RegisterOptions): void;
  /**
   * Tracks a process until it has ended. A pid that is tracked already gets the new content and
   * keeps its place. Written to the pid file before the call returns.
   * @param pid 2 to 2147483647; it need not exist, but only a descendant of this process is ever
   *   signalled
   * @param cwd the folder it was started in
   * @param proc emits `exit` once
   * @param spawnToken a token that only this process was given; an empty one counts as none
   * @param keeperOpts marks `pid` as a keeper sidecar
   * @param goalId see {@link RegisterOptions}
   */
  register(
    pid: number,
    cwd: string,
    proc: ChildProcess,
    spawnToken?: string,
    keeperOpts?: KeeperRegisterOptions,
    goalId?: string,
  ): void;
  /**
   * Tier 1: gives the session the first entry with that token that is unlinked, or held by another
   * session on weaker evidence (`"folder"`, `"ancestor"`), which loses it. `pid` is the agent's: it
   * is recorded, whether the session held the entry already or not, as `piPid` of a keeper's entry
   * and `agentPid` of another; it is signalled only if it is the entry's relative. A session that
   * proves an entry loses one that it had by folder. Returns whether the session now holds it.
   */
  linkByToken(spawnToken: string, sessionId: string, pid?: number): boolean;
  /**
   * Tier 2: the entry registered under that pid, else the first whose agent has it, else the one
   * whose process is the nearest ancestor of that pid or leads its group, unless a session holds it
   * on equal or better evidence. In the last case the pid is recorded as the entry's agent.
   */
  linkByPid(sessionId: string, pid: number): boolean;
  /**
   * Tier 3: gives the session the first unlinked entry of that folder: the same path or, on Linux
   * 5.12 and newer and as far as that is known without waiting for a dead mount, the same folder.
   * It is a guess, which evidence undoes (`HPR_EGUESS`, also if several entries of that folder
   * wait). A session that holds an entry already gets no other; then the answer is whether that
   * entry is in that folder.
   */
  linkSession(sessionId: string, cwd: string): boolean;
  /**
   * Of a keeper's entry the agent's pid if known, else the registered one; of another the
   * registered pid while that process lives, then its agent's.
   */
  getPid(sessionId: string): number | undefined;
  /** The `goalId` that the session's entry was registered with. */
  getGoalId(sessionId: string): string | undefined;
  /**
   * Sends SIGTERM to the session's process (its group if it leads one; pi before its keeper), and
   * SIGKILL after the grace time. The entry leaves all lookups at once, and stays in the pid
   * file until its exit is seen. Returns whether a signal was delivered.
   */
  killBySessionId(sessionId: string): boolean;
  /** The same by token, for an entry that no session holds. */
  killByToken(spawnToken: string): boolean;
  /**
   * Ends a tracked process, or what is left of its groups, and resolves when it is really gone.
   * The file says so, and the first signals have been sent, before the promise is returned. Joining
   * an end that has begun makes it sooner, never later. Rejects for invalid arguments, and when
   * `abort` fires. Keeps the event loop alive until it resolves.
   */
  terminate(target: TerminateTarget, options?: TerminateOptions): Promise<TerminateResult>;
  /**
   * Ends all, resolves when all are gone, with one result each, and closes the registry. Unlike
   * `killAll` it is recorded in the file: what has not ended when the server dies is ended by the
   * next.
   */
  shutdown(options?: ShutdownOptions): Promise<TerminateResult[]>;
  /** Forgets a process without a signal; one that was asked to end stays until it has. */
  remove(pid: number): void;
  /**
   * Asks all to end, for a server's shutdown. The pid file stays, so that the next server finds
   * survivors.
   */
  killAll(): void;
  /** How many entries are live. */
  size(): number;
  /** Counters for a monitoring system. */
  stats(): HeadlessStats;
  /**
   * Reads the pid file and adopts the entries of servers that have ended: those whose process
   * provably lives are tracked again, those that are too old or were being ended are ended, and the
   * dead are dropped. What cannot be judged stays in the file, with a warning. Entries of a server
   * that is alive are left alone until it has ended, and judged then.
   */
  cleanupOrphans(): void;
  /**
   * Writes a line to the session's keeper; false without an entry, keeper or writer. Never rejects.
   */
  writeRpc(sessionId: string, line: string): Promise<boolean>;
  /**
   * Asks the writer for live keepers and attaches them to the entries under their pids, if the
   * entry's process provably listens on the socket (or was never seen alive). With the option
   * `adoptKeepers` a keeper without an entry gets one. Never rejects.
   */
  cleanupKeeperOrphans(): Promise<void>;
  /** Replaces the keeper writer; `null` takes it away. */
  setKeeperWriter(writer: KeeperWriter | null): void;
  /** All tracked processes in their order, including those that are being ended. */
  entries(): HeadlessSnapshot[];
  on<E extends HeadlessEventName>(event: E, listener: HeadlessListener<E>): HeadlessPidRegistry;
  once<E extends HeadlessEventName>(event: E, listener: HeadlessListener<E>): HeadlessPidRegistry;
  off<E extends HeadlessEventName>(event: E, listener: HeadlessListener<E>): HeadlessPidRegistry;
  /** The same as `off`. */
  removeListener<E extends HeadlessEventName>(
    event: E,
    listener: HeadlessListener<E>,
  ): HeadlessPidRegistry;
  /**
   * Releases the watching thread and all descriptors; sends no signals and leaves the pid file as
   * it is. Pending `terminate` calls resolve to `unknown`. Calling it twice is fine.
   */
  close(): void;
  [Symbol.dispose](): void;
}
