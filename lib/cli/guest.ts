import type { Borrowed, NativeLook, NativeRegistry, Testimony } from "../binding.js";
import { auditor } from "../audit.js";
import { failure } from "../failure.js";
import { resolveAuditFile } from "../pid-path.js";
import type { HeadlessWarning, TerminateOutcome } from "../types.js";
import { native } from "./native.js";
import { GRACE_NEVER, LONGEST_MS, type Options } from "./options.js";

/** Undefined: nobody wants to know. */
export const auditFileOfUser = (): string | undefined =>
  process.env.HEADLESS_PIDS_AUDIT || undefined;

/** After SIGKILL a process goes at once, unless a disk or a debugger holds it. */
const PATIENCE_MS = 8000;

export type { Borrowed };
export type Look = NativeLook;
/** `lives`: it was signalled and is still there after all our patience. */
export type Ending = TerminateOutcome | "lives";
/** How an entry is to be ended. */
export type Manner = Pick<Options, "signal" | "grace" | "tree">;

/**
 * The pid file seen from outside: one look at it, and the ending of what was seen, by the same core
 * and rules as in a server.
 */
export class Guest {
  #timer: NodeJS.Timeout | undefined;
  readonly #requests = new Map<number, (outcome: Ending) => void>();
  readonly #native: NativeRegistry;
  #nextRequest = 0;
  readonly warnings: string[] = [];

  /** `why`: what the ends that it brings about are for, in the audit file that the environment names. */
  constructor(pidFile: string, why?: "kill" | "reap") {
    const auditFile = why ? resolveAuditFile(auditFileOfUser(), pidFile) : null;
    const warn = ({ code, message }: HeadlessWarning) => this.warnings.push(`${message} (${code})`);
    const host = {
      ...(auditFile !== null && { ended: auditor(auditFile, pidFile, warn, why) }),
      failure,
      wakeIn: (delayMs: number) => {
        clearTimeout(this.#timer);
        if (delayMs >= 0) this.#timer = setTimeout(() => this.#native.timerFired(), delayMs);
      },
      lookEachSecond: () => {},
      statusWanted: () => {},
      exited: () => {},
      signalled: () => {},
      warned: (code: string, text: string) => this.warnings.push(`${text} (${code})`),
      terminated: (request: number, outcome: TerminateOutcome) =>
        this.#requests.get(request)?.(outcome),
    };
    this.#native = new (native().Registry)(pidFile, GRACE_NEVER, host, true);
  }

  /** To be called once. Throws an Error with a `code` if the file cannot or must not be read. */
  look(): Look {
    return this.#native.borrow();
  }

  /** Resolves when it is gone, or will not be ended. */
  end(entry: Borrowed, { signal, grace, tree = false }: Manner): Promise<Ending> {
    const request = this.#nextRequest++;
    return new Promise((resolve, reject) => {
      // It also keeps the event loop alive, which nothing native does.
      const patience = setTimeout(
        () => answer("lives"),
        Math.min(Math.max(grace, 0) + PATIENCE_MS, LONGEST_MS),
      );
      const answer = (outcome: Ending): void => {
        clearTimeout(patience);
        this.#requests.delete(request);
        resolve(outcome);
      };
      this.#requests.set(request, answer);
      try {
        this.#native.terminate(request, signal, grace, undefined, undefined, entry.standsFor, tree);
      } catch (error) {
        clearTimeout(patience);
        reject(error);
      }
    });
  }

  /** Each proof of the entries that have that pid, as the file says it now. */
  explain(pid: number): Testimony[] {
    return this.#native.explain(pid);
  }

  /** Drops the entries of the file that are gone and whose server is; how many. */
  tidy(): number {
    return this.#native.tidy();
  }

  /** Drops the entries that `canForget`; how many. */
  forget(): number {
    return this.#native.forget();
  }

  close(): void {
    this.#native.reportEnds(); // of what is still alive after all our patience
    this.#native.close();
    clearTimeout(this.#timer);
  }
}

/** One look, for those that end nothing. */
export function lookAt(pidFile: string): Look {
  const guest = new Guest(pidFile);
  try {
    return guest.look();
  } finally {
    guest.close();
  }
}
