import type { CommandName } from "./program.js";

/** Paragraphs of one line each: the terminal's width decides where lines end. */
const flowing = (text: string): string => text.replace(/(?<=[^\n])\n(?=\S)/g, " ");

export const program =
  flowing(`Looks at and cleans up the headless processes that a pid file tells of. It
signals by the same rules as a server of the package, and no process that is not provably an entry's.`);

export const summaries: Record<CommandName, string> = {
  list: "each entry: session, PIDs, state, owner, CPU, memory, folder, command",
  tree: "each entry with its live descendants",
  inspect: "who an entry's processes are, and why; what could be signalled",
  kill: "ends entries, named by session, token or PID",
  reap: "ends what servers that are gone have left running",
  wait: "waits until entries have ended",
  forget: "drops entries of other hosts and of containers that are gone",
  doctor: "what is wrong with the file and around it, and what to do",
  completion: "a script that completes this command in bash, zsh or fish",
  help: "what a command does and takes",
  version: "the version of the package",
};

export const states = `States:
  live         the process that was recorded
  terminating  the same, and it was asked to end
  remainder    it is gone, others of its process group are left
  gone         no such process
  stranger     another process has its PID
  foreign      another user's, host's or container's
  unknown      cannot be told`;

const texts: Record<CommandName, string> = {
  list: `Shows each entry of the pid file. Spawn tokens are not shown.

The owner is the server that keeps the entry: alive, gone, elsewhere (another host or container), or
"unnamed" (the original module). CPU is in per cent of one processor, on average since the process
started, with --watch since the last look; memory is what is resident; both with all descendants. On
a terminal long texts are cut off; folders keep their end.

${states}`,
  tree: `Shows each entry with its live descendants. CPU is the average since the process started, in per
cent of one processor; memory is what is resident.`,
  inspect: `Shows of each entry that answers to a name who its processes are, who keeps it, what was
concluded and from what (each proof and what it said), what a kill would signal, and what is known of
its past. Past ends are found in the audit file that HEADLESS_PIDS_AUDIT names.`,
  kill: `Ends entries: SIGTERM, then SIGKILL after the grace time. Asks before, on a terminal. A name that
fits several entries is refused. What a server of this package would not signal is not signalled.`,
  reap: `Ends the processes whose server is gone, and drops from the file what is gone itself. Asks before
it ends any, on a terminal. Entries that do not name their server are left alone.`,
  wait: `Waits until all processes of the entries have ended, whoever ends them.`,
  forget: `Drops from the file the entries whose state is foreign: another host's, another container's,
another user's. From here nobody can tell whether their processes are there. Those whose server proves
that it lives are left alone. Ends nothing. Asks before, on a terminal.`,
  doctor: `Says what is wrong with the pid file and around it, and what to do. Changes nothing. The exit code is
1 for what keeps a server from writing or makes the file unsafe, and 0 for advice.`,
  completion: `Prints a script for a shell. For this session: source <(headless-pids completion bash), the same with
zsh, or headless-pids completion fish | source.`,
  help: "Shows what a command does and takes.",
  version: "Shows the version of the package.",
};

export const descriptions = Object.fromEntries(
  Object.entries(texts).map(([name, text]) => [name, flowing(text)]),
) as Record<CommandName, string>;

export const exitCodes: readonly (readonly [number, string])[] = [
  [0, "done"],
  [1, "no such entry, or gone already; doctor: something is wrong"],
  [2, "wrong usage"],
  [3, "not ours to signal, ambiguous, not confirmed, or still alive"],
  [4, "the pid file is missing, or cannot or must not be read or written"],
];

export const environment: readonly (readonly [string, string])[] = [
  [
    "HEADLESS_PIDS_AUDIT",
    "a file to which a line of JSON is added for each end that was brought about",
  ],
  ["NO_COLOR", "set and not empty: no colours"],
];

const listed = (items: readonly (readonly [unknown, string])[], width: number): string =>
  items.map(([name, text]) => `  ${String(name).padEnd(width)}  ${text}`).join("\n");

export const after = `Exit codes:\n${listed(exitCodes, 1)}\n\nEnvironment:\n${listed(environment, 19)}`;
