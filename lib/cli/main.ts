#!/usr/bin/env node
import { readFileSync } from "node:fs";
import path from "node:path";
import { CommanderError } from "commander";
import { ExitCode } from "./exit-code.js";
import { printJson } from "./json.js";
import { type Asked, programOf } from "./program.js";
import { complain, print } from "./terminal.js";
import { plain } from "./text.js";

function version(): string {
  const file = path.resolve(__dirname, "..", "..", "package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

function showVersion(json: boolean | undefined): number {
  if (json) printJson("version", { version: version(), node: process.version }, 2);
  else print(`${version()}\n`);
  return ExitCode.ok;
}

/** What each command needs is loaded only now. */
async function run({ name, words, options, program }: Asked): Promise<number> {
  switch (name) {
    case "version":
      return showVersion(options.json);
    case "help":
      return (await import("./manual.js")).help(program, words[0], options);
    case "completion":
      return (await import("./completion.js")).completion(program, words[0], options);
  }
  const file = (await import("./file.js")).fileFor(name, options);
  switch (name) {
    case "list":
      return (await import("./list.js")).list(file, options);
    case "tree":
      return (await import("./tree.js")).tree(file, options);
    case "inspect":
      return (await import("./inspect.js")).inspect(file, words, options);
    case "kill":
      return (await import("./kill.js")).kill(file, words, options);
    case "reap":
      return (await import("./reap.js")).reap(file, options);
    case "wait":
      return (await import("./wait.js")).wait(file, words, options);
    case "forget":
      return (await import("./forget.js")).forget(file, options);
    case "doctor":
      return (await import("./doctor.js")).doctor(file, options);
  }
}

async function main(argv: string[]): Promise<number> {
  let code: number = ExitCode.ok;
  const program = programOf(async (asked) => void (code = await run(asked)));
  program.on("option:version", () => {
    showVersion(argv.includes("--json"));
    throw new CommanderError(ExitCode.ok, "commander.version", "");
  });
  await program.parseAsync(argv, { from: "user" });
  return code;
}

/** The exit code of what the command line itself came to, which was told already. */
function parsed({ code, exitCode }: CommanderError): number {
  if (exitCode === 0) return ExitCode.ok;
  if (code !== "commander.help") complain("see headless-pids --help");
  return ExitCode.usage;
}

/** The exit code for what a command could not do. */
function explain(error: unknown): number {
  if (error instanceof CommanderError) return parsed(error);
  const { message, code } = error as Error & { code?: unknown };
  const isOurs = typeof code === "string" && code.startsWith("HPR_");
  if (!isOurs && !(typeof code === "string" && code.startsWith("ERR_INVALID_ARG"))) throw error;
  complain(plain(message, 500));
  if (!isOurs) return ExitCode.usage;
  if (process.argv.includes("--json")) printJson("error", { error: { code, message } }, 2);
  return ExitCode.file;
}

// Whoever reads us may have seen enough.
process.stdout.on("error", () => process.exit(ExitCode.ok));
main(process.argv.slice(2))
  .catch(explain)
  .then((code) => (process.exitCode = code));
