/** Processes as the operating system tells them: a witness that does not ask the registry. */
import { readdirSync, readFileSync } from "node:fs";
import { waitFor } from "./wait.mjs";

/** Undefined: there is none, or only a zombie. Pid and birth together name a process for good. */
function birthOf(pid) {
  const stat = read(`/proc/${pid}/stat`);
  // The name in parentheses may hold anything, parentheses too; field 3 follows the last one.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return stat && !"ZX".includes(state) ? fields[18] : undefined;
}

/** A file of /proc; empty if its process is gone or hidden. */
export function read(file) {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

/** All processes that a play has got to know, the dead ones too. */
export class Witness {
  #births = new Map();

  /** @param {string} mark NAME=value, in the environment of every process that the play starts */
  constructor(mark) {
    this.mark = mark;
  }

  remember(...pids) {
    for (const pid of pids) this.#births.set(pid, birthOf(pid));
  }

  isAlive(pid) {
    const birth = birthOf(pid);
    return birth !== undefined && birth === this.#births.get(pid);
  }

  /** Ends a process as a crash would. */
  crash(pid) {
    if (this.isAlive(pid)) signal(pid, "SIGKILL");
  }

  get known() {
    return [...this.#births.keys()];
  }

  /** All living processes of this run, those that nobody has told us of too. */
  marked() {
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    const isOurs = (pid) => read(`/proc/${pid}/environ`).split("\0").includes(this.mark);
    return pids.filter(isOurs).map(Number);
  }

  /** Ends every process of this run; looks again, for one may have started another. */
  async sweep() {
    await waitFor("the play's processes to end", () => {
      const left = this.marked();
      for (const pid of left) signal(pid, "SIGKILL");
      return left.length === 0;
    });
  }
}

/** For processes of one's own: it does not ask whose pid it is. */
export function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}
