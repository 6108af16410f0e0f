/** Arguments, checked: what does not fit is refused by name, before anything is done. */
import { failure } from "./failure.js";
import type {
  HeadlessPidRegistryOptions,
  HeadlessWarning,
  KeeperWriter,
  RegisterOptions,
  ShutdownOptions,
  TerminateOptions,
  TerminateTarget,
} from "./types.js";

export const GRACE_DEFAULT_MS = 2000;
const GRACE_NEVER = -1;
const AGE_NEVER = -1;
/** The span of a Date. */
const AGE_MAX_MS = 8.64e15;
const TIMER_MAX_MS = 2 ** 31 - 1;

/* --- options by name ------------------------------------------------------------------------- */

type Names<T> = Record<keyof T, true>;

export const REGISTRY_OPTIONS: Names<HeadlessPidRegistryOptions> = {
  pidFilePath: true,
  keeperManager: true,
  adoptKeepers: true,
  killGraceMs: true,
  tree: true,
  guard: true,
  orphanMaxAgeMs: true,
  orphans: true,
  auditFile: true,
};

export const REGISTER_OPTIONS: Names<RegisterOptions> = {
  cwd: true,
  spawnToken: true,
  keeper: true,
  goalId: true,
  fields: true,
};

export const TERMINATE_OPTIONS: Names<TerminateOptions> = {
  graceMs: true,
  signal: true,
  tree: true,
  abort: true,
};

export const SHUTDOWN_OPTIONS: Names<ShutdownOptions> = { graceMs: true, tree: true };

/** Who is told of a name that is no option's. */
export interface OptionWarner {
  warn(warning: HeadlessWarning): void;
}

/** Options, none for `null`. An unknown one is most likely a typing error, and changes nothing. */
export function checkedOptions<T extends object>(
  options: T | null | undefined,
  names: Names<T>,
  warner: OptionWarner,
): Partial<T> {
  if (options === undefined || options === null) return {};
  if (typeof options !== "object" || Array.isArray(options))
    throw failure("ERR_INVALID_ARG_TYPE", "options must be an object");
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(names, name)) continue;
    const known = Object.keys(names).join(", ");
    const message = `there is no option ${JSON.stringify(name)}, only ${known}`;
    // Later, when whoever opens a registry has had the time to listen.
    process.nextTick(() => warner.warn({ code: "HPR_EOPTION", message }));
  }
  return options;
}

/* --- values ----------------------------------------------------------------------------------- */

/** Milliseconds, `false` for never; `undefined`: the native side's default. */
export function ageOf(value: number | false | null | undefined, name: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (value === false) return AGE_NEVER;
  if (typeof value !== "number" || Number.isNaN(value))
    throw failure("ERR_INVALID_ARG_TYPE", `${name} must be a number or false`);
  if (!Number.isInteger(value) || value < 1 || value > AGE_MAX_MS)
    throw failure("ERR_OUT_OF_RANGE", `${name} must be an integer from 1 to ${AGE_MAX_MS}`);
  return value;
}

export function checkedOrphans(value: "adopt" | "end" | null | undefined): "adopt" | "end" {
  if (value === undefined || value === null) return "adopt";
  if (typeof value !== "string")
    throw failure("ERR_INVALID_ARG_TYPE", 'orphans must be "adopt" or "end"');
  if (value !== "adopt" && value !== "end")
    throw failure("ERR_INVALID_ARG_VALUE", 'orphans must be "adopt" or "end"');
  return value;
}

/** Milliseconds, `false` for never; the native side checks no more than it must. */
export function graceOf(
  value: number | false | null | undefined,
  fallback: number,
  name: string,
): number {
  if (value === undefined || value === null) return fallback;
  if (value === false) return GRACE_NEVER;
  if (typeof value !== "number" || !Number.isInteger(value))
    throw failure("ERR_INVALID_ARG_TYPE", `${name} must be an integer or false`);
  if (value < 0 || value > TIMER_MAX_MS)
    throw failure("ERR_OUT_OF_RANGE", `${name} must be from 0 to ${TIMER_MAX_MS}`);
  return value;
}

export function checkedWriter(
  writer: KeeperWriter | null | undefined,
  name = "writer",
): KeeperWriter | null {
  if (writer === undefined || writer === null) return null;
  if (typeof writer !== "object" && typeof writer !== "function")
    throw failure("ERR_INVALID_ARG_TYPE", `${name} must be a KeeperWriter or null`);
  return writer;
}

export function checkedAbort(signal: AbortSignal | null | undefined): AbortSignal | undefined {
  if (signal === undefined || signal === null) return undefined;
  if (typeof signal.addEventListener !== "function")
    throw failure("ERR_INVALID_ARG_TYPE", "abort must be an AbortSignal");
  return signal;
}

/** As in the original, `null` stands for an option that was not given. */
export function checkedFlag(
  value: boolean | null | undefined,
  name: string,
  fallback = false,
): boolean {
  if (value !== undefined && value !== null && typeof value !== "boolean")
    throw failure("ERR_INVALID_ARG_TYPE", `${name} must be true or false`);
  return value ?? fallback;
}

/** A name that is missing by mistake must not read as "already gone". */
function checkedName(value: string, name: string): string {
  if (typeof value !== "string") throw failure("ERR_INVALID_ARG_TYPE", `${name} must be a string`);
  return value;
}

/** The names by which a target can be told, the native order. */
export function namesOf(target: TerminateTarget): {
  session?: string;
  token?: string;
  pid?: number;
} {
  if (typeof target === "string") return { session: target };
  if (typeof target === "object" && target !== null) {
    if ("sessionId" in target) return { session: checkedName(target.sessionId, "sessionId") };
    if ("spawnToken" in target) return { token: checkedName(target.spawnToken, "spawnToken") };
    if ("pid" in target && target.pid !== undefined && target.pid !== null)
      return { pid: target.pid };
  }
  throw failure(
    "ERR_INVALID_ARG_TYPE",
    "target must be a session id, or have a sessionId, a spawnToken or a pid",
  );
}
