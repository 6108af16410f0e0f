import { InvalidArgumentError } from "commander";
import type { TerminateOptions } from "../types.js";
import type { SortKey } from "./filter.js";

/** What the command line says; what a command does not take is undefined. */
export interface Options {
  pidFile?: string;
  json?: boolean;
  watch?: boolean;
  /** Milliseconds, as all times here. */
  interval: number;
  orphans?: boolean;
  session?: string;
  cwd?: string;
  sort?: SortKey;
  quiet?: boolean;
  /** False with `--no-trunc`. */
  trunc?: boolean;
  all?: boolean;
  signal: Signal;
  /** -1: no SIGKILL. */
  grace: number;
  /** With all that a session has started. */
  tree?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  olderThan: number;
  timeout?: number;
  /** The manual page. */
  man?: boolean;
}

export type Signal = NonNullable<TerminateOptions["signal"]>;
const SIGNALS: readonly Signal[] = ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT", "SIGKILL"];

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
/** The longest that a timer waits. */
export const LONGEST_MS = 2_147_483_647;
export const GRACE_NEVER = -1;

export function duration(text: string): number {
  const [, number, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  if (!number) throw new InvalidArgumentError("It is a number and ms, s, m, h or d, such as 2d.");
  return Number(number) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

/** One that a timer can wait for. */
export function delay(text: string): number {
  const ms = duration(text);
  if (ms > LONGEST_MS) throw new InvalidArgumentError("The longest is 24d.");
  return ms;
}

export function interval(text: string): number {
  const ms = delay(text);
  if (ms < 100) throw new InvalidArgumentError("The shortest is 100ms.");
  return ms;
}

export const grace = (text: string): number => (text === "never" ? GRACE_NEVER : delay(text));

export function signal(text: string): Signal {
  const name = text.toUpperCase();
  const found = SIGNALS.find((it) => it === name || it === `SIG${name}`);
  if (!found) throw new InvalidArgumentError(`It is one of ${SIGNALS.join(", ")}.`);
  return found;
}

export function path(text: string): string {
  if (text === "") throw new InvalidArgumentError("It is empty.");
  return text;
}
