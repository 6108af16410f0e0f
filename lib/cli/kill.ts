import { codeOf, endAll, isEndable, printResults, type Result, tidy } from "./ending.js";
import { ExitCode } from "./exit-code.js";
import { type Borrowed, Guest } from "./guest.js";
import type { Options } from "./options.js";
import { candidates } from "./targets.js";
import { complain, isConfirmed, print, widthOfTerminal } from "./terminal.js";
import { plain } from "./text.js";
import { linesOf, nameOf } from "./view.js";

const reasons: Record<Borrowed["verdict"], string> = {
  same: "another entry of the file has the same pid",
  group: "another entry of the file has the same pid",
  gone: "it is gone already",
  stranger: "another process has its pid now",
  foreign: "it is another user's or another host's",
  unknown: "it cannot be told whose the process is",
};

type Say = (text: string) => void;

const tableOf = (entries: readonly Borrowed[]): string =>
  `${linesOf(
    entries.map((entry) => ({ entry })),
    Date.now(),
    widthOfTerminal(),
  ).join("\n")}\n`;

/** What a name stands for: an entry that can be ended, or why there is none. */
function lookUp(
  entries: readonly Borrowed[],
  target: string,
  options: Options,
  say: Say,
): Borrowed | Result {
  const found = candidates(entries, target);
  if (found.length === 0) {
    complain(`no such session, token or PID: ${plain(target)}`);
    return { target, outcome: "not-found" };
  }
  if (found.length > 1) {
    complain(`several entries answer to ${plain(target)}; name one by a PID that only it has:`);
    say(tableOf(found));
    return { target, outcome: "ambiguous" };
  }
  const [entry] = found;
  if (isEndable(entry, options.tree)) return entry;
  complain(`${nameOf(entry)} is not signalled: ${reasons[entry.verdict]}`);
  return { target, outcome: entry.verdict === "gone" ? "already-gone" : "not-ours", entry };
}

function questionOf(due: readonly Borrowed[]): string {
  if (due.length > 1) return `End these ${due.length}?`;
  const [entry] = due;
  const server =
    entry.owner === "alive" ? `, though its server (pid ${entry.ownerPid}) is alive` : "";
  return `End ${nameOf(entry)} in ${plain(entry.cwd, 60)}${server}?`;
}

/** What was not even tried says more than what was. */
function exitCodeOf(failed: readonly Result[], ended: readonly Result[]): number {
  const isRefused = ({ outcome }: Result) => outcome === "ambiguous" || outcome === "not-ours";
  if (failed.some(isRefused)) return ExitCode.refused;
  const code = codeOf(ended);
  return code === ExitCode.ok && failed.length > 0 ? ExitCode.nothing : code;
}

async function end(guest: Guest, due: Borrowed[], options: Options, say: Say) {
  if (due.length > 1) say(tableOf(due));
  if (!(await isConfirmed(options.yes, questionOf(due))))
    return { ended: due.map((entry): Result => ({ outcome: "not-confirmed", entry })), dropped: 0 };
  const ended = await endAll(guest, due, options, say);
  return { ended, dropped: tidy(guest, say) };
}

async function killWith(guest: Guest, pidFile: string, names: string[], options: Options) {
  const say = options.json ? () => {} : print;
  const { entries } = guest.look();
  const found = options.all
    ? entries.filter((it) => isEndable(it, options.tree) && it.kin)
    : names.map((name) => lookUp(entries, name, options, say));
  const failed = found.filter((it): it is Result => "outcome" in it);
  const due = [...new Set(found.filter((it): it is Borrowed => !("outcome" in it)))];
  if (options.all && due.length === 0) say("nothing to end\n");
  const { ended, dropped } =
    due.length > 0 ? await end(guest, due, options, say) : { ended: [], dropped: 0 };
  if (options.json) printResults("kill", pidFile, [...failed, ...ended], { dropped });
  return exitCodeOf(failed, ended);
}

export async function kill(pidFile: string, names: string[], options: Options): Promise<number> {
  const guest = new Guest(pidFile, "kill");
  try {
    return await killWith(guest, pidFile, names, options);
  } finally {
    guest.close();
  }
}
