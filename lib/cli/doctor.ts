import { listProcesses } from "../binding.js";
import { ExitCode } from "./exit-code.js";
import { lookAt, type Borrowed, type Look } from "./guest.js";
import { isOpenToOthers, keeperFilesOf, leftoversOf } from "./leftovers.js";
import { aboutPlace } from "./place.js";
import { painted, print } from "./terminal.js";
import { plain } from "./text.js";
import { nameOf } from "./view.js";

/** What is wrong, and what a person can do about it. */
export interface Finding {
  what: string;
  todo: string;
}

const STARTS = "the next start of a server does it (cleanupOrphans)";

/** The file as a whole. */
function* aboutFile(pidFile: string, look: Look): Generator<Finding> {
  if (look.damaged)
    yield {
      what: "the file is damaged; its whole entries are used",
      todo: `${STARTS}: it keeps a copy and writes it anew`,
    };
  if (isOpenToOthers(pidFile))
    yield {
      what: "other users may read the file, which holds spawn tokens",
      todo: `chmod 600 ${plain(pidFile)}`,
    };
  for (const text of look.refused)
    yield {
      what: `an entry is none and is never acted on: ${plain(text, 80)}`,
      todo: "stop the servers and take it out with an editor",
    };
}

/** One entry. */
function aboutEntry(entry: Borrowed): Finding | undefined {
  const name = nameOf(entry);
  const owned = entry.owner === "alive";
  switch (entry.verdict) {
    case "stranger":
      return {
        what: `${name}: another process has its pid`,
        todo: owned
          ? "its server will see to it"
          : "it is never signalled; headless-pids reap drops the entry",
      };
    case "gone":
      return owned
        ? undefined
        : { what: `${name}: gone, and still in the file`, todo: "headless-pids reap drops it" };
    case "foreign":
      return {
        what: `${name}: another user's or another host's`,
        todo: "look at it there; this tool leaves it alone",
      };
    case "unknown":
      return {
        what: `${name}: cannot be told whose it is`,
        todo: "look at the process; this tool leaves it alone",
      };
    case "same":
    case "group":
      if (!entry.canEnd)
        return {
          what: `${name}: two entries have that pid`,
          todo: "stop the servers and take one out with an editor",
        };
      if (!entry.kin)
        return {
          what: `${name}: was no child of its server`,
          todo: "it is never signalled; end it by hand if you know it",
        };
      if (entry.owner === "gone")
        return {
          what: `${name}: an orphan, its server is gone`,
          todo: "start the server, or headless-pids reap",
        };
      return undefined;
  }
}

/** Files beside the pid file. */
function* aboutLeftovers(pidFile: string): Generator<Finding> {
  const { copies, temporaries } = leftoversOf(pidFile);
  for (const file of copies)
    yield {
      what: `a copy of a damaged file: ${plain(file)}`,
      todo: "delete it when you have looked at it",
    };
  for (const file of temporaries)
    yield { what: `a temporary file of a writer that died: ${plain(file)}`, todo: STARTS };
}

/** Keepers that only their own files tell of. A number proves nothing, so none is acted on. */
function* aboutKeepers(pidFile: string, { entries }: Look): Generator<Finding> {
  const living = new Map(listProcesses().map((it) => [it.pid, it.command]));
  const known = new Set(entries.flatMap((it) => [it.pid, it.keeperPid, it.standsFor]));
  for (const { file, pid } of keeperFilesOf(pidFile)) {
    const command = living.get(pid);
    if (command === undefined)
      yield { what: `a file of a keeper that is gone: ${plain(file)}`, todo: "delete it" };
    else if (!known.has(pid))
      yield {
        what: `a keeper without an entry: pid ${pid}, ${plain(command, 60)}`,
        todo: `if it is one, end it by hand; ${plain(file)} names it`,
      };
  }
}

function readable(pidFile: string): Look | Finding {
  try {
    return lookAt(pidFile);
  } catch (error) {
    return {
      what: `the file cannot or must not be read: ${plain((error as Error).message)}`,
      todo: "see who owns it, and that it is a file of mode 600",
    };
  }
}

export function doctor(pidFile: string): number {
  const look = readable(pidFile);
  const findings: Finding[] =
    "what" in look
      ? [look, ...aboutPlace(pidFile), ...aboutLeftovers(pidFile)]
      : [
          ...aboutPlace(pidFile),
          ...aboutFile(pidFile, look),
          ...look.entries.map(aboutEntry).filter((it) => it !== undefined),
          ...aboutLeftovers(pidFile),
          ...aboutKeepers(pidFile, look),
        ];
  print(
    `${plain(pidFile)}: ${findings.length === 0 ? "nothing is wrong" : `${findings.length} to look at`}\n`,
  );
  for (const { what, todo } of findings)
    print(`${painted("yellow", "-")} ${what}\n  ${painted("dim", todo)}\n`);
  return findings.length === 0 ? ExitCode.ok : ExitCode.nothing;
}
