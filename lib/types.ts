import type { ChildProcess } from "node:child_process";

/**
 * What the registry needs from whoever talks to keeper sidecars. Inject one with
 * {@link HeadlessPidRegistryOptions.keeperManager} or
 * {@link HeadlessPidRegistry.setKeeperWriter}.
 */
export interface KeeperWriter {
  /**
   * Writes `line` and a newline to the keeper's socket; resolves to whether that worked. Lines for
   * one socket should arrive in the order of the calls, whoever awaits them.
   */
  writeRpcToSockPath(sockPath: string, line: string): Promise<boolean>;
  /** Finds the keepers that are alive, whoever started them. */
  discoverExistingKeepers(): Promise<
    Array<
      Pick<DiscoveredKeeper, "sessionId" | "keeperPid" | "sockPath"> & Partial<DiscoveredKeeper>
    >
  >;
}

/** A keeper that lives, as {@link createKeeperWriter} finds it. Times in milliseconds since 1970. */
export interface DiscoveredKeeper {
  sessionId: string;
  keeperPid: number;
  /** The Unix socket, on Windows the pipe, that it listens on. */
  sockPath: string;
  /** Its only child; `undefined` if it has none, or several. */
  piPid?: number;
  /**
   * Whether the process that listens on `sockPath` is provably `keeperPid`. If not, the pid may be
   * another's: of another container or host, or one that has passed on.
   */
  proved?: boolean;
  /** When its pid was written down: whoever started more than 5 s later is another process. */
  recordedAt?: number;
  startedAt?: number;
  /** The folder that it works in now. */
  cwd?: string;
}

export interface KeeperWriterOptions {
  /**
   * Where keepers leave `<session>.rpc.sock` and `<session>.rpc.sock.pid` (Windows:
   * `pi-rpc-<session>.pid`). It must be ours and writable by nobody else.
   * Default: `<home>/.pi/dashboard/sessions`. A relative path is resolved at once.
   */
  sessionsDir?: string;
  /** Default: `process.emitWarning`. */
  onWarning?: (warning: HeadlessWarning) => void;
}

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

/** The way of calling {@link HeadlessPidRegistry.register} that names its arguments. */
export interface RegisterOptions {
  /** The folder it was started in. */
  cwd: string;
  /** A name that only this process was given; an empty one counts as none. */
  spawnToken?: string | null;
  /** Marks the child as a keeper sidecar. */
  keeper?: KeeperRegisterOptions | null;
  /** What it works for, in your own words: {@link HeadlessPidRegistry.getGoalId} tells it again. */
  goalId?: string | null;
  /**
   * Plain JSON values under names of your own, kept in the entry's row over restarts and told by
   * `entries()`, `exit` events and `readPidFile`. Members that are undefined are left out; nested at
   * most 31 levels deep, without NUL in strings. A string named `goalId` among them is the goal.
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
 * What a session's hold on an entry rests on. `"folder"` is a guess, and gives way to all others;
 * `"ancestor"` (the entry's process is the nearest ancestor of the pid that was named, or leads its
 * group) gives way to `"pid"` and `"token"`.
 */
export type HeadlessLink = "token" | "pid" | "ancestor" | "folder";

/** What the registry sends. */
export type HeadlessSignal = "SIGTERM" | "SIGINT" | "SIGHUP" | "SIGQUIT" | "SIGKILL";

export type HeadlessState = "live" | "terminating" | "remainder";

/** What the registry and the pid file know of one tracked process. */
export interface HeadlessRecord {
  /** The one that was registered, or of the agent that goes on in its place; 2 to 2147483647. */
  pid: number;
  cwd: string;
  /**
   * Milliseconds since 1970; `undefined` if the pid file does not say, or says what no server can
   * have written.
   */
  spawnedAt?: number;
  spawnToken?: string;
  /** The session that holds it; in a file, the one that held it last. */
  sessionId?: string;
  /** The caller's own, see {@link RegisterOptions}. */
  goalId?: string;
  fields?: HeadlessFields;
  /** Of a keeper's entry: the agent's pid, where somebody named it or it could be told. */
  piPid?: number;
  /** The same of an entry without a keeper, if the agent is not the registered process itself. */
  agentPid?: number;
  keeperPid?: number;
  keeperSockPath?: string;
  /**
   * `"live"`: found by the lookups and counted by `size()`. `"terminating"`: asked to end, not
   * counted any more, and kept until its exit is seen. `"remainder"`: its processes have ended,
   * which was told, and members of the groups that they led live on; found by no lookup.
   */
  state: HeadlessState;
}

/** A picture of one tracked process, taken when it was asked for. */
export interface HeadlessSnapshot extends HeadlessRecord {
  /** Of an unlinked one that an earlier server kept: the session that held it last. */
  lastSessionId?: string;
  /** How the session came to hold it; `undefined` while none does. */
  linkedBy?: HeadlessLink;
  /**
   * Its command line as the process shows it now, in `entries()` alone; `undefined` if it has
   * ended, or the system does not tell (Windows).
   */
  command?: string;
  /** False if it was no descendant of this process when registered: it is never signalled. */
  kin: boolean;
}

/** What the `exit` event tells: the entry as it was, and how it ended where that is known. */
export interface HeadlessExit extends HeadlessSnapshot {
  /** The exit status; `undefined` unless it was this process's child and ended by itself. */
  code?: number;
  /** The signal that ended it; `undefined` unless it was this process's child. */
  signal?: NodeJS.Signals;
  /**
   * How many processes of the groups that it led live on, at least (8 of a group are recorded);
   * `undefined`: none are known. With the option `tree` they are being ended.
   */
  leftovers?: number;
}

/**
 * All that a warning may be about.
 *
 * - `HPR_ENOTKIN`: a process is not provably ours, and is never signalled.
 * - `HPR_EABANDONED`: an entry of another host or container, which nobody has looked after for 7
 *   days, was dropped.
 * - `HPR_EWITHHELD`: pidfds are refused, by an old kernel or a filter of system calls: a number could
 *   pass on between a look and a signal, and exits are looked for ten times a second. Told once.
 * - `HPR_EGUESS`: a session was linked by its folder alone, or lost such a link to evidence.
 * - `HPR_EGUARD`: a call did nothing, because tests run with the real home folder.
 * - `HPR_EOPTION`: an option was given that does not exist.
 * - `HPR_EUNWATCHED`: a process cannot be watched at the moment; that is tried again.
 * - `HPR_EPOLLED`: some processes are looked at ten times a second, for lack of descriptors.
 * - `HPR_ENOLCK`: no lock can be had, and recorded identities decide who owns an entry.
 * - `HPR_EFOREIGN`: an entry is another host's, namespace's or user's.
 * - `HPR_EUNKNOWN`: nobody can tell whether an entry's process is the one that was recorded, or
 *   listens on its keeper's socket.
 * - `HPR_ECORRUPT`: the pid file was damaged; its text is kept beside it.
 * - `HPR_EINVAL`: an entry, an argument or a keeper's path is none.
 * - `HPR_EIO`, of a line for a keeper: it stalled in the middle, and may have seen a part.
 * - the rest: why the pid file, or a keeper's file or socket, could not be used.
 */
export type HeadlessWarningCode =
  | "HPR_ENOTKIN"
  | "HPR_EABANDONED"
  | "HPR_EWITHHELD"
  | "HPR_EGUESS"
  | "HPR_EGUARD"
  | "HPR_EOPTION"
  | "HPR_EUNWATCHED"
  | "HPR_EPOLLED"
  | "HPR_ENOLCK"
  | "HPR_EFOREIGN"
  | "HPR_EUNKNOWN"
  | "HPR_ECORRUPT"
  | "HPR_EINVAL"
  | "HPR_EACCES"
  | "HPR_EBUSY"
  | "HPR_EEXIST"
  | "HPR_EINTR"
  | "HPR_EIO"
  | "HPR_EMFILE"
  | "HPR_ENOENT"
  | "HPR_ENOMEM"
  | "HPR_ENOSPC"
  | "HPR_ENOTSUP"
  | "HPR_EROFS"
  | "HPR_ETOOBIG"
  | "HPR_EUNSAFE";

/** Something that a person should know; nothing was lost and nothing was signalled. */
export interface HeadlessWarning {
  /** Stable: scripts may compare it. */
  code: HeadlessWarningCode;
  /** A sentence that names the pid or the file. */
  message: string;
}

/** Names an entry: its session id, or one of the three names by which it can be told. */
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
  /** Whether nothing of the session is left: see {@link HeadlessPidRegistryOptions.tree}. */
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
 * - `exited`: it went after the first signal.
 * - `killed`: it had to be sent SIGKILL.
 * - `already-gone`: there was no such process any more; nothing was signalled.
 * - `not-ours`: it is no process that this registry may signal; nothing was signalled.
 * - `not-found`: no entry answers to that name, and none that this registry remembers did.
 * - `unknown`: its identity could not be determined, or the registry was closed meanwhile.
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
  /** How many processes were signalled, if any: with `tree` all of the session. */
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
   * Whether all that a session has started ends with it: its processes, their descendants, the
   * groups and sessions that any of them leads, and whoever carries the session's token in the
   * environment that it was started with. Each is proved to be one and signalled once, by itself;
   * after the grace time they are stopped, looked for again, and killed. Never ended are other
   * entries' processes, other servers of the same pid file, other users' processes, and what
   * descends from us; a session that this process descends from is `not-ours`. With it, what an
   * agent leaves behind that ends by itself is ended too. At most 4096 processes at a time are
   * asked; further ones when these have gone. Default: false.
   */
  tree?: boolean | null;
  /**
   * Under vitest with the account's real home folder, `killAll`, `cleanupOrphans` and
   * `cleanupKeeperOrphans` leave the default pid file alone and warn (`HPR_EGUARD`): a test that
   * forgot to set HOME must not end its developer's agents. False turns that off. Default: true.
   */
  guard?: boolean | null;
  /**
   * What becomes of the entries of a server that has ended, by `cleanupOrphans` and, after it,
   * within 2 seconds: they are adopted, or ended as if each had been terminated. Entries of which
   * the file does not say whose they are (the original module's), those that are not provably ours
   * to signal and those that this process descends from are adopted in any case. Default: `"adopt"`.
   */
  orphans?: "adopt" | "end" | null;
  /**
   * Orphans that are older are ended instead of adopted: milliseconds, 1 to 8640000000000000, or
   * `false` for none. Default: 604800000, 7 days.
   */
  orphanMaxAgeMs?: number | false | null;
  /**
   * A file that gets a line of JSON, a {@link HeadlessAuditLine}, for each end that the registry
   * brings about. It is made readable for its owner alone, and opened anew for each line, so that
   * it can be rotated. What cannot be written is told by a warning and lost. A relative path is
   * resolved at once. Default: none.
   */
  auditFile?: string | null;
}

/**
 * Why an entry was ended: `killBySessionId` or `killByToken`; `terminate`; `killAll`; `shutdown`;
 * the option `orphans`; its age; an end that an earlier server had begun; with `tree`, what was
 * left of a session that had ended by itself; `reap`: the command of that name.
 */
export type HeadlessEndReason =
  | "kill"
  | "terminate"
  | "kill-all"
  | "shutdown"
  | "orphan"
  | "age"
  | "resumed"
  | "tree"
  | "reap";

/** One line of the audit file. Tokens are left out. */
export interface HeadlessAuditLine {
  /** When the end was seen; ISO 8601, as in all files. */
  time: string;
  /** The server that did it. */
  by: { pid: number; uid?: number };
  pidFile: string;
  /** The one that was registered. */
  pid: number;
  cwd: string;
  /** The session that held it, or had held it last. */
  sessionId?: string;
  goalId?: string;
  why: HeadlessEndReason;
  /** The first signal. */
  signal: HeadlessSignal;
  /** `"unknown"`: the registry was closed, or the program ended, before the end was seen. */
  outcome: TerminateOutcome;
  /** How many processes were signalled; a group that was signalled as one counts as 1. */
  processes: number;
}

/** What there is, and how often something has happened since the registry was opened. */
export interface HeadlessStats {
  entries: Record<HeadlessState, number>;
  /**
   * Signals by what became of them: `gone`: nobody was there any more; `refused`: it is not ours to
   * signal; `failed`: it could not be sent, and is tried again.
   */
  signals: Record<"delivered" | "gone" | "refused" | "failed", number>;
  /** Entries that were taken over: orphans, announced children, keepers. */
  adoptions: number;
  /**
   * How often a process or an entry was not believed; each was told by a warning (`HPR_ENOTKIN`,
   * `HPR_EFOREIGN`, `HPR_EUNKNOWN`, `HPR_EINVAL`, `HPR_EABANDONED`).
   */
  refusals: number;
  /** Of the pid file. */
  writes: number;
  writeFailures: number;
  /** Exits that were told. */
  exits: number;
}

/** One entry of a pid file as it stands there, trusted or not; the process may be long gone. */
export interface PidFileEntry extends HeadlessRecord {
  /** The server process that keeps it; `undefined` in files of the original module. */
  ownerPid?: number;
}

/** What a pid file says at one moment. */
export interface PidFileContents {
  /** In the order of the file. */
  entries: PidFileEntry[];
  /** The JSON text of each entry that no registry would act on: without a valid pid, and so on. */
  refused: string[];
  /** The text is not what a registry writes; `entries` are those that could be read whole. */
  damaged: boolean;
}

/** Events of {@link HeadlessPidRegistry.on}. */
export interface HeadlessEvents {
  /**
   * A registered process has ended, and its agent under a keeper too; `pid` is the one that was
   * registered. Once for each that was seen alive, those included that ended while no server ran
   * (by `cleanupOrphans`). Not sent for `remove`, nor when the same process is registered again.
   */
  exit: (exit: HeadlessExit) => void;
  /** Without a listener the warning goes to `process.emitWarning` (`HPR_EGUARD`: `console.warn`). */
  warning: (warning: HeadlessWarning) => void;
}

/** `error` is accepted, because `events.once` asks for it, and never emitted. */
export type HeadlessEventName = keyof HeadlessEvents | "error";

export type HeadlessListener<E extends HeadlessEventName> = E extends keyof HeadlessEvents
  ? HeadlessEvents[E]
  : (error: Error) => void;

/**
 * What is published on `node:diagnostics_channel`, by channel name. Tokens are left out: what is
 * traced ends up in logs.
 */
export interface HeadlessTrace {
  "headless-pid-registry:register": {
    registry: HeadlessPidRegistry;
    pid: number;
    cwd: string;
    keeperPid?: number;
    keeperSockPath?: string;
  };
  /** A link call that returned true; `pid` is what `getPid` answers now. */
  "headless-pid-registry:link": {
    registry: HeadlessPidRegistry;
    sessionId: string;
    pid?: number;
    by: HeadlessLink;
  };
  /** A signal that was to be sent to a process, or to the group that it leads. */
  "headless-pid-registry:signal": {
    registry: HeadlessPidRegistry;
    pid: number;
    signal: HeadlessSignal;
    delivered: boolean;
    /** Why it was not delivered: an `HPR_E…` code, `HPR_ESRCH` for a process that is gone. */
    code?: string;
  };
  "headless-pid-registry:exit": { registry: HeadlessPidRegistry; exit: HeadlessExit };
  "headless-pid-registry:warning": { registry: HeadlessPidRegistry; warning: HeadlessWarning };
}

/**
 * Maps headless child processes to session ids and ends them. A plain object: its methods
 * are bound and can be passed around. `register`, `terminate`, `shutdown` and the options refuse
 * arguments of the wrong type or out of range with a `TypeError` or `RangeError` that names them;
 * the others answer values that can be nobody's name or pid with `false` or `undefined`. After `close()` every method throws an `Error` with `code: "HPR_ECLOSED"`, except for `close`,
 * `writeRpc` and `cleanupKeeperOrphans`, which do nothing. `terminate` rejects where others throw.
 */
export interface HeadlessPidRegistry {
  /**
   * The environment variables that mark a process and all that it starts as this token's:
   * `spawn(command, { env: { ...process.env, ...registry.spawnEnv(token) } })`. By the mark a session
   * is found and ended whole, whatever became of groups and parents (see the option `tree`). The
   * file names the token until a process is registered with it: if this server dies before, the
   * next one's `cleanupOrphans` takes over the process that was started with it.
   */
  spawnEnv(spawnToken: string): Record<string, string>;
  /**
   * Tracks a child of this process: {@link RegisterOptions} name what the positions below mean.
   * @throws TypeError with the code `ERR_INVALID_ARG_VALUE` for one that was not spawned: its
   *   `error` event says why
   */
  register(child: ChildProcess, options: RegisterOptions): void;
  /**
   * Tracks a spawned process until its `exit` event. A pid that is tracked already gets the
   * new content and keeps its place. Written to the pid file before it returns.
   * @param pid 2 to 2147483647; it need not exist, but only a descendant of this process is
   *   ever signalled
   * @param cwd the folder it was started in
   * @param proc emits `exit` once
   * @param spawnToken a name that only this process was given; an empty one counts as none
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
   * session on weaker grounds (`"folder"`, `"ancestor"`), which loses it. `pid` is the agent's: it
   * is learnt, whether the session held the entry already or not, as `piPid` of a keeper's entry
   * and `agentPid` of another; signalled only if it is the entry's relative. A session that proves
   * an entry loses one that it had by folder. Returns whether the session now holds such an entry.
   */
  linkByToken(spawnToken: string, sessionId: string, pid?: number): boolean;
  /**
   * Tier 2: the entry registered under that pid, else the first whose agent has it, else the one
   * whose process is the nearest ancestor of that pid or leads its group, if no session holds it on
   * grounds as good. Then the pid is learnt as the entry's agent.
   */
  linkByPid(sessionId: string, pid: number): boolean;
  /**
   * Tier 3: gives the session the first unlinked entry of that folder, by the same text, else by
   * being the same folder as far as that can be told without waiting for a dead mount (Linux 5.12
   * and newer; elsewhere by text alone). It is a guess, which evidence undoes (`HPR_EGUESS`, as where several
   * entries wait in that folder). A session that holds an entry already is given no other; then
   * the answer is whether that entry is in that folder.
   */
  linkSession(sessionId: string, cwd: string): boolean;
  /**
   * Of a keeper's entry the agent's pid if known, else the registered one; of another the
   * registered pid while that process lives, then its agent's.
   */
  getPid(sessionId: string): number | undefined;
  /** What the session's entry was registered with as its goal. */
  getGoalId(sessionId: string): string | undefined;
  /**
   * Sends SIGTERM to the session's process (its group if it leads one; pi before its keeper), and
   * SIGKILL after the grace time. The entry is forgotten by all lookups at once, and kept in the
   * pid file until its exit is seen. Returns whether a signal was delivered.
   */
  killBySessionId(sessionId: string): boolean;
  /** The same for an entry that no session is linked to yet, or any longer. */
  killByToken(spawnToken: string): boolean;
  /**
   * Ends a tracked process, or what is left of its groups, and resolves when it is really gone.
   * The file says so, and the first signals have left, before the promise is returned. Joining an
   * end that has begun makes it sooner, never later. Rejects for arguments that are none, and when
   * `abort` says so. Keeps the event loop alive until it resolves.
   */
  terminate(target: TerminateTarget, options?: TerminateOptions): Promise<TerminateResult>;

  /**
   * Ends all, resolves when all are gone, with one result each, and closes the registry. Unlike
   * `killAll` it tells the file: what has not ended when the server dies is ended by the next one.
   */
  shutdown(options?: ShutdownOptions): Promise<TerminateResult[]>;
  /** Forgets a process without signalling it; one that was asked to end stays until it has. */
  remove(pid: number): void;
  /** Ends all, for a server's shutdown. The pid file stays, so that the next server finds survivors. */
  killAll(): void;
  /** How many entries the lookups know. */
  size(): number;
  /** Counters for a monitoring system. */
  stats(): HeadlessStats;
  /**
   * Reads the pid file: entries whose process provably lives are tracked again (and their exit is
   * noticed), those that are too old or were being ended are ended, the dead dropped.
   * Whatever cannot be judged stays in the file, with a warning. Entries of another server that
   * is still alive are left alone until it is gone, and judged then.
   */
  cleanupOrphans(): void;
  /** Writes a line to the session's keeper. False without entry, keeper or writer. Never rejects. */
  writeRpc(sessionId: string, line: string): Promise<boolean>;
  /**
   * Asks the writer for live keepers and attaches them to entries under their pid, if the entry's
   * process provably listens on the socket (or was never seen alive); with the option
   * `adoptKeepers` those without an entry become one. Never rejects.
   */
  cleanupKeeperOrphans(): Promise<void>;
  /** Replaces the keeper writer; `null` takes it away. */
  setKeeperWriter(writer: KeeperWriter | null): void;
  /** All tracked processes in their order, those that are being ended included. */
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
   * Releases the watching thread and all descriptors; signals nothing and leaves the pid file as
   * it is. Waiting `terminate` calls resolve to `unknown`. Calling it twice is fine.
   */
  close(): void;
  [Symbol.dispose](): void;
}
