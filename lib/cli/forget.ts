import type { Arguments } from "./arguments.js";
import { ExitCode } from "./exit-code.js";
import { Guest } from "./guest.js";
import { complain, isConfirmed, print } from "./terminal.js";
import { plain } from "./text.js";
import { tableOf } from "./view.js";

async function forgetWith(guest: Guest, options: Arguments): Promise<number> {
  const due = guest.look().entries.filter((it) => it.canForget);
  print(due.length > 0 ? tableOf(due, Date.now()) : "nothing to forget\n");
  if (options.dryRun || due.length === 0) return ExitCode.ok;
  const question = due.length === 1 ? "Forget it?" : `Forget these ${due.length}?`;
  if (!(await isConfirmed(options.yes, question))) return ExitCode.refused;
  print(`dropped from the file: ${guest.forget()}\n`);
  for (const warning of guest.warnings) complain(plain(warning));
  return ExitCode.ok;
}

/** Drops the entries that only another host, or an ended container, could judge. */
export async function forget(pidFile: string, options: Arguments): Promise<number> {
  const guest = new Guest(pidFile);
  try {
    return await forgetWith(guest, options);
  } finally {
    guest.close();
  }
}
