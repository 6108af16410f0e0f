/** The audit file: a line of JSON for each end that was brought about. */
import fs from "node:fs";
import type { Host } from "./binding.js";
import type { HeadlessAuditLine, HeadlessWarning, HeadlessWarningCode } from "./types.js";

const PRIVATE = 0o600;

const CODES: Record<string, HeadlessWarningCode> = {
  EACCES: "HPR_EACCES",
  EPERM: "HPR_EACCES",
  EROFS: "HPR_EROFS",
  ENOSPC: "HPR_ENOSPC",
  EDQUOT: "HPR_ENOSPC",
  ENOENT: "HPR_ENOENT",
  ENOTDIR: "HPR_ENOENT",
  EMFILE: "HPR_EMFILE",
  ENFILE: "HPR_EMFILE",
  ELOOP: "HPR_EUNSAFE", // a link
  ENXIO: "HPR_EUNSAFE", // a pipe that nobody reads
};

/** Opened for each line, so that whoever rotates the file need not tell us. */
function append(file: string, text: string): void {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = fs.constants;
  const flags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK;
  const fd = fs.openSync(file, flags, PRIVATE);
  try {
    if (!fs.fstatSync(fd).isFile())
      throw Object.assign(new Error("it is no regular file"), { code: "ENXIO" });
    fs.writeSync(fd, text);
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * What a host does with the ends that it is told of.
 * @param why takes the place of the registry's own reason
 */
export function auditor(
  file: string,
  pidFile: string,
  warn: (warning: HeadlessWarning) => void,
  why?: HeadlessAuditLine["why"],
): NonNullable<Host["ended"]> {
  let told: string | undefined; // of which failure a warning was given
  return (exit, reason, outcome, signal, processes) => {
    if (outcome === "already-gone") return; // it ended by itself
    const { pid, cwd, sessionId = exit.lastSessionId, goalId } = exit;
    const line: HeadlessAuditLine = {
      time: new Date().toISOString(),
      by: { pid: process.pid, ...(process.getuid && { uid: process.getuid() }) },
      pidFile,
      pid,
      cwd,
      ...(sessionId !== undefined && { sessionId }),
      ...(goalId !== undefined && { goalId }),
      why: why ?? reason,
      signal,
      outcome,
      processes,
    };
    try {
      append(file, `${JSON.stringify(line)}\n`);
      told = undefined;
    } catch (error) {
      const { code = "", message } = error as NodeJS.ErrnoException;
      if (code === told) return;
      told = code;
      const text = `an end was not written to the audit file ${file}: ${message}`;
      warn({ code: CODES[code] ?? "HPR_EIO", message: text });
    }
  };
}
