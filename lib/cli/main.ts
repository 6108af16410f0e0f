#!/usr/bin/env node
import { readFileSync } from "node:fs";
import path from "node:path";
import { type Arguments, readArguments, UsageError } from "./arguments.js";
import { ExitCode } from "./exit-code.js";
import { helpOf } from "./help.js";
import { complain, print } from "./terminal.js";
import { plain } from "./text.js";

function version(): string {
  const file = path.resolve(__dirname, "..", "..", "package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

/** Loaded only now: help needs no binary. */
async function run(options: Arguments): Promise<number> {
  const { resolvePidFile } = await import("../pid-file.js");
  const pidFile = resolvePidFile(options.pidFile, "--pid-file");
  switch (options.command) {
    case "list":
      return (await import("./list.js")).list(pidFile, options);
    case "tree":
      return (await import("./tree.js")).tree(pidFile);
    case "kill":
      return (await import("./kill.js")).kill(pidFile, options);
    case "reap":
      return (await import("./reap.js")).reap(pidFile, options);
    case "forget":
      return (await import("./forget.js")).forget(pidFile, options);
    case "doctor":
      return (await import("./doctor.js")).doctor(pidFile);
    case undefined:
      throw new UsageError("a command is missing");
  }
}

async function main(argv: string[]): Promise<number> {
  const options = readArguments(argv);
  if (!options.help && !options.version) return run(options);
  print(options.help ? helpOf(options.command) : `${version()}\n`);
  return ExitCode.ok;
}

/** The exit code for what a command could not do. */
function explain(error: unknown): number {
  const { message, code } = error as Error & { code?: unknown };
  complain(plain(message, 500));
  if (error instanceof UsageError) complain("see headless-pids --help");
  if (error instanceof UsageError) return ExitCode.usage;
  if (typeof code === "string" && code.startsWith("HPR_")) return ExitCode.file;
  throw error;
}

// Whoever reads us may have seen enough.
process.stdout.on("error", () => process.exit(ExitCode.ok));
main(process.argv.slice(2))
  .catch(explain)
  .then((code) => (process.exitCode = code));
