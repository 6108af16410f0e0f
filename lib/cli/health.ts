import type { Finding, FindingKind } from "./findings.js";
import type { Borrowed, Look } from "./guest.js";
import { keeperFilesOf, leftoversOf } from "./leftovers.js";
import { markedProcesses } from "./marks.js";
import type { Processes } from "./processes.js";
import { plain } from "./text.js";
import { nameOf } from "./view.js";

/** What is to be said of one entry, if anything. */
function kindOf(entry: Borrowed): FindingKind | undefined {
  switch (entry.verdict) {
    case "stranger":
      return "entry-stranger";
    case "gone":
      return entry.owner === "alive" ? undefined : "entry-gone";
    case "foreign":
      return "entry-foreign";
    case "unknown":
      return "entry-unknown";
    case "same":
    case "group":
      if (!entry.canEnd) return "entry-twice";
      if (!entry.kin) return "entry-not-kin";
      return entry.owner === "gone" ? "entry-orphan" : undefined;
  }
}

export function* aboutEntries({ entries, refused, damaged }: Look): Generator<Finding> {
  if (damaged) yield { kind: "file-damaged" };
  for (const text of refused) yield { kind: "entry-refused", item: plain(text, 80) };
  for (const entry of entries) {
    const kind = kindOf(entry);
    if (kind) yield { kind, item: nameOf(entry) };
  }
}

/** Files beside the pid file. */
export function* aboutLeftovers(pidFile: string): Generator<Finding> {
  const { copies, temporaries } = leftoversOf(pidFile);
  for (const file of copies) yield { kind: "leftover-copy", item: plain(file) };
  for (const file of temporaries) yield { kind: "leftover-temporary", item: plain(file) };
}

/** Keepers that only their own files tell of. A pid alone proves nothing, so none is acted on. */
export function* aboutKeepers(
  pidFile: string,
  { entries }: Look,
  processes: Processes,
): Generator<Finding> {
  const known = new Set(entries.flatMap((it) => [it.pid, it.keeperPid, it.standsFor]));
  for (const { file, pid } of keeperFilesOf(pidFile)) {
    const command = processes.get(pid)?.command;
    if (command === undefined) yield { kind: "keeper-gone", item: plain(file) };
    else if (!known.has(pid))
      yield { kind: "keeper-unknown", item: `pid ${pid}, ${plain(command, 60)}` };
  }
}

/** What sessions that are in the file no more have left running, as far as their mark tells. */
export function* aboutMarks(
  pidFile: string,
  { entries }: Look,
  processes: Processes,
): Generator<Finding> {
  const known = new Set(entries.map((it) => it.spawnToken));
  for (const { pid, token } of markedProcesses(pidFile, processes))
    if (!known.has(token))
      yield {
        kind: "leftover-process",
        item: `pid ${pid}, ${plain(processes.get(pid)?.command ?? "", 60)}`,
      };
}
