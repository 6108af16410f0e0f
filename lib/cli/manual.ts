import type { Command } from "commander";
import { describe } from "./describe.js";
import { ExitCode } from "./exit-code.js";
import { printJson } from "./json.js";
import { manualOf } from "./man-page.js";
import type { Options } from "./options.js";
import { print } from "./terminal.js";

/** The help of a command or of all, the man page, or all of it as data. */
export function help(program: Command, name: string | undefined, { json, man }: Options): number {
  const command = program.commands.find((it) => it.name() === name) ?? program;
  if (man) print(manualOf(describe(program)));
  else if (json) printJson("help", { help: describe(command) }, 2);
  else command.outputHelp();
  return ExitCode.ok;
}
