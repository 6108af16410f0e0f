import { parseArgs } from "node:util";

const options = {
  help: { type: "boolean", short: "h" },
  version: { type: "boolean" },
  "pid-file": { type: "string" },
  json: { type: "boolean" },
  watch: { type: "boolean" },
  "older-than": { type: "string" },
  "dry-run": { type: "boolean" },
  tree: { type: "boolean" },
  yes: { type: "boolean", short: "y" },
} as const;

export type Command = "list" | "tree" | "kill" | "reap" | "forget" | "doctor";
type Option = keyof typeof options;

/** What each command takes besides --help, --version and --pid-file. */
const takes: Record<Command, readonly Option[]> = {
  list: ["json", "watch"],
  tree: [],
  kill: ["tree", "yes"],
  reap: ["older-than", "dry-run", "tree", "yes"],
  forget: ["dry-run", "yes"],
  doctor: [],
};
const everywhere: readonly Option[] = ["help", "version", "pid-file"];

/** The caller asked for something that there is not. */
export class UsageError extends Error {}

export interface Arguments {
  command?: Command;
  help: boolean;
  version: boolean;
  pidFile?: string;
  json: boolean;
  watch: boolean;
  dryRun: boolean;
  /** With all that a session has started. */
  tree: boolean;
  yes: boolean;
  /** Milliseconds; 0 without --older-than. */
  olderThanMs: number;
  /** Whom `kill` is to end. */
  target?: string;
}

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function durationOf(text: string | undefined): number {
  if (text === undefined) return 0;
  const found = /^(\d{1,9})([smhd])$/.exec(text);
  if (!found) throw new UsageError("--older-than takes a number and s, m, h or d, such as 2d");
  return Number(found[1]) * UNIT_MS[found[2] as keyof typeof UNIT_MS];
}

function parse(argv: string[]) {
  try {
    return parseArgs({ args: argv, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function commandOf(name: string | undefined): Command | undefined {
  if (name !== undefined && !Object.hasOwn(takes, name))
    throw new UsageError(`there is no command ${JSON.stringify(name)}`);
  return name as Command | undefined;
}

/** @throws UsageError */
export function readArguments(argv: string[]): Arguments {
  const { values, positionals } = parse(argv);
  const command = commandOf(positionals[0]);
  const asked = values.help || values.version;
  if (!command && !asked) throw new UsageError("a command is missing");
  for (const name of Object.keys(values) as Option[])
    if (command && !everywhere.includes(name) && !takes[command].includes(name))
      throw new UsageError(`${command} does not take --${name}`);
  if (positionals.length > (command === "kill" ? 2 : 1))
    throw new UsageError(`${command} takes no ${JSON.stringify(positionals.at(-1))}`);
  if (command === "kill" && !positionals[1] && !asked)
    throw new UsageError("kill takes a session, a token or a pid");
  if (values["pid-file"] === "") throw new UsageError("--pid-file takes a path");
  return {
    command,
    help: values.help ?? false,
    version: values.version ?? false,
    pidFile: values["pid-file"],
    json: values.json ?? false,
    watch: values.watch ?? false,
    dryRun: values["dry-run"] ?? false,
    tree: values.tree ?? false,
    yes: values.yes ?? false,
    olderThanMs: durationOf(values["older-than"]),
    target: positionals[1],
  };
}
