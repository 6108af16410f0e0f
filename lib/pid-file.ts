import { homedir } from "node:os";
import { join, resolve } from "node:path";
import * as binding from "./binding.js";
import { failure } from "./failure.js";
import { withFields } from "./fields.js";
import type { PidFileContents } from "./types.js";

/** The absolute path that an argument or option means. */
export function resolvePidFile(value: string | null | undefined, name: string): string {
  const file = value ?? join(homedir(), ".pi", "dashboard", "headless-pids.json");
  if (typeof file !== "string" || file === "")
    throw failure("ERR_INVALID_ARG_TYPE", `${name} must be a string that is not empty`);
  return resolve(file);
}

/** The absolute path of an audit file. */
export function resolveAuditFile(value: string | null | undefined, pidFile: string): string | null {
  if (value === undefined || value === null) return null;
  const file = resolvePidFile(value, "auditFile");
  if (file === pidFile)
    throw failure("ERR_INVALID_ARG_VALUE", "auditFile must be another file than pidFilePath");
  return file;
}

/**
 * Looks at a pid file without touching anything: takes no lock, repairs nothing and signals nobody.
 * A file that is missing is empty, and nothing that stands in a file makes this throw.
 * @param file default and relative paths as for the option `pidFilePath`
 * @throws Error with a `code` for a file that cannot or must not be read: `HPR_EACCES`,
 *   `HPR_EUNSAFE` (a link, a device, another user's, or writable by everybody), `HPR_ETOOBIG` (over
 *   16 MiB), `HPR_EMFILE`, `HPR_EIO`, `HPR_ENOMEM`
 * @throws TypeError for a path that is none
 */
export function readPidFile(file?: string): PidFileContents {
  const { entries, ...rest } = binding.readPidFile(resolvePidFile(file, "path"));
  return {
    entries: entries.map(withFields),
    ...rest,
  };
}
