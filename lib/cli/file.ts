import { failure } from "../failure.js";
import { resolvePidFile } from "../pid-path.js";
import { native } from "./native.js";
import type { Options } from "./options.js";
import type { CommandName } from "./program.js";
import { complain } from "./terminal.js";
import { plain } from "./text.js";
import { widthOf } from "./width.js";
import { become, howToActAs, infoOf, ownerFor } from "./user.js";

const LOOKS: readonly CommandName[] = ["list", "tree", "inspect", "doctor", "wait"];

/** Whose default file root may have meant; "": nobody's. */
function hintFor(): string {
  const user = process.env.SUDO_USER ?? "root";
  if (process.geteuid?.() !== 0 || user === "root") return "";
  return `${plain(user)}'s is named by --pid-file ~${plain(user)}/.pi/dashboard/headless-pids.json`;
}

/** A file that was named has to be there, unless the question is what is wrong with it. */
function checkThere(file: string, command: CommandName, { pidFile }: Options): void {
  if (command === "doctor" || infoOf(file)) return;
  if (pidFile !== undefined) throw failure("HPR_ENOENT", `no such file: ${file}`);
  const hint = hintFor();
  if (hint) complain(`there is no ${plain(file)}; ${hint}`);
}

/**
 * The file that a command is about. Root looks at another user's as that user does, and never writes
 * there.
 */
export function fileFor(command: CommandName, options: Options): string {
  const file = resolvePidFile(options.pidFile, "--pid-file");
  checkThere(file, command, options);
  const user = ownerFor(file, command === "doctor");
  if (!user) return file;
  if (!LOOKS.includes(command))
    throw failure(
      "HPR_EUNSAFE",
      `${file} is ${user.name}'s, and root writes nothing there; say: ` +
        howToActAs(user, file, command),
    );
  native(); // these two while we may read our own folder
  widthOf("…");
  become(user, file);
  return file;
}
