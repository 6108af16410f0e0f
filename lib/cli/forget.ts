import { ExitCode } from "./exit-code.js";
import { Guest } from "./guest.js";
import { entryJson, printJson } from "./json.js";
import type { Options } from "./options.js";
import { complain, isConfirmed, print, widthOfTerminal } from "./terminal.js";
import { plain } from "./text.js";
import { linesOf } from "./view.js";

async function forgetWith(guest: Guest, pidFile: string, options: Options): Promise<number> {
  const due = guest.look().entries.filter((it) => it.canForget);
  const lines = linesOf(
    due.map((entry) => ({ entry })),
    Date.now(),
    widthOfTerminal(),
  );
  if (!options.json) print(due.length > 0 ? `${lines.join("\n")}\n` : "nothing to forget\n");
  const question = due.length === 1 ? "Forget it?" : `Forget these ${due.length}?`;
  const idle = options.dryRun || due.length === 0;
  const confirmed = !idle && (await isConfirmed(options.yes, question));
  /* Where there are no entries, there may yet be tokens that nobody has started a process with. */
  const dropped = confirmed || (options.yes && !options.dryRun) ? guest.forget() : 0;
  const { dryRun = false } = options;
  if (options.json)
    printJson("forget", { pidFile, dryRun, dropped, entries: due.map(entryJson) }, 2);
  else if (confirmed) print(`dropped from the file: ${dropped}\n`);
  for (const warning of guest.warnings) complain(plain(warning));
  return idle || confirmed ? ExitCode.ok : ExitCode.refused;
}

/** Drops the entries that only another host, or an ended container, could judge. */
export async function forget(pidFile: string, options: Options): Promise<number> {
  const guest = new Guest(pidFile);
  try {
    return await forgetWith(guest, pidFile, options);
  } finally {
    guest.close();
  }
}
