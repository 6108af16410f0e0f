import { Argument, Command, Option } from "commander";
import { SORT_KEYS } from "./filter.js";
import * as texts from "./help.js";
import { delay, duration, grace, interval, type Options, path, signal } from "./options.js";

export const COMMANDS = [
  "list",
  "tree",
  "inspect",
  "kill",
  "reap",
  "wait",
  "forget",
  "doctor",
  "completion",
  "help",
  "version",
] as const;
export type CommandName = (typeof COMMANDS)[number];

export interface Asked {
  name: CommandName;
  /** The words that follow the command. */
  words: string[];
  options: Options;
  program: Command;
}

export type Run = (asked: Asked) => Promise<void>;

const yes = (): Option => new Option("-y, --yes", "do not ask; needed where stdin is no terminal");
const tree = (): Option => new Option("--tree", "with all that a session has started");
const dryRun = (): Option => new Option("--dry-run", "only show them");
const gracePeriod = (): Option =>
  new Option("--grace <time>", "until SIGKILL: 500ms, 10s, never")
    .argParser(grace)
    .default(2000, "2s");
const targets = (text: string): Argument => new Argument(text, "a session, a token or a PID");

function addList(command: Command): void {
  command
    .option("-w, --watch", "again and again, until q or Ctrl-C")
    .addOption(
      new Option("--interval <time>", "between two looks of --watch")
        .argParser(interval)
        .default(1000, "1s"),
    )
    .option("--orphans", "only those that run and whose server is gone")
    .option("--session <text>", "only sessions whose id begins so")
    .option("--cwd <folder>", "only those of this folder or below it", path)
    .addOption(new Option("--sort <key>", "in this order").choices(SORT_KEYS))
    .option("-q, --quiet", "only the PIDs of what is there, for xargs")
    .option("--no-trunc", "cut nothing off on a terminal");
}

function addKill(command: Command): void {
  command
    .addArgument(targets("[target...]"))
    .option("-a, --all", "every entry that may be signalled")
    .addOption(
      new Option("-s, --signal <name>", "the first signal")
        .choices(["TERM", "INT", "HUP", "QUIT", "KILL"])
        .argParser(signal)
        .default("SIGTERM"),
    )
    .addOption(gracePeriod())
    .addOption(tree())
    .addOption(yes());
}

function addReap(command: Command): void {
  command
    .addOption(
      new Option("--older-than <time>", "only those that run for longer: 90s, 30m, 12h, 2d")
        .argParser(duration)
        .default(0, "0s"),
    )
    .addOption(gracePeriod())
    .addOption(dryRun())
    .addOption(tree())
    .addOption(yes());
}

/** What each command takes; the rest takes nothing. */
const parts: Partial<Record<CommandName, (command: Command) => void>> = {
  list: addList,
  kill: addKill,
  reap: addReap,
  inspect: (command) => command.addArgument(targets("<target...>")),
  wait: (command) =>
    command
      .addArgument(targets("<target...>"))
      .option("--timeout <time>", "give up after that time", delay),
  forget: (command) => command.addOption(dryRun()).addOption(yes()),
  completion: (command) =>
    command.addArgument(
      new Argument("<shell>", "whose script to print").choices(["bash", "zsh", "fish"]),
    ),
  help: (command) =>
    command
      .usage("[command]")
      .addArgument(new Argument("[command]", "which one").choices(COMMANDS))
      .addOption(new Option("--man", "the manual page").hideHelp()),
};

/** Whom a command is about is asked before anything is looked at. */
function checkNames(command: Command): void {
  const { all = false } = command.opts<Options>();
  const isNamed = command.args.length > 0;
  if (command.name() === "kill" && isNamed === all)
    command.error("kill takes sessions, tokens or PIDs, or --all");
  if (command.args.includes("")) command.error("an argument is empty");
}

function addCommand(program: Command, name: CommandName, run: Run): void {
  const command = program.command(name);
  command.summary(texts.summaries[name]).description(texts.descriptions[name]);
  parts[name]?.(command);
  command.action(() => {
    checkNames(command);
    return run({ name, words: command.args, options: command.optsWithGlobals(), program });
  });
}

/** The command line, from which help, completion and the man page are made as well. */
export function programOf(run: Run): Command {
  const program = new Command("headless-pids");
  program
    .description(texts.program)
    .option(
      "--pid-file <path>",
      "the file to look at (default: ~/.pi/dashboard/headless-pids.json)",
      path,
    )
    .option("--json", "one JSON document instead of text; see the man page")
    .option("--version", "the version of the package")
    .helpOption("-h, --help", "also for one command")
    .helpCommand(false)
    .addHelpText("after", `\n${texts.after}`)
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      outputError: (text, write) => write(`headless-pids: ${text.replace(/^error: /, "")}`),
    })
    .exitOverride();
  for (const name of COMMANDS) addCommand(program, name, run);
  return program;
}
