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

/** Tokens that servers announced and registered nobody with; whoever reads the file is told of its damage. */
function announced(pidFile: string): { spawnToken?: unknown; owner?: { pid?: unknown } }[] {
  try {
    const { announced: rows } = JSON.parse(readFileSync(pidFile, "utf8"));
    return Array.isArray(rows) ? rows.filter((it) => typeof it === "object" && it !== null) : [];
  } catch {
    return [];
  }
}

/** `expected`: a process may be started with the token at any moment; `lost`: its server has gone. */
export type MarkState = "expected" | "lost" | "registered";

export interface Marked {
  pid: number;
  token: string;
  state: MarkState;
}

function statesOf(pidFile: string, processes: Processes): Map<unknown, MarkState> {
  const states = new Map<unknown, MarkState>();
  for (const { spawnToken, owner } of announced(pidFile)) {
    const lives = typeof owner?.pid === "number" && processes.get(owner.pid) !== undefined;
    if (lives || !states.has(spawnToken)) states.set(spawnToken, lives ? "expected" : "lost");
  }
  return states;
}

/** Our user's processes that carry a mark of this file, and its token; without us and above us. */
export function markedProcesses(pidFile: string, processes: Processes): Marked[] {
  const suffix = `@${pidFile}`;
  const line = processes.line();
  const states = statesOf(pidFile, processes);
  return [...processes.all()].flatMap(({ pid, ours }) => {
    if (!ours || line.has(pid)) return [];
    const mark = environmentOf(pid).find((it) => it.startsWith(VARIABLE) && it.endsWith(suffix));
    const token = mark?.slice(VARIABLE.length, -suffix.length);
    return token ? [{ pid, token, state: states.get(token) ?? "registered" }] : [];
  });
}
