import type { Command } from "commander";
import { bashScript } from "./complete-bash.js";
import { fishScript } from "./complete-fish.js";
import { zshScript } from "./complete-zsh.js";
import { type Described, describe } from "./describe.js";
import { ExitCode } from "./exit-code.js";
import { printJson } from "./json.js";
import type { Options } from "./options.js";
import { print } from "./terminal.js";

const scripts: Record<string, (program: Described) => string> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

/** Prints what a shell is to run so that it completes this command. */
export function completion(program: Command, shell: string, { json }: Options): number {
  const script = scripts[shell](describe(program));
  if (json) printJson("completion", { shell, script }, 2);
  else print(script);
  return ExitCode.ok;
}
