/** The two ways of calling `register`. */
import type { ChildProcess } from "node:child_process";
import { checkedOptions, type OptionWarner, REGISTER_OPTIONS } from "./arguments.js";
import { isChildProcess } from "./children.js";
import { failure } from "./failure.js";
import { textOf } from "./fields.js";
import type { KeeperRegisterOptions, RegisterOptions } from "./types.js";

/** What does not fit and is not looked at here is refused by the native side. */
export interface Registration {
  pid: number;
  cwd: string;
  proc: ChildProcess;
  spawnToken?: string;
  keeper?: KeeperRegisterOptions;
  goalId?: string;
  /** As text. */
  fields?: string;
}

function isChild(value: unknown): value is ChildProcess {
  return (
    typeof value === "object" && value !== null && typeof (value as ChildProcess).on === "function"
  );
}

function checkedChild(value: unknown, name: string): ChildProcess {
  if (!isChild(value)) throw failure("ERR_INVALID_ARG_TYPE", `${name} must be a ChildProcess`);
  return value;
}

function checkedKeeper(value: unknown, name: string): KeeperRegisterOptions | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "object")
    throw failure("ERR_INVALID_ARG_TYPE", `${name} must have a keeperPid and a keeperSockPath`);
  return value as KeeperRegisterOptions;
}

/** What `spawn` returns if it fails has no pid, and tells why by its `error` event. */
function checkSpawned(child: ChildProcess): void {
  if (child.pid === undefined)
    throw failure(
      "ERR_INVALID_ARG_VALUE",
      "the child was not spawned; listen to its 'error' event",
    );
}

function registrationOfChild(
  child: ChildProcess,
  given: unknown,
  warner: OptionWarner,
): Registration {
  const options = checkedOptions(given as RegisterOptions, REGISTER_OPTIONS, warner);
  checkSpawned(child);
  const { fields } = options;
  const text = textOf(fields);
  const named = typeof fields?.goalId === "string" ? fields.goalId : undefined;
  return {
    pid: child.pid as number,
    cwd: options.cwd as string,
    proc: child,
    spawnToken: options.spawnToken ?? undefined,
    keeper: checkedKeeper(options.keeper, "keeper"),
    goalId: options.goalId ?? named,
    fields: text,
  };
}

export function registrationOf(given: unknown[], warner: OptionWarner): Registration {
  const [first, second] = given;
  if (isChild(first)) return registrationOfChild(first, second, warner);
  const [pid, cwd, proc, spawnToken, keeperOpts, goalId] = given;
  const child = checkedChild(proc, "proc");
  if (pid === undefined && isChildProcess(child)) checkSpawned(child);
  return {
    pid: pid as number,
    cwd: cwd as string,
    proc: child,
    spawnToken: spawnToken as string | undefined,
    keeper: checkedKeeper(keeperOpts, "keeperOpts"),
    goalId: goalId as string | undefined,
  };
}
