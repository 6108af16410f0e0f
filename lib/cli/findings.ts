/** `problem`: it keeps a server from writing, or makes the file unsafe. The rest is advice. */
export type Severity = "problem" | "advice";

export interface Kind {
  severity: Severity;
  /** What is wrong with so many of them; their names follow. */
  what(count: number): string;
  /** What a person can do about it. */
  fix: string;
}

const STARTS = "the next start of a server does it (cleanupOrphans)";
const many = (count: number, one: string, several: string): string =>
  count === 1 ? one : `${count} ${several}`;

const problem = (what: Kind["what"], fix: string): Kind => ({ severity: "problem", what, fix });
const advice = (what: Kind["what"], fix: string): Kind => ({ severity: "advice", what, fix });

/** All that doctor can find; each is one line, however many there are. */
export const kinds = {
  "file-unreadable": problem(
    () => "the file cannot or must not be read",
    "see who owns it, and that it is a file of mode 600",
  ),
  "file-damaged": problem(
    () => "the file is damaged; its whole entries are used",
    `${STARTS}: it keeps a copy and writes it anew`,
  ),
  "file-open": problem(
    () => "other users may read the file, which holds spawn tokens",
    "chmod 600 it",
  ),
  "lock-open": problem(
    () => "other users may hold the lock, and keep every server from writing",
    "chmod 600 it",
  ),
  "entry-refused": problem(
    (n) =>
      many(
        n,
        "an entry that is not valid, and is never acted on",
        "entries that are not valid, and are never acted on",
      ),
    "stop the servers and take it out with an editor",
  ),
  "folder-unwritable": problem(
    () => "no server of yours keeps a file where it cannot write",
    "make it yours (chown), or name another file with --pid-file and the option pidFilePath",
  ),
  "folder-writable": problem(
    () => "other users may replace the file, because its folder is writable by them",
    "chmod 700 it",
  ),
  "file-unwritable": problem(
    () => "no server of yours can write",
    "remove it, or make it yours (chown); a command that was run as root once may have left it",
  ),
  "sessions-unusable": problem(
    () => "keepers cannot be used: their folder must be yours, and writable by nobody else",
    "chown it to yourself and chmod 700 it",
  ),
  "folder-open": advice(() => "other users may look into the folder", "chmod 700 it"),
  "entry-orphan": advice(
    (n) => many(n, "an orphan: its server is gone", "orphans: their server is gone"),
    "start the server, or headless-pids reap",
  ),
  "entry-gone": advice(
    (n) => many(n, "a process that is gone, and still in the file", "gone, and still in the file"),
    "headless-pids reap drops what no living server keeps",
  ),
  "entry-stranger": advice(
    (n) => many(n, "another process has its pid", "entries whose pid another process has"),
    "it is never signalled; its server, or headless-pids reap, drops the entry",
  ),
  "entry-foreign": advice(
    (n) =>
      many(n, "another user's, host's or container's entry", "entries of other users or hosts"),
    "look at it there; headless-pids forget drops it if nobody there is left",
  ),
  "entry-unknown": advice(
    (n) => many(n, "cannot be told whose it is", "entries of which nobody can tell whose they are"),
    "see headless-pids inspect; this tool leaves it alone",
  ),
  "entry-twice": advice(
    (n) => many(n, "two entries have that pid", "entries have a pid that an earlier one has"),
    "stop the servers and take one out with an editor",
  ),
  "entry-not-kin": advice(
    (n) => many(n, "no child of its server when it was registered", "were no children of theirs"),
    "it is never signalled; end it by hand if you know it",
  ),
  "leftover-copy": advice(
    (n) => many(n, "a copy of a damaged file", "copies of damaged files"),
    "delete it when you have looked at it",
  ),
  "leftover-temporary": advice(
    (n) => many(n, "a temporary file of a writer that died", "temporary files of dead writers"),
    STARTS,
  ),
  "leftover-process": advice(
    (n) => many(n, "a process of a session that has ended", "processes of ended sessions"),
    "it carries the session's mark; end it by hand if nobody needs it",
  ),
  "keeper-gone": advice(
    (n) => many(n, "a file of a keeper that is gone", "files of keepers that are gone"),
    "delete it",
  ),
  "keeper-unknown": advice(
    (n) => many(n, "a keeper without an entry", "keepers without an entry"),
    "if it is one, end it by hand; its file in the folder sessions names it",
  ),
  "supervisor-init": advice(
    () => "the server is process 1: the system ends all agents with it",
    "keep agents in a container of their own, if they are to outlive the server",
  ),
  "supervisor-pm2": advice(
    () => "pm2 ends all agents with the server",
    "start the server with --no-treekill (treekill: false)",
  ),
  "supervisor-systemd": advice(
    () => "systemd ends all agents with the server",
    "set KillMode=process and OOMPolicy=continue in the [Service] section of its unit",
  ),
} satisfies Record<string, Kind>;

export type FindingKind = keyof typeof kinds;

export interface Finding {
  kind: FindingKind;
  /** Which one, plain; undefined where there is but one. */
  item?: string;
}
