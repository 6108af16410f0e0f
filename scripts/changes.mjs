/** Which files a change is about, for checks that are too slow to look at all files each time. */
import { spawnSync } from "node:child_process";
import { root } from "./setup.mjs";

/** Where .ci/run notes the last commit that it let pass in this clone. */
export const GREEN = "refs/checks/green";

function git(...args) {
  const { status, stdout } = spawnSync("git", args, { cwd: root, encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** The commit to compare with; undefined where none is known, as in a shallow clone. */
function base() {
  const head = git("rev-parse", "HEAD");
  if (git("merge-base", "--is-ancestor", GREEN, "HEAD") !== undefined)
    return git("rev-parse", GREEN);
  const main = ["origin/main", "main"].find((it) => git("rev-parse", "--verify", it));
  const forked = main && git("merge-base", main, "HEAD");
  return forked && forked !== head ? forked : git("rev-parse", "--verify", "HEAD^1");
}

/**
 * `since` says what it is compared with: the last commit that passed in this clone, else where the
 * branch left main, else the commit before. `files` includes what is not committed; undefined: all.
 */
export function findChanges() {
  const commit = base();
  if (!commit) return { since: "nothing: this clone has no earlier commit", files: undefined };
  const files = [
    git("diff", "--name-only", commit),
    git("ls-files", "--others", "--exclude-standard"),
  ];
  return {
    since: git("log", "-1", "--format=%h (%s)", commit),
    files: files.join("\n").split("\n").filter(Boolean),
  };
}
