import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { failure } from "./failure.js";

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
  if (file.includes("\0")) throw failure("ERR_INVALID_ARG_VALUE", "auditFile must not contain NUL");
  return file;
}
