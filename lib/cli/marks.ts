import { readFileSync } from "node:fs";
import type { Processes } from "./processes.js";

const VARIABLE = "HEADLESS_PID_MARK=";

/** The environment that a process was started with, where the system tells; else empty. */
export function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
  } catch {
    return []; // gone, another user's, or not on Linux
  }
}

/** Tokens that a server announced, and with which a process may be started at any moment. */
function announced(pidFile: string): Set<unknown> {
  try {
    const { announced: rows = [] } = JSON.parse(readFileSync(pidFile, "utf8"));
    return new Set(rows.map((it: { spawnToken?: unknown } | null) => it?.spawnToken));
  } catch {
    return new Set(); // whatever is wrong with the file is told already
  }
}

/** Our user's processes that carry a mark of this file, and its token; without us and above us. */
export function markedProcesses(
  pidFile: string,
  processes: Processes,
): { pid: number; token: string }[] {
  const suffix = `@${pidFile}`;
  const line = processes.line();
  const expected = announced(pidFile);
  return [...processes.all()].flatMap(({ pid, ours }) => {
    if (!ours || line.has(pid)) return [];
    const mark = environmentOf(pid).find((it) => it.startsWith(VARIABLE) && it.endsWith(suffix));
    const token = mark?.slice(VARIABLE.length, -suffix.length);
    return token && !expected.has(token) ? [{ pid, token }] : [];
  });
}
