import type { Command } from "./arguments.js";

const summary = `Usage: headless-pids <command> [options]

Looks at and cleans up the headless processes that a pid file tells of.

Commands:
  list     each entry: session, pids, folder, age, state, owner
  tree     each entry with its live descendants, their CPU and memory
  kill     ends one entry, named by session, token or pid
  reap     ends what servers that are gone have left running
  forget   drops entries of other hosts and of containers that are gone
  doctor   what is wrong with the file, and what to do

Options of every command:
  --pid-file <path>   default: ~/.pi/dashboard/headless-pids.json
  --help, -h          also for one command
  --version

Exit codes:
  0  done
  1  kill: no such entry, or gone already; doctor: something is wrong
  2  wrong usage
  3  not ours to signal, ambiguous, not confirmed, or still alive
  4  the pid file cannot or must not be read or written
`;

const commands: Record<Command, string> = {
  list: `Usage: headless-pids list [--json] [--watch]

Shows each entry of the pid file. Spawn tokens are not shown.

  --json    one JSON document instead of a table
  --watch   again each second, until it is interrupted

States:
  running    the process that was recorded
  group      its leader is gone, others of its process group are left
  ending     it was asked to end
  gone       no such process
  stranger   another process has its pid
  foreign    another user's or another host's
  unknown    cannot be told

The owner is the server that keeps the entry, alive or gone; "unnamed" is the original module.
`,
  tree: `Usage: headless-pids tree

Shows each entry with its live descendants. CPU is the average since the process started, in per
cent of one processor; memory is what is resident.
`,
  kill: `Usage: headless-pids kill [--tree] [--yes] <session|token|pid>

Ends one entry: SIGTERM, then SIGKILL after 2 seconds. Asks before, on a terminal. A name that fits
several entries is refused. What a server of this package would not signal is not signalled.

  --tree      with all that its session has started, whatever group or parent it has
  --yes, -y   do not ask; needed where standard input is no terminal
`,
  reap: `Usage: headless-pids reap [--older-than <time>] [--dry-run] [--tree] [--yes]

Ends the processes whose server is gone, and drops from the file what is gone itself. Asks before it
ends any, on a terminal. Entries that do not name their server are left alone.

  --older-than <time>   only those that run for longer: 90s, 30m, 12h, 2d
  --dry-run             only show them
  --tree                with all that their sessions have started
  --yes, -y             do not ask; needed where standard input is no terminal
`,
  forget: `Usage: headless-pids forget [--dry-run] [--yes]

Drops from the file the entries whose state is foreign: another host's, another container's, another
user's. From here nobody can tell whether their processes are there. Those whose server proves that it
lives are left alone. Ends nothing. Asks before, on a terminal.

  --dry-run   only show them
  --yes, -y   do not ask; needed where standard input is no terminal
`,
  doctor: `Usage: headless-pids doctor

Says what is wrong with the pid file and around it, and what to do. Changes nothing.
`,
};

export const helpOf = (command?: Command): string => (command ? commands[command] : summary);
