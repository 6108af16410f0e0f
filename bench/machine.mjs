// Where the figures come from.
import { execFileSync } from "node:child_process";
import os from "node:os";

function fileSystemOf(folder) {
  const lines = execFileSync("df", ["--output=fstype", folder], { encoding: "utf8" });
  return lines.trim().split("\n").at(-1);
}

const commit = (root) =>
  execFileSync("git", ["describe", "--always", "--dirty", "--abbrev=10"], {
    cwd: root,
    encoding: "utf8",
  }).trim();

/** `rounds`: all, or how many of them. */
export function describeMachine(root, folder, rounds) {
  const cpus = os.cpus();
  const memory = Math.round(os.totalmem() / 2 ** 30);
  return {
    machine: `${cpus.length} × ${cpus[0].model}, ${memory} GiB`,
    kernel: `${os.type()} ${os.release()}`,
    fileSystem: fileSystemOf(folder),
    node: process.version,
    commit: commit(root),
    date: new Date().toISOString().slice(0, 10),
    load: os.loadavg()[0].toFixed(2),
    rounds,
  };
}
