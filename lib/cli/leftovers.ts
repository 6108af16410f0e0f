import { lstatSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const LONGEST_PID_TEXT = 64;

/** A folder's names; none if it cannot be read. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** Copies of damaged files, and temporary files of writers that died. */
export function leftoversOf(pidFile: string): { copies: string[]; temporaries: string[] } {
  const folder = path.dirname(pidFile);
  const base = `${path.basename(pidFile)}.`;
  const rests = namesIn(folder)
    .filter((it) => it.startsWith(base))
    .map((it) => it.slice(base.length));
  const named = (pattern: RegExp): string[] =>
    rests.filter((it) => pattern.test(it)).map((it) => path.join(folder, base + it));
  return {
    copies: named(/^corrupt-\d+(-\d+)?$/),
    temporaries: named(/^[0-9a-f]{16}\.\d{1,20}\.tmp$/),
  };
}

/** The pid in a small regular file; undefined for anything else. */
function pidIn(file: string): number | undefined {
  try {
    const status = lstatSync(file); // a FIFO would block, a link lead elsewhere
    if (!status.isFile() || status.size > LONGEST_PID_TEXT) return undefined;
    const text = readFileSync(file, "utf8").trim();
    return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}

/** What keepers have left in the folder `sessions` beside the pid file: `<id>.rpc.sock.pid`. */
export function keeperFilesOf(pidFile: string): { file: string; pid: number }[] {
  const folder = path.join(path.dirname(pidFile), "sessions");
  return namesIn(folder)
    .filter((name) => name.endsWith(".rpc.sock.pid"))
    .map((name) => ({ file: path.join(folder, name), pid: pidIn(path.join(folder, name)) }))
    .filter((it): it is { file: string; pid: number } => it.pid !== undefined);
}
