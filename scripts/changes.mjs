/** Which files a change is about, for checks that are too slow to look at all files each time. */
import { spawnSync } from "node:child_process";
import { root } from "./setup.mjs";

/** Where .ci/run notes the last commit that it let pass in this clone. */
const GREEN = "refs/checks/green";

function git(...args) {
  const { status, stdout } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

const commitOf = (name) => git("rev-parse", "--verify", "--quiet", `${name}^{commit}`);

/**
 * The commit to compare with. Undefined where none is known: in a fresh clone of main the commit
 * before is none, because nobody knows how many commits have come together.
 */
function base() {
  const named = process.env.HPR_SINCE && commitOf(process.env.HPR_SINCE);
  if (named) return named;
  if (git("merge-base", "--is-ancestor", GREEN, "HEAD") !== undefined) return commitOf(GREEN);
  const main = ["origin/main", "main"].find(commitOf);
  const forked = main && git("merge-base", main, "HEAD");
  return forked === commitOf("HEAD") ? undefined : forked;
}

/**
 * `since` says what it is compared with: the commit that HPR_SINCE names, else the last one that
 * passed in this clone, else where the branch left main. `files` includes what is not committed;
 * undefined: nothing is known, and every file may have changed.
 * @returns {{ since?: string, files?: string[] }}
 */
export function findChanges() {
  const commit = base();
  if (!commit) return { since: "nothing: this clone knows no commit that has passed" };
  const files = [
    git("diff", "--name-only", commit),
    git("ls-files", "--others", "--exclude-standard"),
  ];
  return {
    since: git("log", "-1", "--format=%h (%s)", commit),
    files: files.join("\n").split("\n").filter(Boolean),
  };
}
