/** What a registry reports: warnings, the audit file, counters, traces. */
import type {
  HeadlessExit,
  HeadlessLink,
  HeadlessPidRegistry,
  HeadlessSignal,
  HeadlessState,
  TerminateOutcome,
} from "./types.js";

/**
 * Every warning's code. docs/troubleshooting.md says what to do about each.
 *
 * - `HPR_ENOTKIN`: a process is not provably ours, and is never signalled.
 * - `HPR_EABANDONED`: an entry of another host or container, which nobody has claimed for 7 days,
 *   was dropped.
 * - `HPR_EWITHHELD`: pidfds are refused, by an old kernel or a seccomp filter: a PID could be
 *   reused between the check and the signal, and exits are polled ten times a second. Reported
 *   once.
 * - `HPR_EGUESS`: a session was linked by its folder alone, or lost such a link to evidence.
 * - `HPR_EGUARD`: a call did nothing, because tests run with the real home folder.
 * - `HPR_EOPTION`: an option was given that does not exist.
 * - `HPR_EUNWATCHED`: a process cannot be watched at the moment; that is retried.
 * - `HPR_EPOLLED`: some processes are polled ten times a second, for lack of descriptors.
 * - `HPR_ENOLCK`: files cannot be locked, so recorded identities decide who owns an entry.
 * - `HPR_EFOREIGN`: an entry is another host's, namespace's or user's.
 * - `HPR_EUNKNOWN`: it is not known whether an entry's process is the one that was recorded, or
 *   listens on its keeper's socket.
 * - `HPR_ECORRUPT`: the pid file was damaged; a copy is kept beside it.
 * - `HPR_EINVAL`: an entry, an argument or a keeper's path is not valid.
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

/** Something that a person should know; nothing was lost, and no signal was sent. */
export interface HeadlessWarning {
  /** Stable: scripts may compare it. */
  code: HeadlessWarningCode;
  /** A sentence that names the pid or the file. */
  message: string;
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
   * Signals by outcome. `gone`: the process had ended; `refused`: it is not ours to signal;
   * `failed`: the signal could not be sent, and is retried.
   */
  signals: Record<"delivered" | "gone" | "refused" | "failed", number>;
  /** Entries that were taken over: orphans, announced children, keepers. */
  adoptions: number;
  /**
   * How often a process or an entry was not believed, each with a warning (`HPR_ENOTKIN`,
   * `HPR_EFOREIGN`, `HPR_EUNKNOWN`, `HPR_EINVAL`, `HPR_EABANDONED`).
   */
  refusals: number;
  /** Of the pid file. */
  writes: number;
  writeFailures: number;
  /** Exits that were reported. */
  exits: number;
}

/**
 * What is published on `node:diagnostics_channel`, by channel name. Tokens are left out, because
 * traces end up in logs.
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
